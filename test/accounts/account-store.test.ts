import { beforeEach, describe, expect, it } from 'vitest';
import { type AccountStore, createAccountStore } from '../../src/accounts/account-store.ts';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import type { FetchedTransaction } from '../../src/accounts/bank-transaction.ts';
import { mergeTransactions } from '../../src/accounts/transaction-merge.ts';
import type { TransactionFilter, TransactionPage } from '../../src/accounts/transaction-page.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange, givenPending, givenTransaction } from './given-transactions.ts';
import { givenMerge } from './kept-account.ts';

const now = new Date('2026-03-10T10:00:00Z');
const everything: TransactionFilter = { status: null, bookedFrom: null, bookedTo: null, search: null };

/** Ids are txn_0, txn_1 … in the order given. */
async function storeTransactions(database: Database, clientId: string, fetched: FetchedTransaction[]): Promise<void> {
  const { loginId } = await insertEnrolledUser(database, { clientId, now });
  const merged = mergeTransactions(givenMerge({ fetched }));
  const ctes = createBankDataStore(database).storeCtes(
    { clientId, bankLoginId: loginId, version: 1, now },
    [givenChange(merged)],
    Prisma.sql`true`,
  );
  await database.query(Prisma.sql`WITH ${ctes} SELECT 1`);
}

describe('the transactions of an account', () => {
  let database: Database;
  let clientId: string;
  let accounts: AccountStore;

  beforeEach(async () => {
    database = await openTestDatabase();
    clientId = await insertClient(database, now);
    accounts = createAccountStore(database);
  });

  const listPage = async (page: Omit<TransactionPage, 'fields'>, asked = clientId) =>
    (await accounts.listTransactions(asked, ['acc_1'], { fields: null, ...page })).get('acc_1') ?? [];
  const list = async (filter: Partial<TransactionFilter> = {}) => {
    const rows = await listPage({ filter: { ...everything, ...filter }, after: null, limit: 100 });
    return rows.map(({ id }) => id);
  };

  it('are found by status, by days and by any part of what names the other side', async () => {
    await storeTransactions(database, clientId, [
      givenTransaction({ bookingDate: '2026-03-01', counterpartyName: 'Bäckerei 100% Korn' }),
      givenTransaction({ bookingDate: '2026-03-02', counterpartyIban: 'DE89370400440532013000' }),
      givenTransaction({ bookingDate: '2026-03-03', remittanceInformation: 'Rent_March \\ flat' }),
      givenPending({ remittanceInformation: null }),
    ]);
    expect(await list({ status: 'PENDING' })).toEqual(['txn_3']);
    expect(await list({ bookedFrom: '2026-03-02', bookedTo: '2026-03-03' })).toEqual(['txn_2', 'txn_1']);
    expect(await list({ search: 'bäckerei' })).toEqual(['txn_0']);
    expect(await list({ search: '37040044' })).toEqual(['txn_1']);
    expect(await list({ search: 'rent_m' })).toEqual(['txn_2']);
    expect(await list({ search: '0% k' })).toEqual(['txn_0']);
    expect(await list({ search: '\\ flat' })).toEqual(['txn_2']);
    // No wildcards: what is searched for is text.
    expect([
      await list({ search: '%%' }),
      await list({ search: 'rent%march' }),
      await list({ search: 'r_nt' }),
    ]).toEqual([[], [], []]);
  });

  it('come newest first, page by page, none twice and none left out', async () => {
    const fetched = Array.from({ length: 25 }, (_, n) =>
      givenTransaction({ bankTransactionId: `b${n}`, bookingDate: n % 2 ? '2026-03-05' : '2026-03-04' }),
    );
    await storeTransactions(database, clientId, [...fetched, givenPending()]);
    const all = await listPage({ filter: everything, after: null, limit: 100 });
    expect(all).toHaveLength(26);
    // A pending one stands at the day on which it was first seen.
    expect(all[0]).toMatchObject({ status: 'PENDING', sortDate: '2026-03-10', bookingDate: null });
    const paged = [];
    for (let after = null; ; ) {
      const page = await listPage({ filter: everything, after, limit: 7 });
      paged.push(...page);
      const last = page.at(-1);
      if (!last) break;
      after = last;
    }
    expect(paged).toEqual(all);
  });

  it('are shown to their own client only', async () => {
    await storeTransactions(database, clientId, [givenTransaction({ amount: { amount: '-12.5', currency: 'EUR' } })]);
    const stranger = await insertClient(database, now, 'Stranger');
    expect((await accounts.listTransactionsByIds(clientId, ['txn_0']))[0]).toMatchObject({
      accountId: 'acc_1',
      amount: { amount: '-12.50', currency: 'EUR' },
    });
    expect(await accounts.listTransactionsByIds(stranger, ['txn_0'])).toEqual([]);
    expect(await accounts.listByIds(clientId, ['acc_1'])).toMatchObject([{ iban: 'DE1' }]);
    expect(await accounts.listByIds(stranger, ['acc_1'])).toEqual([]);
    const page = { fields: null, filter: everything, after: null, limit: 10 };
    expect(await listPage(page)).toHaveLength(1);
    expect(await listPage(page, stranger)).toEqual([]);
    expect(await accounts.listWithTransactions(clientId, ['acc_1'], page)).toEqual([
      { account: (await accounts.listByIds(clientId, ['acc_1']))[0], transactions: await listPage(page) },
    ]);
    expect(await accounts.listWithTransactions(stranger, ['acc_1'], page)).toEqual([]);
  });
});
