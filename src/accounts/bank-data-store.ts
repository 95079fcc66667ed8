import { formatAmount, type Money } from '../domain/money.ts';
import { type Database, Prisma } from '../storage/database.ts';
import type { StoredAccount } from './account-match.ts';
import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';
import { toNamedIdentities } from './transaction-identity.ts';

export interface Balance {
  type: string;
  amount: Money;
  /** YYYY-MM-DD */
  referenceDate: string | null;
}

/** An account as a synchronization leaves it, with what changed of its transactions. */
export interface AccountChange {
  id: string;
  resourceId: string;
  identification: string;
  iban: string | null;
  name: string | null;
  ownerName: string | null;
  currency: string;
  product: string | null;
  balances: readonly Balance[];
  lastBookingDate: string | null;
  added: readonly StoredTransaction[];
  updated: readonly StoredTransaction[];
  removedIds: readonly string[];
}

/** What a bank has sent of one account. */
export interface TransactionsReply {
  accountId: string;
  /** The first day that was asked for, YYYY-MM-DD. */
  from: string;
  transactions: readonly FetchedTransaction[];
}

export interface BankDataStore {
  listAccounts(bankLoginId: string): Promise<StoredAccount[]>;
  /**
   * What replies of transactions may be about: booked ones since the first day asked for, all that are pending or undated, and
   * whatever has an id that the reply names. By account id; accounts without any are left out.
   */
  listTransactions(replies: readonly TransactionsReply[]): Promise<Map<string, StoredTransaction[]>>;
  /**
   * CTEs that store all changes of a login in one statement: `stored_account`, `added_transaction`, `updated_transaction`,
   * `removed_transaction`. They write only where `condition`, which may read earlier CTEs, holds.
   */
  storeCtes(
    given: { clientId: string; bankLoginId: string; now: Date },
    changes: readonly AccountChange[],
    condition: Prisma.Sql,
  ): Prisma.Sql;
}

export function createBankDataStore(database: Database): BankDataStore {
  return {
    listAccounts: (bankLoginId) =>
      database.query<StoredAccount>(Prisma.sql`
        SELECT id, resource_id AS "resourceId", identification, currency, last_booking_date AS "lastBookingDate"
        FROM accounts WHERE bank_login_id = ${bankLoginId} ORDER BY id`),
    listTransactions: (replies) => listTransactions(database, replies),
    storeCtes,
  };
}

const columns = Prisma.sql`t.id, t.account_id AS "accountId", t.identity, t.status::text AS status, t.amount::text AS amount, t.currency,
  t.bank_transaction_id AS "transactionId", t.entry_reference AS "entryReference", t.booking_date AS "bookingDate",
  t.value_date AS "valueDate", t.counterparty_name AS "counterpartyName", t.counterparty_iban AS "counterpartyIban",
  t.remittance_information AS "remittanceInformation", t.end_to_end_id AS "endToEndId",
  t.bank_transaction_code AS "bankTransactionCode"`;

interface TransactionRow {
  id: string;
  accountId: string;
  identity: string;
  status: 'BOOKED' | 'PENDING';
  amount: string;
  currency: string;
  transactionId: string | null;
  entryReference: string | null;
  bookingDate: string | null;
  valueDate: string | null;
  counterpartyName: string | null;
  counterpartyIban: string | null;
  remittanceInformation: string | null;
  endToEndId: string | null;
  bankTransactionCode: string | null;
}

async function listTransactions(
  database: Database,
  replies: readonly TransactionsReply[],
): Promise<Map<string, StoredTransaction[]>> {
  const days = replies.map(({ accountId, from }) => ({ accountId, from }));
  const named = replies.flatMap(({ accountId, transactions }) =>
    transactions.flatMap((transaction) => toNamedIdentities(transaction).map((identity) => ({ accountId, identity }))),
  );
  const rows = await database.query<TransactionRow>(Prisma.sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM json_to_recordset(${JSON.stringify(days)}::json) AS day ("accountId" text, "from" date))
    SELECT ${columns} FROM given JOIN transactions t ON t.account_id = given."accountId" AND t.status = 'BOOKED'
      AND t.booking_date >= given."from"
    UNION ALL
    SELECT ${columns} FROM given JOIN transactions t ON t.account_id = given."accountId" AND t.status = 'PENDING'
    UNION ALL
    SELECT ${columns} FROM given JOIN transactions t ON t.account_id = given."accountId" AND t.status = 'BOOKED'
      AND t.booking_date IS NULL
    UNION ALL
    SELECT ${columns} FROM json_to_recordset(${JSON.stringify(named)}::json) AS named ("accountId" text, identity text)
    JOIN transactions t ON t.account_id = named."accountId" AND t.identity = named.identity
    JOIN given ON given."accountId" = t.account_id
    WHERE t.status = 'BOOKED' AND t.booking_date < given."from"
    ORDER BY id`);
  const byAccount = new Map<string, StoredTransaction[]>();
  for (const { accountId, amount, currency, ...row } of rows) {
    const of = byAccount.get(accountId) ?? [];
    of.push({ ...row, amount: { amount: formatAmount(amount, currency), currency } });
    byAccount.set(accountId, of);
  }
  return byAccount;
}

// Rows travel as one JSON text each: arrays of texts would be escaped one by one, and a list of placeholders would be
// another statement for every count.
function storeCtes(
  { clientId, bankLoginId, now }: { clientId: string; bankLoginId: string; now: Date },
  changes: readonly AccountChange[],
  condition: Prisma.Sql,
): Prisma.Sql {
  const accounts = changes.map(({ added: _added, updated: _updated, removedIds: _removed, ...account }) => account);
  const today = now.toISOString().slice(0, 10);
  const added = changes.flatMap(({ id, added }) => added.map((transaction) => toRow(transaction, id, today)));
  const updated = changes.flatMap(({ id, updated }) => updated.map((transaction) => toRow(transaction, id, today)));
  const removedIds = changes.flatMap(({ removedIds }) => removedIds);
  return Prisma.sql`
    stored_account AS (
      INSERT INTO accounts AS a (id, client_id, bank_login_id, resource_id, identification, iban, name, owner_name, currency, product,
        balances, last_booking_date, created_at)
      SELECT given.id, ${clientId}, ${bankLoginId}, given."resourceId", given.identification, given.iban, given.name,
        given."ownerName", given.currency, given.product, given.balances, given."lastBookingDate", ${now}
      FROM json_to_recordset(${JSON.stringify(accounts)}::json) AS given (id text, "resourceId" text, identification text, iban text,
        name text, "ownerName" text, currency text, product text, balances jsonb, "lastBookingDate" date)
      WHERE ${condition}
      ON CONFLICT (id) DO UPDATE SET resource_id = EXCLUDED.resource_id, identification = EXCLUDED.identification,
        iban = coalesce(EXCLUDED.iban, a.iban), name = coalesce(EXCLUDED.name, a.name),
        owner_name = coalesce(EXCLUDED.owner_name, a.owner_name), product = coalesce(EXCLUDED.product, a.product),
        balances = EXCLUDED.balances, last_booking_date = greatest(EXCLUDED.last_booking_date, a.last_booking_date)),
    added_transaction AS (
      INSERT INTO transactions (id, client_id, account_id, status, identity, bank_transaction_id, entry_reference, amount, currency,
        booking_date, value_date, counterparty_name, counterparty_iban, remittance_information, end_to_end_id,
        bank_transaction_code, sort_date, created_at, updated_at)
      SELECT given.id, ${clientId}, given."accountId", given.status::"TransactionStatus", given.identity, given."transactionId",
        given."entryReference", given.amount, given.currency, given."bookingDate", given."valueDate", given."counterpartyName",
        given."counterpartyIban", given."remittanceInformation", given."endToEndId", given."bankTransactionCode",
        given."sortDate", ${now}, ${now}
      FROM ${recordset(added)} WHERE ${condition}),
    updated_transaction AS (
      UPDATE transactions t SET status = given.status::"TransactionStatus", identity = given.identity,
        bank_transaction_id = given."transactionId", entry_reference = given."entryReference", amount = given.amount,
        currency = given.currency, booking_date = given."bookingDate", value_date = given."valueDate",
        counterparty_name = given."counterpartyName", counterparty_iban = given."counterpartyIban",
        remittance_information = given."remittanceInformation", end_to_end_id = given."endToEndId",
        bank_transaction_code = given."bankTransactionCode",
        sort_date = coalesce(given."bookingDate", given."valueDate", t.sort_date), updated_at = ${now}
      FROM ${recordset(updated)} WHERE t.id = given.id AND ${condition}),
    removed_transaction AS (
      DELETE FROM transactions WHERE id = ANY(${removedIds}::text[]) AND ${condition})`;
}

function recordset(rows: readonly object[]): Prisma.Sql {
  return Prisma.sql`json_to_recordset(${JSON.stringify(rows)}::json) AS given (id text, "accountId" text, status text, identity text,
    "transactionId" text, "entryReference" text, amount numeric, currency text, "bookingDate" date, "valueDate" date,
    "counterpartyName" text, "counterpartyIban" text, "remittanceInformation" text, "endToEndId" text,
    "bankTransactionCode" text, "sortDate" date)`;
}

function toRow({ amount, ...transaction }: StoredTransaction, accountId: string, today: string): object {
  return {
    ...transaction,
    accountId,
    amount: amount.amount,
    currency: amount.currency,
    sortDate: transaction.bookingDate ?? transaction.valueDate ?? today,
  };
}
