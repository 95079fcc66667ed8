-- CreateSchema
CREATE SCHEMA IF NOT EXISTS "public";

-- CreateEnum
CREATE TYPE "ApiKeyScope" AS ENUM ('CLIENT', 'OPERATOR');

-- CreateEnum
CREATE TYPE "UserType" AS ENUM ('PERSON', 'COMPANY');

-- CreateEnum
CREATE TYPE "SynchronizationStatus" AS ENUM ('OK', 'SCA_REQUIRED', 'SYNC_FAILED');

-- CreateEnum
CREATE TYPE "SynchronizationTrigger" AS ENUM ('CONNECT', 'SCHEDULER', 'MANUAL');

-- CreateEnum
CREATE TYPE "ConsentStatus" AS ENUM ('RECEIVED', 'PARTIALLY_AUTHORISED', 'VALID', 'REJECTED', 'EXPIRED', 'REVOKED_BY_PSU', 'TERMINATED', 'SUPERSEDED');

-- CreateEnum
CREATE TYPE "BankAccessEndpoint" AS ENUM ('ACCOUNTS', 'BALANCES', 'TRANSACTIONS');

-- CreateEnum
CREATE TYPE "TransactionStatus" AS ENUM ('BOOKED', 'PENDING');

-- CreateEnum
CREATE TYPE "SessionKind" AS ENUM ('CONNECT', 'MANAGEMENT', 'SYNCHRONIZATION');

-- CreateEnum
CREATE TYPE "SessionStatus" AS ENUM ('AWAITING_USER', 'RUNNING', 'COMPLETED', 'FAILED', 'CANCELLED', 'EXPIRED');

-- CreateEnum
CREATE TYPE "CycleStatus" AS ENUM ('RUNNING', 'COMPLETED');

-- CreateEnum
CREATE TYPE "CycleKind" AS ENUM ('SCHEDULED', 'EXTRA');

-- CreateEnum
CREATE TYPE "CycleEntryStatus" AS ENUM ('PENDING', 'RUNNING', 'RETRY', 'SYNCHRONIZED', 'FAILED', 'SKIPPED');

-- CreateEnum
CREATE TYPE "EventType" AS ENUM ('BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZED', 'BANK_LOGIN_SYNCHRONIZATION_FAILED', 'BANK_LOGIN_SCA_REQUIRED', 'BANK_LOGIN_DELETED', 'CONSENT_EXPIRING', 'CONSENT_EXPIRED', 'USER_DELETED', 'SYNCHRONIZATION_CYCLE_COMPLETED', 'WEBHOOK_ENDPOINT_DISABLED', 'WEBHOOK_TEST');

-- CreateEnum
CREATE TYPE "WebhookMethod" AS ENUM ('POST', 'PUT', 'PATCH');

-- CreateEnum
CREATE TYPE "WebhookEndpointStatus" AS ENUM ('ENABLED', 'DISABLED');

-- CreateEnum
CREATE TYPE "SignatureAlgorithm" AS ENUM ('HMAC_SHA256', 'ED25519');

-- CreateEnum
CREATE TYPE "DeliveryStatus" AS ENUM ('PENDING', 'DELIVERED', 'FAILED');

-- CreateTable
CREATE TABLE "clients" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "return_origins" TEXT[] DEFAULT ARRAY[]::TEXT[],
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "clients_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "api_keys" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "prefix" TEXT NOT NULL,
    "hash" TEXT NOT NULL,
    "scopes" "ApiKeyScope"[],
    "expires_at" TIMESTAMPTZ(3),
    "last_used_at" TIMESTAMPTZ(3),
    "revoked_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "api_keys_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "users" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "external_id" TEXT,
    "type" "UserType" NOT NULL DEFAULT 'PERSON',
    "recurring" BOOLEAN NOT NULL DEFAULT false,
    "enrolled_at" TIMESTAMPTZ(3),
    "idempotency_key" TEXT,
    "idempotency_hash" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "users_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "banks" (
    "id" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "bic" TEXT,
    "bank_code" TEXT,
    "country" TEXT NOT NULL,
    "listed" BOOLEAN NOT NULL DEFAULT true,

    CONSTRAINT "banks_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_logins" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "bank_id" TEXT NOT NULL,
    "status" "SynchronizationStatus" NOT NULL DEFAULT 'OK',
    "secrets_stored" BOOLEAN NOT NULL DEFAULT true,
    "last_synchronization" TIMESTAMPTZ(3),
    "sequence" INTEGER NOT NULL DEFAULT 0,
    "version" INTEGER NOT NULL DEFAULT 0,
    "last_cycle_id" TEXT,
    "bank_failure_count" INTEGER NOT NULL DEFAULT 0,
    "last_attempt_id" TEXT,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_logins_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "synchronization_attempts" (
    "id" TEXT NOT NULL,
    "bank_login_id" TEXT NOT NULL,
    "trigger" "SynchronizationTrigger" NOT NULL,
    "cycle_id" TEXT,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),
    "error_code" TEXT,
    "error_message" TEXT,

    CONSTRAINT "synchronization_attempts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consents" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "bank_id" TEXT NOT NULL,
    "bank_login_id" TEXT,
    "status" "ConsentStatus" NOT NULL DEFAULT 'RECEIVED',
    "recurring" BOOLEAN NOT NULL,
    "valid_until" DATE NOT NULL,
    "frequency_per_day" INTEGER NOT NULL,
    "authorised_at" TIMESTAMPTZ(3),
    "ended_at" TIMESTAMPTZ(3),
    "bank_consent_id" TEXT,
    "access_closed_until" TIMESTAMPTZ(3),
    "expiry_notice" INTEGER,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consents_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "consent_terminations" (
    "id" TEXT NOT NULL,
    "bank_id" TEXT NOT NULL,
    "bank_consent_id" TEXT NOT NULL,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3) NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "consent_terminations_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "bank_accesses" (
    "id" BIGSERIAL NOT NULL,
    "consent_id" TEXT NOT NULL,
    "bank_login_id" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "endpoint" "BankAccessEndpoint" NOT NULL,
    "attended" BOOLEAN NOT NULL,
    "trigger" "SynchronizationTrigger" NOT NULL,
    "accessed_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "bank_accesses_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "accounts" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "bank_login_id" TEXT NOT NULL,
    "resource_id" TEXT NOT NULL,
    "identification" TEXT NOT NULL,
    "iban" TEXT,
    "name" TEXT,
    "owner_name" TEXT,
    "currency" TEXT NOT NULL,
    "product" TEXT,
    "balances" JSONB NOT NULL DEFAULT '[]',
    "last_booking_date" DATE,
    "created_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "accounts_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "transactions" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "account_id" TEXT NOT NULL,
    "status" "TransactionStatus" NOT NULL,
    "identity" TEXT NOT NULL,
    "bank_transaction_id" TEXT,
    "entry_reference" TEXT,
    "amount" DECIMAL(20,3) NOT NULL,
    "currency" TEXT NOT NULL,
    "booking_date" DATE,
    "value_date" DATE,
    "counterparty_name" TEXT,
    "counterparty_iban" TEXT,
    "remittance_information" TEXT,
    "end_to_end_id" TEXT,
    "bank_transaction_code" TEXT,
    "sort_date" DATE NOT NULL,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "transactions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "sessions" (
    "id" TEXT NOT NULL,
    "kind" "SessionKind" NOT NULL,
    "client_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "status" "SessionStatus" NOT NULL,
    "bank_id" TEXT,
    "bank_login_id" TEXT,
    "consent_id" TEXT,
    "link_hash" TEXT,
    "link_secret" TEXT,
    "state_hash" TEXT,
    "return_url" TEXT,
    "store_secrets" BOOLEAN NOT NULL DEFAULT true,
    "add_bank_login" BOOLEAN NOT NULL DEFAULT false,
    "psu_ip_address" TEXT,
    "attended" BOOLEAN NOT NULL DEFAULT false,
    "authorisation" TEXT,
    "idempotency_key" TEXT,
    "idempotency_hash" TEXT,
    "lease_until" TIMESTAMPTZ(3),
    "fencing_token" INTEGER NOT NULL DEFAULT 0,
    "parent_id" TEXT,
    "event_id" TEXT,
    "error_code" TEXT,
    "error_message" TEXT,
    "expires_at" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "sessions_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "synchronization_cycles" (
    "id" TEXT NOT NULL,
    "kind" "CycleKind" NOT NULL,
    "opens_at" TIMESTAMPTZ(3) NOT NULL,
    "closes_at" TIMESTAMPTZ(3) NOT NULL,
    "status" "CycleStatus" NOT NULL DEFAULT 'RUNNING',
    "lane_count" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "synchronization_cycles_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "cycle_lanes" (
    "cycle_id" TEXT NOT NULL,
    "lane" INTEGER NOT NULL,
    "holder" TEXT,
    "fencing_token" INTEGER NOT NULL DEFAULT 0,
    "lease_until" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "cycle_lanes_pkey" PRIMARY KEY ("cycle_id","lane")
);

-- CreateTable
CREATE TABLE "cycle_entries" (
    "cycle_id" TEXT NOT NULL,
    "user_id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "lane" INTEGER NOT NULL,
    "position" INTEGER NOT NULL,
    "status" "CycleEntryStatus" NOT NULL DEFAULT 'PENDING',
    "reason" TEXT,
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "fencing_token" INTEGER NOT NULL DEFAULT 0,
    "started_at" TIMESTAMPTZ(3),
    "finished_at" TIMESTAMPTZ(3),

    CONSTRAINT "cycle_entries_pkey" PRIMARY KEY ("cycle_id","user_id")
);

-- CreateTable
CREATE TABLE "event_heads" (
    "client_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL DEFAULT 0,

    CONSTRAINT "event_heads_pkey" PRIMARY KEY ("client_id")
);

-- CreateTable
CREATE TABLE "events" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "position" BIGINT NOT NULL,
    "type" "EventType" NOT NULL,
    "occurred_at" TIMESTAMPTZ(3) NOT NULL,
    "user_id" TEXT,
    "bank_login_id" TEXT,
    "cycle_id" TEXT,
    "endpoint_id" TEXT,
    "data" JSONB NOT NULL,

    CONSTRAINT "events_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_endpoints" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "url" TEXT NOT NULL,
    "types" "EventType"[] DEFAULT ARRAY[]::"EventType"[],
    "method" "WebhookMethod" NOT NULL DEFAULT 'POST',
    "description" TEXT,
    "headers" TEXT,
    "document" TEXT,
    "document_error" TEXT,
    "rate_limit" INTEGER,
    "signature_algorithm" "SignatureAlgorithm" NOT NULL DEFAULT 'HMAC_SHA256',
    "secrets" TEXT NOT NULL,
    "status" "WebhookEndpointStatus" NOT NULL DEFAULT 'ENABLED',
    "disabled_reason" TEXT,
    "disabled_at" TIMESTAMPTZ(3),
    "failing_since" TIMESTAMPTZ(3),
    "warning_count" INTEGER NOT NULL DEFAULT 0,
    "paused_until" TIMESTAMPTZ(3),
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "updated_at" TIMESTAMPTZ(3) NOT NULL,

    CONSTRAINT "webhook_endpoints_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_deliveries" (
    "id" TEXT NOT NULL,
    "client_id" TEXT NOT NULL,
    "endpoint_id" TEXT NOT NULL,
    "event_id" TEXT NOT NULL,
    "bank_login_id" TEXT,
    "position" BIGINT NOT NULL,
    "status" "DeliveryStatus" NOT NULL DEFAULT 'PENDING',
    "attempt_count" INTEGER NOT NULL DEFAULT 0,
    "next_attempt_at" TIMESTAMPTZ(3),
    "claimed_until" TIMESTAMPTZ(3),
    "fencing_token" INTEGER NOT NULL DEFAULT 0,
    "created_at" TIMESTAMPTZ(3) NOT NULL,
    "delivered_at" TIMESTAMPTZ(3),

    CONSTRAINT "webhook_deliveries_pkey" PRIMARY KEY ("id")
);

-- CreateTable
CREATE TABLE "webhook_attempts" (
    "delivery_id" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "started_at" TIMESTAMPTZ(3) NOT NULL,
    "duration_ms" INTEGER NOT NULL,
    "response_status" INTEGER,
    "response_body" TEXT,
    "error" TEXT,

    CONSTRAINT "webhook_attempts_pkey" PRIMARY KEY ("delivery_id","number")
);

-- CreateIndex
CREATE UNIQUE INDEX "api_keys_hash_key" ON "api_keys"("hash");

-- CreateIndex
CREATE INDEX "api_keys_client_id_idx" ON "api_keys"("client_id");

-- CreateIndex
CREATE INDEX "users_client_id_id_idx" ON "users"("client_id", "id");

-- CreateIndex
CREATE INDEX "users_recurring_enrolled_at_id_idx" ON "users"("recurring", "enrolled_at", "id");

-- CreateIndex
CREATE UNIQUE INDEX "users_client_id_external_id_key" ON "users"("client_id", "external_id");

-- CreateIndex
CREATE UNIQUE INDEX "users_client_id_idempotency_key_key" ON "users"("client_id", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "bank_logins_last_attempt_id_key" ON "bank_logins"("last_attempt_id");

-- CreateIndex
CREATE INDEX "bank_logins_user_id_idx" ON "bank_logins"("user_id");

-- CreateIndex
CREATE INDEX "bank_logins_client_id_id_idx" ON "bank_logins"("client_id", "id");

-- CreateIndex
CREATE INDEX "synchronization_attempts_bank_login_id_started_at_idx" ON "synchronization_attempts"("bank_login_id", "started_at");

-- CreateIndex
CREATE INDEX "consents_user_id_idx" ON "consents"("user_id");

-- CreateIndex
CREATE INDEX "consents_bank_login_id_status_idx" ON "consents"("bank_login_id", "status");

-- CreateIndex
CREATE INDEX "consents_status_valid_until_idx" ON "consents"("status", "valid_until");

-- CreateIndex
CREATE INDEX "consent_terminations_next_attempt_at_idx" ON "consent_terminations"("next_attempt_at");

-- CreateIndex
CREATE INDEX "bank_accesses_consent_id_accessed_at_idx" ON "bank_accesses"("consent_id", "accessed_at");

-- CreateIndex
CREATE INDEX "bank_accesses_accessed_at_idx" ON "bank_accesses"("accessed_at");

-- CreateIndex
CREATE UNIQUE INDEX "accounts_bank_login_id_identification_currency_key" ON "accounts"("bank_login_id", "identification", "currency");

-- CreateIndex
CREATE INDEX "transactions_account_id_sort_date_id_idx" ON "transactions"("account_id", "sort_date" DESC, "id" DESC);

-- CreateIndex
CREATE INDEX "transactions_account_id_status_booking_date_idx" ON "transactions"("account_id", "status", "booking_date");

-- CreateIndex
CREATE UNIQUE INDEX "transactions_account_id_identity_key" ON "transactions"("account_id", "identity");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_link_hash_key" ON "sessions"("link_hash");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_state_hash_key" ON "sessions"("state_hash");

-- CreateIndex
CREATE INDEX "sessions_user_id_idx" ON "sessions"("user_id");

-- CreateIndex
CREATE INDEX "sessions_bank_login_id_idx" ON "sessions"("bank_login_id");

-- CreateIndex
CREATE INDEX "sessions_status_lease_until_idx" ON "sessions"("status", "lease_until");

-- CreateIndex
CREATE INDEX "sessions_status_expires_at_idx" ON "sessions"("status", "expires_at");

-- CreateIndex
CREATE UNIQUE INDEX "sessions_client_id_kind_idempotency_key_key" ON "sessions"("client_id", "kind", "idempotency_key");

-- CreateIndex
CREATE UNIQUE INDEX "synchronization_cycles_opens_at_key" ON "synchronization_cycles"("opens_at");

-- CreateIndex
CREATE INDEX "synchronization_cycles_status_idx" ON "synchronization_cycles"("status");

-- CreateIndex
CREATE INDEX "cycle_entries_cycle_id_lane_status_position_idx" ON "cycle_entries"("cycle_id", "lane", "status", "position");

-- CreateIndex
CREATE INDEX "cycle_entries_cycle_id_client_id_status_idx" ON "cycle_entries"("cycle_id", "client_id", "status");

-- CreateIndex
CREATE INDEX "events_client_id_user_id_position_idx" ON "events"("client_id", "user_id", "position");

-- CreateIndex
CREATE INDEX "events_bank_login_id_position_idx" ON "events"("bank_login_id", "position");

-- CreateIndex
CREATE INDEX "events_occurred_at_idx" ON "events"("occurred_at");

-- CreateIndex
CREATE UNIQUE INDEX "events_client_id_position_key" ON "events"("client_id", "position");

-- CreateIndex
CREATE INDEX "webhook_endpoints_client_id_id_idx" ON "webhook_endpoints"("client_id", "id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_event_id_idx" ON "webhook_deliveries"("event_id");

-- CreateIndex
CREATE INDEX "webhook_deliveries_endpoint_id_status_id_idx" ON "webhook_deliveries"("endpoint_id", "status", "id");

-- CreateIndex
CREATE UNIQUE INDEX "webhook_deliveries_endpoint_id_event_id_key" ON "webhook_deliveries"("endpoint_id", "event_id");

-- CreateIndex
CREATE INDEX "webhook_attempts_started_at_idx" ON "webhook_attempts"("started_at");

-- AddForeignKey
ALTER TABLE "api_keys" ADD CONSTRAINT "api_keys_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "users" ADD CONSTRAINT "users_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_logins" ADD CONSTRAINT "bank_logins_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_logins" ADD CONSTRAINT "bank_logins_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "banks"("id") ON DELETE RESTRICT ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_logins" ADD CONSTRAINT "bank_logins_last_attempt_id_fkey" FOREIGN KEY ("last_attempt_id") REFERENCES "synchronization_attempts"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "synchronization_attempts" ADD CONSTRAINT "synchronization_attempts_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consents" ADD CONSTRAINT "consents_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "consents" ADD CONSTRAINT "consents_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_accesses" ADD CONSTRAINT "bank_accesses_consent_id_fkey" FOREIGN KEY ("consent_id") REFERENCES "consents"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "bank_accesses" ADD CONSTRAINT "bank_accesses_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "accounts" ADD CONSTRAINT "accounts_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "transactions" ADD CONSTRAINT "transactions_account_id_fkey" FOREIGN KEY ("account_id") REFERENCES "accounts"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_user_id_fkey" FOREIGN KEY ("user_id") REFERENCES "users"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_bank_id_fkey" FOREIGN KEY ("bank_id") REFERENCES "banks"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_bank_login_id_fkey" FOREIGN KEY ("bank_login_id") REFERENCES "bank_logins"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "sessions" ADD CONSTRAINT "sessions_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cycle_lanes" ADD CONSTRAINT "cycle_lanes_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "synchronization_cycles"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "cycle_entries" ADD CONSTRAINT "cycle_entries_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "synchronization_cycles"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "event_heads" ADD CONSTRAINT "event_heads_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_cycle_id_fkey" FOREIGN KEY ("cycle_id") REFERENCES "synchronization_cycles"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "events" ADD CONSTRAINT "events_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoints"("id") ON DELETE SET NULL ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_endpoints" ADD CONSTRAINT "webhook_endpoints_client_id_fkey" FOREIGN KEY ("client_id") REFERENCES "clients"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_endpoint_id_fkey" FOREIGN KEY ("endpoint_id") REFERENCES "webhook_endpoints"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_deliveries" ADD CONSTRAINT "webhook_deliveries_event_id_fkey" FOREIGN KEY ("event_id") REFERENCES "events"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- AddForeignKey
ALTER TABLE "webhook_attempts" ADD CONSTRAINT "webhook_attempts_delivery_id_fkey" FOREIGN KEY ("delivery_id") REFERENCES "webhook_deliveries"("id") ON DELETE CASCADE ON UPDATE CASCADE;

-- What Prisma's schema language cannot say.

-- Invariant 10: at most one valid consent per login.
CREATE UNIQUE INDEX "consents_one_valid_per_login" ON "consents"("bank_login_id") WHERE "status" = 'VALID';

-- Invariant 6: cycles never overlap.
CREATE UNIQUE INDEX "synchronization_cycles_one_running" ON "synchronization_cycles"("status") WHERE "status" = 'RUNNING';

-- One after another: a lane has one user at a time.
CREATE UNIQUE INDEX "cycle_entries_one_running_per_lane" ON "cycle_entries"("cycle_id", "lane") WHERE "status" = 'RUNNING';

-- What the dispatcher looks for, and nothing of the long tail that is done.
CREATE INDEX "webhook_deliveries_due" ON "webhook_deliveries"("endpoint_id", "next_attempt_at") WHERE "status" = 'PENDING';

-- A delivery is updated at every claim and every result: room on its page keeps the update from touching every index.
ALTER TABLE "webhook_deliveries" SET (fillfactor = 50);
