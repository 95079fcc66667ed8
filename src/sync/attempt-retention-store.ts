import { type Database, Prisma } from '../storage/database.ts';

/** What one step removes at most. */
const attemptsPerStep = 1_000;

/**
 * Removes synchronization attempts that began before this time, in small steps; gives what each step removed. A login's latest
 * attempt is kept, however old: it says how the login stands.
 */
export async function* removeOldAttempts(
  database: Database,
  before: Date,
  limit = attemptsPerStep,
): AsyncGenerator<number> {
  for (let removedCount = limit; removedCount === limit; ) {
    const [row] = await database.query<{ count: number }>(Prisma.sql`
      WITH old AS (
        SELECT a.id FROM synchronization_attempts a
        WHERE a.started_at < ${before} AND NOT EXISTS (SELECT FROM bank_logins l WHERE l.last_attempt_id = a.id)
        ORDER BY a.started_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED),
      removed AS (DELETE FROM synchronization_attempts a USING old WHERE a.id = old.id RETURNING 1)
      SELECT count(*)::int AS count FROM removed`);
    removedCount = row?.count ?? 0;
    yield removedCount;
  }
}
