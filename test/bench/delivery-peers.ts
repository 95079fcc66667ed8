import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PostgresBackend } from '@agendajs/postgres-backend';
import { Agenda } from 'agenda';
import { Pool } from 'pg';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { startGuarded } from '../support/guarded-process.ts';
import { findProgram } from '../support/programs.ts';
import { inLanes, type Message } from './bare-sender.ts';
import type { Bench } from './section.ts';

/** A job queue that delivers: the same signed POST, as a job that survives a crash and is marked done. */
export interface DeliveryPeer {
  name: string;
  /** What it can do in about a second, next to what the others do. */
  share: number;
  /** Stores the jobs. */
  enqueue(messages: readonly Message[]): Promise<void>;
  /** Works until as many are marked done. `send` is called for each. */
  drain(count: number, send: (message: Message) => Promise<void>): Promise<void>;
}

const inFlight = 50;

export async function openDeliveryPeers(bench: Bench): Promise<DeliveryPeer[]> {
  const peers = [
    await openGraphileWorker(bench),
    await openBullmq(bench),
    await openPgBoss(bench),
    await openAgenda(bench),
  ];
  return peers.filter((peer) => peer !== null);
}

interface GraphileWorker {
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJobs(jobs: { identifier: string; payload: object }[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
}

/** Tuned as its documentation says for high throughput: jobs fetched 500 at a time, completed in batches. */
async function openGraphileWorker(bench: Bench): Promise<DeliveryPeer | null> {
  const connectionString = await bench.createDatabase();
  if (!connectionString) return leaveOut(bench, 'graphile-worker', 'no PostgreSQL server');
  const { makeWorkerUtils, run } = await bench.importPeer<GraphileWorker>('graphile-worker');
  const logger = await silentLogger(bench);
  const preset = {
    worker: {
      connectionString,
      concurrentJobs: inFlight,
      maxPoolSize: 20,
      localQueue: { size: 500 },
      completeJobBatchDelay: 0,
      failJobBatchDelay: 0,
      logger,
    },
  };
  const utils = await makeWorkerUtils({ preset });
  bench.onClose(() => utils.release());
  await utils.migrate();
  return {
    name: 'graphile-worker',
    share: 0.7,
    async enqueue(messages) {
      for (const batch of inBatches(messages)) {
        await utils.addJobs(batch.map((message) => ({ identifier: 'deliver', payload: message })));
      }
    },
    async drain(count, send) {
      let done = 0;
      const runner = await run({
        preset,
        noHandleSignals: true,
        taskList: {
          deliver: async (message: Message) => {
            await send(message);
            done++;
          },
        },
      });
      await eventually(() => done >= count, { limitMs: 120_000, intervalMs: 5, what: 'every job' });
      // Waits for the batch that marks the last of them.
      await runner.stop();
    },
  };
}

async function silentLogger(bench: Bench): Promise<unknown> {
  const { Logger } = await bench.importPeer<{ Logger: new (factory: () => () => void) => unknown }>('graphile-worker');
  return new Logger(() => () => {});
}

interface Bullmq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    addBulk(jobs: object[]): Promise<unknown>;
    close(): Promise<void>;
    getJobCountByTypes(...types: string[]): Promise<number>;
  };
  Worker: new (
    name: string,
    work: (job: { data: Message }) => Promise<void>,
    options: object,
  ) => { on(event: string, listener: () => void): void; close(): Promise<void> };
}

/** On a Redis that syncs every write to disk, as PostgreSQL does. */
async function openBullmq(bench: Bench): Promise<DeliveryPeer | null> {
  const command = findProgram('redis-server');
  if (!command) return leaveOut(bench, 'bullmq', 'no redis-server on the PATH');
  const { Queue, Worker } = await bench.importPeer<Bullmq>('bullmq');
  const port = await findFreePort();
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-redis-'));
  const durable = ['--appendonly', 'yes', '--appendfsync', 'always', '--save', ''];
  const redis = startGuarded({
    command,
    arguments: ['--port', `${port}`, '--bind', '127.0.0.1', ...durable],
    directory,
  });
  bench.onClose(() => redis.stop());
  await eventually(() => redis.output().includes('Ready to accept connections'), { what: 'redis-server' });
  const connection = { host: '127.0.0.1', port, maxRetriesPerRequest: null };
  const queue = new Queue('deliver', { connection });
  bench.onClose(() => queue.close());
  return {
    name: 'bullmq',
    share: 0.6,
    async enqueue(messages) {
      for (const batch of inBatches(messages)) {
        await queue.addBulk(
          batch.map((data) => ({ name: 'deliver', data, opts: { removeOnComplete: true, attempts: 10 } })),
        );
      }
    },
    async drain(count, send) {
      let done = 0;
      const worker = new Worker('deliver', async ({ data }) => await send(data), { connection, concurrency: inFlight });
      worker.on('completed', () => done++);
      await eventually(() => done >= count, { limitMs: 120_000, intervalMs: 5, what: 'every job' });
      await worker.close();
    },
  };
}

interface PgBoss {
  on(event: string, listener: () => void): void;
  start(): Promise<unknown>;
  stop(options: object): Promise<void>;
  createQueue(name: string): Promise<void>;
  insert(jobs: { name: string; data: object }[]): Promise<unknown>;
  fetch(name: string, options: object): Promise<{ id: string; data: Message }[]>;
  complete(name: string, ids: string[]): Promise<unknown>;
}

/** Two loops that fetch 100 jobs, do them and mark them done: much faster than its own work(). */
async function openPgBoss(bench: Bench): Promise<DeliveryPeer | null> {
  const connectionString = await bench.createDatabase();
  if (!connectionString) return leaveOut(bench, 'pg-boss', 'no PostgreSQL server');
  const { default: Boss } = await bench.importPeer<{ default: new (options: object) => PgBoss }>('pg-boss');
  const boss = new Boss({ connectionString, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  bench.onClose(() => boss.stop({ graceful: false, wait: true }));
  await boss.createQueue('deliver');
  return {
    name: 'pg-boss',
    share: 0.5,
    async enqueue(messages) {
      for (const batch of inBatches(messages)) await boss.insert(batch.map((data) => ({ name: 'deliver', data })));
    },
    async drain(_count, send) {
      const loop = async () => {
        for (;;) {
          const jobs = await boss.fetch('deliver', { batchSize: 100 });
          if (jobs.length === 0) return;
          await inLanes(jobs, inFlight / 2, ({ data }) => send(data));
          await boss.complete(
            'deliver',
            jobs.map(({ id }) => id),
          );
        }
      };
      await Promise.all([loop(), loop()]);
    },
  };
}

async function openAgenda(bench: Bench): Promise<DeliveryPeer | null> {
  const connectionString = await bench.createDatabase();
  if (!connectionString) return leaveOut(bench, 'Agenda', 'no PostgreSQL server');
  const pool = new Pool({ connectionString, max: 20 });
  bench.onClose(() => pool.end());
  // One that stores jobs and never runs any, then a new one for each round: an Agenda that was stopped does not start again.
  const open = async () => {
    const agenda = new Agenda({
      backend: new PostgresBackend({ pool }),
      processEvery: 50,
      maxConcurrency: inFlight,
      defaultConcurrency: inFlight,
      removeOnComplete: true,
    });
    agenda.on('error', () => {});
    await agenda.ready;
    return agenda;
  };
  const intake = await open();
  intake.define('deliver', async () => {});
  return {
    name: 'Agenda',
    share: 0.04,
    async enqueue(messages) {
      await inLanes(messages, 10, async (message) => {
        await intake.create('deliver', message).schedule(new Date()).save();
      });
    },
    async drain(count, send) {
      let done = 0;
      const agenda = await open();
      agenda.define('deliver', async (job) => await send(job.attrs.data as Message));
      agenda.on('complete:deliver', () => done++);
      await agenda.start();
      await eventually(() => done >= count, { limitMs: 60_000, intervalMs: 5, what: 'every job' });
      await agenda.stop(false);
    },
  };
}

function leaveOut(bench: Bench, peer: string, reason: string): null {
  bench.leaveOut(`${peer}: ${reason}`);
  return null;
}

function inBatches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 500) }, (_, index) =>
    items.slice(index * 500, index * 500 + 500),
  );
}
