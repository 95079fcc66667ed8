import { type Database, Prisma } from '../storage/database.ts';

export interface WrongEntryStore {
  /**
   * Counts an entry for every key as if it were wrong, before it is known, so that entries in flight count too; pauses those that reach
   * a limit. Gives null, or, while any of the keys is paused, until when; then nothing is counted.
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
    take: (keys, rule) =>
      database.atomically(async (query) => {
        const { now, forgottenAfterMs } = rule;
        const forgotten = new Date(now.getTime() - forgottenAfterMs);
        // Sorted, so that two that share keys wait for each other instead of dying.
        const sorted = [...keys].sort();
        await query(Prisma.sql`
          INSERT INTO wrong_entries (key_hash, count, last_at) SELECT unnest(${sorted}::text[]), 0, ${now}
          ON CONFLICT DO NOTHING`);
        const rows = await query<{ pausedUntil: Date | null }>(Prisma.sql`
          SELECT paused_until AS "pausedUntil" FROM wrong_entries WHERE key_hash = ANY(${sorted}) ORDER BY key_hash FOR UPDATE`);
        const pauses = rows.flatMap(({ pausedUntil }) =>
          pausedUntil && pausedUntil > now ? [pausedUntil.getTime()] : [],
        );
        if (pauses.length > 0) return new Date(Math.max(...pauses));
        const count = Prisma.sql`(CASE WHEN greatest(last_at, paused_until) < ${forgotten} THEN 0 ELSE count END + 1)`;
        await query(Prisma.sql`
          UPDATE wrong_entries SET count = ${count}, paused_until = ${pauseSql(count, rule)}, last_at = ${now}
          WHERE key_hash = ANY(${sorted})`);
        return null;
      }),
    async giveBack(keys, rule) {
      const count = Prisma.sql`(count - 1)`;
      await database.query(Prisma.sql`
        UPDATE wrong_entries SET count = ${count}, paused_until = ${pauseSql(count, rule)}
        WHERE key_hash = ANY(${keys}) AND count > 0`);
      await database.query(Prisma.sql`DELETE FROM wrong_entries WHERE key_hash = ANY(${keys}) AND count = 0`);
    },
    forget: async (keys) =>
      void (await database.query(Prisma.sql`DELETE FROM wrong_entries WHERE key_hash = ANY(${keys})`)),
    async removeOld(before) {
      const removed = await database.query(Prisma.sql`
        DELETE FROM wrong_entries WHERE key_hash IN (SELECT key_hash FROM wrong_entries WHERE last_at < ${before} LIMIT 10000)
        RETURNING key_hash`);
      return removed.length;
    },
  };
}
