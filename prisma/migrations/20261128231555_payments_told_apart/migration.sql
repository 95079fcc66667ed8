-- DropIndex
DROP INDEX "accounts_bank_login_id_identification_currency_key";

-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "missing_since" TIMESTAMPTZ(3);

-- AlterTable
ALTER TABLE "transactions" ADD COLUMN     "missing_since" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "transaction_tombstones" (
    "transaction_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "content" JSONB NOT NULL,
    "position" BIGINT NOT NULL,
    "removed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "transaction_tombstones_pkey" PRIMARY KEY ("transaction_id")
);

-- CreateIndex
CREATE INDEX "transaction_tombstones_account_id_idx" ON "transaction_tombstones"("account_id");

-- CreateIndex
CREATE INDEX "transaction_tombstones_removed_at_idx" ON "transaction_tombstones"("removed_at");

-- CreateIndex
CREATE INDEX "accounts_bank_login_id_idx" ON "accounts"("bank_login_id");

-- AddForeignKey
ALTER TABLE "transaction_tombstones" ADD CONSTRAINT "transaction_tombstones_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
