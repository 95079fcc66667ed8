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
import { givenMerge } from './kept-account.ts';

const now = new Date('2026-03-10T10:00:00Z');
const hoursLater = (hours: number): Date => new Date(now.getTime() + hours * 3_600_000);

interface World {
  database: Database;
  bankData: BankDataStore;
  clientId: string;
  bankLoginId: string;
  store(changes: AccountChange[], condition?: Prisma.Sql, at?: Date): Promise<void>;
  /** Merges a reply into what is stored of the account, and stores it. */
  take(
    accountId: string,
    transactions: FetchedTransaction[],
    asked?: { from?: string; at?: Date },
  ): Promise<AccountChange>;
}

async function createWorld(): Promise<World> {
  const database = await openTestDatabase();
  const bankData = createBankDataStore(database);
  const clientId = await insertClient(database, now);
  const { loginId } = await insertEnrolledUser(database, { clientId, now });
  let position = 0;
  const store: World['store'] = async (changes, condition = Prisma.sql`true`, at = now) => {
    position += 1;
    const given = { clientId, bankLoginId: loginId, version: position, now: at };
    const ctes = [
      bankData.storeCtes(given, changes, condition),
      ...bankData.changeCtes({ ...given, position: Prisma.sql`${position}::bigint` }, changes, condition),
    ];
    await database.query(Prisma.sql`WITH ${Prisma.join(ctes, ', ')} SELECT 1`);
  };
  return {
    database,
    bankData,
    clientId,
    bankLoginId: loginId,
    store,
    async take(accountId, transactions, { from = '2026-01-01', at = now } = {}) {
      const reply = { accountId, from, transactions };
      const stored = (await bankData.listTransactions([reply])).get(accountId) ?? [];
      const removed = (await bankData.listRemoved([accountId])).get(accountId) ?? [];
      const merged = mergeTransactions(
        givenMerge({ stored, removed, fetched: transactions, from, now: at, newId: () => newId('transaction', at) }),
      );
      const change = givenChange({ id: accountId, ...merged });
      await store([change], Prisma.sql`true`, at);
      return change;
    },
  };
}

const nothing = { added: [], updated: [], removed: [] };

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
    const reply = [
      givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-03-08' }),
      givenTransaction({ bankTransactionId: 'b3', counterpartyName: 'Bakery' }),
    ];
    const [kept, gone] = first.added;
    const second = await take('acc_1', reply, { at: hoursLater(12) });
    expect(second).toMatchObject({ updated: [{ id: kept?.id }], removed: [], missedIds: [gone?.id] });
    const third = await take(
      'acc_1',
      [...reply, givenTransaction({ bankTransactionId: 'b4', counterpartyName: 'Fuel' })],
      {
        at: hoursLater(24),
      },
    );
    expect(third).toMatchObject({ added: [{ identity: 't:b4' }], removed: [{ id: gone?.id }] });
    const rows = await database.prisma.transaction.findMany({ orderBy: { identity: 'asc' } });
    expect(rows).toMatchObject([
      { id: kept?.id, identity: 't:b1', status: 'BOOKED', sortDate: new Date('2026-03-08') },
      { identity: 't:b3' },
      { identity: 't:b4' },
    ]);
  });

  it('is silent about what is missing once, and forgets it when it is found', async () => {
    const { database, store, take } = await createWorld();
    await store([givenChange()]);
    await take('acc_1', [givenTransaction({ bankTransactionId: 'b1' })]);
    const read = () => database.prisma.transaction.findMany({ select: { missingSince: true, updatedAt: true } });
    expect(await take('acc_1', [], { at: hoursLater(12) })).toMatchObject(nothing);
    expect(await read()).toEqual([{ missingSince: hoursLater(12), updatedAt: now }]);
    const reply = [givenTransaction({ bankTransactionId: 'b1' })];
    expect(await take('acc_1', reply, { at: hoursLater(24) })).toMatchObject({ ...nothing, unchangedCount: 1 });
    expect(await read()).toEqual([{ missingSince: null, updatedAt: now }]);
    await take('acc_1', [], { at: hoursLater(36) });
    const changed = [givenTransaction({ bankTransactionId: 'b1', remittanceInformation: 'Corrected' })];
    await take('acc_1', changed, { at: hoursLater(48) });
    expect(await read()).toEqual([{ missingSince: null, updatedAt: hoursLater(48) }]);
  });

  it('remembers what is removed for a year, and gives it its id again', async () => {
    const { database, store, take } = await createWorld();
    await store([givenChange()]);
    const reply = [
      givenTransaction(),
      givenTransaction({ bankTransactionId: 'b2', amount: { amount: '-7.00', currency: 'EUR' } }),
    ];
    const { added } = await take('acc_1', reply);
    await take('acc_1', [], { at: hoursLater(12) });
    const { removed } = await take('acc_1', [], { at: hoursLater(24) });
    expect(removed).toHaveLength(2);
    const tombstones = await database.prisma.transactionTombstone.findMany({ orderBy: { transactionId: 'asc' } });
    const ids = added.map(({ id }) => id).sort();
    expect(tombstones).toMatchObject(ids.map((id) => ({ transactionId: id, accountId: 'acc_1', position: 4n })));
    const back = await take('acc_1', reply, { at: hoursLater(24 * 300) });
    expect(back.added.map(({ id }) => id)).toEqual(added.map(({ id }) => id));
    expect(await database.prisma.transactionTombstone.count()).toBe(0);
  });

  it('forgets what removed transactions were like in small steps, and their ids with their account', async () => {
    const { bankData, database, store, take } = await createWorld();
    await store([givenChange()]);
    const reply = ['b1', 'b2', 'b3'].map((bankTransactionId) => givenTransaction({ bankTransactionId }));
    await take('acc_1', reply);
    await take('acc_1', reply.slice(1), { at: hoursLater(12) });
    await take('acc_1', [], { at: hoursLater(24) });
    await take('acc_1', [], { at: hoursLater(36) });
    const steps: number[] = [];
    const remembered = async () => (await bankData.listRemoved(['acc_1'])).get('acc_1')?.length ?? 0;
    for await (const count of bankData.forgetRemoved(hoursLater(366 * 24 + 30), 2)) steps.push(count);
    expect([steps, await remembered()]).toEqual([[1], 2]);
    for await (const count of bankData.forgetRemoved(hoursLater(366 * 24 + 40), 1)) steps.push(count);
    expect([steps, await remembered()]).toEqual([[1, 1, 1, 0], 0]);
    expect(await database.prisma.transactionTombstone.count()).toBe(3);
    await take('acc_1', reply, { at: hoursLater(48) });
    await take('acc_1', [], { at: hoursLater(60) });
    await take('acc_1', [], { at: hoursLater(72) });
    expect([await remembered(), await database.prisma.transactionTombstone.count()]).toEqual([3, 6]);
    await database.prisma.user.deleteMany();
    expect(await database.prisma.transactionTombstone.count()).toBe(0);
  });

  it('knows rows without ids again, however long before the days asked for they were booked', async () => {
    const { bankData, store, take } = await createWorld();
    await store([givenChange()]);
    const old = [givenTransaction({ bookingDate: '2025-03-01' }), givenTransaction({ bookingDate: '2025-03-01' })];
    await take('acc_1', old, { from: '2025-01-01' });
    const again = [...old, givenTransaction({ counterpartyName: 'Bakery' })];
    expect(await take('acc_1', again, { from: '2026-03-01', at: hoursLater(12) })).toMatchObject({
      added: [{ counterpartyName: 'Bakery' }],
      unchangedCount: 2,
    });
    const reply = [{ accountId: 'acc_1', from: '2026-03-01', transactions: again }];
    const listed = await bankData.listTransactions([{ accountId: 'acc_1', from: '2026-03-01', transactions: [] }]);
    expect(listed.get('acc_1')).toHaveLength(1);
    expect((await bankData.addMeant(listed, reply)).get('acc_1')).toHaveLength(3);
  });

  it('keeps pots beside their account, and marks accounts as gone without emptying them', async () => {
    const { database, store, take, bankData, clientId, bankLoginId } = await createWorld();
    await store([givenChange(), givenChange({ id: 'acc_2', resourceId: 'r2', name: 'Holiday' })]);
    await take('acc_2', [givenTransaction()]);
    const leaveOut = async (missing: { missedIds: string[]; goneIds: string[] }) => {
      const ctes = bankData.storeCtes(
        { clientId, bankLoginId, version: 9, now, missing },
        [givenChange()],
        Prisma.sql`true`,
      );
      await database.query(Prisma.sql`WITH ${ctes} SELECT 1`);
    };
    const read = () =>
      database.prisma.account.findUnique({ where: { id: 'acc_2' }, select: { state: true, missingSince: true } });
    await leaveOut({ missedIds: ['acc_2'], goneIds: [] });
    expect(await read()).toEqual({ state: 'AVAILABLE', missingSince: now });
    await leaveOut({ missedIds: [], goneIds: ['acc_2'] });
    expect(await read()).toEqual({ state: 'GONE', missingSince: now });
    expect(await database.prisma.transaction.count({ where: { accountId: 'acc_2' } })).toBe(1);
    await store([givenChange({ id: 'acc_2', resourceId: 'r2' })]);
    expect(await read()).toEqual({ state: 'AVAILABLE', missingSince: null });
  });

  it('knows by its id a transaction whose booking date has moved into the days asked for', async () => {
    const { store, take } = await createWorld();
    await store([givenChange()]);
    await take('acc_1', [
      givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-02-20' }),
      givenTransaction({ entryReference: 'r1', bookingDate: '2026-02-20', counterpartyName: 'Bakery' }),
    ]);
    const moved = await take(
      'acc_1',
      [
        givenTransaction({ bankTransactionId: 'b1', bookingDate: '2026-03-02' }),
        givenTransaction({ entryReference: 'r1', bookingDate: '2026-03-02', counterpartyName: 'Bakery' }),
      ],
      { from: '2026-03-01' },
    );
    expect(moved).toMatchObject({ added: [], removed: [], updated: [{}, {}] });
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
    const added = await bankData.addMeant(listed, ofReply(named));
    const after = await bankData.listTransactions(ofReply(named));
    expect([...(added.get('acc_1') ?? [])].sort(byIdentity)).toEqual([...(after.get('acc_1') ?? [])].sort(byIdentity));
    // All since the earliest day that the reply tells of.
    expect(added.get('acc_1')).toHaveLength(5);
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
        removed: [kept],
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
