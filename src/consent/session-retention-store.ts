import { type Database, Prisma } from '../storage/database.ts';

/** What one step removes at most. */
const rowsPerStep = 1_000;

/**
 * Removes sessions that ended before this time, with their idempotency keys, and consents begun before it that were never granted,
 * in small steps; gives what each step removed. Consents that were granted are kept for as long as their user: they say what the
 * end user agreed to.
 */
export async function* removeOldSessions(
  database: Database,
  before: Date,
  limit = rowsPerStep,
): AsyncGenerator<number> {
  const old = [
    Prisma.sql`
      DELETE FROM sessions WHERE id IN (
        SELECT id FROM sessions WHERE finished_at < ${before} AND status NOT IN ('AWAITING_USER', 'RUNNING')
        ORDER BY finished_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING id`,
    Prisma.sql`
      DELETE FROM consents WHERE id IN (
        SELECT id FROM consents WHERE created_at < ${before} AND authorised_at IS NULL
          AND status NOT IN ('VALID', 'RECEIVED', 'PARTIALLY_AUTHORISED')
        ORDER BY created_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
      RETURNING id`,
  ];
  for (const statement of old) {
    for (let removedCount = limit; removedCount === limit; ) {
      removedCount = (await database.query(statement)).length;
      yield removedCount;
    }
  }
}
