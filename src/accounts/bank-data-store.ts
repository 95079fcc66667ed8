import { formatAmount } from '../domain/money.ts';
import { type Database, Prisma } from '../storage/database.ts';
import type { StoredAccount } from './account-match.ts';
import { type AccountChange, storeBankDataCtes } from './bank-data-ctes.ts';
import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';
import { toNamedIdentities } from './transaction-identity.ts';

/** What a bank has sent of one account. */
export interface TransactionsReply {
  accountId: string;
  /** The first day that was asked for, YYYY-MM-DD. */
  from: string;
  transactions: readonly FetchedTransaction[];
}

export type { AccountChange };

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
    storeCtes: storeBankDataCtes,
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
  const named = replies.flatMap(({ accountId, transactions }) =>
    transactions.flatMap((transaction) => toNamedIdentities(transaction).map((identity) => ({ accountId, identity }))),
  );
  // LATERAL with its LIMIT makes the planner look rows up one by one, whatever it believes about the size of its input.
  const rows = await database.query<TransactionRow>(Prisma.sql`
    WITH given AS MATERIALIZED (
      SELECT * FROM unnest(${replies.map(({ accountId }) => accountId)}::text[], ${replies.map(({ from }) => from)}::date[])
        AS given (account_id, day))
    SELECT ${columns} FROM given CROSS JOIN LATERAL (
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'BOOKED' AND booking_date >= given.day
      UNION ALL
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'PENDING'
      UNION ALL
      SELECT * FROM transactions WHERE account_id = given.account_id AND status = 'BOOKED' AND booking_date IS NULL) t
    UNION ALL
    SELECT ${columns} FROM json_to_recordset(${JSON.stringify(named)}::json) AS named ("accountId" text, identity text)
    CROSS JOIN LATERAL (
      SELECT * FROM transactions WHERE account_id = named."accountId" AND identity = named.identity LIMIT 1) t
    JOIN given ON given.account_id = t.account_id
    WHERE t.status = 'BOOKED' AND t.booking_date < given.day
    ORDER BY id`);
  const byAccount = new Map<string, StoredTransaction[]>();
  for (const { accountId, amount, currency, ...row } of rows) {
    const of = byAccount.get(accountId) ?? [];
    of.push({ ...row, amount: { amount: formatAmount(amount, currency), currency } });
    byAccount.set(accountId, of);
  }
  return byAccount;
}
