-- AlterTable
ALTER TABLE "api_keys" ADD COLUMN     "retires_at" TIMESTAMPTZ(3);
