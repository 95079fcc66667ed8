import type { Account } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';
import { type BalanceHistoryStore, createBalanceHistoryStore } from './balance-history-store.ts';
import { accountColumns } from './bank-data-columns.ts';
import { createTransactionChangeStore, type TransactionChangeStore } from './transaction-change-store.ts';
import {
  createTransactionRecords,
  type ListedTransaction,
  pageSql,
  snapshotSql,
  type TransactionPage,
} from './transaction-page.ts';
import { createTransactionSearchStore, type TransactionSearchStore } from './transaction-search-store.ts';

/** Bank data as clients read it; it is never changed by them. */
export interface AccountStore extends BalanceHistoryStore, TransactionChangeStore, TransactionSearchStore {
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<Account[]>;
  /** As `listByIds`, each with the page that `listTransactions` has of it: in one statement. */
  listWithTransactions(
    clientId: string,
    ids: readonly string[],
    page: TransactionPage,
  ): Promise<{ account: Account; transactions: ListedTransaction[] }[]>;
  /** In no order; what is not the client's is left out. */
  listTransactionsByIds(clientId: string, ids: readonly string[]): Promise<ListedTransaction[]>;
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

const accountSelection = Prisma.sql`a.id, a.client_id AS "clientId", a.bank_login_id AS "bankLoginId", a.resource_id AS "resourceId",
  a.identification, ${accountColumns.selectedFrom('a')}, a.state, a.balances,
  a.last_booking_date::timestamp AT TIME ZONE 'UTC' AS "lastBookingDate", a.last_synchronization AS "lastSynchronization", a.problem,
  a.created_at AS "createdAt"`;

export function createAccountStore(database: Database): AccountStore {
  const recordsOf = createTransactionRecords();
  return {
    ...createBalanceHistoryStore(database),
    ...createTransactionChangeStore(database),
    ...createTransactionSearchStore(database, recordsOf),
    // Every page of transactions begins with its account: straight through the driver, which takes a fifth of the time.
    listByIds: (clientId, ids) =>
      database.query<Account>(Prisma.sql`
        SELECT ${accountSelection} FROM accounts a WHERE a.id = ANY(${[...ids]}::text[]) AND a.client_id = ${clientId}`),
    async listWithTransactions(clientId, ids, page) {
      const records = recordsOf(page.fields);
      const pages = pageSql(records, { ...page, accountId: Prisma.sql`a.id`, clientId });
      // OFFSET: each account by its key, however many ids the planner believes there to be.
      const rows = await database.query<Account & { transactions: string | null; snapshot: string }>(Prisma.sql`
        SELECT ${accountSelection}, ${snapshotSql(page)} AS snapshot, ${pages} AS transactions
        FROM unnest(${[...ids]}::text[]) AS wanted(wanted_id) CROSS JOIN LATERAL (
          SELECT * FROM accounts WHERE id = wanted_id AND client_id = ${clientId} OFFSET 0) AS a`);
      return rows.map(({ transactions, snapshot, ...account }) => ({
        account,
        transactions: records.read(account.id, transactions, snapshot),
      }));
    },
    async listTransactionsByIds(clientId, ids) {
      const records = recordsOf(null);
      const found = await database.query<{ accountId: string; transaction: string }>(Prisma.sql`
        SELECT account_id AS "accountId", ${records.asText} AS transaction FROM transactions
        WHERE id = ANY(${[...ids]}::text[]) AND client_id = ${clientId}`);
      return found.flatMap(({ accountId, transaction }) => records.read(accountId, transaction, null));
    },
    async listTransactions(clientId, accountIds, page) {
      const records = recordsOf(page.fields);
      const pages = pageSql(records, { ...page, accountId: Prisma.sql`wanted.id`, clientId });
      // One account after the other, each by its index: what is read of one stands together, and in order.
      const rows = await database.query<{ id: string; transactions: string | null; snapshot: string }>(Prisma.sql`
        SELECT id, ${snapshotSql(page)} AS snapshot, ${pages} AS transactions
        FROM unnest(${[...accountIds]}::text[]) AS wanted(id)`);
      const found = rows.filter(({ transactions }) => transactions !== null);
      return new Map(found.map(({ id, transactions, snapshot }) => [id, records.read(id, transactions, snapshot)]));
    },
  };
}
