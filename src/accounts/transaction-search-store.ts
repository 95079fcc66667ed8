import type { Page, ScannedPage } from '../domain/page.ts';
import { type Database, Prisma } from '../storage/database.ts';
import {
  contentConditions,
  dayConditions,
  type ListedTransaction,
  orderSql,
  statusSql,
  type TransactionFilter,
  type TransactionPage,
  type TransactionRecords,
  toConditions,
  withinSql,
} from './transaction-page.ts';

/** Of a client's transactions those of one user, of one login, of some accounts; all null: of all. */
export interface TransactionScope {
  userId: string | null;
  bankLoginId: string | null;
  accountIds: readonly string[] | null;
}

export interface TransactionSearch extends Page<{ sortDate: string; id: string }> {
  fields: TransactionPage['fields'];
  scope: TransactionScope;
  filter: TransactionFilter;
}

export interface TransactionSearchStore {
  /**
   * Across accounts, newest first, as the list is now. Within a scope its accounts are read until the page is full. Of all of a client's
   * transactions one page looks at no more than `scannedTransactions`, the newest of the days asked for, and may be short.
   */
  searchTransactions(
    clientId: string,
    search: TransactionSearch,
  ): Promise<ScannedPage<ListedTransaction, { sortDate: string; id: string }>>;
}

/** Read in some 30 ms where nothing fits. */
export const scannedTransactions = 20_000;

interface Row {
  accountId: string;
  record: string;
}

const [sortDate, id] = [Prisma.sql`t.sort_date`, Prisma.sql`t.id`];

export function createTransactionSearchStore(
  database: Database,
  recordsOf: (fields: TransactionPage['fields']) => TransactionRecords,
): TransactionSearchStore {
  return {
    async searchTransactions(clientId, search) {
      const records = recordsOf(search.fields);
      const { scope } = search;
      const isScoped = scope.userId !== null || scope.bankLoginId !== null || scope.accountIds !== null;
      const found = isScoped ? withinScopeSql(clientId, search) : ofClientSql(clientId, search);
      const rows = await database.query<Row>(Prisma.sql`
        SELECT account_id AS "accountId", ${records.asText} AS record FROM (${found}) AS t ${orderSql(search, sortDate, id)}`);
      const listed = rows.flatMap(({ accountId, record }) => records.read(accountId, record, null));
      const isCut = !isScoped && rows.length < search.limit && isFiltered(search.filter);
      return { rows: listed, scannedTo: isCut ? await findEndOfScan(database, clientId, search) : null };
    },
  };
}

function isFiltered({ status, bookedFrom, bookedTo, search, ...more }: TransactionFilter): boolean {
  const { amountFrom, amountTo, updatedSince } = more;
  return [status, bookedFrom, bookedTo, search, amountFrom, amountTo, updatedSince].some((value) => value != null);
}

// Account by account, each by its index: the newest of all are among the newest of each.
function withinScopeSql(clientId: string, search: TransactionSearch): Prisma.Sql {
  const { scope, filter, limit } = search;
  const { userId, bankLoginId, accountIds } = scope;
  return Prisma.sql`
    SELECT t.* FROM accounts a JOIN bank_logins l ON l.id = a.bank_login_id CROSS JOIN LATERAL (
      SELECT * FROM transactions t
      WHERE t.account_id = a.id AND t.client_id = ${clientId} ${toConditions(filter)} ${withinSql(search, sortDate)}
      ${orderSql(search, sortDate, id)} LIMIT ${limit}::int) AS t
    WHERE a.client_id = ${clientId}
      ${userId === null ? Prisma.empty : Prisma.sql`AND l.user_id = ${userId}`}
      ${bankLoginId === null ? Prisma.empty : Prisma.sql`AND a.bank_login_id = ${bankLoginId}`}
      ${accountIds === null ? Prisma.empty : Prisma.sql`AND a.id = ANY(${[...accountIds]}::text[])`}
    ${orderSql(search, sortDate, id)} LIMIT ${limit}::int`;
}

function ofClientSql(clientId: string, search: TransactionSearch): Prisma.Sql {
  const { filter, limit } = search;
  if (!isFiltered(filter)) return scanSql(clientId, search, limit);
  return Prisma.sql`
    SELECT * FROM (${scanSql(clientId, search, scannedTransactions)}) AS t
    WHERE true ${statusSql(filter.status)} ${contentConditions(filter)}
    ${orderSql(search, sortDate, id)} LIMIT ${limit}::int`;
}

function scanSql(clientId: string, search: TransactionSearch, limit: number): Prisma.Sql {
  return Prisma.sql`
    SELECT t.* FROM transactions t
    WHERE t.client_id = ${clientId} ${dayConditions(search.filter)} ${withinSql(search, sortDate)}
    ${orderSql(search, sortDate, id)} LIMIT ${limit}::int`;
}

/** Null: what could be read has been read. */
async function findEndOfScan(
  database: Database,
  clientId: string,
  search: TransactionSearch,
): Promise<{ sortDate: string; id: string } | null> {
  const [end] = await database.query<{ sortDate: string; id: string }>(Prisma.sql`
    SELECT t.sort_date::text AS "sortDate", t.id FROM transactions t
    WHERE t.client_id = ${clientId} ${dayConditions(search.filter)} ${withinSql(search, sortDate)}
    ${orderSql(search, sortDate, id)} OFFSET ${scannedTransactions - 1}::int LIMIT 1`);
  return end ?? null;
}
