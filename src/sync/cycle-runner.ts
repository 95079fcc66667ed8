import { randomUUID } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import type { Prisma } from '../storage/database.ts';
import { isDatabaseAway } from '../storage/database-errors.ts';
import type { ClaimedEntry, CycleLaneStore, ExpectedEntry, FinishedEntry, LaneHold } from './cycle-lane-store.ts';
import { defaultLeaseSeconds, renewRegularly } from './lease.ts';
import { settledWithin } from './settled-within.ts';
import type { UserSynchronizer } from './synchronize-user.ts';

export interface LaneTask {
  cycleId: string;
  lane: number;
  /** Called before every user, so that the job's lock outlives the work. */
  touch(): Promise<void>;
}

/** `continue`: there is more to do in this lane; `busy`: somebody else holds it; `finished`: nothing is left in it. */
export type LaneProgress = 'continue' | 'busy' | 'finished';

export interface CycleRunner {
  /**
   * Works on one lane, one user after another, until it is done or the task has lasted long enough; the next task goes on.
   * A crash at any point loses at most the bank calls of one login: what is stored is stored once.
   */
  workLane(task: LaneTask): Promise<LaneProgress>;
  /** Lets running logins finish or hands them back, within `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

// Jobs stay short, since a job that outlives its lock is run twice (Agenda); and one job for several users, since a job
// costs about five statements of its own.
const taskMs = 5_000;

export interface CycleRunnerDeps {
  clock: Clock;
  lanes: CycleLaneStore;
  synchronizeUser: UserSynchronizer;
  /** Of a lane, as the store gives it. @default 60 */
  leaseSeconds?: number;
  /** Told of what should not have happened to a user; the lane goes on. */
  onUnexpected(error: unknown, entry: ClaimedEntry): void;
}

export function createCycleRunner(deps: CycleRunnerDeps): CycleRunner {
  const { clock, lanes, synchronizeUser, leaseSeconds = defaultLeaseSeconds, onUnexpected } = deps;
  let stopping = false;
  const interrupt = new AbortController();
  const running = new Set<Promise<LaneProgress>>();

  async function workLane(task: LaneTask): Promise<LaneProgress> {
    if (stopping) return 'busy';
    const hold = await lanes.takeLane(task.cycleId, task.lane, randomUUID());
    if (!hold) return 'busy';
    const stopRenewing = renewRegularly(leaseSeconds, () => lanes.renewLane(hold));
    try {
      return await workEntries(hold, task);
    } finally {
      stopRenewing();
      await lanes.releaseLane(hold);
    }
  }

  async function workEntries(hold: LaneHold, task: LaneTask): Promise<LaneProgress> {
    const startedMs = performance.now();
    let before: FinishedEntry | null = null;
    let expected: ExpectedEntry | null = null;
    for (;;) {
      if (before && (stopping || performance.now() - startedMs > taskMs)) {
        await lanes.finishEntry(hold, clock.now(), before);
        return 'continue';
      }
      const claim: Prisma.Sql | undefined =
        before && expected ? lanes.claimCtes(hold, clock.now(), before, expected) : undefined;
      const entry: ClaimedEntry | null = claim ? expected : await lanes.claimNext(hold, clock.now(), before);
      if (!entry) return (await lanes.finishLane(hold, clock.now())) ? 'finished' : 'busy';
      await task.touch();
      // While its bank is asked. Where it fails, the next is claimed in the ordinary way.
      const reading: Promise<ExpectedEntry | null> = lanes
        .expectNext(hold, clock.now(), entry.userId)
        .catch(() => null);
      const outcome = await synchronizeGuarded(entry, claim);
      // Handed back: the entry stays RUNNING, and whoever takes the lane next begins with it.
      if (outcome === 'interrupted') return 'continue';
      if (outcome === 'stale') return 'busy';
      expected = null;
      if (outcome === 'unclaimed') continue;
      before = { userId: entry.userId, outcome };
      if (outcome.status !== 'RETRY') expected = await reading;
    }
  }

  // A bug that one user's data brings to light must not stop the others (invariant 8). While the database is gone, recording the outcome
  // fails too, and with it the task: the ledger stays as it was. Once it is back, the user has lost no try by it.
  async function synchronizeGuarded(entry: ClaimedEntry, claim?: Prisma.Sql): ReturnType<UserSynchronizer> {
    try {
      return await synchronizeUser(entry, interrupt.signal, claim);
    } catch (error) {
      onUnexpected(error, entry);
      const counts = !isDatabaseAway(error);
      if (counts && entry.attemptCount >= 2) return { status: 'FAILED', reason: 'UNEXPECTED' };
      return { status: 'RETRY', reason: 'UNEXPECTED', notBefore: clock.now(), counts };
    }
  }

  return {
    workLane(task) {
      const work = workLane(task);
      running.add(work);
      return work.finally(() => running.delete(work));
    },
    async stop(limitMs) {
      stopping = true;
      await settledWithin(running, limitMs * 0.8);
      interrupt.abort();
      await settledWithin(running, limitMs * 0.2);
    },
  };
}
