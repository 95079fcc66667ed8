import { formatAmount } from '../domain/money.ts';
import type { TransactionValues } from '../domain/transaction-fields.ts';
import type { Account, TransactionStatus } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';
import { parseRecords } from '../storage/record-text.ts';

export interface TransactionFilter {
  status: TransactionStatus | null;
  /** YYYY-MM-DD, inclusive. */
  bookedFrom: string | null;
  bookedTo: string | null;
  /** In the counterparty's name or IBAN or the remittance information, whatever the case. */
  search: string | null;
}

/** A place in the list: what is ordered by the day alone would skip or repeat while synchronizations write. */
export interface TransactionPosition {
  sortDate: string;
  id: string;
  /**
   * The `pg_snapshot` of the first page: what has got another day since is still where it was then, so that whoever reads on meets it once.
   * Null: as the list is now.
   */
  snapshot: string | null;
}

export interface TransactionPage {
  filter: TransactionFilter;
  after: TransactionPosition | null;
  limit: number;
}

/** With its place in the list that it was read in. */
export interface ListedTransaction extends TransactionValues, TransactionPosition {
  accountId: string;
}

/** Bank data as clients read it; it is never changed by them. */
export interface AccountStore {
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<Account[]>;
  /** As `listByIds`, each with the page that `listTransactions` has of it: in one statement. */
  listWithTransactions(
    clientId: string,
    ids: readonly string[],
    page: TransactionPage,
  ): Promise<{ account: Account; transactions: ListedTransaction[] }[]>;
  findTransaction(clientId: string, id: string): Promise<ListedTransaction | null>;
  /**
   * The same page of each of the client's accounts, in one statement. Newest first: by booking date (else value date, else the
   * day it was first seen), then id. Pages that follow one another neither skip nor repeat while synchronizations write. An account
   * without transactions, or of another client, is left out.
   */
  listTransactions(
    clientId: string,
    accountIds: readonly string[],
    page: TransactionPage,
  ): Promise<Map<string, ListedTransaction[]>>;
}

type Row = [
  id: string,
  status: TransactionStatus,
  amount: string,
  currency: string,
  bookingDate: string | null,
  valueDate: string | null,
  counterpartyName: string | null,
  counterpartyIban: string | null,
  remittanceInformation: string | null,
  endToEndId: string | null,
  bankTransactionCode: string | null,
  /** In the list; null: the booking date. */
  sortDate: string | null,
];

const accountColumns = Prisma.sql`id, client_id AS "clientId", bank_login_id AS "bankLoginId", resource_id AS "resourceId",
  identification, iban, name, owner_name AS "ownerName", currency, product, balances,
  last_booking_date::timestamp AT TIME ZONE 'UTC' AS "lastBookingDate", created_at AS "createdAt"`;

// One text for all rows: the driver takes four times as long to read a page value by value, and the database half as long again to
// write it as JSON.
const listedColumns = Prisma.sql`id, status, amount, currency, booking_date, value_date, counterparty_name, counterparty_iban,
  remittance_information, end_to_end_id, bank_transaction_code`;
const asText = Prisma.sql`ROW(${listedColumns}, nullif(sort_date, booking_date))::text`;

export function createAccountStore(database: Database): AccountStore {
  return {
    // Every page of transactions begins with its account: straight through the driver, which takes a fifth of the time.
    listByIds: (clientId, ids) =>
      database.query<Account>(Prisma.sql`
        SELECT ${accountColumns} FROM accounts WHERE id = ANY(${[...ids]}::text[]) AND client_id = ${clientId}`),
    async listWithTransactions(clientId, ids, page) {
      // OFFSET: each account by its key, however many ids the planner believes there to be.
      const rows = await database.query<Account & { transactions: string | null; snapshot: string }>(Prisma.sql`
        SELECT ${accountColumns}, ${snapshotSql(page)} AS snapshot, ${pageSql(Prisma.sql`found.id`, clientId, page)} AS transactions
        FROM unnest(${[...ids]}::text[]) AS wanted(wanted_id) CROSS JOIN LATERAL (
          SELECT * FROM accounts WHERE id = wanted_id AND client_id = ${clientId} OFFSET 0) AS found`);
      return rows.map(({ transactions, snapshot, ...account }) => ({
        account,
        transactions: toListed(account.id, transactions, snapshot),
      }));
    },
    async findTransaction(clientId, id) {
      const [found] = await database.query<{ accountId: string; transaction: string }>(Prisma.sql`
        SELECT account_id AS "accountId", ${asText} AS transaction FROM transactions WHERE id = ${id} AND client_id = ${clientId}`);
      return found ? (toListed(found.accountId, found.transaction, null)[0] ?? null) : null;
    },
    async listTransactions(clientId, accountIds, page) {
      // One account after the other, each by its index: what is read of one stands together, and in order.
      const rows = await database.query<{ id: string; transactions: string | null; snapshot: string }>(Prisma.sql`
        SELECT id, ${snapshotSql(page)} AS snapshot, ${pageSql(Prisma.sql`wanted.id`, clientId, page)} AS transactions
        FROM unnest(${[...accountIds]}::text[]) AS wanted(id)`);
      const found = rows.filter(({ transactions }) => transactions !== null);
      return new Map(found.map(({ id, transactions, snapshot }) => [id, toListed(id, transactions, snapshot)]));
    },
  };
}

/** Of the first page, which all that follow go by. */
function snapshotSql({ after }: TransactionPage): Prisma.Sql {
  return after?.snapshot ? Prisma.sql`${after.snapshot}::text` : Prisma.sql`pg_current_snapshot()::text`;
}

function pageSql(accountId: Prisma.Sql, clientId: string, { filter, after, limit }: TransactionPage): Prisma.Sql {
  const listed = Prisma.sql`t.account_id = ${accountId} AND t.client_id = ${clientId} ${toConditions(filter)}`;
  if (after?.snapshot) return nextPageSql(accountId, listed, { ...after, snapshot: after.snapshot }, limit);
  return Prisma.sql`(
    SELECT string_agg(${asText}, '') FROM (
      SELECT * FROM transactions t
      WHERE ${listed} ${after === null ? Prisma.empty : Prisma.sql`AND (sort_date, id) < (${after.sortDate}::date, ${after.id})`}
      ORDER BY sort_date DESC, id DESC LIMIT ${limit}::int) AS page)`;
}

// What has moved since the first page is left out of its new place, and looked for where it was. Numbers of the database's transactions
// that lie ahead come from another server, whose data this one was given: they say nothing here.
function nextPageSql(
  accountId: Prisma.Sql,
  listed: Prisma.Sql,
  { sortDate, id, snapshot }: TransactionPosition & { snapshot: string },
  limit: number,
): Prisma.Sql {
  const place = Prisma.sql`(${sortDate}::date, ${id})`;
  return Prisma.sql`(
    WITH moved AS MATERIALIZED (
      SELECT DISTINCT ON (transaction_id) transaction_id, sort_date FROM transaction_moves
      WHERE account_id = ${accountId} AND NOT pg_visible_in_snapshot(moved_by::text::xid8, ${snapshot}::pg_snapshot)
        AND moved_by::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())
      ORDER BY transaction_id, moved_by
    )
    SELECT string_agg(${asText}, '') FROM (
      SELECT * FROM (
        (SELECT ${listedColumns}, sort_date FROM transactions t
          WHERE ${listed} AND (t.sort_date, t.id) < ${place} AND t.id NOT IN (SELECT transaction_id FROM moved)
          ORDER BY t.sort_date DESC, t.id DESC LIMIT ${limit}::int)
        UNION ALL
        SELECT ${listedColumns}, moved.sort_date FROM transactions t JOIN moved ON moved.transaction_id = t.id
          WHERE ${listed} AND (moved.sort_date, t.id) < ${place}
      ) AS placed ORDER BY sort_date DESC, id DESC LIMIT ${limit}::int) AS page)`;
}

// Pending ones have an index of their own, which the planner knows by a constant, not by a value. Nearly all others are booked:
// they are read in the order of the list, where an equality would have the planner collect and sort them.
function statusSql(status: TransactionStatus | null): Prisma.Sql {
  if (status === null) return Prisma.empty;
  return status === 'PENDING' ? Prisma.sql`AND t.status = 'PENDING'` : Prisma.sql`AND t.status <> 'PENDING'`;
}

// `sort_date` is the booking date wherever there is one, and the index is ordered by it.
function toConditions({ status, bookedFrom, bookedTo, search }: TransactionFilter): Prisma.Sql {
  const pattern = search === null ? '' : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  return Prisma.sql`
    ${statusSql(status)}
    ${bookedFrom === null ? Prisma.empty : Prisma.sql`AND t.sort_date >= ${bookedFrom}::date`}
    ${bookedTo === null ? Prisma.empty : Prisma.sql`AND t.sort_date <= ${bookedTo}::date`}
    ${bookedFrom === null && bookedTo === null ? Prisma.empty : Prisma.sql`AND t.booking_date IS NOT NULL`}
    ${
      search === null
        ? Prisma.empty
        : Prisma.sql`AND (t.counterparty_name ILIKE ${pattern}
      OR t.counterparty_iban ILIKE ${pattern} OR t.remittance_information ILIKE ${pattern})`
    }`;
}

function toListed(accountId: string, transactions: string | null, snapshot: string | null): ListedTransaction[] {
  return (parseRecords(transactions ?? '') as Row[]).map((row) => ({
    id: row[0],
    accountId,
    status: row[1],
    amount: { amount: formatAmount(row[2], row[3]), currency: row[3] },
    bookingDate: row[4],
    valueDate: row[5],
    counterpartyName: row[6],
    counterpartyIban: row[7],
    remittanceInformation: row[8],
    endToEndId: row[9],
    bankTransactionCode: row[10],
    sortDate: row[11] ?? row[4] ?? '',
    snapshot,
  }));
}
