import { describe, expect, it } from 'vitest';
import { type AccountStore, createAccountStore } from '../../src/accounts/account-store.ts';
import type { AccountChange } from '../../src/accounts/bank-data-ctes.ts';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import type { ChangeFilter, ChangePlace, TransactionChange } from '../../src/accounts/transaction-change-store.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange, givenTransaction } from './given-transactions.ts';

const now = new Date('2026-03-10T10:00:00Z');

interface World {
  database: Database;
  accounts: AccountStore;
  clientId: string;
  logins: { userId: string; loginId: string }[];
  /** One synchronization; gives its place in the log. */
  store(login: number, changes: AccountChange[]): Promise<bigint>;
  /** All pages, one after the other. */
  readAll(filter?: ChangeFilter, first?: number): Promise<string[]>;
}

async function createWorld(): Promise<World> {
  const database = await openTestDatabase();
  const bankData = createBankDataStore(database);
  const accounts = createAccountStore(database);
  const clientId = await insertClient(database, now);
  const logins = [
    await insertEnrolledUser(database, { clientId, now }),
    await insertEnrolledUser(database, { clientId, now }),
  ];
  let count = 0;
  return {
    database,
    accounts,
    clientId,
    logins,
    async store(login, changes) {
      count += 1;
      const position = BigInt(count);
      const { loginId: bankLoginId = '' } = logins[login] ?? {};
      const given = { clientId, bankLoginId, version: count, now: new Date(now.getTime() + count * 1_000) };
      const yes = Prisma.sql`true`;
      const listed = bankData.changeCtes({ ...given, position: Prisma.sql`${position}::bigint` }, changes, yes);
      const ctes = [bankData.storeCtes(given, changes, yes), ...listed];
      await database.query(Prisma.sql`WITH ${Prisma.join(ctes, ', ')} SELECT 1`);
      return position;
    },
    async readAll(filter = {}, first = 2) {
      const found: string[] = [];
      for (let after: ChangePlace | null = null, pages = 0; ; pages += 1) {
        expect(pages).toBeLessThan(1_000);
        const { changes, goOnAfter }: { changes: TransactionChange[]; goOnAfter: ChangePlace | null } =
          await accounts.listChanges(clientId, filter, { after, limit: first });
        found.push(...changes.map(toText));
        after = goOnAfter ?? changes.at(-1)?.place ?? after;
        if (changes.length < first && goOnAfter === null) return found;
      }
    },
  };
}

function toText({ place, kind, transaction }: TransactionChange): string {
  return `${place.position} ${kind} ${place.of.transactionId}${transaction ? ` ${transaction.remittanceInformation}` : ''}`;
}

const stored = (id: string, text: string) => ({
  ...givenTransaction({ remittanceInformation: text }),
  id,
  identity: id,
  missingSince: null,
});
const change = (id: string, of: Partial<AccountChange>) => givenChange({ id, resourceId: id, ...of });

describe('changes of transactions', () => {
  it('are listed in the order of commits over all logins, each transaction once, at its latest change', async () => {
    const { store, readAll, logins } = await createWorld();
    const [a, b, c] = [stored('txn_a', 'a'), stored('txn_b', 'b'), stored('txn_c', 'c')];
    await store(0, [change('acc_1', { added: [a, b] }), change('acc_2', { added: [stored('txn_0', 'other')] })]);
    await store(1, [change('acc_3', { added: [c] })]);
    await store(0, [change('acc_1', {})]);
    await store(0, [change('acc_1', { updated: [{ ...a, remittanceInformation: 'a, booked' }], removed: [b] })]);
    const expected = ['1 ADDED txn_0 other', '2 ADDED txn_c c', '4 MODIFIED txn_a a, booked', '4 REMOVED txn_b'];
    for (const first of [1, 2, 3, 500]) expect(await readAll({}, first)).toEqual(expected);
    const [one, two] = logins;
    expect(await readAll({ userId: two?.userId ?? '' })).toEqual([expected[1]]);
    expect(await readAll({ bankLoginId: one?.loginId ?? '' })).toEqual([expected[0], expected[2], expected[3]]);
    expect(await readAll({ accountId: 'acc_1' }, 1)).toEqual([expected[2], expected[3]]);
    expect(await readAll({ accountId: 'acc_1', userId: two?.userId ?? '' })).toEqual([]);
    expect(await readAll({ position: 4n }, 1)).toEqual([expected[2], expected[3]]);
    expect(await readAll({ position: 3n })).toEqual([]);
  });

  it('list a transaction that comes back after its removal as added', async () => {
    const { store, readAll } = await createWorld();
    const a = stored('txn_a', 'a');
    await store(0, [change('acc_1', { added: [a] })]);
    await store(0, [change('acc_1', { removed: [a] })]);
    expect(await readAll()).toEqual(['2 REMOVED txn_a']);
    await store(0, [change('acc_1', { added: [a], restoredIds: ['txn_a'] })]);
    expect(await readAll()).toEqual(['3 ADDED txn_a a']);
  });

  it('are met further on when they change between two pages', async () => {
    const { store, accounts, clientId } = await createWorld();
    const rows = ['a', 'b', 'c'].map((name) => stored(`txn_${name}`, name));
    await store(0, [change('acc_1', { added: rows })]);
    const page = await accounts.listChanges(clientId, {}, { after: null, limit: 1 });
    await store(0, [change('acc_1', { updated: rows.slice(0, 2), removed: rows.slice(2) })]);
    const rest = await accounts.listChanges(clientId, {}, { after: page.changes[0]?.place ?? null, limit: 10 });
    expect(rest.changes.map(toText)).toEqual(['2 MODIFIED txn_a a', '2 MODIFIED txn_b b', '2 REMOVED txn_c']);
  });

  it('begin with what was there before changes were listed', async () => {
    const { store, readAll, database, clientId, logins } = await createWorld();
    await store(0, [change('acc_1', { added: ['a', 'b', 'c'].map((name) => stored(`txn_${name}`, name)) })]);
    await database.prisma.transaction.updateMany({ data: { loginVersion: 0 } });
    await database.prisma.transactionChangeSet.deleteMany();
    const sets = logins.map(({ loginId }) => ({ clientId, position: 0n, bankLoginId: loginId, version: 0 }));
    await database.prisma.transactionChangeSet.createMany({ data: sets });
    await store(1, [change('acc_3', { added: [stored('txn_d', 'd')] })]);
    for (const first of [1, 2, 10]) {
      expect(await readAll({}, first)).toEqual([
        '0 ADDED txn_a a',
        '0 ADDED txn_b b',
        '0 ADDED txn_c c',
        '2 ADDED txn_d d',
      ]);
    }
  });

  it('are found behind thousands of synchronizations of which nothing is left', async () => {
    const { store, readAll, database, clientId, logins, accounts } = await createWorld();
    await store(0, [change('acc_1', { added: [stored('txn_a', 'a')] })]);
    const bankLoginId = logins[0]?.loginId ?? '';
    await database.prisma.transactionChangeSet.createMany({
      data: Array.from({ length: 5_000 }, (_, n) => ({
        clientId,
        position: BigInt(n + 10),
        bankLoginId,
        version: n + 10,
      })),
    });
    await database.prisma.transaction.updateMany({ where: { id: 'txn_a' }, data: { loginVersion: 5_009 } });
    const first = await accounts.listChanges(clientId, {}, { after: null, limit: 10 });
    expect(first).toMatchObject({ changes: [], goOnAfter: { of: null } });
    expect(await readAll()).toEqual(['5009 ADDED txn_a a']);
  });

  it('go with their login', async () => {
    const { store, readAll, database, logins } = await createWorld();
    await store(0, [change('acc_1', { added: [stored('txn_a', 'a'), stored('txn_b', 'b')] })]);
    await store(0, [change('acc_1', { removed: [stored('txn_a', 'a')] })]);
    await database.prisma.bankLogin.delete({ where: { id: logins[0]?.loginId ?? '' } });
    expect(await readAll()).toEqual([]);
    expect(await database.prisma.transactionChangeSet.count()).toBe(0);
  });
});
