import { type Database, Prisma } from '../storage/database.ts';
import { type CycleLogin, type CycleLoginRow, loginColumns, loginJoins, toCycleLogin } from './cycle-user-store.ts';
import { eligibleConsentSql } from './eligibility.ts';
import { defaultLeaseSeconds, leaseSql } from './lease.ts';
import type { SynchronizationContext } from './synchronization-context-store.ts';

/** The right to work on a lane, for as long as nobody took it with a higher token. */
export interface LaneHold {
  cycleId: string;
  lane: number;
  fencingToken: number;
}

export interface ClaimedEntry {
  cycleId: string;
  userId: string;
  clientId: string;
  fencingToken: number;
  attemptCount: number;
  /** As of the claim; null where they are to be read again, since a holder before us may have been storing at that moment. */
  logins: CycleLogin[] | null;
}

/** The entry that a lane will come to next, if nothing changes: read ahead, not claimed. Its first login is one to be synchronized. */
export interface ExpectedEntry extends ClaimedEntry {
  logins: CycleLogin[];
  /** As it was read: the claim fails where login or consent is another by then. */
  first: SynchronizationContext;
}

export type EntryOutcome =
  | { status: 'SYNCHRONIZED' }
  | { status: 'FAILED' | 'SKIPPED'; reason: string }
  | {
      status: 'RETRY';
      reason: string;
      /** It is the lane's turn then, once all others have had theirs. */
      notBefore: Date;
      /** False when the bank was not asked, or the database was away: then this was no try. */
      counts: boolean;
    };

export interface CycleLaneStore {
  /** Null when somebody else holds the lane, or when it is finished. */
  takeLane(cycleId: string, lane: number, holder: string): Promise<LaneHold | null>;
  /** False when the lane has been taken by another meanwhile. */
  renewLane(hold: LaneHold): Promise<boolean>;
  releaseLane(hold: LaneHold): Promise<void>;
  /** Records the outcome of the entry before, when there is one, and hands out the next; null when none is left or the lane is lost. */
  claimNext(hold: LaneHold, now: Date, before: FinishedEntry | null): Promise<ClaimedEntry | null>;
  /** Reads ahead while this user's entry is under way. Null where what comes next can only be known later. */
  expectNext(hold: LaneHold, now: Date, userId: string): Promise<ExpectedEntry | null>;
  /**
   * As `claimNext`, of the expected entry, as CTEs for the statement that counts its accesses: `claimed` has a row where the lane is still
   * held, and the entry, its user, login and consent are as they were read.
   */
  claimCtes(hold: LaneHold, now: Date, before: FinishedEntry, expected: ExpectedEntry): Prisma.Sql;
  finishEntry(hold: LaneHold, now: Date, finished: FinishedEntry): Promise<void>;
  /** True when the lane is now finished: held by us and without open entries. */
  finishLane(hold: LaneHold, now: Date): Promise<boolean>;
  /** Nobody takes another entry of this cycle: its window is over. Entries under way may still end. */
  closeLanes(cycleId: string): Promise<void>;
  /** Lanes of the running cycle that nobody works on, though there is something to do in them. */
  listIdleLanes(now: Date): Promise<Array<{ cycleId: string; lane: number }>>;
  /** Hands back every lane at once: only where no other process can be alive. */
  releaseAllLanes(): Promise<void>;
}

export interface FinishedEntry {
  userId: string;
  outcome: EntryOutcome;
}

/** A lane is held for `leaseSeconds` without a word from its holder; then another may take it. */
export function createCycleLaneStore(database: Database, leaseSeconds = defaultLeaseSeconds): CycleLaneStore {
  const lease = leaseSql(leaseSeconds);
  return {
    async takeLane(cycleId, lane, holder) {
      const [row] = await database.query<{ fencing_token: number }>(Prisma.sql`
        UPDATE cycle_lanes l SET holder = ${holder}, fencing_token = l.fencing_token + 1, lease_until = ${lease}
        FROM synchronization_cycles c
        WHERE l.cycle_id = ${cycleId} AND l.lane = ${lane} AND l.finished_at IS NULL
          AND (l.lease_until IS NULL OR l.lease_until < now())
          AND c.id = l.cycle_id AND c.status = 'RUNNING'
        RETURNING l.fencing_token`);
      return row ? { cycleId, lane, fencingToken: row.fencing_token } : null;
    },
    async renewLane(hold) {
      const rows = await database.query(Prisma.sql`
        UPDATE cycle_lanes SET lease_until = ${lease} WHERE ${heldBy(hold)} RETURNING lane`);
      return rows.length > 0;
    },
    async releaseLane(hold) {
      await database.query(Prisma.sql`UPDATE cycle_lanes SET holder = NULL, lease_until = NULL WHERE ${heldBy(hold)}`);
    },
    claimNext: (hold, now, before) => claimNext(database, hold, { now, before, lease }),
    expectNext: (hold, now, userId) => expectNext(database, hold, { now, userId }),
    claimCtes: (hold, now, before, expected) => claimCtes(hold, { now, before, expected, lease }),
    finishEntry: (hold, now, finished) => finishEntry(database, hold, { now, finished }),
    async finishLane(hold, now) {
      const rows = await database.query(Prisma.sql`
        UPDATE cycle_lanes l SET finished_at = ${now}, holder = NULL, lease_until = NULL
        WHERE ${heldBy(hold)} AND NOT EXISTS (
          SELECT FROM cycle_entries e WHERE e.cycle_id = l.cycle_id AND e.lane = l.lane AND e.status IN ('PENDING', 'RUNNING', 'RETRY'))
        RETURNING lane`);
      return rows.length > 0;
    },
    async closeLanes(cycleId) {
      await database.query(Prisma.sql`
        UPDATE cycle_lanes SET holder = 'closed', fencing_token = fencing_token + 1, lease_until = now() + interval '1 hour'
        WHERE cycle_id = ${cycleId} AND finished_at IS NULL`);
    },
    async listIdleLanes(now) {
      const rows = await database.query<{ cycle_id: string; lane: number }>(Prisma.sql`
        SELECT l.cycle_id, l.lane FROM cycle_lanes l JOIN synchronization_cycles c ON c.id = l.cycle_id
        WHERE c.status = 'RUNNING' AND l.finished_at IS NULL AND (l.lease_until IS NULL OR l.lease_until < now())
          AND (NOT EXISTS (SELECT FROM cycle_entries e
              WHERE e.cycle_id = l.cycle_id AND e.lane = l.lane AND e.status IN ('PENDING', 'RUNNING', 'RETRY'))
            OR EXISTS (SELECT FROM cycle_entries e
              WHERE e.cycle_id = l.cycle_id AND e.lane = l.lane AND (e.status IN ('PENDING', 'RUNNING')
                OR (e.status = 'RETRY' AND e.not_before <= ${now}))))
        ORDER BY l.lane`);
      return rows.map((row) => ({ cycleId: row.cycle_id, lane: row.lane }));
    },
    async releaseAllLanes() {
      await database.query(
        Prisma.sql`UPDATE cycle_lanes SET holder = NULL, lease_until = NULL WHERE lease_until IS NOT NULL`,
      );
    },
  };
}

function heldBy(hold: LaneHold): Prisma.Sql {
  return Prisma.sql`cycle_id = ${hold.cycleId} AND lane = ${hold.lane} AND fencing_token = ${hold.fencingToken} AND finished_at IS NULL`;
}

// From one user to the next nobody waits for the disk: the statements that count accesses and store data, which follow, take
// this with them. Were the database server to lose it, the lane would go on with the user before, as after any crash.
const withoutWaiting = Prisma.sql`set_config('synchronous_commit', 'off', true)`;

function finishSql(hold: LaneHold, now: Date, { userId, outcome }: FinishedEntry): Prisma.Sql {
  const reason = outcome.status === 'SYNCHRONIZED' ? null : outcome.reason;
  const isTry = outcome.status !== 'RETRY' || outcome.counts;
  return Prisma.sql`
    UPDATE cycle_entries SET status = ${outcome.status}::"CycleEntryStatus", reason = ${reason}::text, finished_at = ${now},
      not_before = ${outcome.status === 'RETRY' ? outcome.notBefore : null}::timestamptz,
      attempt_count = attempt_count - ${isTry ? 0 : 1}::int
    WHERE cycle_id = ${hold.cycleId} AND user_id = ${userId} AND status = 'RUNNING' AND fencing_token = ${hold.fencingToken}`;
}

/** `finishSql` as a CTE beside `held`: the lane is locked before it, held or not. */
function finishedSql(hold: LaneHold, now: Date, before: FinishedEntry): Prisma.Sql {
  return Prisma.sql`${finishSql(hold, now, before)} AND (SELECT count(*) FROM held) >= 0 RETURNING user_id`;
}

async function finishEntry(
  database: Database,
  hold: LaneHold,
  { now, finished }: { now: Date; finished: FinishedEntry },
): Promise<void> {
  await database.query(Prisma.sql`${finishSql(hold, now, finished)} RETURNING ${withoutWaiting}`);
}

interface EntryRow extends CycleLoginRow {
  entryUserId: string;
  entryClientId: string;
  attemptCount: number;
}

function toEntry(hold: LaneHold, row: EntryRow): Omit<ClaimedEntry, 'logins'> {
  return {
    cycleId: hold.cycleId,
    userId: row.entryUserId,
    clientId: row.entryClientId,
    fencingToken: hold.fencingToken,
    attemptCount: row.attemptCount,
  };
}

interface ClaimedRow extends EntryRow {
  wasRunning: boolean;
  /** False of a user who has been erased. */
  exists: boolean;
}

/**
 * One entry, with the lane's token. First what a holder before us left RUNNING, then the rest in order of enrolment, and
 * those to be tried once more at the very end.
 *
 * The outcome of the entry before is recorded by the same statement, in a fixed order: the lane is locked first, as by everybody;
 * then the outcome is written, held or not, since an entry under way may still end when its lane has been closed; and what is next
 * is looked for only then, since the partial unique index on RUNNING entries of a lane is checked row by row. An entry to be tried
 * once more is put back beforehand: one statement cannot write a row twice, and it may be the next itself.
 *
 * The user's logins come with it, as this statement found them when it began. Nobody else was at work on them for this cycle
 * then, unless the entry was RUNNING: what its holder stores in that very moment would be unseen, and done twice.
 */
async function claimNext(
  database: Database,
  hold: LaneHold,
  { now, before, lease }: { now: Date; before: FinishedEntry | null; lease: Prisma.Sql },
): Promise<ClaimedEntry | null> {
  const isPutBack = before?.outcome.status === 'RETRY';
  if (before && isPutBack) await finishEntry(database, hold, { now, finished: before });
  const finished =
    before && !isPutBack ? finishedSql(hold, now, before) : Prisma.sql`SELECT NULL::text AS user_id WHERE false`;
  const rows = await database.query<ClaimedRow>(Prisma.sql`
    WITH held AS (
      UPDATE cycle_lanes SET lease_until = ${lease} WHERE ${heldBy(hold)} RETURNING lane, ${withoutWaiting}),
    finished AS (${finished}),
    next AS (
      (SELECT user_id, 0 AS turn FROM cycle_entries
        WHERE cycle_id = ${hold.cycleId} AND lane = ${hold.lane} AND status = 'RUNNING'
          AND user_id NOT IN (SELECT user_id FROM finished) LIMIT 1)
      UNION ALL
      (SELECT user_id, 1 FROM cycle_entries
        WHERE cycle_id = ${hold.cycleId} AND lane = ${hold.lane} AND status = 'PENDING' ORDER BY position LIMIT 1)
      UNION ALL
      (SELECT user_id, 2 FROM cycle_entries
        WHERE cycle_id = ${hold.cycleId} AND lane = ${hold.lane} AND status = 'RETRY'
          AND not_before <= ${now} ORDER BY not_before, position LIMIT 1)
      ORDER BY turn LIMIT 1),
    claimed AS (
      UPDATE cycle_entries e
      SET status = 'RUNNING', fencing_token = ${hold.fencingToken}, started_at = coalesce(e.started_at, ${now}),
        attempt_count = CASE WHEN e.status = 'RUNNING' THEN e.attempt_count ELSE e.attempt_count + 1 END
      FROM next, held WHERE e.cycle_id = ${hold.cycleId} AND e.user_id = next.user_id
        AND e.status = ANY (CASE next.turn WHEN 0 THEN '{RUNNING}' ELSE '{PENDING,RETRY}' END::"CycleEntryStatus"[])
      RETURNING e.user_id, e.client_id, e.attempt_count, next.turn = 0 AS was_running)
    SELECT claimed.user_id AS "entryUserId", claimed.client_id AS "entryClientId", claimed.attempt_count AS "attemptCount",
      claimed.was_running AS "wasRunning", u.id IS NOT NULL AS exists, ${loginColumns(hold.cycleId, now)}
    FROM claimed LEFT JOIN users u ON u.id = claimed.user_id ${loginJoins} ORDER BY l.id`);
  const [row] = rows;
  if (!row) return null;
  return {
    ...toEntry(hold, row),
    logins: row.wasRunning ? null : rows.filter(({ exists }) => exists).map(toCycleLogin),
  };
}

async function expectNext(
  database: Database,
  hold: LaneHold,
  { now, userId }: { now: Date; userId: string },
): Promise<ExpectedEntry | null> {
  const { cycleId, lane } = hold;
  const rows = await database.query<EntryRow>(Prisma.sql`
    SELECT e.user_id AS "entryUserId", e.client_id AS "entryClientId", e.attempt_count + 1 AS "attemptCount",
      ${loginColumns(cycleId, now)}
    FROM (
      SELECT * FROM cycle_entries WHERE cycle_id = ${cycleId} AND lane = ${lane} AND status = 'PENDING' AND user_id <> ${userId}
      ORDER BY position LIMIT 1) e
    JOIN users u ON u.id = e.user_id ${loginJoins} ORDER BY l.id`);
  const [row] = rows;
  const logins = rows.map(toCycleLogin);
  const [first] = logins;
  const isDue = first?.recurring && first.eligible && !first.done && first.failures.length === 0;
  if (!row || !isDue || !first.context?.consent) return null;
  return { ...toEntry(hold, row), logins, first: first.context };
}

function claimCtes(
  hold: LaneHold,
  { now, before, expected, lease }: { now: Date; before: FinishedEntry; expected: ExpectedEntry; lease: Prisma.Sql },
): Prisma.Sql {
  const { bankLoginId, rowVersion, consent } = expected.first;
  return Prisma.sql`
    held AS (UPDATE cycle_lanes SET lease_until = ${lease} WHERE ${heldBy(hold)} RETURNING lane),
    finished AS (${finishedSql(hold, now, before)}),
    claimed AS (
      UPDATE cycle_entries e
      SET status = 'RUNNING', fencing_token = ${hold.fencingToken}, started_at = ${now}, attempt_count = e.attempt_count + 1
      FROM held WHERE e.cycle_id = ${hold.cycleId} AND e.user_id = ${expected.userId} AND e.status = 'PENDING'
        AND (SELECT count(*) FROM finished) >= 0
        AND EXISTS (
          SELECT FROM users u JOIN bank_logins l ON l.user_id = u.id JOIN consents k ON k.bank_login_id = l.id JOIN banks b ON b.id = k.bank_id
          WHERE u.id = e.user_id AND u.recurring AND l.id = ${bankLoginId} AND l.xmin::text = ${rowVersion}
            AND k.id = ${consent?.id ?? null} AND ${eligibleConsentSql(now)})
      RETURNING e.user_id)`;
}
