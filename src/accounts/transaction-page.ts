import type { Page } from '../domain/page.ts';
import {
  type TransactionField,
  type TransactionRecordValues,
  type TransactionValues,
  transactionTable,
} from '../domain/transaction-fields.ts';
import { Prisma } from '../storage/database.ts';
import { createFieldColumns, type FieldColumns } from '../storage/field-columns.ts';
import { parseRecords } from '../storage/record-text.ts';

export interface TransactionFilter {
  status: TransactionValues['status'] | null;
  /** YYYY-MM-DD, inclusive. */
  bookedFrom: string | null;
  bookedTo: string | null;
  /** In the counterparty's name or IBAN or the remittance information, whatever the case. */
  search: string | null;
  /** Inclusive, as decimals; what went out is below zero. @default null */
  amountFrom?: string | null;
  amountTo?: string | null;
  /** Seen first, or changed, then or later. @default null */
  updatedSince?: Date | null;
}

/** A place in the list: what is ordered by the day alone would skip or repeat while synchronizations write. */
export interface TransactionPosition {
  sortDate: string;
  id: string;
  /**
   * The `pg_snapshot` of the first page: what has got another day since is still where it was then, so that paging on meets it once.
   * Null: as the list is now.
   */
  snapshot: string | null;
}

export interface TransactionPage extends Page<TransactionPosition> {
  /** Which fields are wanted, in the order of their names: of the others nothing is read. Null: all. */
  fields: readonly TransactionField[] | null;
  filter: TransactionFilter;
}

/** With its place in the list that it was read in. Of its fields those that the page asked for. */
export interface ListedTransaction extends TransactionValues, TransactionRecordValues, TransactionPosition {
  accountId: string;
}

type Columns = FieldColumns<typeof transactionTable>;

/** How the rows of a list are written by the database and read again: by the fields that are wanted. */
export interface TransactionRecords {
  /** A row of `from` as text; `sort_date` is a column of it. */
  readonly asText: Prisma.Sql;
  /** `, name, …`: of the fields that are wanted. */
  readonly fields: Prisma.Sql;
  read(accountId: string, texts: string | null, snapshot: string | null): ListedTransaction[];
}

const keptProjections = 200;

/**
 * One text for all rows of a page: the driver takes four times as long to read it value by value, and the database a quarter longer to
 * write it as JSON. All 30 columns take half as long again as the ten that most ask for.
 */
export function createTransactionRecords(): (fields: TransactionPage['fields']) => TransactionRecords {
  const known = new Map<string, TransactionRecords>();
  return (fields) => {
    const key = fields === null ? '*' : fields.join();
    const records = known.get(key) ?? toRecords(fields);
    if (known.size >= keptProjections) known.clear();
    known.set(key, records);
    return records;
  };
}

function toRecords(fields: TransactionPage['fields']): TransactionRecords {
  // Without the fields that are not wanted: nothing reads those of the rows.
  const table =
    fields === null ? transactionTable : Object.fromEntries(fields.map((name) => [name, transactionTable[name]]));
  const wanted = createFieldColumns(table) as Columns;
  const listed = wanted.columns.length > 0 ? Prisma.sql`, ${wanted.names}` : Prisma.empty;
  return {
    fields: listed,
    asText: Prisma.sql`ROW(id, sort_date ${listed})::text`,
    read: (accountId, texts, snapshot) =>
      parseRecords(texts ?? '').map((record) => ({
        id: record[0] ?? '',
        accountId,
        sortDate: record[1] ?? '',
        snapshot,
        // The many fields come last, as in bank-data-store.ts.
        ...wanted.fromTexts(record, 2),
      })),
  };
}

/** Of the first page, which all that follow go by. */
export function snapshotSql(page: TransactionPage): Prisma.Sql {
  const snapshot = snapshotOf(page);
  return snapshot === null ? Prisma.sql`pg_current_snapshot()::text` : Prisma.sql`${snapshot}::text`;
}

function snapshotOf({ after, before }: TransactionPage): string | null {
  return (after ?? before)?.snapshot ?? null;
}

export interface PageOfAccount extends TransactionPage {
  accountId: Prisma.Sql;
  clientId: string;
}

/** The page as one text of records, which `records` reads; null where the account has none. */
export function pageSql(records: TransactionRecords, page: PageOfAccount): Prisma.Sql {
  const { accountId, clientId, filter, limit } = page;
  const listed = Prisma.sql`t.account_id = ${accountId} AND t.client_id = ${clientId} ${toConditions(filter)}`;
  const snapshot = snapshotOf(page);
  if (snapshot !== null) return nextPageSql(records, { ...page, listed, snapshot });
  const { sortDate, id } = { sortDate: Prisma.sql`t.sort_date`, id: Prisma.sql`t.id` };
  return Prisma.sql`(
    SELECT string_agg(${records.asText}, '') FROM (
      SELECT * FROM transactions t WHERE ${listed} ${withinSql(page, sortDate)}
      ${orderSql(page, sortDate, id)} LIMIT ${limit}::int) AS page)`;
}

/** The part of the list that the page lies in. */
export function withinSql({ after, before }: Page<{ sortDate: string; id: string }>, sortDate: Prisma.Sql): Prisma.Sql {
  const place = Prisma.sql`(${sortDate}, t.id)`;
  return Prisma.sql`
    ${after === null ? Prisma.empty : Prisma.sql`AND ${place} < (${after.sortDate}::date, ${after.id})`}
    ${before == null ? Prisma.empty : Prisma.sql`AND ${place} > (${before.sortDate}::date, ${before.id})`}`;
}

/** Newest first; backward: oldest first. */
export function orderSql({ backward }: Pick<Page, 'backward'>, sortDate: Prisma.Sql, id: Prisma.Sql): Prisma.Sql {
  return backward ? Prisma.sql`ORDER BY ${sortDate}, ${id}` : Prisma.sql`ORDER BY ${sortDate} DESC, ${id} DESC`;
}

// What has moved since the first page is left out of its new place, and looked for where it was. Numbers of the database's transactions
// that lie ahead come from another server, whose data this one was given: they say nothing here.
function nextPageSql(
  { asText, fields }: TransactionRecords,
  page: PageOfAccount & { listed: Prisma.Sql; snapshot: string },
): Prisma.Sql {
  const { accountId, listed, limit, snapshot } = page;
  const [now, then] = [Prisma.sql`t.sort_date`, Prisma.sql`moved.sort_date`];
  return Prisma.sql`(
    WITH moved AS MATERIALIZED (
      SELECT DISTINCT ON (transaction_id) transaction_id, sort_date FROM transaction_moves
      WHERE account_id = ${accountId} AND NOT pg_visible_in_snapshot(moved_by::text::xid8, ${snapshot}::pg_snapshot)
        AND moved_by::text::xid8 < pg_snapshot_xmax(pg_current_snapshot())
      ORDER BY transaction_id, moved_by
    )
    SELECT string_agg(${asText}, '') FROM (
      SELECT * FROM (
        (SELECT t.id, t.sort_date ${fields} FROM transactions t
          WHERE ${listed} ${withinSql(page, now)} AND t.id NOT IN (SELECT transaction_id FROM moved)
          ${orderSql(page, now, Prisma.sql`t.id`)} LIMIT ${limit}::int)
        UNION ALL
        SELECT t.id, moved.sort_date ${fields} FROM transactions t JOIN moved ON moved.transaction_id = t.id
          WHERE ${listed} ${withinSql(page, then)}
      ) AS placed ${orderSql(page, Prisma.sql`sort_date`, Prisma.sql`id`)} LIMIT ${limit}::int) AS page)`;
}

// Pending ones have an index of their own, which the planner knows by a constant, not by a value. Nearly all others are booked:
// they are read in the order of the list, where an equality would have the planner collect and sort them.
export function statusSql(status: TransactionValues['status'] | null): Prisma.Sql {
  if (status === null) return Prisma.empty;
  return status === 'PENDING' ? Prisma.sql`AND t.status = 'PENDING'` : Prisma.sql`AND t.status <> 'PENDING'`;
}

export function toConditions(filter: TransactionFilter): Prisma.Sql {
  return Prisma.sql`${dayConditions(filter)} ${statusSql(filter.status)} ${contentConditions(filter)}`;
}

/** What the index of a list serves: `sort_date` is the booking date wherever there is one. */
export function dayConditions({ bookedFrom, bookedTo }: TransactionFilter): Prisma.Sql {
  return Prisma.sql`
    ${bookedFrom === null ? Prisma.empty : Prisma.sql`AND t.sort_date >= ${bookedFrom}::date`}
    ${bookedTo === null ? Prisma.empty : Prisma.sql`AND t.sort_date <= ${bookedTo}::date`}`;
}

/** What rows are read for. */
export function contentConditions(filter: TransactionFilter): Prisma.Sql {
  const { bookedFrom, bookedTo, search, amountFrom, amountTo, updatedSince } = filter;
  const pattern = search === null ? '' : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  return Prisma.sql`
    ${bookedFrom === null && bookedTo === null ? Prisma.empty : Prisma.sql`AND t.booking_date IS NOT NULL`}
    ${amountFrom == null ? Prisma.empty : Prisma.sql`AND t.amount >= ${amountFrom}::numeric`}
    ${amountTo == null ? Prisma.empty : Prisma.sql`AND t.amount <= ${amountTo}::numeric`}
    ${updatedSince == null ? Prisma.empty : Prisma.sql`AND t.updated_at >= ${updatedSince}::timestamptz`}
    ${
      search === null
        ? Prisma.empty
        : Prisma.sql`AND (t.counterparty_name ILIKE ${pattern}
      OR t.counterparty_iban ILIKE ${pattern} OR t.remittance_information ILIKE ${pattern})`
    }`;
}
