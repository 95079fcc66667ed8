-- AlterTable
ALTER TABLE "consents" ADD COLUMN     "credentials_fence" INTEGER NOT NULL DEFAULT 0,
ADD COLUMN     "credentials_leased_until" TIMESTAMPTZ(3);

-- CreateTable
CREATE TABLE "bank_learnings" (
    "bank_id" TEXT NOT NULL,
    "fact" TEXT NOT NULL,
    "value" TEXT NOT NULL,
    "entry_hash" TEXT NOT NULL,
    "learnt_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_learnings_pkey" PRIMARY KEY ("bank_id","fact")
);

-- AddForeignKey
ALTER TABLE "bank_learnings" ADD CONSTRAINT "bank_learnings_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "banks"("id") ON DELETE CASCADE ON UPDATE CASCADE;
