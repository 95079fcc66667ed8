import { type Database, Prisma, type Query } from '../storage/database.ts';

export interface WrongEntryStore {
  /**
   * Counts an entry for every key as if it were wrong, before it is known, so that entries in flight count too; pauses
   * those that reach a limit. Gives null, or, while any of the keys is paused, until when; then nothing is counted.
   */
  take(keys: readonly string[], rule: PauseRule): Promise<Date | null>;
  /** The entry was not wrong, or nobody knows. */
  giveBack(keys: readonly string[], rule: PauseRule): Promise<void>;
  /** The entry was right: whoever made it knows what belongs there. */
  forget(keys: readonly string[]): Promise<void>;
  /** How many were removed. */
  removeOld(before: Date): Promise<number>;
}

export interface PauseRule {
  now: Date;
  /** Wrong entries before the first pause. */
  free: number;
  firstPauseMs: number;
  longestPauseMs: number;
  /** After so long without a wrong entry the count begins anew. */
  forgottenAfterMs: number;
}

/** Of a count: null below the limit; twice as long with each further entry. */
const pauseSql = (count: Prisma.Sql, { now, free, firstPauseMs, longestPauseMs }: PauseRule) => Prisma.sql`
  CASE WHEN ${count} >= ${free}::int THEN ${now}::timestamptz + make_interval(secs =>
    least(${longestPauseMs}::float8, ${firstPauseMs}::float8 * power(2, least(${count} - ${free}::int, 30))) / 1000) END`;

export function createWrongEntryStore(database: Database): WrongEntryStore {
  return {
    take: (keys, rule) => database.atomically((query) => take(query, keys, rule)),
    giveBack: (keys, rule) =>
      database.atomically(async (query) => {
        const count = Prisma.sql`(count - 1)`;
        const given = await query<{ keyHash: string }>(Prisma.sql`
          WITH ${lockedCte(keys)}
          UPDATE wrong_entries SET count = ${count}, paused_until = ${pauseSql(count, rule)}
          WHERE key_hash IN (SELECT key_hash FROM locked) AND count > 0 RETURNING key_hash AS "keyHash"`);
        const hashes = given.map(({ keyHash }) => keyHash);
        await query(Prisma.sql`DELETE FROM wrong_entries WHERE key_hash = ANY(${hashes}) AND count = 0`);
      }),
    async forget(keys) {
      await database.query(Prisma.sql`
        WITH ${lockedCte(keys)} DELETE FROM wrong_entries WHERE key_hash IN (SELECT key_hash FROM locked)`);
    },
    async removeOld(before) {
      const removed = await database.query(Prisma.sql`
        DELETE FROM wrong_entries WHERE key_hash IN (
          SELECT key_hash FROM wrong_entries WHERE last_at < ${before} LIMIT 10000 FOR UPDATE SKIP LOCKED)
        RETURNING key_hash`);
      return removed.length;
    },
  };
}

async function take(query: Query, keys: readonly string[], rule: PauseRule): Promise<Date | null> {
  const { now, forgottenAfterMs } = rule;
  const forgotten = new Date(now.getTime() - forgottenAfterMs);
  // Changes nothing of a row that there is, but locks it: in the order of the keys, as everywhere here, so that two
  // that share keys wait for each other instead of ending in a deadlock.
  const rows = await query<{ pausedUntil: Date | null }>(Prisma.sql`
    INSERT INTO wrong_entries AS w (key_hash, count, last_at) SELECT unnest(${[...keys].sort()}::text[]), 0, ${now}::timestamptz
    ON CONFLICT (key_hash) DO UPDATE SET count = w.count RETURNING w.paused_until AS "pausedUntil"`);
  const pauses = rows.flatMap(({ pausedUntil }) => (pausedUntil && pausedUntil > now ? [pausedUntil.getTime()] : []));
  if (pauses.length > 0) return new Date(Math.max(...pauses));
  const count = Prisma.sql`(CASE WHEN greatest(last_at, paused_until) < ${forgotten} THEN 0 ELSE count END + 1)`;
  await query(Prisma.sql`
    UPDATE wrong_entries SET count = ${count}, paused_until = ${pauseSql(count, rule)}, last_at = ${now}
    WHERE key_hash = ANY(${keys})`);
  return null;
}

/**
 * The rows of the keys, locked in the same order; nothing but these may be touched, since others would come out of
 * order.
 */
const lockedCte = (keys: readonly string[]) => Prisma.sql`
  locked AS MATERIALIZED (
    SELECT key_hash FROM wrong_entries WHERE key_hash = ANY(${keys}) ORDER BY key_hash COLLATE "C" FOR UPDATE)`;
