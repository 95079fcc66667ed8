-- CreateIndex
CREATE INDEX "synchronization_attempts_started_at_idx" ON "synchronization_attempts"("started_at");
