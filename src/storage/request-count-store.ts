import type pg from 'pg';
import { RateLimiterMemory, RateLimiterPostgres, type RateLimiterRes } from 'rate-limiter-flexible';

/** Counts per key and minute, the same for all processes on this database. */
export interface RequestCountStore {
  /** Rejects with a RateLimiterRes when the key has not so many left. While the database is away, each process counts for itself. */
  consume(key: string, count: number): Promise<RateLimiterRes>;
}

export function createRequestCountStore(pool: pg.Pool, perMinute: number): RequestCountStore {
  const limits = { points: perMinute, duration: 60, keyPrefix: 'requests' };
  return new RateLimiterPostgres({
    ...limits,
    storeClient: pool,
    storeType: 'pool',
    tableName: 'request_counts',
    // By a migration. What has run out is removed by the library, every few minutes.
    tableCreated: true,
    // A client that has used up its minute is refused without asking again.
    inMemoryBlockOnConsumed: perMinute,
    insuranceLimiter: new RateLimiterMemory(limits),
  });
}

/** Undefined: each process counts for itself, or nothing is counted. */
export function openRequestCounts(
  { requestCounts, requestsPerMinute }: { requestCounts: 'process' | 'database'; requestsPerMinute: number | null },
  { pool }: { pool: pg.Pool },
): RequestCountStore | undefined {
  if (requestCounts === 'process' || requestsPerMinute === null) return undefined;
  return createRequestCountStore(pool, requestsPerMinute);
}
