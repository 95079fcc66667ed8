import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { type App, startApp } from '../../src/app.ts';
import { createApiClient } from '../../src/cli/demo/api-client.ts';
import { parseConfig } from '../../src/config/config.ts';
import { newEncryptionKey } from '../../src/storage/data-directory.ts';
import { type DocBlock, getDocBlock, readDocBlocks } from '../support/doc-blocks.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { temporaryDirectory, testApiKey } from '../support/spawn-tidewater.ts';
import { fillDataDirectory, temporaryDataDirectory } from '../support/test-database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'docs/operator.md';
const text = await readFile(join(root, page), 'utf8');
const blocks: DocBlock[] = await readDocBlocks(page);
const postgresUrl = inject('postgresUrl');

const ran = new Set<string>();

function take(name: string): string {
  ran.add(name);
  return getDocBlock(blocks, name).code;
}

const environment = { PORT: '0', SANDBOX_BANK_PORT: '0', LOG_LEVEL: 'silent', BOOTSTRAP_API_KEY: testApiKey };
const start = (given: Record<string, string>): Promise<App> =>
  startApp({ config: parseConfig({ ...environment, ...given }, () => '') });

/** Ends with the test at the latest. */
async function startForTest(given: Record<string, string>): Promise<App> {
  const app = await start(given);
  onTestFinished(app.stop);
  return app;
}

async function runShell(name: string, given: { cwd: string; env?: Record<string, string> }): Promise<string> {
  const env = { PATH: process.env.PATH ?? '', ...given.env };
  const { stdout } = await promisify(execFile)('sh', ['-e', '-c', take(name)], { ...given, env });
  return stdout;
}

// biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
async function run(url: string, document: string, variables: object = {}, key = testApiKey): Promise<any> {
  const api = createApiClient(url, key);
  return await api.run(document, variables).finally(api.close);
}

const ask = (url: string, name: string, variables?: object, key?: string) => run(url, take(name), variables, key);

/** The first cells of the table whose head begins so. */
function readColumn(head: string): string[] {
  const table = text.slice(text.indexOf(`\n| ${head} `)).split('\n\n', 1)[0] ?? '';
  return [...table.matchAll(/^\| (.*?) +\|/gm)].slice(2).flatMap(([, cell = '']) => {
    return [...cell.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
  });
}

describe('the page on operating', () => {
  let directory: string;
  let app: App;

  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
    await fillDataDirectory(directory);
    app = await start({ DATA_DIR: directory });
  });
  afterAll(async () => {
    await app.stop();
    await rm(directory, { recursive: true });
  });

  test('clients are made and renamed, keys rotated and revoked', async () => {
    const { createClient } = await ask(app.url, 'create-client.graphql', { name: 'Ada & Co' });
    const { apiKey: first, client } = createClient;
    expect(client.apiKeys).toEqual([{ id: expect.stringMatching(/^key_/), prefix: first.slice(0, 12) }]);
    const variables = {
      clientId: client.id,
      name: 'Second',
      scopes: ['CLIENT'],
      expiresAt: '2999-01-01T00:00:00.000Z',
    };
    const { createApiKey } = await ask(app.url, 'create-key.graphql', variables);
    expect(createApiKey.apiKey).toMatchObject({ scopes: ['CLIENT'], expiresAt: variables.expiresAt });
    const { viewer } = await ask(app.url, 'keys.graphql', {}, createApiKey.key);
    expect(viewer).toMatchObject({
      id: client.id,
      name: 'Ada & Co',
      apiKeys: [{ name: 'First key' }, { name: 'Second' }],
    });

    const { revokeApiKey } = await ask(app.url, 'revoke-key.graphql', { id: client.apiKeys[0].id });
    expect(revokeApiKey).toEqual({ id: client.apiKeys[0].id });
    await expect(ask(app.url, 'keys.graphql', {}, first)).rejects.toThrow('valid API key');

    const renaming = { id: client.id, name: 'Ada' };
    expect((await ask(app.url, 'rename-client.graphql', renaming)).renameClient).toEqual({ client: { name: 'Ada' } });
    await expect(ask(app.url, 'rename-client.graphql', renaming, createApiKey.key)).rejects.toThrow('OPERATOR scope');
  });

  test('an extra cycle runs, and can be watched', async () => {
    // The scheduled one, which opens at the first start, may be running still.
    const extra = await eventually(
      async () => (await ask(app.url, 'run-cycle.graphql')).runSynchronizationCycle.cycle as { id: string } | undefined,
    );
    const { nextSynchronizationCycleAt, synchronizationCycles } = await ask(app.url, 'watch-cycle.graphql');
    expect(Date.parse(nextSynchronizationCycleAt)).not.toBeNaN();
    expect(synchronizationCycles.nodes[0]).toMatchObject({ id: extra.id });
  });

  test('names every metric of ours, and no metric that is not there', async () => {
    await ask(app.url, 'keys.graphql');
    const output = await runShell('health.sh', { cwd: directory, env: { TIDEWATER_URL: app.url } });
    expect(output).toContain('"checks":{"database":"ok","jobs":"ok"}');
    const there = new Map(
      [...output.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = '', type = '']) => [name, type]),
    );
    const named = readColumn('metric');
    expect(named.filter((name) => !there.has(name))).toEqual([]);
    expect(named.filter((name) => name.startsWith('tidewater_'))).toEqual(
      [...there.keys()].filter((name) => name.startsWith('tidewater_')),
    );
    for (const row of text.matchAll(/^\| `(tidewater_\w+_seconds)` +\| (.*?) +\|/gm)) {
      const labels = [...(row[2] ?? '').matchAll(/`(\w+)`/g)].map(([, label]) => label);
      const sample = new RegExp(`^${row[1]}_count\\{(.*)\\} `, 'm').exec(output)?.[1] ?? '';
      expect([...sample.matchAll(/(\w+)="/g)].map(([, label]) => label)).toEqual(labels);
    }
  });

  test('the messages to look for are those of the code', async () => {
    const sources = await readSources();
    const messages = readColumn('message');
    expect(messages.length).toBeGreaterThan(5);
    expect(messages.filter((message) => !sources.includes(`'${message}'`))).toEqual([]);
  });

  test('a bootstrap key that was revoked stays revoked, and another one lets the operator in again', async () => {
    const data = { DATA_DIR: await temporaryDataDirectory() };
    const first = await startForTest(data);
    const { viewer } = await ask(first.url, 'keys.graphql');
    expect(viewer.apiKeys).toMatchObject([{ scopes: ['CLIENT', 'OPERATOR'] }]);
    await ask(first.url, 'revoke-key.graphql', { id: viewer.apiKeys[0].id });
    await first.stop();
    const other = 'another-api-key-0123456789';
    const second = await startForTest({ ...data, BOOTSTRAP_API_KEY: other });
    expect((await ask(second.url, 'keys.graphql', {}, other)).viewer.id).toBe(viewer.id);
    await second.stop();
    const third = await startForTest(data);
    await expect(ask(third.url, 'keys.graphql')).rejects.toThrow('valid API key');
    await third.stop();
  });

  test('what was backed up can be restored, and its secrets can be read with the same key alone', async ({ skip }) => {
    const [backUp, restore] = [getDocBlock(blocks, 'back-up.sh'), getDocBlock(blocks, 'restore.sh')];
    expect([backUp.language, restore.language]).toEqual(['sh', 'sh']);
    if (postgresUrl === null) return skip('PostgreSQL is not installed');
    const cwd = await temporaryDirectory();
    const keys = { DATA_DIR: cwd, ENCRYPTION_KEY: newEncryptionKey(), WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8' };
    const from = await createPostgresDatabase(postgresUrl);
    const first = await startForTest({ ...keys, DATABASE_URL: from });
    await ask(first.url, 'create-client.graphql', { name: 'Kept' });
    const endpointId = await createEndpoint(first.url);
    await runShell('back-up.sh', { cwd, env: { DATABASE_URL: from } });
    await first.stop();

    const to = await createPostgresDatabase(postgresUrl);
    await runShell('restore.sh', { cwd, env: { DATABASE_URL: to } });
    const second = await startForTest({ ...keys, DATABASE_URL: to });
    expect(await rotateSecret(second.url, endpointId)).toMatch(/^whsec_/);
    await second.stop();
    const other = { ...keys, DATABASE_URL: to, ENCRYPTION_KEY: newEncryptionKey() };
    await expect(startForTest(other)).rejects.toThrow('the database is encrypted under the key');
  });

  test('every block of the page has been run by then', () => {
    const left = postgresUrl === null ? ['back-up.sh', 'restore.sh'] : [];
    expect(blocks.map(({ name }) => name).filter((name) => name === null || !ran.has(name))).toEqual(left);
  });
});

async function createEndpoint(url: string): Promise<string> {
  const { createWebhookEndpoint } = await run(
    url,
    `mutation {
      createWebhookEndpoint(input: { url: "http://127.0.0.1:9/webhooks" }) {
        ... on CreateWebhookEndpointPayload { endpoint { id } }
      }
    }`,
  );
  return createWebhookEndpoint.endpoint.id;
}

/** The secret before goes on signing for a while: it is decrypted on the way. */
async function rotateSecret(url: string, id: string): Promise<string> {
  const { rotateWebhookSecret } = await run(
    url,
    `mutation ($id: ID!) { rotateWebhookSecret(id: $id) { ... on RotateWebhookSecretPayload { secret } } }`,
    { id },
  );
  return rotateWebhookSecret.secret;
}

async function readSources(): Promise<string> {
  const files = await readdir(join(root, 'src'), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('generated'));
  return (await Promise.all(sources.map((file) => readFile(join(root, 'src', file), 'utf8')))).join('\n');
}
