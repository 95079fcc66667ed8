import { describe, expect, it } from 'vitest';
import { type AccountChange, type BankDataStore, createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import type { FetchedTransaction } from '../../src/accounts/bank-transaction.ts';
import { mergeTransactions } from '../../src/accounts/transaction-merge.ts';
import { balanceFields } from '../../src/domain/balance-fields.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { newId } from '../../src/domain/ids.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange, givenPending, givenTransaction } from './given-transactions.ts';

const now = new Date('2026-03-10T10:00:00Z');

interface World {
  database: Database;
  bankData: BankDataStore;
  clientId: string;
  bankLoginId: string;
  store(changes: AccountChange[], condition?: Prisma.Sql): Promise<void>;
  /** Merges a reply into what is stored of the account, and stores it. */
  take(accountId: string, transactions: FetchedTransaction[], from?: string): Promise<AccountChange>;
}

async function createWorld(): Promise<World> {
  const database = await openTestDatabase();
  const bankData = createBankDataStore(database);
  const clientId = await insertClient(database, now);
  const { loginId } = await insertEnrolledUser(database, { clientId, now });
  const given = { clientId, bankLoginId: loginId, now };
  const store: World['store'] = async (changes, condition = Prisma.sql`true`) => {
    await database.query(Prisma.sql`WITH ${bankData.storeCtes(given, changes, condition)} SELECT 1`);
  };
  return {
    database,
    bankData,
    clientId,
    bankLoginId: loginId,
    store,
    async take(accountId, transactions, from = '2026-01-01') {
      const stored = (await bankData.listTransactions([{ accountId, from, transactions }])).get(accountId) ?? [];
      const merged = mergeTransactions({
        stored,
        fetched: transactions,
        from,
        newId: () => newId('transaction', now),
      });
      const change = givenChange({ id: accountId, ...merged });
      await store([change]);
      return change;
    },
  };
}

const nothing = { added: [], updated: [], removedIds: [] };

describe('storing bank data', () => {
  it('gives back what was stored, to the last character', async () => {
    const { bankData, store, take } = await createWorld();
    await store([givenChange()]);
    const told = givenTransaction({
      bankTransactionId: 'b"1\\',
      entryReference: 'r,{1}',
      amount: { amount: '-99999999999999.995', currency: 'BHD' },
      counterpartyName: `Müller & "Söhne" \\ {NULL}`,
      counterpartyIban: 'DE2',
      remittanceInformation: 'zwei\nZeilen, ☕',
      endToEndId: 'e2e',
      bankTransactionCode: 'PMNT-RCDT-ESCT',
    });
    const { added } = await take('acc_1', [told, givenPending({ remittanceInformation: null })]);
    const stored = await bankData.listTransactions([{ accountId: 'acc_1', from: '2026-01-01', transactions: [] }]);
    const byId = (a: { id: string }, b: { id: string }) => (a.id < b.id ? -1 : 1);
    expect(stored.get('acc_1')).toEqual(
      [...added].sort(byId).map((transaction) => ({ ...transaction, firstSeenAt: now.toISOString() })),
    );
  });

  it('finds nothing to change when the same reply comes again', async () => {
    const { store, take } = await createWorld();
    await store([givenChange()]);
    const reply = [
      givenTransaction(),
      givenTransaction(),
      givenTransaction({ bankTransactionId: 'b1' }),
      givenPending(),
    ];
    await take('acc_1', reply);
    expect(await take('acc_1', reply)).toMatchObject(nothing);
  });

  it('changes, adds and removes in one statement', async () => {
    const { database, store, take } = await createWorld();
    await store([givenChange()]);
    const first = await take('acc_1', [
      givenPending({ bankTransactionId: 'b1' }),
      givenTransaction({ bankTransactionId: 'b2' }),
    ]);
    const second = await take('acc_1', [
      givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-03-08' }),
      givenTransaction({ bankTransactionId: 'b3', counterpartyName: 'Bakery' }),
    ]);
    expect(second.updated.map(({ id }) => id)).toEqual([first.added[0]?.id]);
    expect(second.removedIds).toEqual([first.added[1]?.id]);
    const rows = await database.prisma.transaction.findMany({ orderBy: { identity: 'asc' } });
    expect(rows).toMatchObject([
      { id: first.added[0]?.id, identity: 't:b1', status: 'BOOKED', sortDate: new Date('2026-03-08') },
      { identity: 't:b3' },
    ]);
  });

  it('knows by its id a transaction whose booking date has moved into the days asked for', async () => {
    const { store, take } = await createWorld();
    await store([givenChange()]);
    await take('acc_1', [
      givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-02-01' }),
      givenTransaction({ entryReference: 'r1', bookingDate: '2026-02-01', counterpartyName: 'Bakery' }),
    ]);
    const moved = await take(
      'acc_1',
      [
        givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-03-02' }),
        givenTransaction({ entryReference: 'r1', bookingDate: '2026-03-02', counterpartyName: 'Bakery' }),
      ],
      '2026-03-01',
    );
    expect(moved).toMatchObject({ added: [], removedIds: [], updated: [{}, {}] });
  });

  it('lists what lies before the days asked for only where the reply names it', async () => {
    const { bankData, store, take } = await createWorld();
    await store([givenChange()]);
    await take('acc_1', [givenTransaction({ bookingDate: '2026-02-01' }), givenTransaction()]);
    const stored = await bankData.listTransactions([{ accountId: 'acc_1', from: '2026-03-01', transactions: [] }]);
    expect(stored.get('acc_1')).toMatchObject([{ bookingDate: '2026-03-09' }]);
  });

  it('lists before a reply what it lists after it, once what the reply names is added', async () => {
    const { bankData, store, take } = await createWorld();
    await store([givenChange()]);
    const older = [
      givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-02-01' }),
      givenTransaction({ entryReference: 'r1', bookingDate: '2026-02-02', counterpartyName: 'Bakery' }),
      givenTransaction({ bankTransactionId: 'b2', bookingDate: '2026-02-03' }),
    ];
    const newer = [givenTransaction({ bankTransactionId: 'b3' }), givenPending()];
    await take('acc_1', [...older, ...newer]);
    const ofReply = (transactions: typeof older) => [{ accountId: 'acc_1', from: '2026-03-01', transactions }];
    const listed = await bankData.listTransactions(ofReply([]));
    expect(listed.get('acc_1')).toHaveLength(2);
    const named = [...older.slice(0, 2), ...newer, givenTransaction({ bankTransactionId: 'b4' })];
    const byIdentity = (a: { identity: string }, b: { identity: string }) => a.identity.localeCompare(b.identity);
    const added = await bankData.addNamed(listed, ofReply(named));
    const after = await bankData.listTransactions(ofReply(named));
    expect([...(added.get('acc_1') ?? [])].sort(byIdentity)).toEqual([...(after.get('acc_1') ?? [])].sort(byIdentity));
    expect(added.get('acc_1')).toHaveLength(4);
  });

  it('keeps an account under a new resource id, and what the bank no longer says of it', async () => {
    const { database, store } = await createWorld();
    const amount = { amount: '1.00', currency: 'EUR' };
    const balances = [{ ...absentValues(balanceFields), type: 'expected', amount, observedAt: now.toISOString() }];
    await store([givenChange({ lastBookingDate: '2026-03-09' })]);
    await store([givenChange({ resourceId: 'r2', name: null, balances, lastBookingDate: '2026-03-01' })]);
    expect(await database.prisma.account.findMany()).toMatchObject([
      { resourceId: 'r2', lastBookingDate: new Date('2026-03-09'), name: 'Giro', ownerName: 'Anna', balances },
    ]);
  });

  it('writes nothing where the condition does not hold', async () => {
    const { database, store, take } = await createWorld();
    await store([givenChange()]);
    const { added } = await take('acc_1', [givenTransaction()]);
    const [kept] = added;
    if (!kept) throw new Error('nothing was added');
    const changes = [
      givenChange({
        added: [{ ...kept, id: 'txn_2', identity: 't:2' }],
        updated: [{ ...kept, remittanceInformation: 'changed' }],
        removedIds: [kept.id],
      }),
      givenChange({ id: 'acc_2', identification: 'DE2' }),
    ];
    await store(changes, Prisma.sql`false`);
    expect(await database.prisma.account.count()).toBe(1);
    expect(await database.prisma.transaction.findMany()).toMatchObject([{ remittanceInformation: 'Thank you' }]);
  });

  it('carries a login of 20,000 transactions', async () => {
    const { database, store, take } = await createWorld();
    await store([givenChange()]);
    const many = Array.from({ length: 20_000 }, (_, i) => givenTransaction({ bankTransactionId: `b${i}` }));
    await take('acc_1', many);
    expect(await database.prisma.transaction.count()).toBe(20_000);
    expect(await take('acc_1', many)).toMatchObject(nothing);
  });
});
