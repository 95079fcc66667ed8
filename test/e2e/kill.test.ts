import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { until } from '../../src/cli/demo/journey.ts';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { systemClock } from '../../src/domain/clock.ts';
import {
  CreateWebhookEndpointDocument,
  EventsDocument,
  type EventsQuery,
  type EventsQueryVariables,
  SynchronizationCyclesDocument,
} from '../../src/generated/operations/graphql.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { openDataDirectory } from '../../src/storage/data-directory.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { type Child, startChild } from '../chaos/child-process.ts';
import { createFastClock, planQuietClock } from '../chaos/fast-clock.ts';
import { insertBank } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { insertLoadUsers, writeLoadConsents } from '../support/load-users.ts';
import { openTestEncryption } from '../support/opened-encryption.ts';
import { temporaryDirectory, testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const userCount = 50;
const killCount = 10;
const bankId = 'bank_slow';
const clock = planQuietClock(Date.now());

async function start(settings: Record<string, string>): Promise<Child<{ url: string }>> {
  const environment = { PORT: '0', BOOTSTRAP_API_KEY: testApiKey, LOG_LEVEL: 'warn', ...settings };
  const child = await startChild<{ url: string }>('tidewater-process.ts', { clock, leaseSeconds: 60 }, environment);
  onTestFinished(child.kill);
  return child;
}

interface WatchedBank {
  banksFile: string;
  /** Accesses to data so far, as the bank has written them down. */
  countAccesses(): Promise<number>;
}

// A bank that takes its time, in a process that is not killed: so that the kills fall into the cycle.
async function startSlowBank(): Promise<WatchedBank> {
  const directory = await temporaryDirectory();
  const dataFile = join(directory, 'bank.jsonl');
  await writeLoadConsents(dataFile, { count: userCount, now: new Date() });
  const bank = await createSandboxBank({
    host: '127.0.0.1',
    port: 0,
    dataFile,
    clock: createFastClock(clock),
    latencyMs: 100,
  });
  onTestFinished(async () => await bank.close());
  const banksFile = join(directory, 'banks.json');
  await writeFile(banksFile, JSON.stringify([{ id: bankId, name: 'Slow Bank', country: 'DE', baseUrl: bank.url }]));
  const countAccesses = async () => (await readFile(dataFile, 'utf8')).split('\n{"a":').length - 1;
  return { banksFile, countAccesses };
}

/** A data directory as a first start would have left it, with users who have connected. Gives their logins. */
async function prepareUsers(directory: string, encryptionKey: Buffer): Promise<string[]> {
  const data = await openDataDirectory(directory);
  const database = await openDatabase({ databaseUrl: null, directory: data.database });
  try {
    await createClients({ clock: systemClock, store: createClientStore(database) }).bootstrap(testApiKey);
    await insertBank(database, bankId);
    const { id: clientId } = await database.prisma.client.findFirstOrThrow();
    const encryption = await openTestEncryption(database, encryptionKey);
    const given = { pool: database.pool, encryption, clientId, bankId, count: userCount, now: new Date() };
    return (await insertLoadUsers(given)).map(({ loginId }) => loginId);
  } finally {
    await database.close();
    await data.release();
  }
}

async function withApi<T>(url: string, work: (api: ApiClient) => Promise<T>): Promise<T> {
  const api = createApiClient(url, testApiKey);
  try {
    return await work(api);
  } finally {
    await api.close();
  }
}

type SynchronizedEvent = Extract<EventsQuery['events']['nodes'][number], { __typename: 'BankLoginSynchronized' }>;

async function listSynchronized(api: ApiClient): Promise<SynchronizedEvent[]> {
  const nodes: SynchronizedEvent[] = [];
  let after: string | null = null;
  do {
    const variables: EventsQueryVariables = { types: ['BANK_LOGIN_SYNCHRONIZED'], first: 20, after };
    const { events } = await api.run(EventsDocument, variables);
    nodes.push(...events.nodes.filter((event) => event.__typename === 'BankLoginSynchronized'));
    after = events.pageInfo.hasNextPage ? events.pageInfo.endCursor : null;
  } while (after);
  return nodes;
}

it(`synchronizes each of ${userCount} users exactly once, though it is killed (-9) ${killCount} times in the cycle`, {
  timeout: 400_000,
}, async () => {
  const receiver = await startWebhookReceiver();
  const bank = await startSlowBank();
  const encryptionKey = randomBytes(32);
  const DATA_DIR = await temporaryDataDirectory();
  const loginIds = await prepareUsers(DATA_DIR, encryptionKey);
  const settings = {
    DATA_DIR,
    ENCRYPTION_KEY: encryptionKey.toString('base64'),
    SANDBOX_BANK_PORT: 'off',
    BANKS_FILE: bank.banksFile,
  };
  let tidewater = await start(settings);
  await withApi(tidewater.ready.url, (api) =>
    api.run(CreateWebhookEndpointDocument, { input: { url: receiver.url, types: ['BANK_LOGIN_SYNCHRONIZED'] } }),
  );

  let done = 0;
  for (let kill = 0; kill < killCount; kill++) {
    // One user further than at the kill before: a user that is interrupted four times has used up its day's accesses.
    done = await withApi(tidewater.ready.url, (api) =>
      until('another user', async () => {
        const { synchronizationCycles } = await api.run(SynchronizationCyclesDocument, { first: 1 });
        const synchronized = synchronizationCycles.nodes[0]?.usersSynchronized ?? 0;
        return synchronized > done ? synchronized : null;
      }),
    );
    expect(done).toBeLessThan(userCount);
    // Somewhere in the next users' bank calls, or in the merging, storing and bookkeeping after the third of them.
    const accesses = (await bank.countAccesses()) + (kill % 6);
    await eventually(async () => (await bank.countAccesses()) >= accesses, { intervalMs: 5 });
    await tidewater.kill();
    tidewater = await start(settings);
  }

  await withApi(tidewater.ready.url, async (api) => {
    const cycle = await until('the end of the cycle', async () => {
      const { synchronizationCycles } = await api.run(SynchronizationCyclesDocument, { first: 1 });
      return (
        synchronizationCycles.nodes.find((node) => node.usersEnrolled === userCount && node.status === 'COMPLETED') ??
        null
      );
    });
    expect(cycle).toMatchObject({ usersSynchronized: userCount, usersFailed: 0, usersSkipped: 0 });
    const events = await listSynchronized(api);
    expect(events.map((event) => event.bankLogin.id).sort()).toEqual([...loginIds].sort());
    expect(new Set(events.map((event) => event.sequence))).toEqual(new Set([1]));
    const delivered = () => new Set(receiver.received.map((webhook) => String(webhook.headers['webhook-id'])));
    await until(
      'every delivery',
      async () => (events.every((event) => delivered().has(event.id)) ? true : null),
      90_000,
    );
    expect([...delivered()].sort()).toEqual(events.map((event) => event.id).sort());
  });
  await tidewater.stop();
  await receiver.stop();
});
