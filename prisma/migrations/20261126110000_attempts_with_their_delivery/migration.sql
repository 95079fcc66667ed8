-- AlterTable
ALTER TABLE "webhook_deliveries" ADD COLUMN "attempts" JSONB NOT NULL DEFAULT '[]';

-- Attempts are kept with their delivery.
UPDATE "webhook_deliveries" d SET "attempts" = made."attempts" FROM (
  SELECT "delivery_id", jsonb_agg(jsonb_strip_nulls(jsonb_build_object(
    'startedAt', to_char("started_at" AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'durationMs', "duration_ms",
    'responseStatus', "response_status", 'responseBody', "response_body", 'error', "error")) ORDER BY "number") AS "attempts"
  FROM "webhook_attempts" GROUP BY "delivery_id"
) made WHERE made."delivery_id" = d."id";

-- DropTable
DROP TABLE "webhook_attempts";
