import { PostgresBackend } from '@agendajs/postgres-backend';
import { Agenda } from 'agenda';
import { Pool } from 'pg';
import { eventually } from '../support/eventually.ts';
import { inLanes, type Message } from './bare-sender.ts';

/** A queue that delivers: the same signed POST, as a job that survives a crash and is marked done. */
export interface DeliveryQueue {
  /** Stores the jobs. */
  enqueue(messages: readonly Message[]): Promise<void>;
  /** Works until as many are marked done. `send` is called for each. */
  drain(count: number, send: (message: Message) => Promise<void>): Promise<void>;
  close(): Promise<void>;
}

/** Opens each of them on a store of its own: a PostgreSQL database by its URL, or a Redis by its port. */
export const deliveryQueues: Record<string, (address: string) => Promise<DeliveryQueue>> = {
  'graphile-worker': openGraphileWorker,
  bullmq: openBullmq,
  'pg-boss': openPgBoss,
  Agenda: openAgenda,
  'outbox by hand': openOutbox,
};

const inFlight = 50;

// They have no types here: the type check must pass where they are not installed.
const importPeer = async <T>(name: string): Promise<T> => (await import(name)) as T;

interface GraphileWorker {
  makeWorkerUtils(options: object): Promise<{
    migrate(): Promise<void>;
    addJobs(jobs: { identifier: string; payload: object }[]): Promise<unknown>;
    release(): Promise<void>;
  }>;
  run(options: object): Promise<{ stop(): Promise<void> }>;
  Logger: new (factory: () => () => void) => unknown;
}

/** Tuned as its documentation says for high throughput: jobs fetched 500 at a time, completed in batches. */
async function openGraphileWorker(connectionString: string): Promise<DeliveryQueue> {
  const { makeWorkerUtils, run, Logger } = await importPeer<GraphileWorker>('graphile-worker');
  const logger = new Logger(() => () => {});
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
  await utils.migrate();
  return {
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
    close: () => utils.release(),
  };
}

interface Bullmq {
  Queue: new (
    name: string,
    options: object,
  ) => {
    addBulk(jobs: object[]): Promise<unknown>;
    close(): Promise<void>;
  };
  Worker: new (
    name: string,
    work: (job: { data: Message }) => Promise<void>,
    options: object,
  ) => { on(event: string, listener: () => void): void; close(): Promise<void> };
}

async function openBullmq(port: string): Promise<DeliveryQueue> {
  const { Queue, Worker } = await importPeer<Bullmq>('bullmq');
  const connection = { host: '127.0.0.1', port: Number(port), maxRetriesPerRequest: null };
  const queue = new Queue('deliver', { connection });
  return {
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
    close: () => queue.close(),
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
async function openPgBoss(connectionString: string): Promise<DeliveryQueue> {
  const { default: Boss } = await importPeer<{ default: new (options: object) => PgBoss }>('pg-boss');
  const boss = new Boss({ connectionString, supervise: false, schedule: false });
  boss.on('error', () => {});
  await boss.start();
  await boss.createQueue('deliver');
  return {
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
    close: () => boss.stop({ graceful: false, wait: true }),
  };
}

async function openAgenda(connectionString: string): Promise<DeliveryQueue> {
  const pool = new Pool({ connectionString, max: 20 });
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
    close: () => pool.end(),
  };
}

/**
 * The least that a durable sender on PostgreSQL does: claims 200 ahead, marks done in batches. It has no retries, no attempts, no
 * order within a login, no fairness, no guard: what it is faster by, those cost.
 */
async function openOutbox(connectionString: string): Promise<DeliveryQueue> {
  const pool = new Pool({ connectionString, max: 4 });
  await pool.query(`CREATE TABLE outbox (
    id bigserial PRIMARY KEY, message json NOT NULL, is_done boolean NOT NULL DEFAULT false, claimed_until timestamptz
  ) WITH (fillfactor = 50)`);
  await pool.query('CREATE INDEX outbox_pending ON outbox (id) WHERE NOT is_done');
  const claim = async () => {
    const text = `UPDATE outbox SET claimed_until = now() + interval '60 s' WHERE id = ANY (ARRAY (
      SELECT id FROM outbox WHERE NOT is_done AND (claimed_until IS NULL OR claimed_until < now())
      ORDER BY id LIMIT 200 FOR UPDATE SKIP LOCKED)) RETURNING id, message`;
    return (await pool.query<{ id: string; message: Message }>({ name: 'claim', text })).rows;
  };
  const markDone = async (ids: string[]) => {
    const text = 'UPDATE outbox SET is_done = true WHERE id = ANY ($1::bigint[])';
    await pool.query({ name: 'mark', text, values: [ids] });
  };
  return {
    async enqueue(messages) {
      for (const batch of inBatches(messages)) {
        const text = 'INSERT INTO outbox (message) SELECT value FROM json_array_elements($1::json)';
        await pool.query({ name: 'enqueue', text, values: [JSON.stringify(batch)] });
      }
    },
    async drain(_count, send) {
      const waiting: { id: string; message: Message }[] = [];
      let isEmpty = false;
      let refilling: Promise<void> | null = null;
      const refill = async () => {
        const jobs = await claim();
        isEmpty = jobs.length === 0;
        waiting.push(...jobs);
        refilling = null;
      };
      const take = async () => {
        do {
          if (waiting.length < 200 && !isEmpty) refilling ??= refill();
          if (waiting.length === 0) await refilling;
        } while (waiting.length === 0 && !isEmpty);
        return waiting.shift();
      };

      let sent: string[] = [];
      let marking: Promise<void> | null = null;
      const mark = async () => {
        while (sent.length > 0) {
          const ids = sent;
          sent = [];
          await markDone(ids);
        }
        marking = null;
      };
      const lane = async () => {
        for (let job = await take(); job !== undefined; job = await take()) {
          await send(job.message);
          sent.push(job.id);
          marking ??= mark();
        }
      };
      await Promise.all(Array.from({ length: inFlight }, lane));
      await marking;
    },
    close: () => pool.end(),
  };
}

function inBatches<T>(items: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(items.length / 500) }, (_, index) =>
    items.slice(index * 500, index * 500 + 500),
  );
}
