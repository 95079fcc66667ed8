import type { BankFailureCode } from '../banking/bank-failure.ts';
import type { Clock } from '../domain/clock.ts';
import type { ClaimedEntry, EntryOutcome } from './cycle-lane-store.ts';
import type { CycleLogin, CycleUserStore } from './cycle-user-store.ts';
import { meaningOf } from './synchronization-failure.ts';
import type { SynchronizeLogin, SynchronizeLoginOutcome } from './synchronize-login.ts';

/**
 * Synchronizes one user's logins for a cycle, one after another, leaving out those that this cycle has done already.
 * `interrupted`: the process is stopping; `stale`: the entry has been taken over, and nothing more may be written for it.
 */
export type UserSynchronizer = (
  entry: ClaimedEntry,
  interrupt: AbortSignal,
) => Promise<EntryOutcome | 'interrupted' | 'stale'>;

export interface UserSynchronizerDeps {
  clock: Clock;
  users: CycleUserStore;
  synchronizeLogin: SynchronizeLogin;
}

// A login that the bank failed on is tried once more, at the end of the cycle.
const attemptsPerCycle = 2;

export function createUserSynchronizer({ clock, users, synchronizeLogin }: UserSynchronizerDeps): UserSynchronizer {
  return async (entry, interrupt) => {
    const logins = entry.logins ?? (await users.listLogins(entry, clock.now()));
    const skipped = reasonToSkip(logins);
    if (skipped) return { status: 'SKIPPED', reason: skipped };
    const outcomes: SynchronizeLoginOutcome[] = [];
    let isFresh = true;
    for (const login of logins) {
      if (login.id === null || login.done || !login.eligible) continue;
      const earlier = endBefore(login);
      if (earlier) {
        outcomes.push(earlier);
        continue;
      }
      const [earlierFailure = null] = login.failures as BankFailureCode[];
      const outcome = await synchronizeLogin({
        loginId: login.id,
        // What was read of the others is old by the time that the bank of this one has answered.
        ...(isFresh && login.context && { context: login.context }),
        trigger: 'SCHEDULER',
        psu: null,
        cycle: { cycleId: entry.cycleId, userId: entry.userId, fencingToken: entry.fencingToken },
        cycleTry: { isLast: earlierFailure !== null || entry.attemptCount >= attemptsPerCycle, earlierFailure },
        signal: interrupt,
      });
      isFresh = false;
      if (outcome.kind === 'stale') return 'stale';
      if (outcome.kind === 'interrupted') return 'interrupted';
      outcomes.push(outcome);
    }
    return toEntryOutcome(outcomes, { someDone: logins.some((login) => login.done), attemptCount: entry.attemptCount });
  };
}

/**
 * How this login has ended in this cycle already, or null when it is to be tried: what a process before us noted and could not
 * record any more, or what an end of the cycle for the sake of another login need not try again.
 */
function endBefore({ failures }: CycleLogin): SynchronizeLoginOutcome | null {
  const [first] = failures;
  if (first === undefined) return null;
  if (first === 'ACCESS_LIMIT' || first === 'ACCESS_EXCEEDED') return { kind: 'skipped', reason: 'ACCESS_LIMIT' };
  const meaning = meaningOf(first);
  const isTriedAgain = meaning.kind === 'failed' && meaning.retryable && failures.length < attemptsPerCycle;
  return isTriedAgain ? null : { kind: 'failed', code: first, retryable: false };
}

/** What the logins' outcomes make of the user's entry: the worst counts. Pure. */
export function toEntryOutcome(
  outcomes: readonly SynchronizeLoginOutcome[],
  { someDone, attemptCount }: { someDone: boolean; attemptCount: number },
): EntryOutcome {
  const failed = outcomes.find((outcome) => outcome.kind === 'failed');
  if (failed) {
    const retry = attemptCount < attemptsPerCycle && outcomes.some((o) => o.kind === 'failed' && o.retryable);
    return { status: retry ? 'RETRY' : 'FAILED', reason: failed.code };
  }
  if (someDone || outcomes.some((outcome) => outcome.kind === 'synchronized')) return { status: 'SYNCHRONIZED' };
  const skipped = outcomes.find((outcome) => outcome.kind === 'skipped');
  return { status: 'SKIPPED', reason: skipped?.reason ?? 'NOT_ELIGIBLE' };
}

function reasonToSkip(logins: readonly CycleLogin[]): string | null {
  const [first] = logins;
  if (!first) return 'USER_DELETED';
  if (logins.some((login) => login.done)) return null;
  if (!first.recurring) return 'NOT_RECURRING';
  return logins.some((login) => login.eligible) ? null : 'NOT_ELIGIBLE';
}
