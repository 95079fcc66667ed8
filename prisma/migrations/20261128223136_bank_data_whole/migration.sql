-- CreateEnum
CREATE TYPE "AccountKind" AS ENUM ('CASH', 'CARD');

-- CreateEnum
CREATE TYPE "AccountState" AS ENUM ('AVAILABLE', 'BLOCKED', 'GONE');

-- AlterTable
ALTER TABLE "accounts" ADD COLUMN     "bban" TEXT,
ADD COLUMN     "bic" TEXT,
ADD COLUMN     "details" TEXT,
ADD COLUMN     "kind" "AccountKind" NOT NULL DEFAULT 'CASH',
ADD COLUMN     "last_synchronization" TIMESTAMPTZ(3),
ADD COLUMN     "masked_pan" TEXT,
ADD COLUMN     "problem" JSONB,
ADD COLUMN     "state" "AccountState" NOT NULL DEFAULT 'AVAILABLE',
ADD COLUMN     "type" TEXT,
ADD COLUMN     "usage" TEXT;

-- AlterTable
ALTER TABLE "bank_logins" ADD COLUMN     "partial" BOOLEAN NOT NULL DEFAULT false;

-- AlterTable
ALTER TABLE "transactions" ADD COLUMN     "additional_information" TEXT,
ADD COLUMN     "balance_after" DECIMAL,
ADD COLUMN     "balance_after_currency" TEXT,
ADD COLUMN     "booked_at" TIMESTAMPTZ(3),
ADD COLUMN     "counterparty_account" JSONB,
ADD COLUMN     "counterparty_bic" TEXT,
ADD COLUMN     "creditor_id" TEXT,
ADD COLUMN     "exchange_rate" DECIMAL,
ADD COLUMN     "mandate_id" TEXT,
ADD COLUMN     "merchant_category_code" TEXT,
ADD COLUMN     "original_amount" DECIMAL,
ADD COLUMN     "original_amount_currency" TEXT,
ADD COLUMN     "other_fields" JSONB,
ADD COLUMN     "proprietary_bank_transaction_code" TEXT,
ADD COLUMN     "purpose_code" TEXT,
ADD COLUMN     "structured_reference" TEXT,
ADD COLUMN     "transaction_date" DATE,
ADD COLUMN     "ultimate_counterparty_name" TEXT,
ALTER COLUMN "amount" SET DATA TYPE DECIMAL;

-- CreateTable
CREATE TABLE "balance_changes" (
    "id" BIGSERIAL NOT NULL,
    "account_id" TEXT NOT NULL,
    "type" TEXT NOT NULL,
    "amount" DECIMAL NOT NULL,
    "currency" TEXT NOT NULL,
    "credit_limit_included" BOOLEAN,
    "reference_date" DATE,
    "last_changed_at" TIMESTAMPTZ(3),
    "observed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "balance_changes_pkey" PRIMARY KEY ("id")
);

-- CreateIndex
CREATE INDEX "balance_changes_account_id_type_id_idx" ON "balance_changes"("account_id", "type", "id" DESC);

-- CreateIndex
CREATE INDEX "balance_changes_account_id_id_idx" ON "balance_changes"("account_id", "id" DESC);

-- AddForeignKey
ALTER TABLE "balance_changes" ADD CONSTRAINT "balance_changes_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What is stored of balances was observed by the last synchronization.
UPDATE "accounts" a SET "balances" = (
  SELECT jsonb_agg(balance || jsonb_build_object('observedAt', to_char(coalesce(l."last_synchronization", a."created_at") AT TIME ZONE 'UTC',
    'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')) ORDER BY place)
  FROM jsonb_array_elements(a."balances") WITH ORDINALITY AS given (balance, place))
FROM "bank_logins" l WHERE l."id" = a."bank_login_id" AND a."balances" <> '[]';
