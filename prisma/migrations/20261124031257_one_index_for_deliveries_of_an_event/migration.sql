-- One index where there were two: it finds the deliveries of an event, and holds that an endpoint has one of each.

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_event_id_endpoint_id_key" ON "webhook_deliveries"("event_id", "endpoint_id");

-- DropIndex
DROP INDEX "webhook_deliveries_endpoint_id_event_id_key";

-- DropIndex
DROP INDEX "webhook_deliveries_event_id_idx";
