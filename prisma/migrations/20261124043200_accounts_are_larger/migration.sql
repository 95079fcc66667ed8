-- A thousand transactions to an account, for the planner: with fewer, a range of days looked small enough to be collected and sorted.
ALTER TABLE "transactions" ALTER COLUMN "account_id" SET (n_distinct = -0.001);
