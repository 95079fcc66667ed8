import { type Database, Prisma } from '../storage/database.ts';
import type { ClaimedEntry } from './cycle-lane-store.ts';
import { eligibleLoginSql } from './eligibility.ts';

/** A login of a cycle's user as the cycle sees it. */
export interface CycleLogin {
  /** Null for the one row of a user without logins. */
  id: string | null;
  /** Of the user. */
  recurring: boolean;
  eligible: boolean;
  /** Synchronized by this very cycle already. */
  done: boolean;
}

export interface CycleUserStore {
  /** Empty when the user has been erased. */
  listLogins(entry: Pick<ClaimedEntry, 'cycleId' | 'userId'>, now: Date): Promise<CycleLogin[]>;
}

export function createCycleUserStore(database: Database): CycleUserStore {
  return {
    listLogins: ({ cycleId, userId }, now) =>
      database.query<CycleLogin>(Prisma.sql`
        SELECT l.id, u.recurring, coalesce(${eligibleLoginSql(now)}, false) AS eligible,
          coalesce(l.last_cycle_id = ${cycleId}, false) AS done
        FROM users u LEFT JOIN bank_logins l ON l.user_id = u.id
        WHERE u.id = ${userId} ORDER BY l.id`),
  };
}
