-- CreateIndex
CREATE INDEX "bank_logins_client_id_status_id_idx" ON "bank_logins"("client_id", "status", "id");

-- CreateIndex
CREATE INDEX "bank_logins_client_id_bank_id_id_idx" ON "bank_logins"("client_id", "bank_id", "id");

-- CreateIndex
CREATE INDEX "events_client_id_occurred_at_idx" ON "events"("client_id", "occurred_at");

-- CreateIndex
CREATE INDEX "sessions_client_id_kind_status_id_idx" ON "sessions"("client_id", "kind", "status", "id");

-- CreateIndex
CREATE INDEX "transactions_client_id_sort_date_id_idx" ON "transactions"("client_id", "sort_date" DESC, "id" DESC);
