import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv2020 } from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { startApp } from '../../src/app.ts';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { parseConfig } from '../../src/config/config.ts';
import { attemptDelaysMs } from '../../src/webhooks/retry-schedule.ts';
import { type DocBlock, getDocBlock, readDocBlocks, writeDocBlocks } from '../support/doc-blocks.ts';
import { eventually } from '../support/eventually.ts';
import { findFreePort } from '../support/free-port.ts';
import { testApiKey } from '../support/spawn-tidewater.ts';
import { fillDataDirectory, openTestDatabase } from '../support/test-database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'docs/receiver.md';

const ran = new Set<string>();
let blocks: DocBlock[];
let api: ApiClient;

/** The code of a block, which counts as run from then on. */
function take(name: string): string {
  ran.add(name);
  return getDocBlock(blocks, name).code;
}

// biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
const ask = (name: string, variables: Record<string, unknown> = {}) => api.run<any>(take(name), variables);

/** Starts what a reader would start; ended with all that it has started when the test has finished. */
async function start(command: string, args: string[], environment: Record<string, string>) {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', HOME: process.env.HOME ?? '', ...environment },
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  onTestFinished(async () => {
    if (child.exitCode !== null || child.pid === undefined) return;
    process.kill(-child.pid, 'SIGKILL');
    await once(child, 'exit');
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
  const prints = (text: string) =>
    eventually(() => output.includes(text), { limitMs: 30_000, what: `"${text}" in:\n${output}` });
  return { output: () => output, prints };
}

async function createEndpoint(port: number, signatureAlgorithm = 'HMAC_SHA256') {
  const { createWebhookEndpoint } = await ask('create-endpoint.graphql', {
    url: `http://127.0.0.1:${port}/webhooks`,
    signatureAlgorithm,
  });
  return { id: createWebhookEndpoint.endpoint.id as string, secret: createWebhookEndpoint.secret as string };
}

const statusesOf = async (endpointId: string): Promise<(number | null)[]> => {
  const { webhookEndpoint } = await ask('deliveries.graphql', { endpointId });
  return webhookEndpoint.deliveries.nodes.flatMap(({ attempts }: { attempts: { responseStatus: number | null }[] }) =>
    attempts.map(({ responseStatus }) => responseStatus),
  );
};

describe('the page on receiving webhooks', () => {
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    blocks = await readDocBlocks(page);
    const directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
    await fillDataDirectory(directory);
    const environment = { PORT: '0', SANDBOX_BANK_PORT: '0', BOOTSTRAP_API_KEY: testApiKey, LOG_LEVEL: 'silent' };
    const app = await startApp({ config: parseConfig({ ...environment, DATA_DIR: directory }, () => '') });
    api = createApiClient(app.url, testApiKey);
    stop = async () => {
      await api.close();
      await app.stop();
      await rm(directory, { recursive: true });
    };
  });
  afterAll(() => stop());

  test.each([
    ['with-library.ts', 'HMAC_SHA256'],
    ['without-library.ts', 'HMAC_SHA256'],
    ['with-ed25519.ts', 'ED25519'],
    ['with-jws.ts', 'JWS_ES256'],
  ])('%s takes genuine webhooks, handles each once and refuses forged ones', async (name, algorithm) => {
    take(name);
    const directory = await writeDocBlocks(blocks);
    const port = await findFreePort();
    const { id: endpointId, secret } = await createEndpoint(port, algorithm);
    const receiver = await start(process.execPath, ['--import', 'tsx', join(directory, name)], {
      PORT: String(port),
      WEBHOOK_SECRET: secret,
      WEBHOOK_ENDPOINT_ID: endpointId,
    });
    await receiver.prints('listening');

    const { sendTestEvent } = await ask('send-test-event.graphql', { endpointId });
    await receiver.prints('handling webhook.test');
    const deliveryId = sendTestEvent.delivery.id;
    await eventually(async () => (await statusesOf(endpointId)).length === 1);
    await api.run('mutation ($id: ID!) { redeliver(deliveryId: $id) { __typename } }', { id: deliveryId });
    await receiver.prints('handled before: evt_');
    await eventually(async () => (await statusesOf(endpointId)).length === 2);
    expect(await statusesOf(endpointId)).toEqual([204, 204]);

    const forge = (headers: Record<string, string>) =>
      fetch(`http://127.0.0.1:${port}/webhooks`, { method: 'POST', body: '{"type":"user.deleted"}', headers });
    const now = String(Math.floor(Date.now() / 1_000));
    const signature = `v1,${Buffer.alloc(32).toString('base64')} v1a,${Buffer.alloc(64).toString('base64')}`;
    expect((await forge({})).status).toBe(401);
    expect(
      (await forge({ 'webhook-id': 'evt_1', 'webhook-timestamp': now, 'webhook-signature': signature })).status,
    ).toBe(401);
    expect(receiver.output()).toContain('refused: ');
    expect(receiver.output()).not.toContain('user.deleted');

    // A receiver goes on verifying while the secret is being rotated.
    await ask('rotate.graphql', { endpointId });
    await ask('send-test-event.graphql', { endpointId });
    await eventually(async () => (await statusesOf(endpointId)).length === 3);
    expect(await statusesOf(endpointId)).toEqual([204, 204, 204]);
  });

  test('the receiver that comes along starts as the page says', async () => {
    const port = await findFreePort();
    const { id: endpointId, secret } = await createEndpoint(port);
    const receiver = await start('sh', ['-c', take('receive.sh')], { PORT: String(port), WEBHOOK_SECRET: secret });
    await receiver.prints('Receiving webhooks at');
    await ask('send-test-event.graphql', { endpointId });
    await receiver.prints('webhook.test  evt_');
  });

  test('a disabled endpoint is enabled and recovers as the page says', async () => {
    const { id: endpointId } = await createEndpoint(9);
    await api.run(
      'mutation ($id: ID!) { updateWebhookEndpoint(input: { id: $id, status: DISABLED }) { __typename } }',
      {
        id: endpointId,
      },
    );
    const { updateWebhookEndpoint } = await ask('enable-endpoint.graphql', { endpointId });
    expect(updateWebhookEndpoint).toEqual({ endpoint: { status: 'ENABLED' } });
    const { webhookEndpoint } = await ask('deliveries.graphql', { endpointId });
    expect(webhookEndpoint).toMatchObject({ status: 'ENABLED', failingSince: null, disabledReason: null });
    const { recoverDeliveries } = await ask('recover.graphql', { endpointId, since: new Date(0).toISOString() });
    expect(recoverDeliveries).toEqual({ count: expect.any(Number) });
  });

  test('the event shown is one, and the types come with their schemas', async () => {
    const { eventTypes } = await ask('event-types.graphql');
    const shown = JSON.parse(take('test-event.json'));
    const definition = eventTypes.find(({ name }: { name: string }) => name === shown.type);
    const ajv = new Ajv2020({ strict: false });
    addFormats.default(ajv);
    expect(ajv.validate(definition.schema, shown.data)).toBe(true);
    expect(shown.data).toEqual(definition.example);
  });

  test('work of a webhook is done once, and again only when it failed', async () => {
    const { pool } = await openTestDatabase();
    await pool.query(take('handled-webhooks.sql'));
    take('handle-once.ts');
    const directory = await writeDocBlocks(blocks);
    const { handleOnce } = await import(join(directory, 'handle-once.ts'));
    const failing = handleOnce(pool, 'evt_1', () => Promise.reject(new Error('no')));
    await expect(failing).rejects.toThrow('no');
    let count = 0;
    const work = async () => void count++;
    expect(await handleOnce(pool, 'evt_1', work)).toBe(true);
    expect(await handleOnce(pool, 'evt_1', work)).toBe(false);
    expect(count).toBe(1);
  });

  test('the table of attempts is the schedule', async () => {
    const text = await readFile(join(root, page), 'utf8');
    const row = /^\| after +\|(.*)\|$/m
      .exec(text)?.[1]
      ?.split('|')
      .map((cell) => cell.trim());
    const units = { s: 1_000, min: 60_000, h: 3_600_000 } as const;
    const delays = row?.map((cell) => {
      const [count, unit] = cell.split(' ');
      return unit === undefined ? Number(count) : Number(count) * units[unit as keyof typeof units];
    });
    expect(delays).toEqual(attemptDelaysMs);
  });

  test('every block of the page has been run by then', () => {
    expect(blocks.filter(({ name }) => name === null || !ran.has(name))).toEqual([]);
  });
});
