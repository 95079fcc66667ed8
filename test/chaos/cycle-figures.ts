import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import Table from 'cli-table3';
import pg from 'pg';
import { createApiClient } from '../../src/cli/demo/api-client.ts';
import { createEncryption } from '../../src/storage/encryption.ts';
import { insertLoadUsers, writeLoadConsents } from '../support/load-users.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgresql-server.ts';
import { type Child, startChild } from './child-process.ts';
import type { ClockPlan } from './fast-clock.ts';

// npm run cycle-figures -- 1000 10000: a cycle over so many load-<n> users, with the sandbox bank in a process of its own and the
// data on a PostgreSQL that syncs to disk. Last, the opening of a cycle for 100,000 users.

const apiKey = 'figures-api-key-0123456789abcdef';
const bankId = 'bank_figures';
const openedCount = 100_000;
const never = Number.MAX_SAFE_INTEGER;
const clock: ClockPlan = { fastFromMs: never, fastUntilMs: never, speed: 1, speedAfter: 1 };

interface World {
  tidewater: Child<{ url: string }>;
  pool: pg.Pool;
  close(): Promise<void>;
}

async function openWorld(postgres: PostgresServer, count: number): Promise<World> {
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
    LOG_LEVEL: 'error',
    NODE_ENV: 'production',
  };
  const tidewater = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds: 60 }, environment);
  const pool = new pg.Pool({ connectionString: DATABASE_URL, max: 2 });
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM clients');
  const encryption = createEncryption(encryptionKey);
  await insertLoadUsers({ pool, encryption, clientId: rows[0]?.id ?? '', bankId, count, now: new Date() });
  await pool.query('ANALYZE');
  return {
    tidewater,
    pool,
    async close() {
      await pool.end();
      await tidewater.kill();
      await bank.kill();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Resident memory at most, since its start, in MiB. */
async function peakMemory({ tidewater }: World): Promise<number> {
  const status = await readFile(`/proc/${tidewater.processId}/status`, 'utf8');
  return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

async function openCycle({ tidewater }: World): Promise<number> {
  const api = createApiClient(tidewater.ready.url, apiKey);
  const beganMs = performance.now();
  await api.run('mutation { runSynchronizationCycle { __typename ... on Error { message } } }');
  const seconds = (performance.now() - beganMs) / 1_000;
  await api.close();
  return seconds;
}

async function measureCycle(postgres: PostgresServer, count: number): Promise<string[]> {
  const world = await openWorld(postgres, count);
  try {
    const beganMs = performance.now();
    const openSeconds = await openCycle(world);
    const isRunning = async () =>
      (await world.pool.query(`SELECT FROM synchronization_cycles WHERE status = 'RUNNING'`)).rowCount !== 0;
    while (await isRunning()) await delay(100);
    const seconds = (performance.now() - beganMs) / 1_000;
    const { rows } = await world.pool.query<{ n: string }>(
      `SELECT count(*) AS n FROM cycle_entries WHERE status = 'SYNCHRONIZED'`,
    );
    if (Number(rows[0]?.n) !== count) throw new Error(`${rows[0]?.n} of ${count} users are synchronized.`);
    const memory = await peakMemory(world);
    return [String(count), openSeconds.toFixed(2), seconds.toFixed(1), (count / seconds).toFixed(0), memory.toFixed(0)];
  } finally {
    await world.close();
  }
}

async function measureOpening(postgres: PostgresServer): Promise<string[]> {
  const world = await openWorld(postgres, openedCount);
  try {
    const openSeconds = await openCycle(world);
    return [`${openedCount}, opened`, openSeconds.toFixed(2), '', '', (await peakMemory(world)).toFixed(0)];
  } finally {
    await world.close();
  }
}

const postgres = await startPostgresServer({ durable: true });
if (postgres) {
  try {
    const head = ['users', 's to open', 's in all', 'users/s', 'MiB resident at most'];
    const table = new Table({ head, style: { head: [], border: [] } });
    for (const count of process.argv.slice(2).map(Number)) table.push(await measureCycle(postgres, count));
    table.push(await measureOpening(postgres));
    console.log(table.toString());
  } finally {
    await postgres.stop();
  }
}
