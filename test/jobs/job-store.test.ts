import { MongoClient } from 'mongodb';
import pg from 'pg';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { type JobStore, openJobStore } from '../../src/jobs/job-store.ts';
import { createJobs, createSynchronizationQueue, jobNames } from '../../src/jobs/jobs.ts';
import type { LaneProgress } from '../../src/sync/cycle-runner.ts';
import type { SynchronizationQueue } from '../../src/sync/synchronization-queue.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';

interface Backend {
  open(): Promise<JobStore>;
  countTasks(): Promise<number>;
  listJobNames(): Promise<string[]>;
  /** As when the collection is dropped, or the table emptied, behind the service's back. */
  loseJobs(): Promise<void>;
}

const failures: Error[] = [];
const onError = (error: Error): void => void failures.push(error);

function opened(store: JobStore, beforeClose: () => Promise<void> = async () => {}): JobStore {
  onTestFinished(async () => {
    await beforeClose();
    await store.close();
  });
  return store;
}

async function embedded(): Promise<Backend> {
  const { pool } = await openTestDatabase();
  return {
    open: async () => opened(await openJobStore({ mongodbUrl: null, pool, embedded: true, onError })),
    ...onRows(pool),
  };
}

async function postgresql(url: string): Promise<Backend> {
  const pool = new pg.Pool({ connectionString: await createPostgresDatabase(url), max: 8 });
  onTestFinished(async () => await pool.end());
  return {
    open: async () => opened(await openJobStore({ mongodbUrl: null, pool, embedded: false, onError })),
    ...onRows(pool),
  };
}

async function mongodb(url: string): Promise<Backend> {
  const { pool } = await openTestDatabase();
  const name = `jobs_${Math.random().toString(36).slice(2)}`;
  const client = await new MongoClient(url).connect();
  onTestFinished(async () => await client.close());
  const address = new URL(url);
  address.pathname = `/${name}`;
  return {
    open: async () => opened(await openJobStore({ mongodbUrl: address.href, pool, embedded: true, onError })),
    countTasks: () => client.db(name).collection('agendaJobs').countDocuments({ name: jobNames.synchronizeUser }),
    listJobNames: () => client.db(name).collection('agendaJobs').distinct('name'),
    loseJobs: async () => void (await client.db(name).dropCollection('agendaJobs')),
  };
}

function onRows(pool: pg.Pool): Omit<Backend, 'open'> {
  return {
    async countTasks() {
      const { rows } = await pool.query<{ n: string }>(`SELECT count(*) AS n FROM agenda_jobs WHERE name = $1`, [
        jobNames.synchronizeUser,
      ]);
      return Number(rows[0]?.n);
    },
    async listJobNames() {
      const { rows } = await pool.query<{ name: string }>('SELECT DISTINCT name FROM agenda_jobs');
      return rows.map(({ name }) => name);
    },
    loseJobs: async () => void (await pool.query('DELETE FROM agenda_jobs')),
  };
}

const postgresUrl = inject('postgresUrl');
const mongoUrl = inject('mongoUrl');

const backends: Array<{ name: string; skip: boolean; create: () => Promise<Backend> }> = [
  { name: 'the embedded database', skip: false, create: embedded },
  { name: 'PostgreSQL', skip: !postgresUrl, create: () => postgresql(postgresUrl ?? '') },
  { name: 'MongoDB', skip: !mongoUrl, create: () => mongodb(mongoUrl ?? '') },
];

/** In whose reconciliation a lane that nobody works on is put back into the queue, as the ledger has it done. */
type OnReconcile = (queue: SynchronizationQueue) => void | Promise<void>;

/** Jobs over a ledger in which nothing is to be done. */
const idleJobs = (store: JobStore, queue: SynchronizationQueue) => ({
  agenda: store.agenda,
  cycles: { reconcile: async () => {}, completeIfDone: async () => {} },
  queue,
  maintenance: [],
  retention: [],
  watched: [],
  laneCount: 2,
  watchEveryMs: 100,
  touchEveryMs: 0,
  onError: (_job: string, error: unknown) => void failures.push(error as Error),
});

async function startWorker(
  backend: Backend,
  workLane: (cycleId: string, lane: number) => Promise<LaneProgress>,
  onReconcile: OnReconcile = () => {},
): Promise<SynchronizationQueue> {
  const store = await backend.open();
  const queue = createSynchronizationQueue(store.agenda);
  const completed: string[] = [];
  const jobs = createJobs({
    ...idleJobs(store, queue),
    cycles: {
      reconcile: async () => await onReconcile(queue),
      completeIfDone: async (cycleId) => void completed.push(cycleId),
    },
    runner: {
      async workLane({ cycleId, lane, touch }) {
        await touch();
        return await workLane(cycleId, lane);
      },
    },
  });
  await jobs.start();
  onTestFinished(async () => await jobs.stop());
  return queue;
}

describe.each(backends)('the job store on $name', ({ skip, create }) => {
  it.skipIf(skip)('works through a lane task by task and leaves nothing behind', async () => {
    const backend = await create();
    const worked: string[] = [];
    const worker = await startWorker(backend, async (cycleId, lane) => {
      worked.push(`${cycleId}/${lane}`);
      return worked.length < 20 ? 'continue' : 'finished';
    });
    await worker.enqueueLane('cyc_1', 0);
    await eventually(() => worked.length === 20);
    await eventually(async () => (await backend.countTasks()) === 0);
    expect(new Set(worked)).toEqual(new Set(['cyc_1/0']));
  });

  it.skipIf(skip)('brings the ledger up to date when it starts', async () => {
    const backend = await create();
    let reconciled = 0;
    await startWorker(
      backend,
      async () => 'finished',
      () => {
        reconciled++;
      },
    );
    expect(reconciled).toBeGreaterThan(0);
  });

  it.skipIf(skip)('gives a task to one of two workers only', async () => {
    const backend = await create();
    const worked: number[] = [];
    const work = async (_cycleId: string, lane: number): Promise<LaneProgress> => {
      worked.push(lane);
      return 'finished';
    };
    const first = await startWorker(backend, work);
    const second = await startWorker(backend, work);
    for (let lane = 0; lane < 10; lane++) await (lane % 2 ? first : second).enqueueLane('cyc_1', lane);
    await eventually(async () => worked.length >= 10 && (await backend.countTasks()) === 0);
    expect([...worked].sort((a, b) => a - b)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.skipIf(skip)(
    'works through a lane although its jobs are lost in the middle, and schedules anew what recurs',
    async () => {
      const backend = await create();
      let steps = 0;
      const worker = await startWorker(
        backend,
        async () => {
          steps++;
          if (steps % 5 === 0) await backend.loseJobs();
          return steps < 20 ? 'continue' : 'finished';
        },
        async (queue) => {
          if (steps < 20) await queue.enqueueLane('cyc_1', 0);
        },
      );
      await worker.enqueueLane('cyc_1', 0);
      await eventually(() => steps >= 20);
      await eventually(async () => (await backend.countTasks()) === 0);
      await eventually(async () => (await backend.listJobNames()).length === 3);
      expect((await backend.listJobNames()).sort()).toEqual(
        [jobNames.maintain, jobNames.openCycle, jobNames.retain].sort(),
      );
    },
  );

  it.skipIf(skip)('stops when what ran has just ended', { timeout: 30_000 }, async () => {
    const backend = await create();
    const store = await backend.open();
    const queue = createSynchronizationQueue(store.agenda);
    const jobs = createJobs({
      ...idleJobs(store, queue),
      runner: { workLane: async () => 'finished' },
    });
    await jobs.start();
    // Agenda says so before it removes the job, and counts it among the running ones until then.
    const stopped = new Promise<void>((resolve) => {
      store.agenda.on('complete', (job) => {
        if (job.attrs.name === jobNames.synchronizeUser) void jobs.stop().then(resolve);
      });
    });
    await queue.enqueueLane('cyc_1', 0);
    await stopped;
  });

  it.skipIf(skip)('goes on after a task that failed', async () => {
    const backend = await create();
    failures.length = 0;
    const worked: string[] = [];
    const worker = await startWorker(backend, async (cycleId) => {
      worked.push(cycleId);
      if (cycleId === 'cyc_bad') throw new Error('this lane is broken');
      return 'finished';
    });
    await worker.enqueueLane('cyc_bad', 0);
    await worker.enqueueLane('cyc_good', 0);
    await eventually(() => worked.includes('cyc_good'));
    // Both are worked on at once.
    await eventually(() => failures.some(({ message }) => message === 'this lane is broken'));
  });
});

describe('opening the job store', () => {
  it('says which setting is wrong when MongoDB cannot be reached', { timeout: 40_000 }, async () => {
    const { pool } = await openTestDatabase();
    const opening = openJobStore({
      mongodbUrl: 'mongodb://me:hidden@127.0.0.1:1/jobs?serverSelectionTimeoutMS=300',
      pool,
      embedded: true,
      onError,
    });
    await expect(opening).rejects.toThrow(/^MONGODB_URL: cannot reach MongoDB/);
  });
});
