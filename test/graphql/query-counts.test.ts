import { expect, test } from 'vitest';
import type { Database } from '../../src/storage/database.ts';
import { insertClientData, insertCycle } from '../support/client-data.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi } from '../support/whole-api.ts';
import { listReads, listSavedQueries, runRead, saved } from './reads.ts';

test('no read takes more statements for fifty rows of everything than for one', async () => {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  const common = { now: api.clock.now(), encryption: api.encryption };
  await insertClientData(database, { tag: 'one', ...common });
  await insertClientData(database, { tag: 'fifty', count: 50, ...common });
  await insertCycle(database, api.clock.now());
  const table: Record<string, { one: number; fifty: number; most: number }> = {};
  for (const read of await listReads()) {
    // What is measured once, and then known, is not counted; nor is the audit log's entry of a key's first reading in an hour.
    for (const tag of ['one', 'fifty']) await runRead(api, read, tag);
    const one = await countStatements(database, () => runRead(api, read, 'one'));
    const fifty = await countStatements(database, () => runRead(api, read, 'fifty'));
    table[read.name] = { one, fifty, most: read.most };
  }
  console.table(table);
  const growing = Object.entries(table).filter(([, { one, fifty }]) => one !== fifty);
  const many = Object.entries(table).filter(([, { fifty, most }]) => fifty > most);
  expect({ growing, many }).toEqual({ growing: [], many: [] });
});

test('every query of schema/operations is counted', async () => {
  expect((await listSavedQueries()).map(({ name }) => name).sort()).toEqual(Object.keys(saved).sort());
});

/** Statements at the pool, which Prisma, the stores and the job store share. */
async function countStatements({ pool }: Database, work: () => Promise<void>): Promise<number> {
  const original = pool.query;
  let count = 0;
  pool.query = ((...args: unknown[]) => {
    count++;
    return Reflect.apply(original, pool, args);
  }) as typeof pool.query;
  try {
    await work();
  } finally {
    pool.query = original;
  }
  return count;
}
