import type { Agenda, Job } from 'agenda';
import { z } from 'zod';
import type { CycleRunner } from '../sync/cycle-runner.ts';
import { slotHours } from '../sync/cycle-slots.ts';
import type { Cycles } from '../sync/cycles.ts';
import { settledWithin } from '../sync/settled-within.ts';
import type { SynchronizationQueue } from '../sync/synchronization-queue.ts';

export const jobNames = {
  openCycle: 'open-synchronization-cycle',
  synchronizeUser: 'synchronize-user',
  maintain: 'maintain-consents-and-sessions',
  retain: 'remove-what-is-old',
} as const;

const laneTask = z.object({ cycleId: z.string(), lane: z.number().int().nonnegative() });

/** The lanes' tasks as Agenda documents: one in flight per lane, never one per user of a cycle. */
export function createSynchronizationQueue(agenda: Agenda): SynchronizationQueue {
  return {
    enqueueLane: async (cycleId, lane) =>
      void (await agenda.now(jobNames.synchronizeUser, laneTask.parse({ cycleId, lane }))),
  };
}

export interface NamedTask {
  name: string;
  run(): Promise<unknown>;
}

export interface JobsDeps {
  agenda: Agenda;
  cycles: Pick<Cycles, 'reconcile' | 'completeIfDone'>;
  runner: Pick<CycleRunner, 'workLane'>;
  queue: SynchronizationQueue;
  /** Taken up by whichever process comes first, every minute: expiry, erasures at the bank. */
  maintenance: readonly NamedTask[];
  /** Looked after by every process beside the ledger: sessions left behind. */
  watched: readonly NamedTask[];
  /** Taken up at every start and every hour: each removes what is older than it is kept, in small steps. */
  retention: ReadonlyArray<{ name: string; steps(): AsyncIterable<unknown> }>;
  laneCount: number;
  /** How often this process looks after the ledger and the schedule, whatever becomes of the job store. @default 5_000 */
  watchEveryMs?: number;
  /** @default 5_000 */
  touchEveryMs?: number;
  onError(job: string, error: unknown): void;
}

export interface Jobs {
  /** Schedules what recurs, brings the ledger up to date at once, and begins to work; goes on looking after both. */
  start(): Promise<void>;
  /** Takes no new jobs from this moment on, and waits for those that run, 10 s at most; their owners end them sooner. */
  stop(): Promise<void>;
}

export interface JobHandlers {
  reconcile(): Promise<void>;
  synchronizeUser(task: unknown, touch: () => Promise<void>): Promise<void>;
  maintain(): Promise<void>;
  /** Ends after the step under way once `isStopping` says so; what is left is removed the next time. */
  retain(touch: () => Promise<void>, isStopping: () => boolean): Promise<void>;
}

/** What the jobs do, without Agenda. */
export function createJobHandlers(deps: JobsDeps): JobHandlers {
  const { cycles, runner, queue, maintenance, retention, onError } = deps;
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
    async retain(touch, isStopping) {
      for (const task of retention) {
        try {
          for await (const _ of task.steps()) {
            if (isStopping()) return;
            await touch();
          }
        } catch (error) {
          onError(task.name, error);
        }
      }
    },
  };
}

const utc = { timezone: 'UTC', skipImmediate: true };
const recurring = [
  { name: jobNames.openCycle, cron: `0 ${slotHours.join(',')} * * *` },
  { name: jobNames.maintain, cron: '30 * * * * *' },
  { name: jobNames.retain, cron: '17 * * * *' },
] as const;

// `every` anew would put off a job that is just due: only what the store has lost is scheduled again.
async function scheduleMissing(agenda: Agenda): Promise<void> {
  const { jobs } = await agenda.queryJobs({ names: recurring.map(({ name }) => name) });
  const known = new Set(jobs.map(({ name }) => name));
  for (const { name, cron } of recurring) if (!known.has(name)) await agenda.every(cron, name, undefined, utc);
}

const runningLimitMs = 10_000;
const removalLimitMs = 500;

export function createJobs(deps: JobsDeps): Jobs {
  const { agenda, laneCount, watchEveryMs = 5_000, touchEveryMs = 5_000, onError } = deps;
  const handlers = createJobHandlers(deps);
  let timer: NodeJS.Timeout | undefined;
  let watching: Promise<void> | null = null;
  let isStopping = false;
  const running = new Set<Promise<void>>();

  const define = (name: string, concurrency: number, run: (job: Job) => Promise<void>): void =>
    agenda.define(
      name,
      async (job: Job) => {
        const work = run(job);
        running.add(work);
        try {
          await work;
        } catch (error) {
          onError(name, error);
          throw error;
        } finally {
          running.delete(work);
        }
      },
      { concurrency, lockLimit: concurrency },
    );

  const touchOf = (job: Job) =>
    createTouch(touchEveryMs, () => job.touch().catch((error: unknown) => onError('touch', error)));

  // Not a job: jobs can be lost with their store, or lie locked by a process that has died.
  async function watch(): Promise<void> {
    const tasks = [
      { name: 'reconcile', run: handlers.reconcile },
      { name: 'schedule', run: () => scheduleMissing(agenda) },
      ...deps.watched,
    ];
    for (const task of tasks) await task.run().catch((error: unknown) => onError(task.name, error));
  }

  return {
    async start() {
      define(jobNames.openCycle, 1, () => handlers.reconcile());
      define(jobNames.maintain, 1, () => handlers.maintain());
      define(jobNames.synchronizeUser, laneCount, (job) => handlers.synchronizeUser(job.attrs.data, touchOf(job)));
      define(jobNames.retain, 1, (job) => handlers.retain(touchOf(job), () => isStopping));
      await agenda.start();
      for (const { name, cron } of recurring) await agenda.every(cron, name, undefined, utc);
      await agenda.now(jobNames.retain);
      await handlers.reconcile();
      timer = setInterval(() => {
        watching ??= watch().finally(() => {
          watching = null;
        });
      }, watchEveryMs);
    },
    async stop() {
      isStopping = true;
      clearInterval(timer);
      const limit = new AbortController();
      const drained = agenda.drain({ signal: limit.signal });
      await watching;
      await settledWithin(running, runningLimitMs);
      // Agenda waits for ever for a job that was being removed when it began to. What is not removed now is found unneeded later.
      const removal = setTimeout(() => limit.abort(), removalLimitMs);
      await drained;
      clearTimeout(removal);
    },
  };
}

// A touch is a write to the job store: once in a while is enough. One that fails stops no work, since the lane's lease decides
// who may write: the store may be down, or have lost the job.
function createTouch(touchEveryMs: number, touch: () => Promise<unknown>): () => Promise<void> {
  let lastMs = performance.now();
  return async () => {
    if (performance.now() - lastMs < touchEveryMs) return;
    lastMs = performance.now();
    await touch();
  };
}
