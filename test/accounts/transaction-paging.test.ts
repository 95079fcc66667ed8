import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createAccountStore,
  type ListedTransaction,
  type TransactionPage,
  type TransactionPosition,
} from '../../src/accounts/account-store.ts';
import { newId } from '../../src/domain/ids.ts';
import type { Database } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const now = new Date('2026-03-10T10:00:00Z');
const everything = { status: null, bookedFrom: null, bookedTo: null, search: null };

/** What a synchronization does between two pages; numbers choose the day and the row. */
const writing = fc.oneof(
  fc.record({ kind: fc.constant('add' as const), day: fc.nat(6), count: fc.integer({ min: 1, max: 4 }) }),
  fc.record({ kind: fc.constant('remove' as const), row: fc.nat(30) }),
  fc.record({ kind: fc.constant('reword' as const), row: fc.nat(30) }),
  fc.record({ kind: fc.constant('move' as const), row: fc.nat(30), day: fc.nat(6) }),
);

test('pages neither skip nor repeat what keeps its place, whatever is written between them', async () => {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { loginId } = await insertEnrolledUser(database, { clientId, now });
  const accounts = createAccountStore(database);
  const plan = fc.record({
    days: fc.array(fc.nat(6), { minLength: 1, maxLength: 25 }),
    pageSize: fc.integer({ min: 1, max: 6 }),
    between: fc.array(fc.array(writing, { maxLength: 3 }), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(plan, async ({ days, pageSize, between }) => {
      const accountId = await insertAccount(database, clientId, loginId);
      const book = await createBook(database, clientId, accountId);
      for (const day of days) await book.add(day);
      const steady = new Set(book.rows());
      const seen: string[] = [];
      const writings = [...between];
      for (let after: TransactionPosition | null = null; ; ) {
        const page: TransactionPage = { filter: everything, after, limit: pageSize };
        const rows: ListedTransaction[] =
          (await accounts.listTransactions(clientId, [accountId], page)).get(accountId) ?? [];
        const last = rows.at(-1);
        if (!last) break;
        seen.push(...rows.map(({ id }) => id));
        after = { sortDate: last.sortDate, id: last.id };
        for (const step of writings.shift() ?? []) for (const id of await book.write(step)) steady.delete(id);
      }
      expect([...steady].filter((id) => !seen.includes(id))).toEqual([]);
      expect(seen.filter((id, i) => seen.indexOf(id) !== i && steady.has(id))).toEqual([]);
    }),
    { numRuns: 40 },
  );
});

async function insertAccount({ prisma }: Database, clientId: string, bankLoginId: string): Promise<string> {
  const id = newId('account', now);
  await prisma.account.create({
    data: { id, clientId, bankLoginId, resourceId: id, identification: id, currency: 'EUR', createdAt: now },
  });
  return id;
}

type Writing = typeof writing extends fc.Arbitrary<infer Step> ? Step : never;

/** The rows of an account as a synchronization writes them. */
async function createBook({ prisma }: Database, clientId: string, accountId: string) {
  const ids: string[] = [];
  const onDay = (day: number) => new Date(Date.UTC(2026, 2, 1 + day));
  const add = async (day: number) => {
    const id = newId('transaction', now);
    ids.push(id);
    const dates = { bookingDate: onDay(day), sortDate: onDay(day), createdAt: now, updatedAt: now };
    const data = {
      id,
      clientId,
      accountId,
      status: 'BOOKED' as const,
      identity: id,
      amount: '-1.00',
      currency: 'EUR',
      ...dates,
    };
    await prisma.transaction.create({ data });
  };
  return {
    add,
    rows: () => [...ids],
    /** Returns the rows that are no longer where they were. */
    async write(step: Writing): Promise<string[]> {
      if (step.kind === 'add') {
        for (let i = 0; i < step.count; i++) await add(step.day);
        return [];
      }
      const id = ids[step.row % ids.length] ?? '';
      if (step.kind === 'remove') {
        await prisma.transaction.deleteMany({ where: { id } });
        return [id];
      }
      const isMove = step.kind === 'move';
      const change = isMove ? { bookingDate: onDay(step.day), sortDate: onDay(step.day) } : { counterpartyName: 'New' };
      await prisma.transaction.updateMany({ where: { id }, data: change });
      return isMove ? [id] : [];
    },
  };
}
