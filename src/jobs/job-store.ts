import { PostgresBackend } from '@agendajs/postgres-backend';
import { Agenda, type AgendaOptions } from 'agenda';
import type pg from 'pg';
import { StartupError } from '../domain/errors.ts';
import { createLocalChannel, createMongoChannel, createPostgresChannel } from './notification-channels.ts';

/** Agenda on one of its own backends. What it holds can always be rebuilt from the ledger in PostgreSQL. */
export interface JobStore {
  readonly agenda: Agenda;
  readonly backend: 'mongodb' | 'postgresql' | 'embedded';
  /** Resolves when the store answers; rejects when it does not. */
  ping(): Promise<void>;
  /** Lets running jobs end, then lets go of the store. */
  close(): Promise<void>;
}

export interface JobStoreOptions {
  mongodbUrl: string | null;
  /** The system of record, used when there is no MongoDB. */
  pool: pg.Pool;
  embedded: boolean;
  /** A job that is not touched for so long is given to another process. @default 60_000 */
  lockLifetimeMs?: number;
  onError(error: Error): void;
}

// A handler that outlives its lock is started a second time, and Agenda keeps a timer of half a lock's life per finished
// job: so locks are short, and long work touches its job.
const defaultLockLifetimeMs = 60_000;
const pollMs = 1_000;

/** Throws a StartupError when the store cannot be reached. */
export async function openJobStore(options: JobStoreOptions): Promise<JobStore> {
  if (options.mongodbUrl) return await openMongo(options.mongodbUrl, options);
  if (options.embedded) await recoverEmbeddedJobs(options.pool);
  const agenda = await startAgenda(
    {
      backend: new PostgresBackend({ pool: options.pool, disableNotifications: true }),
      // LISTEN would hold the embedded database's only connection for ever; in one process the memory does as well.
      notificationChannel: options.embedded
        ? createLocalChannel(options.onError)
        : createPostgresChannel(options.pool, options.onError),
    },
    options,
  );
  return {
    agenda,
    backend: options.embedded ? 'embedded' : 'postgresql',
    ping: async () => void (await options.pool.query('select 1')),
    close: async () => void (await agenda.stop(false)),
  };
}

async function openMongo(url: string, options: JobStoreOptions): Promise<JobStore> {
  // Loaded by those who have it: it takes a twentieth of the start.
  const [{ MongoClient }, { MongoBackend }] = await Promise.all([import('mongodb'), import('@agendajs/mongo-backend')]);
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 5_000 });
  try {
    await client.connect();
    await client.db().command({ ping: 1 });
  } catch (cause) {
    await client.close().catch(() => {});
    throw new StartupError('MONGODB_URL: cannot reach MongoDB at the given address.', { cause });
  }
  const db = client.db();
  const agenda = await startAgenda(
    { backend: new MongoBackend({ mongo: db }), notificationChannel: await createMongoChannel(db, options.onError) },
    options,
  );
  return {
    agenda,
    backend: 'mongodb',
    ping: async () => void (await db.command({ ping: 1 })),
    close: async () => {
      await agenda.stop(false);
      await client.close();
    },
  };
}

async function startAgenda(
  backend: Pick<AgendaOptions, 'backend' | 'notificationChannel'>,
  options: JobStoreOptions,
): Promise<Agenda> {
  const agenda = new Agenda({
    ...backend,
    processEvery: pollMs,
    defaultLockLifetime: options.lockLifetimeMs ?? defaultLockLifetimeMs,
    defaultLockLimit: 2,
    removeOnComplete: true,
  });
  // Without a listener an 'error' event would end the process.
  agenda.on('error', options.onError);
  await agenda.ready;
  return agenda;
}

// Whoever held these locks is dead, since this process is the only one: without this they would wait for the locks to
// run out, and a recurring job for its next time.
async function recoverEmbeddedJobs(pool: pg.Pool): Promise<void> {
  const { rows } = await pool.query<{ exists: boolean }>(`SELECT to_regclass('agenda_jobs') IS NOT NULL AS exists`);
  if (!rows[0]?.exists) return;
  await pool.query(`
    UPDATE agenda_jobs SET locked_at = 'epoch',
      next_run_at = CASE WHEN next_run_at IS NULL OR next_run_at > now() THEN now() ELSE next_run_at END
    WHERE locked_at IS NOT NULL`);
}
