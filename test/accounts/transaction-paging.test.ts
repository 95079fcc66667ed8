import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { type AccountChange, createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import type { StoredTransaction } from '../../src/accounts/bank-transaction.ts';
import type { ListedTransaction, TransactionPosition } from '../../src/accounts/transaction-page.ts';
import { newId } from '../../src/domain/ids.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { givenChange, givenTransaction } from './given-transactions.ts';

const now = new Date('2026-03-10T10:00:00Z');
const everything = { status: null, bookedFrom: null, bookedTo: null, search: null };

/** What a synchronization does between two pages; numbers choose the day and the row. */
const writing = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), day: fc.nat(6), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('remove' as const), row: fc.nat(30) }),
  fc.record({ kind: fc.constant('reword' as const), row: fc.nat(30) }),
  fc.record({ kind: fc.constant('move' as const), row: fc.nat(30), day: fc.nat(6) }),
);

test('pages neither skip nor repeat, whatever a synchronization writes between them', async () => {
  const { addAccount } = await createWorld();
  const plan = fc.record({
    days: fc.array(fc.nat(6), { minLength: 1, maxLength: 25 }),
    pageSize: fc.integer({ min: 1, max: 6 }),
    between: fc.array(fc.array(writing, { maxLength: 3 }), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ days, pageSize, between }) => {
      const { book, page } = await addAccount();
      for (const day of days) await book.add(day);
      const steady = new Set(book.rows());
      const seen: string[] = [];
      const writings = [...between];
      for (let after: TransactionPosition | null = null; ; ) {
        const rows: ListedTransaction[] = await page(after, pageSize);
        const last = rows.at(-1);
        if (!last) break;
        seen.push(...rows.map(({ id }) => id));
        after = last;
        for (const step of writings.shift() ?? []) for (const id of await book.write(step)) steady.delete(id);
      }
      expect([...steady].filter((id) => !seen.includes(id))).toEqual([]);
      expect(seen.filter((id, i) => seen.indexOf(id) !== i)).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

test('what moves twice while the list is read is met where it was when the first page was read', async () => {
  const { database, addAccount } = await createWorld();
  const { book, page } = await addAccount();
  for (const day of [5, 4, 3, 2]) await book.add(day);
  const [first, second, third, fourth] = book.rows();
  const [begin] = await page(null, 1);
  await book.write({ kind: 'move', row: 2, day: 6 });
  await book.write({ kind: 'move', row: 2, day: 0 });
  expect((await page(begin ?? null, 10)).map(({ id }) => id)).toEqual([second, third, fourth]);
  // Whoever begins now finds it where it is.
  expect((await page(null, 10)).map(({ id }) => id)).toEqual([first, second, fourth, third]);
  expect((await page((await page(null, 1))[0] ?? null, 10)).map(({ id }) => id)).toEqual([second, fourth, third]);
  // As after a restore on another server, whose transactions are numbered from one again.
  await database.query(Prisma.sql`UPDATE transaction_moves SET moved_by = moved_by + 1000000000`);
  expect((await page(begin ?? null, 10)).map(({ id }) => id)).toEqual([second, fourth, third]);
});

test('where transactions were is forgotten after a day', async () => {
  const { database, addAccount } = await createWorld();
  const { book } = await addAccount();
  for (const day of [5, 4]) await book.add(day);
  await book.write({ kind: 'move', row: 0, day: 3 });
  await database.query(Prisma.sql`UPDATE transaction_moves SET moved_at = moved_at - interval '25 hours'`);
  await book.write({ kind: 'move', row: 1, day: 2 });
  expect(await database.prisma.transactionMove.findMany()).toMatchObject([{ transactionId: book.rows()[1] }]);
  await book.write({ kind: 'reword', row: 0 });
  expect(await database.prisma.transactionMove.count(), 'a change that moves nothing').toBe(1);
});

async function createWorld() {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { loginId } = await insertEnrolledUser(database, { clientId, now });
  const accounts = createAccountStore(database);
  return {
    database,
    async addAccount() {
      const accountId = await insertAccount(database, clientId, loginId);
      return {
        book: createBook(database, { clientId, bankLoginId: loginId, accountId }),
        async page(after: TransactionPosition | null, limit: number): Promise<ListedTransaction[]> {
          const pages = await accounts.listTransactions(clientId, [accountId], {
            fields: null,
            filter: everything,
            after,
            limit,
          });
          return pages.get(accountId) ?? [];
        },
      };
    },
  };
}

async function insertAccount({ prisma }: Database, clientId: string, bankLoginId: string): Promise<string> {
  const id = newId('account', now);
  await prisma.account.create({
    data: { id, clientId, bankLoginId, resourceId: id, identification: id, currency: 'EUR', createdAt: now },
  });
  return id;
}

type Writing = typeof writing extends fc.Arbitrary<infer Step> ? Step : never;

interface Owner {
  clientId: string;
  bankLoginId: string;
  accountId: string;
}

/** The rows of an account as a synchronization writes them. */
function createBook(database: Database, { clientId, bankLoginId, accountId }: Owner) {
  const bankData = createBankDataStore(database);
  const ids: string[] = [];
  const toBooked = (id: string, day: number, counterpartyName: string | null = null): StoredTransaction => ({
    ...givenTransaction({ bookingDate: `2026-03-0${1 + day}`, valueDate: null, counterpartyName }),
    ...{ id, identity: id, missingSince: null },
  });
  const daysOf = new Map<string, number>();
  async function store(change: Partial<AccountChange>): Promise<void> {
    const account = givenChange({ id: accountId, resourceId: accountId, identification: accountId, ...change });
    const login = { clientId, bankLoginId, version: 1, now };
    const ctes = bankData.storeCtes(login, [account], Prisma.sql`true`);
    await database.query(Prisma.sql`WITH ${ctes} SELECT 1`);
  }
  async function add(day: number): Promise<void> {
    const id = newId('transaction', now);
    ids.push(id);
    daysOf.set(id, day);
    await store({ added: [toBooked(id, day)] });
  }
  return {
    add,
    rows: () => [...ids],
    /** Returns the row that is gone. */
    async write(step: Writing): Promise<string[]> {
      if (step.kind === 'add') {
        for (let i = 0; i < step.count; i++) await add(step.day);
        return [];
      }
      const id = ids[step.row % ids.length] ?? '';
      if (!daysOf.has(id)) return [];
      if (step.kind === 'remove') {
        daysOf.delete(id);
        await store({ removed: [toBooked(id, 0)] });
        return [id];
      }
      const day = step.kind === 'move' ? step.day : (daysOf.get(id) ?? 0);
      daysOf.set(id, day);
      await store({ updated: [toBooked(id, day, 'New')] });
      return [];
    },
  };
}
