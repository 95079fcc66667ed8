-- CreateEnum
CREATE TYPE "AwaitedReturn" AS ENUM ('CALLBACK', 'CODE');

-- AlterTable
ALTER TABLE "sessions" ADD COLUMN     "awaited_return" "AwaitedReturn",
ADD COLUMN     "browser_hash" TEXT,
ADD COLUMN     "nok_state_hash" TEXT;

-- What is under way by redirect is bound as well: the end user enters a code.
UPDATE "sessions" SET "awaited_return" = 'CALLBACK'
WHERE "status" = 'AWAITING_USER' AND "state_hash" IS NOT NULL AND "authorisation" IS NULL;

-- CreateTable
CREATE TABLE "return_codes" (
    "session_id" TEXT NOT NULL,
    "state_hash" TEXT NOT NULL,
    "secret" TEXT NOT NULL,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "expires_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "return_codes_pkey" PRIMARY KEY ("session_id")
);

-- CreateTable
CREATE TABLE "wrong_entries" (
    "key_hash" TEXT NOT NULL,
    "count" INTEGER NOT NULL,
    "paused_until" TIMESTAMPTZ(3),
    "last_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "wrong_entries_pkey" PRIMARY KEY ("key_hash")
);

-- CreateIndex
CREATE INDEX "return_codes_expires_at_idx" ON "return_codes"("expires_at");

-- CreateIndex
CREATE INDEX "wrong_entries_last_at_idx" ON "wrong_entries"("last_at");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_nok_state_hash_key" ON "sessions"("nok_state_hash");

-- AddForeignKey
ALTER TABLE "return_codes" ADD CONSTRAINT "return_codes_session_id_fkey" FOREIGN KEY ("session_id") REFERENCES "sessions"("id") ON DELETE CASCADE ON UPDATE CASCADE;
