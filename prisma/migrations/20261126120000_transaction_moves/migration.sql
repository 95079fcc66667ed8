-- CreateTable
CREATE TABLE "transaction_moves" (
    "account_id" TEXT NOT NULL,
    "transaction_id" TEXT NOT NULL,
    "moved_by" BIGINT NOT NULL,
    "sort_date" DATE NOT NULL,
    "moved_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "transaction_moves_pkey" PRIMARY KEY ("account_id","transaction_id","moved_by")
);

-- AddForeignKey
ALTER TABLE "transaction_moves" ADD CONSTRAINT "transaction_moves_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;
