import { type Database, Prisma } from '../storage/database.ts';
import type { ClaimedEntry } from './cycle-lane-store.ts';
import { windowMs } from './cycle-slots.ts';
import { eligibleConsentSql } from './eligibility.ts';
import {
  type ContextRow,
  contextColumns,
  contextJoins,
  type SynchronizationContext,
  toContext,
} from './synchronization-context-store.ts';
import type { LoginFailureCode } from './synchronization-failure.ts';

/** Why an attempt of a cycle failed; ACCESS_LIMIT: our own ledger allowed no access; BANK_PASSED_OVER: the bank was not asked. */
export type CycleFailureCode = LoginFailureCode | 'ACCESS_LIMIT' | 'BANK_PASSED_OVER';

/** A login of a cycle's user as the cycle sees it. */
export interface CycleLogin {
  /** Null for the one row of a user without logins. */
  id: string | null;
  /** Of the user. */
  recurring: boolean;
  eligible: boolean;
  /** Synchronized by this very cycle already. */
  done: boolean;
  /** Error codes of this cycle's attempts so far, the first one first. */
  failures: CycleFailureCode[];
  /** As of this moment, so that a login which is brought up to date at once need not be read again; null where `id` is. */
  context: SynchronizationContext | null;
}

/** What `loginColumns` gives. */
export interface CycleLoginRow extends ContextRow, Omit<CycleLogin, 'context'> {}

export interface CycleUserStore {
  /** Empty when the user has been erased. */
  listLogins(entry: Pick<ClaimedEntry, 'cycleId' | 'userId'>, now: Date): Promise<CycleLogin[]>;
}

// A cycle lasts no longer than its window; processes' clocks may differ by a little.
const longestMs = windowMs + 3_600_000;

/** Of `users u` and `loginJoins`, in the order of `l.id`: a row for each login, or one for a user without any. */
export function loginColumns(cycleId: string, now: Date): Prisma.Sql {
  const earliest = new Date(now.getTime() - longestMs);
  return Prisma.sql`l.id, u.recurring, coalesce(${eligibleConsentSql(now)}, false) AS eligible,
    coalesce(l.last_cycle_id = ${cycleId}, false) AS done,
    ARRAY(SELECT a.error_code FROM synchronization_attempts a WHERE a.bank_login_id = l.id AND a.cycle_id = ${cycleId}
      AND a.started_at >= ${earliest} AND a.error_code IS NOT NULL ORDER BY a.started_at, a.id) AS failures,
    ${contextColumns}`;
}

export const loginJoins = Prisma.sql`LEFT JOIN bank_logins l ON l.user_id = u.id ${contextJoins}`;

export function toCycleLogin({ id, recurring, eligible, done, failures, ...context }: CycleLoginRow): CycleLogin {
  return { id, recurring, eligible, done, failures, context: id === null ? null : toContext(context) };
}

export function createCycleUserStore(database: Database): CycleUserStore {
  return {
    async listLogins({ cycleId, userId }, now) {
      const rows = await database.query<CycleLoginRow>(Prisma.sql`
        SELECT ${loginColumns(cycleId, now)} FROM users u ${loginJoins} WHERE u.id = ${userId} ORDER BY l.id`);
      return rows.map(toCycleLogin);
    },
  };
}
