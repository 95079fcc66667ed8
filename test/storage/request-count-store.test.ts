import { RateLimiterRes } from 'rate-limiter-flexible';
import { expect, test } from 'vitest';
import { createRequestRate } from '../../src/http/request-rate.ts';
import { createRequestCountStore, openRequestCounts } from '../../src/storage/request-count-store.ts';
import { openTestDatabase } from '../support/test-database.ts';

test('processes on one database count a client’s requests together', async () => {
  const { pool } = await openTestDatabase();
  const [here, there] = [createRequestCountStore(pool, 5), createRequestCountStore(pool, 5)];
  await here.consume('cli_a', 3);
  await there.consume('cli_a', 2);
  await expect(here.consume('cli_a', 1)).rejects.toBeInstanceOf(RateLimiterRes);
  await expect(there.consume('cli_a', 1)).rejects.toBeInstanceOf(RateLimiterRes);
  await there.consume('cli_b', 1);
});

test('while the database is away each process counts for itself', async () => {
  const { pool } = await openTestDatabase();
  const away = { ...pool, connect: () => Promise.reject(new Error('away')) } as unknown as typeof pool;
  const counts = createRequestCountStore(away, 2);
  await counts.consume('cli_a', 2);
  await expect(counts.consume('cli_a', 1)).rejects.toBeInstanceOf(RateLimiterRes);
});

test('a process asks the database once in a second’s worth of operations', async () => {
  const { pool } = await openTestDatabase();
  const store = createRequestCountStore(pool, 600);
  const asked: number[] = [];
  const counts = {
    consume: (clientId: string, count: number) => {
      asked.push(count);
      return store.consume(clientId, count);
    },
  };
  const budget = { waitSeconds: () => null };
  const rates = [
    createRequestRate({ perMinute: 600, budget, counts }),
    createRequestRate({ perMinute: 600, budget, counts }),
  ];
  let answered = 0;
  for (let i = 0; i < 350; i++) for (const rate of rates) if ((await rate.take('cli_a')) === null) answered++;
  expect(answered).toBe(600);
  expect(asked.filter((count) => count !== 10)).toEqual([]);
  // 60 that were granted; whoever is refused asks again.
  expect(asked.length).toBeLessThanOrEqual(60 + 100);
});

test('nothing is counted in the database where the operator wants no limit, or each process to count', async () => {
  const database = await openTestDatabase();
  expect(openRequestCounts({ requestCounts: 'database', requestsPerMinute: null }, database)).toBeUndefined();
  expect(openRequestCounts({ requestCounts: 'process', requestsPerMinute: 10 }, database)).toBeUndefined();
  expect(openRequestCounts({ requestCounts: 'database', requestsPerMinute: 10 }, database)).toBeDefined();
});
