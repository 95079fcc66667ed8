-- In the order in which deliveries are claimed: of many that are due at the same moment as many are read as are wanted.
DROP INDEX "webhook_deliveries_due";
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries"("endpoint_id", "next_attempt_at", "position") WHERE "status" = 'PENDING';
