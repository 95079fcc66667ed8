import { type Database, Prisma } from '../storage/database.ts';
import { eligibleLoginSql } from './eligibility.ts';

export interface PositionAhead {
  userId: string;
  /** Recurring users who come before, those included whom the cycle will leave out: to look at each would take too long. */
  ahead: number;
  eligible: boolean;
}

export interface PositionInCycle {
  userId: string;
  opensAt: Date;
  /** Users of the same lane who come before and are not done. */
  ahead: number;
  /** Of a user who waits for another try: not earlier than this. */
  notBefore: Date | null;
}

export interface CompletedCycle {
  id: string;
  laneCount: number;
  /** From its opening to its end. */
  ms: number;
}

export interface CyclePlanStore {
  /** The last five that synchronized anybody. */
  listRecentCycles(): Promise<CompletedCycle[]>;
  /** Users of a completed cycle that something was done for: reads all its entries. */
  countTried(cycleId: string): Promise<number>;
  listPositionsAhead(userIds: readonly string[], now: Date): Promise<PositionAhead[]>;
  /** Of those users only who are in the running cycle and not done. */
  listPositionsInRunningCycle(userIds: readonly string[]): Promise<PositionInCycle[]>;
}

export function createCyclePlanStore(database: Database): CyclePlanStore {
  return {
    listRecentCycles: () =>
      database.query<CompletedCycle>(Prisma.sql`
        SELECT c.id, c.lane_count AS "laneCount", (extract(epoch FROM c.finished_at - c.started_at) * 1000)::float8 AS ms
        FROM synchronization_cycles c
        WHERE c.status = 'COMPLETED'
          AND EXISTS (SELECT FROM cycle_entries e WHERE e.cycle_id = c.id AND e.status = 'SYNCHRONIZED')
        ORDER BY c.opens_at DESC LIMIT 5`),
    async countTried(cycleId) {
      const [row] = await database.query<{ count: number }>(Prisma.sql`
        SELECT count(*)::int AS count FROM cycle_entries WHERE cycle_id = ${cycleId} AND attempt_count > 0`);
      return row?.count ?? 0;
    },
    // The users asked for cut the order of enrolment into pieces: each piece is counted once, however many are asked for.
    listPositionsAhead: (userIds, now) =>
      database.query<PositionAhead>(Prisma.sql`
        WITH asked AS (
          SELECT u.id, u.enrolled_at, lag(u.enrolled_at, 1, '-infinity') OVER w AS from_at, lag(u.id, 1, '') OVER w AS from_id
          FROM users u WHERE u.id = ANY(${[...userIds]}::text[]) AND u.recurring WINDOW w AS (ORDER BY u.enrolled_at, u.id))
        SELECT a.id AS "userId", sum(piece.count) OVER (ORDER BY a.enrolled_at, a.id)::int AS ahead,
          EXISTS (SELECT FROM bank_logins l WHERE l.user_id = a.id AND ${eligibleLoginSql(now)}) AS eligible
        FROM asked a CROSS JOIN LATERAL (
          SELECT count(*) FROM users b WHERE b.recurring
            AND (b.enrolled_at, b.id) >= (a.from_at, a.from_id) AND (b.enrolled_at, b.id) < (a.enrolled_at, a.id)) piece`),
    // Those who wait for another try come after all who have not had their turn.
    listPositionsInRunningCycle: (userIds) =>
      database.query<PositionInCycle>(Prisma.sql`
        WITH asked AS (
          SELECT e.user_id, e.cycle_id, e.lane, e.position, e.status, e.not_before, c.opens_at,
            lag(e.position, 1, 0) OVER (PARTITION BY e.lane, e.status = 'RETRY' ORDER BY e.position) AS from_position
          FROM synchronization_cycles c JOIN cycle_entries e ON e.cycle_id = c.id
          WHERE c.status = 'RUNNING' AND e.user_id = ANY(${[...userIds]}::text[])
            AND e.status IN ('PENDING', 'RUNNING', 'RETRY')),
        waiting AS (SELECT * FROM asked WHERE status = 'RETRY'),
        in_turn AS (
          SELECT a.*, sum(piece.count) OVER (PARTITION BY a.lane ORDER BY a.position) AS ahead
          FROM asked a CROSS JOIN LATERAL (
            SELECT count(*) FROM cycle_entries b WHERE b.cycle_id = a.cycle_id AND b.lane = a.lane
              AND b.status IN ('PENDING', 'RUNNING') AND b.position >= a.from_position AND b.position < a.position) piece
          WHERE a.status <> 'RETRY'),
        open AS (
          SELECT b.cycle_id, b.lane, count(*) FROM cycle_entries b
          WHERE b.status IN ('PENDING', 'RUNNING') AND (b.cycle_id, b.lane) IN (SELECT cycle_id, lane FROM waiting) GROUP BY 1, 2)
        SELECT user_id AS "userId", opens_at AS "opensAt", ahead::int AS ahead, NULL::timestamptz AS "notBefore"
        FROM in_turn
        UNION ALL
        SELECT w.user_id, w.opens_at, (coalesce(open.count, 0) + before.count)::int, w.not_before
        FROM waiting w LEFT JOIN open USING (cycle_id, lane) CROSS JOIN LATERAL (
          SELECT count(*) FROM cycle_entries b WHERE b.cycle_id = w.cycle_id AND b.lane = w.lane
            AND b.status = 'RETRY' AND (b.not_before, b.position) < (w.not_before, w.position)) before`),
  };
}
