-- AlterTable
ALTER TABLE "banks" ADD COLUMN     "sca_validity_days" INTEGER NOT NULL DEFAULT 180;
