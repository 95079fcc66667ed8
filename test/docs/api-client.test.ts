import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { startApp } from '../../src/app.ts';
import { type ApiClient, createApiClient } from '../../src/cli/demo/api-client.ts';
import { consentAs } from '../../src/cli/demo/end-user.ts';
import { parseConfig } from '../../src/config/config.ts';
import {
  bodyLimitBytes,
  differentSubscriptions,
  documentLimits,
  liveConnectionsPerKey,
  maximumPageSize,
  openRequestsPerClient,
  operationLimits,
  subscriptionsPerClient,
  variablesDepth,
} from '../../src/graphql/limits.ts';
import { type DocBlock, getDocBlock, readDocBlocks, writeDocBlocks } from '../support/doc-blocks.ts';
import { eventually } from '../support/eventually.ts';
import { testApiKey } from '../support/spawn-tidewater.ts';
import { fillDataDirectory } from '../support/test-database.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const page = 'docs/api-client.md';

const ran = new Set<string>();
let blocks: DocBlock[];
let text: string;
let url: string;
let api: ApiClient;

function take(name: string): string {
  ran.add(name);
  return getDocBlock(blocks, name).code;
}

// biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
const ask = (name: string, variables: Record<string, unknown> = {}) => api.run<any>(take(name), variables);

async function connect(externalId: string): Promise<{ sessionId: string; userId: string; bankLoginId: string }> {
  const { createConnectSession } = await ask('connect.graphql', { externalId });
  const { id: sessionId, redirectUrl, user } = createConnectSession.session;
  await consentAs('anna', redirectUrl);
  const { node } = await ask('connect-session.graphql', { id: sessionId });
  expect(node).toMatchObject({ status: 'COMPLETED', errorCode: null });
  return { sessionId, userId: user.id, bankLoginId: node.bankLogin.id };
}

describe('the page on calling the API', () => {
  let stop: () => Promise<unknown>;

  beforeAll(async () => {
    blocks = await readDocBlocks(page);
    text = await readFile(join(root, page), 'utf8');
    const directory = await mkdtemp(join(tmpdir(), 'tidewater-'));
    await fillDataDirectory(directory);
    const environment = { PORT: '0', SANDBOX_BANK_PORT: '0', BOOTSTRAP_API_KEY: testApiKey, LOG_LEVEL: 'silent' };
    const app = await startApp({ config: parseConfig({ ...environment, DATA_DIR: directory }, () => '') });
    url = app.url;
    api = createApiClient(url, testApiKey);
    stop = async () => {
      await api.close();
      await app.stop();
      await rm(directory, { recursive: true });
    };
  });
  afterAll(() => stop());

  test('the first request is answered', async () => {
    const env = { PATH: process.env.PATH ?? '', TIDEWATER_URL: url, TIDEWATER_API_KEY: testApiKey };
    const { stdout } = await promisify(execFile)('sh', ['-c', take('first-request.sh')], { env });
    expect(JSON.parse(stdout)).toEqual({
      data: { viewer: { id: expect.stringMatching(/^cli_/), name: 'First client' } },
    });
  });

  test('an end user connects, and the data can be read, page by page', async () => {
    const { userId, bankLoginId } = await connect('ada');
    const { loginsSynchronizationStatus: statuses } = await ask('status.graphql', { userId });
    expect(statuses).toMatchObject([
      { bankLogin: { id: bankLoginId }, status: 'OK', blockedBy: null, nextAction: 'NONE' },
    ]);
    const { user } = await ask('accounts.graphql', { userId });
    const [account] = user.bankLogins[0].accounts;
    expect(account.balances[0].amount.currency).toBe('EUR');

    const { node } = await ask('transactions.graphql', { accountId: account.id });
    expect(node.transactions.nodes.length).toBeGreaterThan(10);
    take('tidewater.ts');
    take('all-transactions.ts');
    const directory = await writeDocBlocks(blocks);
    vi.stubEnv('TIDEWATER_URL', url);
    vi.stubEnv('TIDEWATER_API_KEY', testApiKey);
    const { allTransactions } = await import(join(directory, 'all-transactions.ts'));
    const ids = new Set<string>();
    for await (const { id } of allTransactions(account.id)) ids.add(id);
    expect([...ids].slice(0, node.transactions.nodes.length)).toEqual(
      node.transactions.nodes.map(({ id }: { id: string }) => id),
    );
    const { tidewater } = await import(join(directory, 'tidewater.ts'));
    await expect(tidewater('{ nothing }')).rejects.toThrow('Cannot query field "nothing"');

    const { bankLogins } = await ask('who-must-renew.graphql', { before: '2999-01-01' });
    expect(bankLogins.nodes).toContainEqual({
      user: { externalId: 'ada' },
      consent: { validUntil: expect.any(String) },
    });
    const filter = { userId, bookedFrom: '2020-01-01', amountTo: '0' };
    const { transactions } = await ask('search-everywhere.graphql', { filter });
    expect(transactions.nodes.length).toBeGreaterThan(10);
    const everything = { since: '2020-01-01T00:00:00Z', seenEventIds: ['evt_unknown'] };
    const { reconcile } = await ask('reconcile.graphql', everything);
    expect(reconcile).toMatchObject({ unknownEventIds: ['evt_unknown'], complete: true, checkedCount: 1 });

    const { events } = await ask('events.graphql');
    expect(reconcile.missingEventIds).toEqual(events.nodes.map(({ id }: { id: string }) => id));
    expect(events.nodes).toMatchObject([{ type: 'BANK_LOGIN_CONNECTED' }]);
    expect((await ask('events.graphql', { after: events.pageInfo.endCursor })).events.nodes).toEqual([]);
  });

  test('a login is synchronized on request, and the same key gives the same session again', async () => {
    const { userId, bankLoginId } = await connect('grace');
    const variables = { bankLoginId, idempotencyKey: 'once' };
    const { createSynchronizationSession: first } = await ask('synchronize.graphql', variables);
    const { createSynchronizationSession: second } = await ask('synchronize.graphql', variables);
    expect(second.session.id).toBe(first.session.id);
    const reused = await ask('synchronize.graphql', { ...variables, psuIpAddress: '203.0.113.7' });
    expect(reused.createSynchronizationSession).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
    await eventually(async () => {
      const { synchronizationSession } = await ask('synchronization-session.graphql', { id: first.session.id });
      expect(synchronizationSession).toMatchObject({
        status: 'COMPLETED',
        event: { id: expect.stringMatching(/^evt_/) },
      });
      return true;
    });
    const { deleteUser } = await ask('delete-user.graphql', { id: userId });
    expect(deleteUser).toMatchObject({ bankLogins: 1, accounts: 2 });
  });

  test('a key is replaced by another, and asked for again it is the same one', async () => {
    const variables = { overlapSeconds: 3_600, scopes: ['CLIENT'], idempotencyKey: 'monthly' };
    const { rotateApiKey: first } = await ask('rotate-key.graphql', variables);
    expect(first).toMatchObject({ apiKey: { scopes: ['CLIENT'], expiresAt: null } });
    expect((await ask('rotate-key.graphql', variables)).rotateApiKey).toEqual(first);
    const successor = createApiClient(url, first.key);
    // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
    expect((await successor.run<any>('{ viewer { id } }')).viewer.id).toMatch(/^cli_/);
    await successor.close();
  });

  test('names every error of the API with its status', async () => {
    const rows = [...text.matchAll(/^\| (\d{3}|socket) +\| (.*?) +\|/gm)];
    const codes = new Map(
      rows.flatMap(([, status, cell = '']) =>
        [...cell.matchAll(/`(\w+)`/g)].map(([, code]) => [code ?? '', status ?? '']),
      ),
    );
    const deep = `{ a: node(id: "usr_1") { ${'... on User { bankLogins { user { '.repeat(7)} id ${'} } }'.repeat(7)} } }`;
    const asked: [code: string, init: RequestInit][] = [
      ['BAD_USER_INPUT', post('{ users(first: 101) { nodes { id } } }')],
      ['GRAPHQL_VALIDATION_FAILED', post('{ nothing }')],
      ['GRAPHQL_PARSE_FAILED', post('{')],
      ['OPERATION_RESOLUTION_FAILURE', post('query A { __typename } query B { __typename }')],
      ['REQUEST_ENTITY_TOO_LARGE', post(`{ viewer { id } } # ${'x'.repeat(bodyLimitBytes)}`)],
      ['TOO_DEEP', post(deep)],
      ['TOO_MANY_ALIASES', post(`{ ${Array.from({ length: 51 }, (_, i) => `a${i}: __typename`).join(' ')} }`)],
      [
        'TOO_COSTLY',
        post(
          '{ users(first: 100) { nodes { bankLogins { accounts { transactions(first: 100) { nodes { id } } } } } } }',
        ),
      ],
      ['DOCUMENT_TOO_COMPLEX', post(`{ ${'__typename '.repeat(200)} }`)],
      ['DOCUMENT_TOO_LONG', post(`{ ${'__typename '.repeat(2_001)} }`)],
      ['UNAUTHENTICATED', post('{ viewer { id } }', { authorization: 'Bearer nobody' })],
      ['UNSUPPORTED_MEDIA_TYPE', post('{ viewer { id } }', { 'content-type': 'text/plain' })],
    ];
    for (const [code, init] of asked) {
      const response = await fetch(`${url}/graphql`, init);
      const body = (await response.json()) as { errors: { extensions: { code: string } }[] };
      expect([response.status, body.errors[0]?.extensions.code]).toEqual([Number(codes.get(code)), code]);
    }
  });

  test('names every code that the API answers with, and no other', async () => {
    const chapter = text.slice(text.indexOf('## When it goes wrong'), text.indexOf('## Limits'));
    const cells = [...chapter.matchAll(/^\|.*\|$/gm)].map(([row]) => row).join('\n');
    const named = cells.match(/(?<=`)[A-Z]+(_[A-Z]+)*(?=`)/g) ?? [];
    const answered = [...fromLibraries];
    for (const [file, source] of await readSources()) {
      if (/^(http|graphql)\//.test(file)) answered.push(...(source.match(/(?<=\bcode: ')[A-Z_]+(?=')/g) ?? []));
      answered.push(
        ...(source.match(/(?<=new (Conflict|LimitReached|AppError|Unavailable)\(\s*')[A-Z_]+(?=')/g) ?? []),
      );
      answered.push(...(source.match(/(?<=\brefusal\(\s*')[A-Z_]+(?=')/g) ?? []));
      answered.push(...(source.match(/(?<=\bsuper\(\s*')[A-Z_]+(?=')/g) ?? []));
    }
    const told = answered.filter((code) => !toldToNobody.has(code));
    expect([...new Set(named)].sort()).toEqual([...new Set(told)].sort());
  });

  test('the limits are those of the code', () => {
    expect(text).toContain(`| ${maximumPageSize} rows`);
    const { tokens, depth, aliases, cost } = operationLimits;
    expect(text).toContain(`${tokens.toLocaleString('en-US')} tokens, ${depth} levels, ${aliases} aliases`);
    expect(text).toContain(`${cost.toLocaleString('en-US')} objects`);
    const { operations, fragments, fields, pairs } = documentLimits;
    const [fieldCount, pairCount] = [fields, pairs].map((count) => count.toLocaleString('en-US'));
    expect(text).toContain(
      `${operations} operations, ${fragments} fragments, ${fieldCount} fields in all their uses, ${pairCount} pairs`,
    );
    expect(text).toMatch(new RegExp(`\\| variables +\\| ${variablesDepth} levels +\\|`));
    expect(text).toContain(`${openRequestsPerClient} requests open`);
    expect(text).toContain(`${subscriptionsPerClient.toLocaleString('en-US')} of a client`);
    expect(text).toContain(`${differentSubscriptions} different ones`);
    expect(text).toContain(`${liveConnectionsPerKey} sockets and event streams`);
  });

  test('every block of the page has been run by then', () => {
    expect(blocks.filter(({ name }) => name === null || !ran.has(name))).toEqual([]);
  });
});

const accept = 'application/graphql-response+json';

function post(query: string, headers: Record<string, string> = {}): RequestInit {
  return {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization: `Bearer ${testApiKey}`, ...headers },
    body: JSON.stringify({ query }),
  };
}

// Of yoga and what it is made of.
const fromLibraries = [
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'OPERATION_RESOLUTION_FAILURE',
  'BAD_REQUEST',
  'REQUEST_ENTITY_TOO_LARGE',
];

/** The caller has gone; the process has not started. */
const toldToNobody = new Set(['CALLER_LEFT', 'STARTUP', 'UNREADABLE_STATEMENT']);

async function readSources(): Promise<[file: string, source: string][]> {
  const files = await readdir(join(root, 'src'), { recursive: true });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.startsWith('generated'));
  return await Promise.all(
    sources.map(async (file): Promise<[string, string]> => [file, await readFile(join(root, 'src', file), 'utf8')]),
  );
}
