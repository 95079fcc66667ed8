-- DropIndex
DROP INDEX "transaction_tombstones_account_id_idx";

-- DropIndex
DROP INDEX "transaction_tombstones_removed_at_idx";

-- AlterTable
ALTER TABLE "transaction_tombstones" ALTER COLUMN "content" DROP NOT NULL;

-- AlterTable
ALTER TABLE "transactions" ADD COLUMN     "login_version" INTEGER NOT NULL DEFAULT 0;

-- CreateTable
CREATE TABLE "transaction_change_sets" (
    "client_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "bank_login_id" TEXT NOT NULL,
    "version" INTEGER NOT NULL,

    CONSTRAINT "transaction_change_sets_pkey" PRIMARY KEY ("client_id","position","bank_login_id")
);

-- CreateIndex
CREATE INDEX "transaction_change_sets_bank_login_id_position_idx" ON "transaction_change_sets"("bank_login_id", "position");

-- CreateIndex
CREATE INDEX "transaction_tombstones_account_id_position_transaction_id_idx" ON "transaction_tombstones"("account_id", "position", "transaction_id");

-- CreateIndex
CREATE INDEX "transactions_account_id_login_version_id_idx" ON "transactions"("account_id", "login_version", "id");

-- AddForeignKey
ALTER TABLE "transaction_change_sets" ADD CONSTRAINT "transaction_change_sets_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- Those whose content is still to be forgotten; what Prisma's language cannot say.
CREATE INDEX "transaction_tombstones_removed_at_idx" ON "transaction_tombstones"("removed_at") WHERE "content" IS NOT NULL;

-- A client that begins at the beginning is given what was there before, login by login.
INSERT INTO "transaction_change_sets" ("client_id", "position", "bank_login_id", "version")
SELECT "client_id", 0, "id", 0 FROM "bank_logins" WHERE "last_synchronization" IS NOT NULL;

-- What was removed before carries the position of its event; no transaction has the version -1.
INSERT INTO "transaction_change_sets" ("client_id", "position", "bank_login_id", "version")
SELECT DISTINCT a."client_id", d."position", a."bank_login_id", -1
FROM "transaction_tombstones" d JOIN "accounts" a ON a."id" = d."account_id";
