import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import pg from 'pg';
import { type ApiClient, createApiClient, unwrap } from '../../src/cli/demo/api-client.ts';
import { CreateWebhookEndpointDocument } from '../../src/generated/operations/graphql.ts';
import { createRandom } from '../../src/sandbox-bank/random.ts';
import { insertLoadUsers, writeLoadConsents } from '../support/load-users.ts';
import { type MongoTestServer, startMongoServer } from '../support/mongodb-server.ts';
import { openEncryptionAt } from '../support/opened-encryption.ts';
import { startPostgresServer } from '../support/postgresql-server.ts';
import { audit } from './audit.ts';
import { startChild } from './child-process.ts';
import { type Disturbance, disturb } from './disturbances.ts';
import { type ClockPlan, createFastClock, planClock } from './fast-clock.ts';
import { type Fleet, startFleet } from './fleet.ts';
import type { ChaosReport } from './report.ts';
import { startVerifiedReceiver, type VerifiedReceiver } from './verified-receiver.ts';

export interface ChaosOptions {
  seconds: number;
  /** What is done, to whom and when follows from it; the machine adds chance of its own. */
  seed: string;
  processes: number;
  users: number;
  lanes: number;
  /** Where the jobs are; the ledger is in PostgreSQL in any case. */
  jobs: 'mongodb' | 'postgresql';
  /** So long, in real time, lie the openings of two cycles apart. */
  slotSeconds: number;
  /** In real time. */
  leaseSeconds: number;
  say(line: string): void;
}

type Closer = () => Promise<unknown>;

/** Null where PostgreSQL or a MongoDB server is missing, which has been said loudly. */
export async function runChaos(options: ChaosOptions): Promise<ChaosReport | null> {
  const closers: Closer[] = [];
  try {
    return await run(options, closers);
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

const apiKey = 'chaos-api-key-0123456789abcdef';
const bankId = 'bank_chaos';
const settleLimitMs = 150_000;

async function run(options: ChaosOptions, closers: Closer[]): Promise<ChaosReport | null> {
  const { seed, processes, users, lanes, seconds, slotSeconds, leaseSeconds, say } = options;
  const random = createRandom(seed);
  const postgres = await startPostgresServer();
  if (postgres) closers.push(postgres.stop);
  const mongo = options.jobs === 'mongodb' ? await startMongoServer({ keepsData: true }) : null;
  if (mongo) closers.push(mongo.stop);
  if (!postgres || (options.jobs === 'mongodb' && !mongo)) return null;
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-chaos-'));
  closers.push(async () => await rm(directory, { recursive: true, force: true }));
  const receivers = [
    await startVerifiedReceiver('steady', () => false),
    await startVerifiedReceiver('flaky', () => Math.random() < 0.1),
  ];
  closers.push(...receivers.map(({ stop }) => stop));
  const databaseUrl = await postgres.createDatabase('chaos');
  const jobsName = `chaos_${randomBytes(4).toString('hex')}`;
  const encryptionKey = randomBytes(32);
  const banksFile = join(directory, 'banks.json');
  const environment = {
    DATABASE_URL: databaseUrl,
    ...(mongo && { MONGODB_URL: `${mongo.url.replace(/\/$/, '')}/${jobsName}` }),
    SYNC_LANES: String(lanes),
    ENCRYPTION_KEY: encryptionKey.toString('base64'),
    BOOTSTRAP_API_KEY: apiKey,
    BANKS_FILE: banksFile,
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    PORT: '0',
    LOG_LEVEL: 'error',
  };

  say('Users and endpoints are made.');
  const dataFile = join(directory, 'bank.jsonl');
  const accessLogFile = join(directory, 'accesses.jsonl');
  await writeLoadConsents(dataFile, { count: users, now: new Date() });
  await writeFile(banksFile, banksWith('http://127.0.0.1:9'));
  const logins = await populate({ environment, leaseSeconds, receivers, users, encryptionKey, closers });

  const clock = planClock({ nowMs: Date.now() + 3_000, slotSeconds, seconds });
  const bank = await startChild<{ url: string }>('bank-process.ts', { clock, dataFile, accessLogFile, latencyMs: 40 });
  closers.push(bank.kill);
  await writeFile(banksFile, banksWith(bank.ready.url));
  const fleet = await startFleet(processes, { clock, leaseSeconds }, environment);
  closers.push(fleet.kill);

  say(`Disturbed for ${seconds} s; a slot takes ${slotSeconds} s. The seed is ${seed}.`);
  const longestPauseSeconds = 2.2 * leaseSeconds;
  const disturbances: Disturbance[] = [
    ...harming(fleet, { leaseSeconds, longestPauseSeconds }),
    ...(mongo ? breakingMongo(mongo, environment.MONGODB_URL ?? '', closers) : breakingJobTable(databaseUrl)),
    { kind: 'PostgreSQL is restarted', weight: 1, run: () => done(postgres.restart()) },
    { kind: 'a session is asked for', weight: 6, run: (of) => requestSession(fleet, logins, of) },
  ];
  const counts = await disturb({ disturbances, random, untilMs: clock.fastUntilMs, say });

  say('All processes run again; waiting until all is quiet.');
  await fleet.heal();
  const { now } = createFastClock(clock);
  await settle(databaseUrl, now);
  const uncleanEnds = await fleet.stop();
  const findings = await audit({
    databaseUrl,
    accessLogFile,
    receivers,
    loginIds: logins,
    since: new Date(clock.fastFromMs),
    now: now(),
    longestSleepMs: (longestPauseSeconds + 1) * 1_000 * clock.speed,
  });
  findings.violations.push(...uncleanEnds);
  return { seed, seconds, processes, disturbances: counts, ...findings };
}

function breakingMongo(mongo: MongoTestServer, url: string, closers: Closer[]): Disturbance[] {
  const client = new MongoClient(url, { serverSelectionTimeoutMS: 2_000 });
  closers.push(async () => await client.close());
  return [
    { kind: 'the job store is restarted', weight: 1, run: () => done(mongo.restart?.()) },
    { kind: 'the job store loses its jobs', weight: 2, run: () => done(client.db().dropCollection('agendaJobs')) },
  ];
}

function breakingJobTable(databaseUrl: string): Disturbance[] {
  const run = (statement: string) => async () => {
    const client = new pg.Client(databaseUrl);
    client.on('error', () => {});
    await client.connect();
    await client.query(statement).finally(() => client.end());
  };
  const listeners = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND query LIKE 'LISTEN%'`;
  return [
    { kind: 'the job store loses its jobs', weight: 2, run: () => done(run('DELETE FROM agenda_jobs')()) },
    { kind: 'connections that listen are cut', weight: 2, run: () => done(run(listeners)()) },
  ];
}

function banksWith(baseUrl: string): string {
  return JSON.stringify([{ id: bankId, name: 'Chaos Bank', country: 'DE', baseUrl }]);
}

interface Population {
  environment: Record<string, string>;
  leaseSeconds: number;
  receivers: readonly VerifiedReceiver[];
  users: number;
  encryptionKey: Buffer;
  closers: Closer[];
}

/** One process in real time makes the schema, the client and its endpoints; the users come in by SQL. Gives their logins. */
async function populate(given: Population): Promise<string[]> {
  const { environment, leaseSeconds, receivers, users, encryptionKey, closers } = given;
  const never = Number.MAX_SAFE_INTEGER;
  const clock: ClockPlan = { fastFromMs: never, fastUntilMs: never, speed: 1, speedAfter: 1 };
  const first = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds }, environment);
  closers.push(first.kill);
  await withApi(first.ready.url, async (api) => {
    for (const receiver of receivers) {
      const reply = await api.run(CreateWebhookEndpointDocument, { input: { url: receiver.url } });
      receiver.verifyWith(unwrap(reply.createWebhookEndpoint).secret);
    }
  });
  const pool = new pg.Pool({ connectionString: environment.DATABASE_URL, max: 1 });
  try {
    const { rows } = await pool.query<{ id: string }>('SELECT id FROM clients');
    const clientId = rows[0]?.id ?? '';
    const encryption = await openEncryptionAt(environment.DATABASE_URL ?? '', encryptionKey);
    const given = { pool, encryption, clientId, bankId, count: users, now: new Date() };
    return (await insertLoadUsers(given)).map(({ loginId }) => loginId);
  } finally {
    await pool.end();
    await first.stop();
  }
}

function harming(fleet: Fleet, pauses: { leaseSeconds: number; longestPauseSeconds: number }): Disturbance[] {
  const { leaseSeconds, longestPauseSeconds } = pauses;
  return [
    {
      kind: 'a process is killed (-9)',
      weight: 5,
      run: async (random) => {
        const restMs = random() * 1_500;
        return fleet.harm(random, async (child) => {
          await child.kill();
          await delay(restMs);
        });
      },
    },
    {
      kind: 'a process is stopped (SIGTERM)',
      weight: 1,
      run: async (random) => fleet.harm(random, async (child) => void (await child.stop())),
    },
    {
      kind: 'a process sleeps (SIGSTOP) for longer than its leases',
      weight: 4,
      run: async (random) => {
        const sleepMs = (leaseSeconds * 1.2 + random() * (longestPauseSeconds - leaseSeconds * 1.2)) * 1_000;
        return fleet.harm(random, async (child) => {
          child.pause();
          await delay(sleepMs);
          child.resume();
        });
      },
    },
  ];
}

/** False where there is nothing of the sort here, or where it did not work. */
async function done(deed: Promise<unknown> | undefined): Promise<boolean> {
  if (!deed) return false;
  return await deed.then(
    () => true,
    () => false,
  );
}

// Refusals are as good as sessions here: an allowance that is used up, another session that runs.
async function requestSession(fleet: Fleet, logins: readonly string[], random: () => number): Promise<boolean> {
  const url = fleet.findUrl(random);
  const bankLoginId = logins[Math.floor(random() * logins.length)];
  if (!url) return false;
  const request = withApi(url, (api) =>
    api.run(
      `mutation ($input: CreateSynchronizationSessionInput!) { createSynchronizationSession(input: $input) { __typename } }`,
      { input: { bankLoginId } },
    ),
  );
  await Promise.race([request.catch(() => {}), delay(2_000)]);
  return true;
}

async function withApi<T>(url: string, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const api = createApiClient(url, apiKey);
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

/** Waits until no cycle and no session runs and no delivery is due; what is not quiet at the limit shows in the audit. */
// Who waits for an access, or for a bank, may do so for hours of a clock that is slow by now.
async function settle(databaseUrl: string, now: () => Date): Promise<void> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
  const endMs = Date.now() + settleLimitMs;
  let quiet = 0;
  while (quiet < 3 && Date.now() < endMs) {
    await delay(300);
    const { rows } = await pool.query<{ busy: boolean }>(
      `WITH open AS (
        SELECT c.id, e.user_id, coalesce(e.status = 'RETRY' AND e.not_before > $1, false) AS waits
        FROM synchronization_cycles c LEFT JOIN cycle_entries e
          ON e.cycle_id = c.id AND e.status IN ('PENDING', 'RUNNING', 'RETRY')
        WHERE c.status = 'RUNNING')
      SELECT EXISTS (SELECT FROM open WHERE NOT waits)
        OR EXISTS (SELECT FROM sessions WHERE status = 'RUNNING')
        OR EXISTS (SELECT FROM webhook_deliveries WHERE status = 'PENDING') AS busy`,
      [now()],
    );
    quiet = rows[0]?.busy ? 0 : quiet + 1;
  }
  await pool.end();
}
