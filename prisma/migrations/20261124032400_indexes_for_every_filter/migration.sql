-- CreateIndex
CREATE INDEX "events_client_id_type_position_idx" ON "events"("client_id", "type", "position");

-- CreateIndex
CREATE INDEX "users_client_id_recurring_id_idx" ON "users"("client_id", "recurring", "id");

-- What is pending is little, in accounts of any size. (Partial indexes are beyond Prisma's language.)
CREATE INDEX "transactions_pending" ON "transactions"("account_id", "sort_date" DESC, "id" DESC) WHERE "status" = 'PENDING';

-- Sampling takes accounts for much smaller than they are, since their rows lie together. The planner then reads the whole
-- account and sorts it where a page of its index would do. Negative: a share of the rows, here 500 to an account.
ALTER TABLE "transactions" ALTER COLUMN "account_id" SET (n_distinct = -0.002);
