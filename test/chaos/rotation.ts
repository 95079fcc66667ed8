import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { linkSecretOf } from '../../src/consent/link-secret.ts';
import { newId } from '../../src/domain/ids.ts';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { storedColumns } from '../../src/storage/encrypted-columns.ts';
import { bundleProgram } from '../support/bundled-program.ts';
import { eventually } from '../support/eventually.ts';
import { openEncryptionAt, openTestEncryption } from '../support/opened-encryption.ts';
import type { PostgresServer } from '../support/postgresql-server.ts';
import { apiKey, cycleEnd, type LoadWorld, openCycle, openLoadWorld } from './load-cycle.ts';
import { startVerifiedReceiver } from './verified-receiver.ts';

export interface RotationFigures {
  /** Encrypted texts when the rotation began. */
  secrets: number;
  /** Of the whole command, and of the encrypting alone. */
  seconds: number;
  encryptingSeconds: number;
  exitCode: number | null;
  /** Users whose cycle entry ended well; those while texts were being encrypted. */
  synchronized: number;
  synchronizedMeanwhile: number;
  notSynchronized: number;
  /** Events that the receiver has verified and taken once; deliveries that it could not verify, or that failed. */
  delivered: number;
  unverified: number;
  failedAttempts: number;
  /** Sessions that were made by the API meanwhile, and calls of it that failed. */
  sessionsMade: number;
  failedCalls: number;
  /** Texts that are not under the new key afterwards, or that it does not decrypt. */
  left: number;
  undecryptable: number;
  /** What the process has logged as errors. */
  log: string;
}

/** Rotates the encryption key by the operator's command while a cycle, deliveries and the API run. */
export async function runRotation(
  postgres: PostgresServer,
  { users, secrets }: { users: number; secrets: number },
): Promise<RotationFigures> {
  const world = await openLoadWorld(postgres, users);
  const receiver = await startVerifiedReceiver('rotation', () => false);
  const api = createApiClient(world.tidewater.ready.url, apiKey);
  try {
    await insertSecrets(world, secrets);
    const endpointId = await addEndpoint(api, receiver);
    const before = await countTexts(world);
    const calls = keepCalling(api, endpointId);
    const rotating = rotate(world);
    // What is written before the new key is written with, and afterwards.
    await eventually(() => isActive(world), { limitMs: 120_000, intervalMs: 100, what: 'the new key' });
    const activeMs = performance.now();
    const activeAt = new Date();
    await openCycle(world);
    const { exitCode, seconds } = await rotating;
    const endedAt = new Date();
    const encryptingSeconds = (performance.now() - activeMs) / 1_000;
    await cycleEnd(world);
    const { sessionsMade, failedCalls } = await calls.stop();
    await eventually(() => isDelivered(world), { limitMs: 120_000, intervalMs: 200, what: 'all deliveries' });
    return {
      ...{ secrets: before, seconds, encryptingSeconds, exitCode, sessionsMade, failedCalls },
      ...(await readEntries(world, activeAt, endedAt)),
      ...(await readDeliveries(world)),
      ...{ delivered: receiver.accepted.size, unverified: receiver.counts.unverified },
      ...(await readTexts(world)),
      log: world.tidewater.output(),
    };
  } finally {
    await api.close();
    await receiver.stop();
    await world.close();
  }
}

/** Sessions with a link each, straight into the table. */
async function insertSecrets({ pool, clientId, environment, encryptionKey }: LoadWorld, count: number) {
  const encryption = await openEncryptionAt(environment.DATABASE_URL ?? '', encryptionKey);
  const { rows } = await pool.query<{ id: string }>('SELECT id FROM users LIMIT 1');
  for (let done = 0; done < count; done += 5_000) {
    const sessions = Array.from({ length: Math.min(5_000, count - done) }, (_, n) => {
      const id = newId('connectSession', new Date());
      return { id, link: encryption.encrypt(`link ${done + n}`, linkSecretOf(id)) };
    });
    await pool.query(
      `INSERT INTO sessions (id, kind, client_id, user_id, status, link_secret, created_at, updated_at)
       SELECT r.id, 'CONNECT', $1, $2, 'AWAITING_USER', r.link, now(), now()
       FROM json_to_recordset($3::json) AS r (id text, link text)`,
      [clientId, rows[0]?.id, JSON.stringify(sessions)],
    );
  }
}

async function addEndpoint(api: ApiClient, receiver: Awaited<ReturnType<typeof startVerifiedReceiver>>) {
  const headers = [{ name: 'X-Mine', value: 'kept' }];
  const { createWebhookEndpoint } = await api.run<{
    createWebhookEndpoint: { secret: string; endpoint: { id: string } };
  }>(
    `mutation ($input: CreateWebhookEndpointInput!) { createWebhookEndpoint(input: $input) {
       ... on CreateWebhookEndpointPayload { secret endpoint { id } } } }`,
    { input: { url: receiver.url, headers } },
  );
  receiver.verifyWith(createWebhookEndpoint.secret);
  return createWebhookEndpoint.endpoint.id;
}

/** Test events and new sessions, whose links are encrypted, until it is stopped. */
function keepCalling(api: ApiClient, endpointId: string) {
  let isOver = false;
  const counts = { sessionsMade: 0, failedCalls: 0 };
  const call = async (): Promise<void> => {
    const { createConnectSession } = await api.run<{ createConnectSession: { __typename: string } }>(
      'mutation { createConnectSession(input: { user: {} }) { __typename } }',
    );
    if (createConnectSession.__typename === 'CreateConnectSessionPayload') counts.sessionsMade++;
    else counts.failedCalls++;
    await api.run('mutation ($id: ID!) { sendTestEvent(endpointId: $id) { __typename } }', { id: endpointId });
  };
  const running = (async () => {
    while (!isOver) {
      await call().catch(() => counts.failedCalls++);
      await delay(50);
    }
  })();
  return {
    async stop() {
      isOver = true;
      await running;
      return counts;
    },
  };
}

async function rotate({ environment }: LoadWorld): Promise<{ exitCode: number | null; seconds: number }> {
  const program = await bundleProgram(join(import.meta.dirname, '../../src/cli/rotate-encryption-key.ts'));
  const beganMs = performance.now();
  const child = spawn(process.execPath, [program], {
    env: { PATH: process.env.PATH ?? '', ...environment },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'exit');
  return { exitCode: child.exitCode, seconds: (performance.now() - beganMs) / 1_000 };
}

async function isActive({ pool }: LoadWorld): Promise<boolean> {
  const { rows } = await pool.query<{ count: number }>(
    'SELECT count(*)::int AS count FROM encryption_keys WHERE active_at <= now()',
  );
  return (rows[0]?.count ?? 0) > 1;
}

async function isDelivered({ pool }: LoadWorld): Promise<boolean> {
  const { rowCount } = await pool.query(`SELECT FROM webhook_deliveries WHERE status = 'PENDING' LIMIT 1`);
  return rowCount === 0;
}

async function readEntries({ pool }: LoadWorld, from: Date, until: Date) {
  const { rows } = await pool.query(
    `SELECT count(*) FILTER (WHERE status = 'SYNCHRONIZED')::int AS synchronized,
       count(*) FILTER (WHERE status = 'SYNCHRONIZED' AND finished_at BETWEEN $1 AND $2)::int AS "synchronizedMeanwhile",
       count(*) FILTER (WHERE status <> 'SYNCHRONIZED')::int AS "notSynchronized" FROM cycle_entries`,
    [from, until],
  );
  return rows[0] as Pick<RotationFigures, 'synchronized' | 'synchronizedMeanwhile' | 'notSynchronized'>;
}

async function readDeliveries({ pool }: LoadWorld) {
  const { rows } = await pool.query(
    `SELECT count(*) FILTER (WHERE status = 'FAILED' OR attempt_count > 1)::int AS "failedAttempts" FROM webhook_deliveries`,
  );
  return rows[0] as Pick<RotationFigures, 'failedAttempts'>;
}

async function countTexts({ pool }: LoadWorld): Promise<number> {
  const counts = storedColumns.map(({ table, column }) => `(SELECT count(${column}) FROM ${table})`);
  const { rows } = await pool.query<{ count: number }>(`SELECT (${counts.join(' + ')})::int AS count`);
  return rows[0]?.count ?? 0;
}

/** Reads every text as a process does that starts now. */
async function readTexts({ environment, encryptionKey }: LoadWorld) {
  const database = await openDatabase({
    databaseUrl: environment.DATABASE_URL ?? '',
    directory: null,
    poolSize: 1,
  });
  try {
    const encryption = await openTestEncryption(database, encryptionKey);
    const [key] = await database.query<{ id: string }>(
      Prisma.sql`SELECT id FROM encryption_keys ORDER BY active_at DESC LIMIT 1`,
    );
    const found = { left: 0, undecryptable: 0 };
    for (const { table, column, rowId, boundAs } of storedColumns) {
      const rows = await database.query<{ bound: string; text: string }>(Prisma.sql`
        SELECT ${Prisma.raw(rowId)} AS bound, ${Prisma.raw(column)} AS text FROM ${Prisma.raw(table)}
        WHERE ${Prisma.raw(column)} IS NOT NULL`);
      for (const { bound, text } of rows) {
        if (!text.startsWith(`v2.${key?.id}.`)) found.left++;
        try {
          encryption.decrypt(text, { column: boundAs, rowId: bound });
        } catch {
          found.undecryptable++;
        }
      }
    }
    return found;
  } finally {
    await database.close();
  }
}
