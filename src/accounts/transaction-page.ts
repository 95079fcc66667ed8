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

export interface TransactionPage {
  /** Which fields are wanted, in the order of their names: of the others nothing is read. Null: all. */
  fields: readonly TransactionField[] | null;
  filter: TransactionFilter;
  after: TransactionPosition | null;
  limit: number;
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
        ...wanted.fromTexts(record, 2),
        id: record[0] ?? '',
        accountId,
        sortDate: record[1] ?? '',
        snapshot,
      })),
  };
}

/** Of the first page, which all that follow go by. */
export function snapshotSql({ after }: TransactionPage): Prisma.Sql {
  return after?.snapshot ? Prisma.sql`${after.snapshot}::text` : Prisma.sql`pg_current_snapshot()::text`;
}

export interface PageOfAccount extends TransactionPage {
  accountId: Prisma.Sql;
  clientId: string;
}

/** The page as one text of records, which `records` reads; null where the account has none. */
export function pageSql(records: TransactionRecords, page: PageOfAccount): Prisma.Sql {
  const { accountId, clientId, filter, after, limit } = page;
  const listed = Prisma.sql`t.account_id = ${accountId} AND t.client_id = ${clientId} ${toConditions(filter)}`;
  if (after?.snapshot)
    return nextPageSql(records, { accountId, listed, after: { ...after, snapshot: after.snapshot }, limit });
  return Prisma.sql`(
    SELECT string_agg(${records.asText}, '') FROM (
      SELECT * FROM transactions t
      WHERE ${listed} ${after === null ? Prisma.empty : Prisma.sql`AND (sort_date, id) < (${after.sortDate}::date, ${after.id})`}
      ORDER BY sort_date DESC, id DESC LIMIT ${limit}::int) AS page)`;
}

// What has moved since the first page is left out of its new place, and looked for where it was. Numbers of the database's transactions
// that lie ahead come from another server, whose data this one was given: they say nothing here.
function nextPageSql(
  { asText, fields }: TransactionRecords,
  page: { accountId: Prisma.Sql; listed: Prisma.Sql; after: TransactionPosition & { snapshot: string }; limit: number },
): Prisma.Sql {
  const { accountId, listed, limit } = page;
  const { sortDate, id, snapshot } = page.after;
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
        (SELECT t.id, t.sort_date ${fields} FROM transactions t
          WHERE ${listed} AND (t.sort_date, t.id) < ${place} AND t.id NOT IN (SELECT transaction_id FROM moved)
          ORDER BY t.sort_date DESC, t.id DESC LIMIT ${limit}::int)
        UNION ALL
        SELECT t.id, moved.sort_date ${fields} FROM transactions t JOIN moved ON moved.transaction_id = t.id
          WHERE ${listed} AND (moved.sort_date, t.id) < ${place}
      ) AS placed ORDER BY sort_date DESC, id DESC LIMIT ${limit}::int) AS page)`;
}

// Pending ones have an index of their own, which the planner knows by a constant, not by a value. Nearly all others are booked:
// they are read in the order of the list, where an equality would have the planner collect and sort them.
function statusSql(status: TransactionValues['status'] | null): Prisma.Sql {
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
