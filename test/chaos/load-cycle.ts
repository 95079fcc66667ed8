import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Table from 'cli-table3';
import pg from 'pg';
import { createApiClient } from '../../src/cli/demo/api-client.ts';
import { eventually } from '../support/eventually.ts';
import { insertLoadUsers, writeLoadConsents } from '../support/load-users.ts';
import { openEncryptionAt } from '../support/opened-encryption.ts';
import type { PostgresServer } from '../support/postgresql-server.ts';
import { type Child, startChild } from './child-process.ts';
import type { ClockPlan } from './fast-clock.ts';

export const apiKey = 'figures-api-key-0123456789abcdef';
const bankId = 'bank_figures';
const never = Number.MAX_SAFE_INTEGER;
const clock: ClockPlan = { fastFromMs: never, fastUntilMs: never, speed: 1, speedAfter: 1 };

export interface LoadCycle {
  /** As many have an entry. */
  users: number;
  /** Until the mutation that opens the cycle has answered. */
  openSeconds: number;
  /** Until the cycle has ended; of one that was only opened, null. */
  seconds: number | null;
  /** Resident memory of the process at most, since its start. */
  peakMemoryMiB: number;
}

export interface FinishedLoadCycle extends LoadCycle {
  seconds: number;
  /** Users whose entry says so and who have one event of this cycle. */
  synchronizedOnce: number;
  /** Users who were through before one who had enrolled earlier. */
  outOfOrder: number;
}

/** A Tidewater in a process of its own, so many `load-<n>` users, and the bank of these. */
export interface LoadWorld {
  tidewater: Child<{ url: string }>;
  pool: pg.Pool;
  clientId: string;
  encryptionKey: Buffer;
  /** What it runs with. */
  environment: Record<string, string>;
  close(): Promise<void>;
}

export async function openLoadWorld(postgres: PostgresServer, count: number): Promise<LoadWorld> {
  const directory = await mkdtemp(join(tmpdir(), 'tidewater-figures-'));
  const dataFile = join(directory, 'bank.jsonl');
  await writeLoadConsents(dataFile, { count, now: new Date() });
  const bank = await startChild<{ url: string }>('plain-bank-process.ts', { dataFile });
  const banksFile = join(directory, 'banks.json');
  const entry = { id: bankId, name: 'Bank', country: 'DE', baseUrl: bank.ready.url };
  await writeFile(banksFile, JSON.stringify([entry]));
  const encryptionKey = randomBytes(32);
  const DATABASE_URL = await postgres.createDatabase();
  const environment = {
    DATABASE_URL,
    ENCRYPTION_KEY: encryptionKey.toString('base64'),
    BOOTSTRAP_API_KEY: apiKey,
    BANKS_FILE: banksFile,
    PORT: '0',
    WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
    LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  };
  const tidewater = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds: 60 }, environment);
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 2 });
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM clients');
  const encryption = await openEncryptionAt(DATABASE_URL, encryptionKey);
  const clientId = rows[0]?.id ?? '';
  await insertLoadUsers({ pool, encryption, clientId, bankId, count, now: new Date() });
  await pool.query('ANALYZE');
  return {
    tidewater,
    pool,
    clientId,
    encryptionKey,
    environment,
    async close() {
      await pool.end();
      await tidewater.kill();
      await bank.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

async function readPeakMemory({ tidewater }: LoadWorld): Promise<number> {
  const status = await readFile(`/proc/${tidewater.processId}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

export async function openCycle({ tidewater }: LoadWorld): Promise<number> {
  const api = createApiClient(tidewater.ready.url, apiKey);
  const beganMs = performance.now();
  await api.run('mutation { runSynchronizationCycle { __typename ... on Error { message } } }');
  const seconds = (performance.now() - beganMs) / 1_000;
  await api.close();
  return seconds;
}

export async function cycleEnd({ pool }: Pick<LoadWorld, 'pool'>): Promise<void> {
  const isRunning = async () =>
    (await pool.query(`SELECT FROM synchronization_cycles WHERE status = 'RUNNING'`)).rowCount !== 0;
  await eventually(async () => !(await isRunning()), {
    limitMs: 1_000_000,
    intervalMs: 100,
    what: 'the end of the cycle',
  });
}

/** A cycle over so many `load-<n>` users, from its opening to its end; the sandbox bank answers in a process of its own. */
export async function runLoadCycle(postgres: PostgresServer, count: number): Promise<FinishedLoadCycle> {
  const world = await openLoadWorld(postgres, count);
  try {
    const beganMs = performance.now();
    const openSeconds = await openCycle(world);
    await cycleEnd(world);
    const seconds = (performance.now() - beganMs) / 1_000;
    const peakMemoryMiB = await readPeakMemory(world);
    const { rows } = await world.pool.query<{ users: number; once: number; late: number }>(
      `SELECT count(*)::int AS users, count(*) FILTER (WHERE status = 'SYNCHRONIZED' AND events = 1)::int AS once,
         count(*) FILTER (WHERE finished_at < before)::int AS late
       FROM (
         SELECT status, finished_at, lag(finished_at) OVER (PARTITION BY lane ORDER BY position) AS before,
           (SELECT count(*) FROM events v JOIN bank_logins l ON l.id = v.bank_login_id
            WHERE v.cycle_id = e.cycle_id AND l.user_id = e.user_id AND v.type = 'BANK_LOGIN_SYNCHRONIZED') AS events
         FROM cycle_entries e
       ) AS entries`,
    );
    const { users = 0, once = 0, late = 0 } = rows[0] ?? {};
    return { users, openSeconds, seconds, peakMemoryMiB, synchronizedOnce: once, outOfOrder: late };
  } finally {
    await world.close();
  }
}

/** The opening alone of a cycle over so many users. */
export async function openLoadCycle(postgres: PostgresServer, count: number): Promise<LoadCycle> {
  const world = await openLoadWorld(postgres, count);
  try {
    const openSeconds = await openCycle(world);
    const peakMemoryMiB = await readPeakMemory(world);
    const { rows } = await world.pool.query<{ users: number }>('SELECT count(*)::int AS users FROM cycle_entries');
    return { users: rows[0]?.users ?? 0, openSeconds, seconds: null, peakMemoryMiB };
  } finally {
    await world.close();
  }
}

export function renderLoadCycles(cycles: readonly LoadCycle[]): string {
  const head = ['users', 's to open', 's in all', 'users/s', 'MiB resident at most'];
  const table = new Table({ head, style: { head: [], border: [] } });
  for (const { users, openSeconds, seconds, peakMemoryMiB } of cycles) {
    const whole = seconds === null ? ['', ''] : [seconds.toFixed(1), (users / seconds).toFixed(0)];
    table.push([String(users), openSeconds.toFixed(2), ...whole, peakMemoryMiB.toFixed(0)]);
  }
  return table.toString();
}
