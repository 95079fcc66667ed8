-- AlterTable
ALTER TABLE "webhook_endpoints" ADD COLUMN     "paced_until" TIMESTAMPTZ(6);
