import type { BankFailureCode } from '../banking/bank-failure.ts';
import type { Clock } from '../domain/clock.ts';
import type { Prisma } from '../storage/database.ts';
import type { ClaimedEntry, EntryOutcome } from './cycle-lane-store.ts';
import { slotAt } from './cycle-slots.ts';
import type { CycleLogin, CycleUserStore } from './cycle-user-store.ts';
import { meaningOf } from './synchronization-failure.ts';
import type { SynchronizeLogin, SynchronizeLoginOutcome } from './synchronize-login.ts';

/**
 * Synchronizes one user's logins for a cycle, one after another, leaving out those that this cycle has done already.
 * `interrupted`: the process is stopping; `stale`: the entry has been taken over, and nothing more may be written for it; `unclaimed`:
 * given the `claim` of an expected entry, things had changed since it was read, and nothing was done.
 *
 * A cycle comes to a user some seconds earlier or later each day, but an access counts for 24 hours to the second, at a strict bank
 * as in our ledger (invariant 9). So a login whose access is not free yet waits for it within the window, and no slot loses its
 * access: its cycles come at about the latest time of day that they have had.
 */
export type UserSynchronizer = (
  entry: ClaimedEntry,
  interrupt: AbortSignal,
  claim?: Prisma.Sql,
) => Promise<EntryOutcome | 'interrupted' | 'stale' | 'unclaimed'>;

export interface UserSynchronizerDeps {
  clock: Clock;
  users: CycleUserStore;
  synchronizeLogin: SynchronizeLogin;
}

// The ledger counts from before a call, the bank from when the call comes in: without some seconds between, a strict bank would
// count yesterday's still. That is also what such a login's time of day moves by in a day, at most.
const marginMs = 10_000;

// A login that the bank failed on is tried once more, at the end of the cycle.
const attemptsPerCycle = 2;

export function createUserSynchronizer({ clock, users, synchronizeLogin }: UserSynchronizerDeps): UserSynchronizer {
  return async (entry, interrupt, claim) => {
    const logins = entry.logins ?? (await users.listLogins(entry, clock.now()));
    const skipped = reasonToSkip(logins);
    if (skipped) return { status: 'SKIPPED', reason: skipped };
    const outcomes: SynchronizeLoginOutcome[] = [];
    let known = logins;
    let isOld = false;
    for (const { id } of logins) {
      // While the bank of one was asked, the user may have opted out, or another login have lost its consent.
      if (isOld) known = await users.listLogins(entry, clock.now());
      isOld = false;
      const login = known.find((one) => one.id === id);
      if (!login || login.id === null || login.done) continue;
      if (!login.recurring) outcomes.push({ kind: 'skipped', reason: 'NOT_RECURRING' });
      if (!login.recurring || !login.eligible) continue;
      const earlier = endBefore(login);
      if (earlier) {
        outcomes.push(earlier);
        continue;
      }
      const [earlierFailure = null] = triesOf(login);
      const outcome = await synchronizeLogin({
        loginId: login.id,
        ...(login.context && { context: login.context }),
        ...(claim && outcomes.length === 0 && { claim }),
        trigger: 'SCHEDULER',
        psu: null,
        cycle: { cycleId: entry.cycleId, userId: entry.userId, fencingToken: entry.fencingToken },
        cycleTry: {
          isLast: earlierFailure !== null || entry.attemptCount >= attemptsPerCycle,
          earlierFailure,
          wasPassedOver: login.failures.includes('BANK_PASSED_OVER'),
        },
        signal: interrupt,
      });
      isOld = true;
      if (outcome.kind === 'stale') return 'stale';
      if (outcome.kind === 'interrupted') return 'interrupted';
      if (outcome.kind === 'unclaimed') return 'unclaimed';
      outcomes.push(waitingForAccess(outcome, slotAt(clock.now()).closesAt) ?? outcome);
    }
    const someDone = logins.some(({ done }) => done);
    return toEntryOutcome(outcomes, { someDone, attemptCount: entry.attemptCount, now: clock.now() });
  };
}

/** Of this cycle's attempts, those that the bank has answered, or should have. */
function triesOf({ failures }: CycleLogin): BankFailureCode[] {
  return failures.filter((code) => code !== 'BANK_PASSED_OVER' && code !== 'UNEXPECTED' && code !== 'ACCESS_LIMIT');
}

function waitingForAccess(outcome: SynchronizeLoginOutcome, closesAt: Date): SynchronizeLoginOutcome | null {
  if (outcome.kind !== 'skipped' || outcome.refusedBy !== 'ledger' || !outcome.retryAt) return null;
  const until = new Date(outcome.retryAt.getTime() + marginMs);
  return until < closesAt ? { kind: 'postponed', reason: outcome.reason, until } : null;
}

/**
 * How this login has ended in this cycle already, or null when it is to be tried: what a process before us noted and could not
 * record any more, or what an end of the cycle for the sake of another login need not try again.
 */
function endBefore(login: CycleLogin): SynchronizeLoginOutcome | null {
  const tries = triesOf(login);
  const [first] = tries;
  if (first === undefined) return null;
  if (first === 'ACCESS_EXCEEDED') return { kind: 'skipped', reason: 'ACCESS_LIMIT' };
  const meaning = meaningOf(first);
  const isTriedAgain = meaning.kind === 'failed' && meaning.retryable && tries.length < attemptsPerCycle;
  return isTriedAgain ? null : { kind: 'failed', code: first, retryable: false };
}

/** What the logins' outcomes make of the user's entry: what is still to come first, else the worst. Pure. */
export function toEntryOutcome(
  outcomes: readonly SynchronizeLoginOutcome[],
  { someDone, attemptCount, now }: { someDone: boolean; attemptCount: number; now: Date },
): EntryOutcome {
  const postponed = outcomes.find((outcome) => outcome.kind === 'postponed');
  const failed = outcomes.find((outcome) => outcome.kind === 'failed');
  const retried =
    attemptCount < attemptsPerCycle && outcomes.find((outcome) => outcome.kind === 'failed' && outcome.retryable);
  if (postponed || retried) {
    const times = outcomes.flatMap((outcome) => {
      if (outcome.kind === 'postponed') return outcome.until;
      return outcome.kind === 'failed' && outcome.retryable ? (outcome.retryAt ?? now) : [];
    });
    const notBefore = new Date(Math.min(...times.map((time) => time.getTime())));
    const reason = failed?.code ?? postponed?.reason ?? 'BANK_UNAVAILABLE';
    return { status: 'RETRY', reason, notBefore, counts: Boolean(retried) };
  }
  if (failed) return { status: 'FAILED', reason: failed.code };
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
