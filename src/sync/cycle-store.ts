import { newId } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { pageById } from '../storage/page-by-id.ts';
import type { Slot } from './cycle-slots.ts';
import type { CycleFailureCode } from './cycle-user-store.ts';
import { eligibleLoginSql } from './eligibility.ts';
import type { FailedLogin } from './failure-event.ts';
import { type LoginFailureCode, retryableCodes } from './synchronization-failure.ts';

export interface CycleRecord {
  id: string;
  kind: 'SCHEDULED' | 'EXTRA';
  opensAt: Date;
  closesAt: Date;
  status: 'RUNNING' | 'COMPLETED';
  startedAt: Date;
  finishedAt: Date | null;
}

export interface CycleCounts {
  usersEnrolled: number;
  usersSynchronized: number;
  usersFailed: number;
  usersSkipped: number;
}

export interface OpenedCycle {
  cycle: CycleRecord;
  laneCount: number;
}

export interface GivenUp {
  entryCount: number;
  /** Logins of whose failure nobody has been told yet, since it was to be tried again. */
  logins: Array<FailedLogin & { code: LoginFailureCode }>;
}

export interface CycleStore {
  /** Opens the cycle of the slot with a snapshot of the eligible users; null when it exists already or another one is running. */
  open(slot: Slot, kind: CycleRecord['kind'], options: { laneCount: number; now: Date }): Promise<OpenedCycle | null>;
  findBySlot(opensAt: Date): Promise<CycleRecord | null>;
  /** In no order. */
  listByIds(ids: readonly string[]): Promise<CycleRecord[]>;
  findRunning(): Promise<CycleRecord | null>;
  /** Newest first; `after` is the id of the last one seen. */
  list(page: Page): Promise<CycleRecord[]>;
  countUsersOfCycles(cycleIds: readonly string[], clientId: string): Promise<Map<string, CycleCounts>>;
  /** Entries left when the window closes: skipped; failed where they had failed once; synchronized where all had been stored. */
  skipRest(tx: Transaction, cycleId: string, now: Date): Promise<void>;
  /** Of the entries that wait for another try when the window closes, ends `limit` at most. */
  giveUpRetries(tx: Transaction, cycleId: string, options: { now: Date; limit: number }): Promise<GivenUp>;
  /** True for the one caller that completes the cycle; every lane must be finished unless the window has closed. */
  complete(tx: Transaction, cycleId: string, options: { now: Date; evenUnfinished: 'yes' | 'no' }): Promise<boolean>;
  getForManifest(tx: Transaction, cycleId: string): Promise<CycleRecord>;
  countByClient(tx: Transaction, cycleId: string): Promise<Map<string, CycleCounts>>;
}

export function createCycleStore(database: Database): CycleStore {
  const { prisma } = database;
  const select = {
    id: true,
    kind: true,
    opensAt: true,
    closesAt: true,
    status: true,
    startedAt: true,
    finishedAt: true,
  } as const;
  return {
    open: (slot, kind, options) => database.transaction((tx) => openCycle(tx, { slot, kind, ...options })),
    findBySlot: (opensAt) => prisma.synchronizationCycle.findUnique({ where: { opensAt }, select }),
    listByIds: (ids) => prisma.synchronizationCycle.findMany({ where: { id: { in: [...ids] } }, select }),
    findRunning: () => prisma.synchronizationCycle.findFirst({ where: { status: 'RUNNING' }, select }),
    list: (page) => prisma.synchronizationCycle.findMany({ select, ...pageById(page, 'desc') }),
    async countUsersOfCycles(cycleIds, clientId) {
      const rows = await database.query<CountRow>(Prisma.sql`
        SELECT cycle_id AS key, status::text, count(*)::int AS count FROM cycle_entries
        WHERE cycle_id = ANY(${[...cycleIds]}::text[]) AND client_id = ${clientId} GROUP BY 1, 2`);
      return toCounts(rows);
    },
    giveUpRetries,
    async skipRest(tx, cycleId, now) {
      // A store under way ends first, so that the next statement sees what it has done; one that comes later is refused.
      await tx.$executeRaw`SELECT FROM cycle_entries WHERE cycle_id = ${cycleId} AND status = 'RUNNING' FOR UPDATE`;
      await tx.$executeRaw`
        UPDATE cycle_entries e SET finished_at = ${now}, status = closed.status::"CycleEntryStatus",
          reason = CASE closed.status WHEN 'FAILED' THEN e.reason WHEN 'SKIPPED' THEN 'WINDOW_CLOSED' END
        FROM (SELECT user_id, CASE
            WHEN status = 'RUNNING' AND ${allDoneSql(now)} THEN 'SYNCHRONIZED'
            WHEN status = 'RETRY' OR reason IS NOT NULL THEN 'FAILED'
            ELSE 'SKIPPED' END AS status
          FROM cycle_entries open WHERE cycle_id = ${cycleId} AND status IN ('PENDING', 'RUNNING', 'RETRY')) closed
        WHERE e.cycle_id = ${cycleId} AND e.user_id = closed.user_id`;
    },
    async complete(tx, cycleId, { now, evenUnfinished }) {
      const { count } = await tx.synchronizationCycle.updateMany({
        where: {
          id: cycleId,
          status: 'RUNNING',
          ...(evenUnfinished === 'no' ? { lanes: { none: { finishedAt: null } } } : {}),
        },
        data: { status: 'COMPLETED', finishedAt: now },
      });
      return count === 1;
    },
    getForManifest: (tx, cycleId) => tx.synchronizationCycle.findUniqueOrThrow({ where: { id: cycleId }, select }),
    async countByClient(tx, cycleId) {
      return toCounts(
        await tx.$queryRaw<CountRow[]>`
          SELECT client_id AS key, status::text, count(*)::int AS count FROM cycle_entries
          WHERE cycle_id = ${cycleId} GROUP BY 1, 2`,
      );
    },
  };
}

// Of these receivers are told when the cycle gives the login up.
const toldLater: LoginFailureCode[] = [...retryableCodes, 'UNEXPECTED'];
const passedOver = 'BANK_PASSED_OVER' satisfies CycleFailureCode;

interface GivenUpRow extends FailedLogin {
  entryCount: number;
  code: LoginFailureCode | null;
}

async function giveUpRetries(tx: Transaction, cycleId: string, { now, limit }: { now: Date; limit: number }) {
  // A store under way ends first, so that the next statement sees what it has done; one that comes later is refused.
  await tx.$executeRaw`SELECT FROM cycle_entries WHERE cycle_id = ${cycleId} AND status = 'RUNNING' FOR UPDATE`;
  const rows = await tx.$queryRaw<GivenUpRow[]>`
    WITH given_up AS (
      UPDATE cycle_entries SET finished_at = ${now}, reason = coalesce(reason, 'BANK_UNAVAILABLE'),
        status = CASE reason WHEN 'ACCESS_LIMIT' THEN 'SKIPPED' ELSE 'FAILED' END::"CycleEntryStatus"
      WHERE cycle_id = ${cycleId} AND user_id IN (
        SELECT user_id FROM cycle_entries open
        WHERE cycle_id = ${cycleId} AND (status = 'RETRY' OR (status = 'RUNNING' AND NOT ${allDoneSql(now)}
          AND (reason IS NOT NULL OR EXISTS (
            SELECT FROM bank_logins l JOIN synchronization_attempts a ON a.bank_login_id = l.id
            WHERE l.user_id = open.user_id AND a.cycle_id = ${cycleId} AND a.error_code = ANY(${[...toldLater, passedOver]})))))
        LIMIT ${limit}::int FOR UPDATE)
      RETURNING user_id),
    failed AS (
      SELECT l.*, CASE WHEN codes.all_of IS NULL AND codes.passed_over THEN 'BANK_UNAVAILABLE'
          WHEN cardinality(array_remove(codes.all_of, 'ACCESS_LIMIT')) = 1 THEN codes.all_of[cardinality(codes.all_of)] END AS code
      FROM given_up JOIN bank_logins l USING (user_id) CROSS JOIN LATERAL (
        SELECT array_agg(a.error_code ORDER BY a.started_at, a.id) FILTER (WHERE a.error_code <> ${passedOver}) AS all_of,
          bool_or(a.error_code = ${passedOver}) AS passed_over
        FROM synchronization_attempts a
        WHERE a.bank_login_id = l.id AND a.cycle_id = ${cycleId} AND a.error_code IS NOT NULL) codes
      WHERE l.last_cycle_id IS DISTINCT FROM ${cycleId})
    SELECT given.count AS "entryCount", f.code, f.client_id AS "clientId", f.user_id AS "userId",
      u.external_id AS "externalId", f.id AS "bankLoginId", f.bank_id AS "bankId", b.name AS "bankName"
    FROM (SELECT count(*)::int FROM given_up) given
    LEFT JOIN (failed f JOIN users u ON u.id = f.user_id JOIN banks b ON b.id = f.bank_id)
      ON f.code = ANY(${toldLater})`;
  return {
    entryCount: rows[0]?.entryCount ?? 0,
    logins: rows.flatMap(({ entryCount: _, code, ...login }) => (code ? [{ ...login, code }] : [])),
  };
}

/** Whether a process had stored all logins of the entry `open`, and only not recorded it. */
function allDoneSql(now: Date): Prisma.Sql {
  return Prisma.sql`(
    EXISTS (SELECT FROM bank_logins l WHERE l.user_id = open.user_id AND l.last_cycle_id = open.cycle_id)
    AND NOT EXISTS (SELECT FROM bank_logins l WHERE l.user_id = open.user_id
      AND l.last_cycle_id IS DISTINCT FROM open.cycle_id AND ${eligibleLoginSql(now)}))`;
}

interface CountRow {
  key: string;
  status: string;
  count: number;
}

export const noUsers: CycleCounts = { usersEnrolled: 0, usersSynchronized: 0, usersFailed: 0, usersSkipped: 0 };

function toCounts(rows: CountRow[]): Map<string, CycleCounts> {
  const counts = new Map<string, CycleCounts>();
  for (const { key, status, count } of rows) {
    const of = counts.get(key) ?? { ...noUsers };
    of.usersEnrolled += count;
    if (status === 'SYNCHRONIZED') of.usersSynchronized += count;
    if (status === 'FAILED') of.usersFailed += count;
    if (status === 'SKIPPED') of.usersSkipped += count;
    counts.set(key, of);
  }
  return counts;
}

interface Opening {
  slot: Slot;
  kind: CycleRecord['kind'];
  laneCount: number;
  now: Date;
}

// One lock for all who want to open: whoever comes second finds the row and lets be.
async function openCycle(tx: Transaction, { slot, kind, laneCount, now }: Opening): Promise<OpenedCycle | null> {
  await tx.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('synchronization_cycles'))`;
  const taken = await tx.synchronizationCycle.findFirst({
    where: { OR: [{ opensAt: slot.opensAt }, { status: 'RUNNING' }] },
    select: { id: true },
  });
  if (taken) return null;
  const cycle = await tx.synchronizationCycle.create({
    data: { id: newId('cycle', now), kind, ...slot, status: 'RUNNING', laneCount, startedAt: now },
  });
  await tx.$executeRaw`
    INSERT INTO cycle_entries (cycle_id, user_id, client_id, lane, position)
    SELECT ${cycle.id}, u.id, u.client_id, ${laneOf(laneCount)}, row_number() OVER (ORDER BY u.enrolled_at, u.id)
    FROM users u WHERE u.recurring
      AND EXISTS (SELECT FROM bank_logins l WHERE l.user_id = u.id AND ${eligibleLoginSql(now)})`;
  await tx.$executeRaw`
    INSERT INTO cycle_lanes (cycle_id, lane, fencing_token)
    SELECT ${cycle.id}, lane, 0 FROM generate_series(0, ${laneCount - 1}::int) AS lane`;
  return { cycle, laneCount };
}

// A stable hash of the user, so that a user keeps its lane from cycle to cycle.
function laneOf(laneCount: number): Prisma.Sql {
  return Prisma.sql`(('x' || substr(md5(u.id), 1, 8))::bit(32)::bigint % ${laneCount}::bigint)::int`;
}
