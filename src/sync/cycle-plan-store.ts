import { type Database, Prisma } from '../storage/database.ts';
import { eligibleLoginSql } from './eligibility.ts';

export interface PositionAhead {
  userId: string;
  /** Recurring users who come before. */
  ahead: number;
  eligible: boolean;
}

export interface PositionInCycle {
  userId: string;
  opensAt: Date;
  /** Users of the same lane who come before and are not done. */
  ahead: number;
}

export interface CyclePlanStore {
  /** Milliseconds that a user took in its lane, over the last five cycles that had users; null before there were any. */
  measurePace(): Promise<number | null>;
  /** Counts from one of them to the next, so that everybody is counted once, however many are asked for. */
  listPositionsAhead(userIds: readonly string[], now: Date): Promise<PositionAhead[]>;
  /** Of those users only who are in the running cycle and not done. */
  listPositionsInRunningCycle(userIds: readonly string[]): Promise<PositionInCycle[]>;
}

export function createCyclePlanStore(database: Database): CyclePlanStore {
  // What completed cycles took does not change: measured once after each.
  let measured: { lastCycleId: string | undefined; paceMs: number | null } = { lastCycleId: undefined, paceMs: null };
  return {
    async measurePace() {
      const [last] = await database.query<{ id: string }>(Prisma.sql`
        SELECT id FROM synchronization_cycles WHERE status = 'COMPLETED' ORDER BY opens_at DESC LIMIT 1`);
      if (last?.id !== measured.lastCycleId)
        measured = { lastCycleId: last?.id, paceMs: await measureRecentCycles(database) };
      return measured.paceMs;
    },
    listPositionsAhead: (userIds, now) =>
      database.query<PositionAhead>(Prisma.sql`
        WITH asked AS (
          SELECT id, enrolled_at, coalesce(lag(enrolled_at) OVER in_turn, '-infinity') AS previous_at,
            coalesce(lag(id) OVER in_turn, '') AS previous_id
          FROM users WHERE id = ANY(${[...userIds]}::text[]) AND recurring WINDOW in_turn AS (ORDER BY enrolled_at, id))
        SELECT u.id AS "userId", sum(between_us.count) OVER (ORDER BY u.enrolled_at, u.id)::int AS ahead,
          EXISTS (SELECT FROM bank_logins l WHERE l.user_id = u.id AND ${eligibleLoginSql(now)}) AS eligible
        FROM asked u CROSS JOIN LATERAL (
          SELECT count(*) FROM users before WHERE before.recurring
            AND (before.enrolled_at, before.id) >= (u.previous_at, u.previous_id)
            AND (before.enrolled_at, before.id) < (u.enrolled_at, u.id)) AS between_us`),
    listPositionsInRunningCycle: (userIds) =>
      database.query<PositionInCycle>(Prisma.sql`
        SELECT e.user_id AS "userId", c.opens_at AS "opensAt",
          (SELECT count(*)::int FROM cycle_entries before WHERE before.cycle_id = e.cycle_id AND before.lane = e.lane
            AND before.status IN ('PENDING', 'RUNNING') AND before.position < e.position) AS ahead
        FROM cycle_entries e JOIN synchronization_cycles c ON c.id = e.cycle_id
        WHERE c.status = 'RUNNING' AND e.user_id = ANY(${[...userIds]}::text[])
          AND e.status IN ('PENDING', 'RUNNING', 'RETRY')`),
  };
}

async function measureRecentCycles(database: Database): Promise<number | null> {
  const [row] = await database.query<{ pace_ms: number | null }>(Prisma.sql`
    WITH recent AS (
      SELECT c.id, c.lane_count, extract(epoch FROM c.finished_at - c.started_at) * 1000 AS ms FROM synchronization_cycles c
      WHERE c.status = 'COMPLETED'
        AND EXISTS (SELECT FROM cycle_entries e WHERE e.cycle_id = c.id AND e.status = 'SYNCHRONIZED')
      ORDER BY c.opens_at DESC LIMIT 5)
    SELECT (sum(ms * lane_count) / nullif(sum(n), 0))::float8 AS pace_ms FROM (
      SELECT r.ms, r.lane_count,
        (SELECT count(*) FROM cycle_entries e WHERE e.cycle_id = r.id AND e.attempt_count > 0) AS n
      FROM recent r) measured`);
  return row?.pace_ms ?? null;
}
