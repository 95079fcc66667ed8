import { type Database, Prisma } from '../storage/database.ts';
import { transactionColumns } from './bank-data-columns.ts';
import { type AccountChange, type MissingAccounts, storeBankDataCtes } from './bank-data-ctes.ts';
import type { FetchedTransaction, KeptTransaction } from './bank-transaction.ts';
import type { RemovedTransaction } from './removed-transaction.ts';
import { forgetOldContents, listRemoved, tombstoneCte } from './tombstone-store.ts';
import { changeSetCte } from './transaction-change-store.ts';
import { toNames } from './transaction-identity.ts';

/** What a bank has sent of one account. */
export interface TransactionsReply {
  accountId: string;
  /** The first day that was asked for, YYYY-MM-DD. */
  from: string;
  /** None while the reply is still to come. */
  transactions: readonly FetchedTransaction[];
}

/** By account id; accounts without any are left out. */
export type StoredTransactions = ReadonlyMap<string, readonly KeptTransaction[]>;

export type { AccountChange };

export interface BankDataStore {
  /**
   * What replies of transactions may be about: booked ones since the first day asked for, and since the earliest day that the reply tells
   * of, whatever was asked for; all that are pending or undated; and whatever has an id that the reply names.
   */
  listTransactions(replies: readonly TransactionsReply[]): Promise<StoredTransactions>;
  /** What was listed while the replies were still to come, and whatever else they may be about. */
  addMeant(listed: StoredTransactions, replies: readonly TransactionsReply[]): Promise<StoredTransactions>;
  /** Of these accounts, the transactions that were removed within the last year; accounts without any are left out. */
  listRemoved(accountIds: readonly string[]): Promise<ReadonlyMap<string, readonly RemovedTransaction[]>>;
  /** Forgets what transactions were like that were removed more than a year ago, in small steps; gives how many each step forgot. */
  forgetRemoved(now: Date, limit?: number): AsyncGenerator<number>;
  /**
   * CTEs that store all changes of a login in one statement: `stored_account`, `added_transaction`, `updated_transaction`,
   * `removed_transaction`. They write only where `condition`, which may read earlier CTEs, holds.
   */
  storeCtes(
    given: { clientId: string; bankLoginId: string; version: number; now: Date; missing?: MissingAccounts },
    changes: readonly AccountChange[],
    condition: Prisma.Sql,
  ): Prisma.Sql;
  /**
   * The CTEs `change_set` and `tombstone`, by which changes of transactions are listed in the order of their commits; none where no
   * transaction changed. `position`: where the client's event log tells of the changes.
   */
  changeCtes(
    given: { clientId: string; bankLoginId: string; version: number; now: Date; position: Prisma.Sql },
    changes: readonly AccountChange[],
    condition: Prisma.Sql,
  ): Prisma.Sql[];
}

export function createBankDataStore(database: Database): BankDataStore {
  return {
    listTransactions: (replies) => listTransactions(database, replies),
    addMeant: (listed, replies) => addMeant(database, listed, replies),
    listRemoved: (accountIds) => listRemoved(database, accountIds),
    forgetRemoved: (now, limit) => forgetOldContents(database, now, limit),
    storeCtes: storeBankDataCtes,
    changeCtes: (given, changes, condition) =>
      [changeSetCte(given, changes, condition), tombstoneCte(given, changes, condition)].filter((cte) => cte !== null),
  };
}

const columns = Prisma.sql`t.id, t.account_id AS "accountId", t.identity, ${transactionColumns.selectedFrom('t')},
  t.missing_since AS "missingSince", t.created_at AS "firstSeenAt"`;

interface TransactionRow extends Record<string, unknown> {
  id: string;
  accountId: string;
  identity: string;
  missingSince: Date | null;
  firstSeenAt: Date;
}

async function listTransactions(
  database: Database,
  replies: readonly TransactionsReply[],
): Promise<StoredTransactions> {
  // As of a login that has never been read.
  if (replies.length === 0) return new Map();
  // LATERAL with its LIMIT makes the planner look rows up one by one, whatever it believes about the size of its input.
  const rows = await database.query<TransactionRow>(Prisma.sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM unnest(${replies.map(({ accountId }) => accountId)}::text[], ${replies.map(toEarliestDay)}::date[])
        AS given (account_id, day))
    SELECT ${columns} FROM given CROSS JOIN LATERAL (
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'BOOKED' AND booking_date >= given.day
      UNION ALL
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'PENDING'
      UNION ALL
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'BOOKED' AND booking_date IS NULL) t
    UNION ALL
    SELECT ${columns} FROM ${namedSql(replies.flatMap(toNamed))}
    JOIN given ON given.account_id = t.account_id
    WHERE t.status = 'BOOKED' AND t.booking_date < given.day
    ORDER BY id`);
  return byAccount(rows);
}

async function addMeant(
  database: Database,
  listed: StoredTransactions,
  replies: readonly TransactionsReply[],
): Promise<StoredTransactions> {
  const all = new Map(listed);
  const add = (rows: readonly TransactionRow[]): void => {
    for (const [accountId, found] of byAccount(rows)) {
      const known = all.get(accountId) ?? [];
      const ids = new Set(known.map(({ id }) => id));
      all.set(accountId, [...found.filter(({ id }) => !ids.has(id)), ...known]);
    }
  };
  const earlier = replies.filter((reply) => toEarliestDay(reply) < reply.from);
  if (earlier.length > 0) add(await database.query<TransactionRow>(earlierSql(earlier)));
  const named = replies.flatMap((reply) => {
    const known = new Set(all.get(reply.accountId)?.map(({ identity }) => identity));
    return toNamed(reply).filter(({ identity }) => !known.has(identity));
  });
  if (named.length > 0) {
    add(await database.query<TransactionRow>(Prisma.sql`SELECT ${columns} FROM ${namedSql(named)} ORDER BY id`));
  }
  return all;
}

/** Some banks send what lies before the days that they were asked for, every time, and without ids. */
function toEarliestDay({ from, transactions }: TransactionsReply): string {
  let earliest = from;
  for (const { bookingDate } of transactions)
    if (bookingDate !== null && bookingDate < earliest) earliest = bookingDate;
  return earliest;
}

function earlierSql(replies: readonly TransactionsReply[]): Prisma.Sql {
  const accountIds = replies.map(({ accountId }) => accountId);
  const [days, ends] = [replies.map(toEarliestDay), replies.map(({ from }) => from)];
  return Prisma.sql`
    SELECT ${columns} FROM unnest(${accountIds}::text[], ${days}::date[], ${ends}::date[]) AS given (account_id, day, end_day)
    CROSS JOIN LATERAL (
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'BOOKED'
        AND booking_date >= given.day AND booking_date < given.end_day) t
    ORDER BY id`;
}

interface Named {
  accountId: string;
  identity: string;
}

function namedSql(named: readonly Named[]): Prisma.Sql {
  return Prisma.sql`json_to_recordset(${JSON.stringify(named)}::json) AS named ("accountId" text, identity text)
    CROSS JOIN LATERAL (
      SELECT * FROM transactions WHERE account_id = named."accountId" AND identity = named.identity LIMIT 1) t`;
}

function toNamed({ accountId, transactions }: TransactionsReply): Named[] {
  return transactions.flatMap(toNames).map((identity) => ({ accountId, identity }));
}

function byAccount(rows: readonly TransactionRow[]): Map<string, KeptTransaction[]> {
  const transactions = new Map<string, KeptTransaction[]>();
  for (const row of rows) {
    const { id, accountId, identity, missingSince, firstSeenAt } = row;
    const of = transactions.get(accountId) ?? [];
    // The many fields come last: V8 adds further ones to such an object ten times more slowly.
    of.push({ id, identity, missingSince, firstSeenAt: firstSeenAt.toISOString(), ...transactionColumns.fromRow(row) });
    transactions.set(accountId, of);
  }
  return transactions;
}
