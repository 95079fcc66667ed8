import { formatAmount } from '../domain/money.ts';
import type { Account, TransactionStatus } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';
import type { TransactionFields } from './bank-transaction.ts';

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
}

export interface TransactionPage {
  filter: TransactionFilter;
  after: TransactionPosition | null;
  limit: number;
}

export interface ListedTransaction extends TransactionFields {
  id: string;
  accountId: string;
  sortDate: string;
}

/** Bank data as clients read it; it is never changed by them. */
export interface AccountStore {
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<Account[]>;
  findTransaction(clientId: string, id: string): Promise<ListedTransaction | null>;
  /**
   * The same page of each of the client's accounts, in one statement. Newest first: by booking date (else value date, else the
   * day it was first seen), then id. An account without transactions, or of another client, is left out.
   */
  listTransactions(
    clientId: string,
    accountIds: readonly string[],
    page: TransactionPage,
  ): Promise<Map<string, ListedTransaction[]>>;
}

type Row = Omit<ListedTransaction, 'amount'> & { amount: string; currency: string };

const columns = Prisma.sql`id, account_id AS "accountId", status::text AS status, amount::text AS amount, currency,
  booking_date AS "bookingDate", value_date AS "valueDate", counterparty_name AS "counterpartyName",
  counterparty_iban AS "counterpartyIban", remittance_information AS "remittanceInformation", end_to_end_id AS "endToEndId",
  bank_transaction_code AS "bankTransactionCode", sort_date AS "sortDate"`;

export function createAccountStore(database: Database): AccountStore {
  return {
    // Every page of transactions begins with its account: straight through the driver, which takes a fifth of the time.
    listByIds: (clientId, ids) =>
      database.query<Account>(Prisma.sql`
        SELECT id, client_id AS "clientId", bank_login_id AS "bankLoginId", resource_id AS "resourceId", identification, iban,
          name, owner_name AS "ownerName", currency, product, balances, last_booking_date::timestamp AT TIME ZONE 'UTC' AS "lastBookingDate", created_at AS "createdAt"
        FROM accounts WHERE id = ANY(${[...ids]}::text[]) AND client_id = ${clientId}`),
    async findTransaction(clientId, id) {
      const [row] = await database.query<Row>(Prisma.sql`
        SELECT ${columns} FROM transactions WHERE id = ${id} AND client_id = ${clientId}`);
      return row ? toListed(row) : null;
    },
    async listTransactions(clientId, accountIds, { filter, after, limit }) {
      // One account after the other, each by its index: what is read of one stands together, and in order.
      const rows = await database.query<Row>(Prisma.sql`
        SELECT page.* FROM unnest(${[...accountIds]}::text[]) AS wanted(id) CROSS JOIN LATERAL (
          SELECT ${columns} FROM transactions
          WHERE account_id = wanted.id AND client_id = ${clientId} ${toConditions(filter)}
            ${after === null ? Prisma.empty : Prisma.sql`AND (sort_date, id) < (${after.sortDate}::date, ${after.id})`}
          ORDER BY sort_date DESC, id DESC LIMIT ${limit}::int) AS page`);
      const pages = new Map<string, ListedTransaction[]>();
      for (const row of rows) {
        const page = pages.get(row.accountId);
        if (page) page.push(toListed(row));
        else pages.set(row.accountId, [toListed(row)]);
      }
      return pages;
    },
  };
}

// Pending ones have an index of their own, which the planner knows by a constant, not by a value. Nearly all others are booked:
// they are read in the order of the list, where an equality would have the planner collect and sort them.
function statusSql(status: TransactionStatus | null): Prisma.Sql {
  if (status === null) return Prisma.empty;
  return status === 'PENDING' ? Prisma.sql`AND status = 'PENDING'` : Prisma.sql`AND status <> 'PENDING'`;
}

// `sort_date` is the booking date wherever there is one, and the index is ordered by it.
function toConditions({ status, bookedFrom, bookedTo, search }: TransactionFilter): Prisma.Sql {
  const pattern = search === null ? '' : `%${search.replace(/[\\%_]/g, '\\$&')}%`;
  return Prisma.sql`
    ${statusSql(status)}
    ${bookedFrom === null ? Prisma.empty : Prisma.sql`AND sort_date >= ${bookedFrom}::date`}
    ${bookedTo === null ? Prisma.empty : Prisma.sql`AND sort_date <= ${bookedTo}::date`}
    ${bookedFrom === null && bookedTo === null ? Prisma.empty : Prisma.sql`AND booking_date IS NOT NULL`}
    ${
      search === null
        ? Prisma.empty
        : Prisma.sql`AND (counterparty_name ILIKE ${pattern}
      OR counterparty_iban ILIKE ${pattern} OR remittance_information ILIKE ${pattern})`
    }`;
}

// In place: a page of copies costs as much as reading it did.
function toListed(row: Row): ListedTransaction {
  const { amount, currency } = row;
  return Object.assign(row, { amount: { amount: formatAmount(amount, currency), currency } });
}
