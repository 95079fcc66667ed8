import { type AccountValues, accountFields } from '../domain/account-fields.ts';
import type { Balance } from '../domain/balance-fields.ts';
import { Prisma } from '../storage/database.ts';
import { accountColumns, balanceColumns, transactionColumns } from './bank-data-columns.ts';
import type { StoredTransaction } from './bank-transaction.ts';
import { forgottenTombstones } from './tombstone-store.ts';

/** What a synchronization could not read of an account. */
export interface AccountProblem {
  /** A closed list: see sync/account-problem.ts. */
  code: string;
  /** For people; quotes nothing of the bank's. */
  message: string;
  /** Since when it has been so, RFC 3339. */
  since: string;
}

/** An account as a synchronization leaves it, with what changed of its transactions. */
export interface AccountChange extends AccountValues {
  id: string;
  resourceId: string;
  identification: string;
  state: AccountState;
  /** As given now; null: the bank gave none, and what is stored stays. */
  balances: readonly Balance[] | null;
  /** Of the balances those that differ from what is stored. */
  changedBalances: readonly Balance[];
  lastBookingDate: string | null;
  /** Null: it was read whole. */
  problem: AccountProblem | null;
  added: readonly StoredTransaction[];
  updated: readonly StoredTransaction[];
  removed: readonly StoredTransaction[];
  /** Of those added, the ids of those that come back after their removal. */
  restoredIds: readonly string[];
  /** Missing from a reply for the first time. */
  missedIds: readonly string[];
  /** Missing no more, and not changed. */
  foundIds: readonly string[];
}

/** Of the login's stored accounts those that a list of the bank's leaves out. */
export interface MissingAccounts {
  /** Not in the list for the first time. */
  missedIds: string[];
  /** No longer the bank's: what is stored of them stays. */
  goneIds: string[];
}

/** A StoredAccount (account-match.ts) as JSON, of `accounts a`. */
export const storedAccountJson = Prisma.sql`json_build_object('id', a.id, 'resourceId', a.resource_id, 'identification', a.identification,
  'kind', a.kind, 'state', a.state, 'iban', a.iban, 'currency', a.currency, 'name', a.name, 'product', a.product,
  'balances', a.balances, 'problem', a.problem, 'lastBookingDate', a.last_booking_date, 'missingSince', a.missing_since,
  'hasRemoved', EXISTS (SELECT FROM transaction_tombstones s WHERE s.account_id = a.id AND s.content IS NOT NULL))`;

export type AccountState = 'AVAILABLE' | 'BLOCKED' | 'GONE';

/**
 * All changes of a login as CTEs: `stored_account`, `changed_balance`, `added_transaction`, `updated_transaction`, `moved_transaction`,
 * `removed_transaction`. They write only where `condition` holds. Rows travel as one JSON text for each: arrays of texts would be
 * escaped one by one, and a list of placeholders would be another statement for every count.
 */
export function storeBankDataCtes(
  { clientId, bankLoginId, version, now, missing }: Login,
  changes: readonly AccountChange[],
  condition: Prisma.Sql,
): Prisma.Sql {
  const today = now.toISOString().slice(0, 10);
  const added = changes.flatMap(({ id, added }) => added.map((transaction) => toRow(transaction, id, today)));
  const updated = changes.flatMap(({ id, updated }) => updated.map((transaction) => toRow(transaction, id, today)));
  const balances = changes.flatMap(({ id, changedBalances: changed }) =>
    changed.map((balance) => toBalanceRow(balance, id)),
  );
  const removedIds = changes.flatMap(({ removed }) => removed.map(({ id }) => id));
  const restoredIds = changes.flatMap((change) => change.restoredIds);
  const missedIds = changes.flatMap((change) => change.missedIds);
  const foundIds = changes.flatMap((change) => change.foundIds);
  return Prisma.join(
    [
      storedAccounts({ clientId, bankLoginId, now }, changes.map(toAccountRow), condition),
      // Left out where there is nothing to write: most synchronizations find a few new transactions and no more.
      ...(balances.length > 0 ? [changedBalances(balances, condition)] : []),
      ...(added.length > 0 ? [addedTransactions({ clientId, version, now }, added, condition)] : []),
      ...(updated.length > 0 ? [updatedTransactions({ version, now }, updated, condition)] : []),
      ...(removedIds.length > 0 ? [removedTransactions(removedIds, condition)] : []),
      ...(restoredIds.length > 0 ? [forgottenTombstones(restoredIds, condition)] : []),
      ...(missedIds.length + foundIds.length > 0 ? [missingTransactions({ missedIds, foundIds, now }, condition)] : []),
      ...(missing && missing.missedIds.length + missing.goneIds.length > 0
        ? [missingAccounts({ ...missing, now }, condition)]
        : []),
    ],
    ', ',
  );
}

interface Login {
  clientId: string;
  bankLoginId: string;
  /** That the login has with these changes. */
  version: number;
  now: Date;
  /** Accounts that the bank does not list. @default none */
  missing?: MissingAccounts;
}

// What a bank leaves out today and told yesterday it has not taken back.
const keptWhereAbsent = Prisma.raw(
  Object.entries(accountFields)
    .flatMap(([name, { nullable }]) => (nullable ? accountColumns.columns.filter(({ key }) => key === name) : []))
    .map(({ name }) => `${name} = coalesce(EXCLUDED.${name}, a.${name})`)
    .join(', '),
);

function storedAccounts(
  { clientId, bankLoginId, now }: Pick<Login, 'clientId' | 'bankLoginId' | 'now'>,
  accounts: readonly object[],
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    stored_account AS (
      INSERT INTO accounts AS a (id, client_id, bank_login_id, resource_id, identification, ${accountColumns.names}, state, balances,
        last_booking_date, problem, last_synchronization, created_at)
      SELECT given.id, ${clientId}, ${bankLoginId}, given."resourceId", given.identification, ${accountColumns.given}, given.state,
        coalesce(given.balances, '[]'), given."lastBookingDate", given.problem,
        CASE WHEN given.problem IS NULL THEN ${now}::timestamptz END, ${now}
      FROM json_to_recordset(${JSON.stringify(accounts)}::json) AS given (id text, "resourceId" text, identification text,
        ${accountColumns.definition}, state "AccountState", balances jsonb, "lastBookingDate" date, problem jsonb)
      WHERE ${condition}
      ON CONFLICT (id) DO UPDATE SET resource_id = EXCLUDED.resource_id, identification = EXCLUDED.identification,
        ${keptWhereAbsent}, state = EXCLUDED.state, missing_since = NULL,
        balances = CASE WHEN EXCLUDED.balances = '[]' THEN a.balances ELSE EXCLUDED.balances END,
        last_booking_date = greatest(EXCLUDED.last_booking_date, a.last_booking_date), problem = EXCLUDED.problem,
        last_synchronization = coalesce(EXCLUDED.last_synchronization, a.last_synchronization))`;
}

function toAccountRow(change: AccountChange): object {
  const { id, resourceId, identification, state, balances, lastBookingDate, problem } = change;
  return {
    id,
    resourceId,
    identification,
    ...accountColumns.toRecord(change),
    state,
    balances,
    lastBookingDate,
    problem,
  };
}

function changedBalances(balances: readonly object[], condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    changed_balance AS (
      INSERT INTO balance_changes (account_id, ${balanceColumns.names}, observed_at)
      SELECT given."accountId", ${balanceColumns.given}, given."observedAt"
      FROM json_to_recordset(${JSON.stringify(balances)}::json) AS given ("accountId" text, ${balanceColumns.definition},
        "observedAt" timestamptz) WHERE ${condition})`;
}

function toBalanceRow(balance: Balance, accountId: string): object {
  return { accountId, ...balanceColumns.toRecord(balance), observedAt: balance.observedAt };
}

function addedTransactions(
  { clientId, version, now }: Pick<Login, 'clientId' | 'version' | 'now'>,
  added: readonly object[],
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    added_transaction AS (
      INSERT INTO transactions (id, client_id, account_id, identity, ${transactionColumns.names}, sort_date, created_at, updated_at,
        login_version)
      SELECT given.id, ${clientId}, given."accountId", given.identity, ${transactionColumns.given}, given."sortDate", ${now}, ${now},
        ${version}::int
      FROM ${recordset(added)} WHERE ${condition})`;
}

const newSortDate = Prisma.sql`coalesce(given."bookingDate", given."valueDate", t.sort_date)`;
const moveLifeMs = 24 * 3_600_000;

// The ids are named once more for the planner: by the join alone, it would read a table of some thousand rows from end to end.
function updatedTransactions(
  { version, now }: Pick<Login, 'version' | 'now'>,
  updated: readonly { id: string; accountId: string }[],
  condition: Prisma.Sql,
): Prisma.Sql {
  const ids = updated.map(({ id }) => id);
  const accountIds = [...new Set(updated.map(({ accountId }) => accountId))];
  return Prisma.sql`
    given_update AS MATERIALIZED (SELECT given.* FROM ${recordset(updated)}),
    updated_transaction AS (
      UPDATE transactions t SET identity = given.identity, ${transactionColumns.assignments},
        sort_date = ${newSortDate}, missing_since = NULL, updated_at = ${now}, login_version = ${version}
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

// Nobody is told: neither that it is missing, until another reply confirms it, nor that it was.
function missingTransactions(
  { missedIds, foundIds, now }: { missedIds: readonly string[]; foundIds: readonly string[]; now: Date },
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    missing_transaction AS (
      UPDATE transactions SET missing_since = CASE WHEN id = ANY(${[...missedIds]}::text[]) THEN ${now}::timestamptz END
      WHERE id = ANY(${[...missedIds, ...foundIds]}::text[]) AND ${condition})`;
}

function missingAccounts(
  { missedIds, goneIds, now }: MissingAccounts & { now: Date },
  condition: Prisma.Sql,
): Prisma.Sql {
  return Prisma.sql`
    missing_account AS (
      UPDATE accounts SET missing_since = coalesce(missing_since, ${now}),
        state = CASE WHEN id = ANY(${[...goneIds]}::text[]) THEN 'GONE' ELSE state END
      WHERE id = ANY(${[...missedIds, ...goneIds]}::text[]) AND ${condition})`;
}

function recordset(rows: readonly object[]): Prisma.Sql {
  return Prisma.sql`json_to_recordset(${JSON.stringify(rows)}::json) AS given (id text, "accountId" text, identity text,
    ${transactionColumns.definition}, "sortDate" date)`;
}

function toRow(transaction: StoredTransaction, accountId: string, today: string) {
  return {
    id: transaction.id,
    accountId,
    identity: transaction.identity,
    ...transactionColumns.toRecord(transaction),
    sortDate: transaction.bookingDate ?? transaction.valueDate ?? today,
  };
}
