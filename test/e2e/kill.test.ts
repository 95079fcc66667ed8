import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { connect, until } from '../../src/cli/demo/journey.ts';
import {
  CreateWebhookEndpointDocument,
  EventsDocument,
  type EventsQuery,
  type EventsQueryVariables,
  RunSynchronizationCycleDocument,
  SynchronizationCyclesDocument,
} from '../../src/generated/operations/graphql.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { spawnTidewater, temporaryDirectory, testApiKey } from '../support/spawn-tidewater.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

// A bank that takes its time, in a process that is not killed: so that the kills fall into the cycle.
async function startSlowBank(directory: string): Promise<string> {
  const bank = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null, latencyMs: 120 });
  onTestFinished(async () => await bank.close());
  const file = join(directory, 'banks.json');
  await writeFile(file, JSON.stringify([{ id: 'bank_slow', name: 'Slow Bank', country: 'DE', baseUrl: bank.url }]));
  return file;
}

const userCount = 50;
const killCount = 10;

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
  const DATA_DIR = await temporaryDirectory();
  const settings = { DATA_DIR, SANDBOX_BANK_PORT: 'off', BANKS_FILE: await startSlowBank(await temporaryDirectory()) };
  let tidewater = await spawnTidewater(settings);
  const loginIds = await withApi(tidewater.url, async (api) => {
    await api.run(CreateWebhookEndpointDocument, {
      input: { url: receiver.url, types: ['BANK_LOGIN_SYNCHRONIZED'] },
    });
    const users = [];
    for (let i = 1; i <= userCount; i++) users.push(await connect(api, `load-${i}`, true));
    await api.run(RunSynchronizationCycleDocument, {});
    return users.map((user) => user.bankLoginId);
  });

  let done = 0;
  for (let kill = 0; kill < killCount; kill++) {
    // One user further than at the kill before: a user that is interrupted four times has used up its day's accesses.
    done = await withApi(tidewater.url, (api) =>
      until('another user', async () => {
        const { synchronizationCycles } = await api.run(SynchronizationCyclesDocument, { first: 1 });
        const synchronized = synchronizationCycles.nodes[0]?.usersSynchronized ?? 0;
        return synchronized > done ? synchronized : null;
      }),
    );
    expect(done).toBeLessThan(userCount);
    // At a moment that nobody chose: somewhere in the next users' bank calls, merging, storing or bookkeeping.
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 400));
    await tidewater.kill();
    tidewater = await spawnTidewater(settings);
  }

  await withApi(tidewater.url, async (api) => {
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
