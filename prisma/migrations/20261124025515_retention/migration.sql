-- AlterTable
ALTER TABLE "event_heads" ADD COLUMN     "removed_through" BIGINT NOT NULL DEFAULT 0;

-- AlterTable
ALTER TABLE "webhook_endpoints" ADD COLUMN     "missed_since" TIMESTAMPTZ(3),
ADD COLUMN     "missed_until" TIMESTAMPTZ(3);

-- CreateIndex
CREATE INDEX "bank_accesses_bank_login_id_idx" ON "bank_accesses"("bank_login_id");

-- CreateIndex
CREATE INDEX "sessions_event_id_idx" ON "sessions"("event_id");

-- CreateIndex
CREATE INDEX "sessions_finished_at_idx" ON "sessions"("finished_at");

-- Endpoints that are disabled now have missed what came since.
UPDATE "webhook_endpoints" SET "missed_since" = "disabled_at" WHERE "status" = 'DISABLED';

-- Few events are about an endpoint: what its deletion has to find.
CREATE INDEX "events_endpoint_id" ON "events"("endpoint_id") WHERE "endpoint_id" IS NOT NULL;

-- Most events belong to no cycle. A cycle is removed once no event tells of it.
CREATE INDEX "events_cycle_id" ON "events"("cycle_id") WHERE "cycle_id" IS NOT NULL;
