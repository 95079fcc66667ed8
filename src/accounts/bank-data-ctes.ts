import type { Money } from '../domain/money.ts';
import { Prisma } from '../storage/database.ts';
import type { StoredTransaction } from './bank-transaction.ts';

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

/**
 * All changes of a login as CTEs: `stored_account`, `added_transaction`, `updated_transaction`, `moved_transaction`,
 * `removed_transaction`. They write only where `condition` holds. Rows travel as one JSON text for each: arrays of texts would be
 * escaped one by one, and a list of placeholders would be another statement for every count.
 */
export function storeBankDataCtes(
  { clientId, bankLoginId, now }: Login,
  changes: readonly AccountChange[],
  condition: Prisma.Sql,
): Prisma.Sql {
  const accounts = changes.map(({ added: _added, updated: _updated, removedIds: _removed, ...account }) => account);
  const today = now.toISOString().slice(0, 10);
  const added = changes.flatMap(({ id, added }) => added.map((transaction) => toRow(transaction, id, today)));
  const updated = changes.flatMap(({ id, updated }) => updated.map((transaction) => toRow(transaction, id, today)));
  const removedIds = changes.flatMap(({ removedIds }) => removedIds);
  return Prisma.join(
    [
      storedAccounts({ clientId, bankLoginId, now }, accounts, condition),
      // Left out where there is nothing to write: most synchronizations find a few new transactions and no more.
      ...(added.length > 0 ? [addedTransactions({ clientId, now }, added, condition)] : []),
      ...(updated.length > 0 ? [updatedTransactions(now, updated, condition)] : []),
      ...(removedIds.length > 0 ? [removedTransactions(removedIds, condition)] : []),
    ],
    ', ',
  );
}

type Login = { clientId: string; bankLoginId: string; now: Date };

function storedAccounts(
  { clientId, bankLoginId, now }: Login,
  accounts: readonly object[],
  condition: Prisma.Sql,
): Prisma.Sql {
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
        balances = EXCLUDED.balances, last_booking_date = greatest(EXCLUDED.last_booking_date, a.last_booking_date))`;
}

function addedTransactions(
  { clientId, now }: Omit<Login, 'bankLoginId'>,
  added: readonly object[],
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    added_transaction AS (
      INSERT INTO transactions (id, client_id, account_id, status, identity, bank_transaction_id, entry_reference, amount, currency,
        booking_date, value_date, counterparty_name, counterparty_iban, remittance_information, end_to_end_id,
        bank_transaction_code, sort_date, created_at, updated_at)
      SELECT given.id, ${clientId}, given."accountId", given.status::"TransactionStatus", given.identity, given."bankTransactionId",
        given."entryReference", given.amount, given.currency, given."bookingDate", given."valueDate", given."counterpartyName",
        given."counterpartyIban", given."remittanceInformation", given."endToEndId", given."bankTransactionCode",
        given."sortDate", ${now}, ${now}
      FROM ${recordset(added)} WHERE ${condition})`;
}

const newSortDate = Prisma.sql`coalesce(given."bookingDate", given."valueDate", t.sort_date)`;
const moveLifeMs = 24 * 3_600_000;

// The ids are named once more for the planner: by the join alone, it would read a table of some thousand rows from end to end.
function updatedTransactions(
  now: Date,
  updated: readonly { id: string; accountId: string }[],
  condition: Prisma.Sql,
): Prisma.Sql {
  const ids = updated.map(({ id }) => id);
  const accountIds = [...new Set(updated.map(({ accountId }) => accountId))];
  return Prisma.sql`
    given_update AS MATERIALIZED (SELECT given.* FROM ${recordset(updated)}),
    updated_transaction AS (
      UPDATE transactions t SET status = given.status::"TransactionStatus", identity = given.identity,
        bank_transaction_id = given."bankTransactionId", entry_reference = given."entryReference", amount = given.amount,
        currency = given.currency, booking_date = given."bookingDate", value_date = given."valueDate",
        counterparty_name = given."counterpartyName", counterparty_iban = given."counterpartyIban",
        remittance_information = given."remittanceInformation", end_to_end_id = given."endToEndId",
        bank_transaction_code = given."bankTransactionCode",
        sort_date = ${newSortDate}, updated_at = ${now}
      FROM given_update AS given WHERE t.id = ANY(${ids}::text[]) AND t.id = given.id AND ${condition}),
    moved_transaction AS (
      INSERT INTO transaction_moves (account_id, transaction_id, moved_by, sort_date, moved_at)
      SELECT t.account_id, t.id, pg_current_xact_id()::text::bigint, t.sort_date, ${now}
      FROM transactions t JOIN given_update AS given ON t.id = given.id
      WHERE t.id = ANY(${ids}::text[]) AND t.sort_date <> ${newSortDate} AND ${condition}),
    forgotten_move AS (
      DELETE FROM transaction_moves
      WHERE account_id = ANY(${accountIds}::text[]) AND moved_at < ${new Date(now.getTime() - moveLifeMs)} AND ${condition})`;
}

function removedTransactions(ids: readonly string[], condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    removed_transaction AS (DELETE FROM transactions WHERE id = ANY(${[...ids]}::text[]) AND ${condition})`;
}

function recordset(rows: readonly object[]): Prisma.Sql {
  return Prisma.sql`json_to_recordset(${JSON.stringify(rows)}::json) AS given (id text, "accountId" text, status text, identity text,
    "bankTransactionId" text, "entryReference" text, amount numeric, currency text, "bookingDate" date, "valueDate" date,
    "counterpartyName" text, "counterpartyIban" text, "remittanceInformation" text, "endToEndId" text,
    "bankTransactionCode" text, "sortDate" date)`;
}

function toRow({ amount, ...transaction }: StoredTransaction, accountId: string, today: string) {
  return {
    ...transaction,
    accountId,
    amount: amount.amount,
    currency: amount.currency,
    sortDate: transaction.bookingDate ?? transaction.valueDate ?? today,
  };
}
