import type { Agenda, Job } from 'agenda';
import { z } from 'zod';
import type { CycleRunner } from '../sync/cycle-runner.ts';
import { slotHours } from '../sync/cycle-slots.ts';
import type { Cycles } from '../sync/cycles.ts';
import type { SynchronizationQueue } from '../sync/synchronization-queue.ts';

export const jobNames = {
  openCycle: 'open-synchronization-cycle',
  reconcile: 'reconcile-synchronization',
  synchronizeUser: 'synchronize-user',
  maintain: 'maintain-consents-and-sessions',
} as const;

const laneTask = z.object({ cycleId: z.string(), lane: z.number().int().nonnegative() });

/** The lanes' tasks as Agenda documents: one in flight per lane, never one per user of a cycle. */
export function createSynchronizationQueue(agenda: Agenda): SynchronizationQueue {
  return {
    enqueueLane: async (cycleId, lane) =>
      void (await agenda.now(jobNames.synchronizeUser, laneTask.parse({ cycleId, lane }))),
  };
}

export interface JobsDeps {
  agenda: Agenda;
  cycles: Pick<Cycles, 'reconcile' | 'completeIfDone'>;
  runner: Pick<CycleRunner, 'workLane'>;
  queue: SynchronizationQueue;
  /** Taken up by whichever process comes first, every minute: expiry, erasures at the bank, sessions left behind. */
  maintenance: ReadonlyArray<{ name: string; run(): Promise<unknown> }>;
  laneCount: number;
  onError(job: string, error: unknown): void;
}

export interface Jobs {
  /** Schedules what recurs, brings the ledger up to date at once, and begins to work. */
  start(): Promise<void>;
  /** No new jobs; those that run are waited for by their owners. */
  stop(): Promise<void>;
}

export interface JobHandlers {
  reconcile(): Promise<void>;
  synchronizeUser(task: unknown, touch: () => Promise<void>): Promise<void>;
  maintain(): Promise<void>;
}

/** What the jobs do, without Agenda. */
export function createJobHandlers(deps: JobsDeps): JobHandlers {
  const { cycles, runner, queue, maintenance, onError } = deps;
  return {
    reconcile: () => cycles.reconcile(),
    async synchronizeUser(data, touch) {
      const task = laneTask.parse(data);
      const progress = await runner.workLane({ ...task, touch });
      if (progress === 'continue') await queue.enqueueLane(task.cycleId, task.lane);
      if (progress === 'finished') await cycles.completeIfDone(task.cycleId);
    },
    async maintain() {
      for (const task of maintenance) await task.run().catch((error: unknown) => onError(task.name, error));
    },
  };
}

export function createJobs(deps: JobsDeps): Jobs {
  const { agenda, laneCount, onError } = deps;
  const handlers = createJobHandlers(deps);
  const define = (name: string, concurrency: number, run: (job: Job) => Promise<void>): void =>
    agenda.define(
      name,
      async (job: Job) => {
        try {
          await run(job);
        } catch (error) {
          onError(name, error);
          throw error;
        }
      },
      { concurrency, lockLimit: concurrency },
    );
  return {
    async start() {
      define(jobNames.openCycle, 1, () => handlers.reconcile());
      define(jobNames.reconcile, 1, () => handlers.reconcile());
      define(jobNames.maintain, 1, () => handlers.maintain());
      define(jobNames.synchronizeUser, laneCount, (job) =>
        handlers.synchronizeUser(
          job.attrs.data,
          createTouch(() => job.touch()),
        ),
      );
      await agenda.start();
      const utc = { timezone: 'UTC', skipImmediate: true };
      await agenda.every(`0 ${slotHours.join(',')} * * *`, jobNames.openCycle, undefined, utc);
      await agenda.every('*/15 * * * * *', jobNames.reconcile, undefined, utc);
      await agenda.every('30 * * * * *', jobNames.maintain, undefined, utc);
      await handlers.reconcile();
    },
    stop: async () => void (await agenda.drain({ timeout: 10_000 })),
  };
}

const touchEveryMs = 5_000;

// A touch is a write to the job store: once in a while is enough for a lock of a minute.
function createTouch(touch: () => Promise<unknown>): () => Promise<void> {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < touchEveryMs) return;
    lastMs = performance.now();
    await touch();
  };
}
