-- AlterTable
ALTER TABLE "cycle_entries" ADD COLUMN     "not_before" TIMESTAMPTZ(3);

-- Those of an open cycle go on as before: at once.
UPDATE "cycle_entries" SET "not_before" = coalesce("finished_at", "started_at", now()) WHERE "status" = 'RETRY';

-- Thousands may wait for a bank: the next is found without reading them.
CREATE INDEX "cycle_entries_waiting" ON "cycle_entries" ("cycle_id", "lane", "not_before", "position") WHERE "status" = 'RETRY';
