import { type Database, Prisma } from '../storage/database.ts';

/** What one step removes at most. */
const entriesPerStep = 1_000;

/**
 * Removes cycles that finished before this time, with their entries, in small steps; gives what each step removed. A cycle that an
 * event tells of is kept as long as the event.
 */
export async function* removeOldCycles(
  database: Database,
  before: Date,
  limit = entriesPerStep,
): AsyncGenerator<number> {
  const cycles = await database.query<{ id: string }>(Prisma.sql`
    SELECT id FROM synchronization_cycles c
    WHERE status = 'COMPLETED' AND finished_at < ${before} AND NOT EXISTS (SELECT FROM events e WHERE e.cycle_id = c.id)
    ORDER BY opens_at`);
  for (const { id } of cycles) {
    for (let removedCount = limit; removedCount === limit; ) {
      const rows = await database.query(Prisma.sql`
        DELETE FROM cycle_entries WHERE cycle_id = ${id} AND user_id IN (
          SELECT user_id FROM cycle_entries WHERE cycle_id = ${id} LIMIT ${limit}::int)
        RETURNING user_id`);
      removedCount = rows.length;
      yield removedCount;
    }
    await database.query(Prisma.sql`DELETE FROM synchronization_cycles WHERE id = ${id}`);
  }
}
