import { createClient } from 'graphql-ws';
import { describe, expect, inject, onTestFinished, test, vi } from 'vitest';
import WebSocket from 'ws';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers } from '../../src/clients/users.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { openTestApi, passingAudit, type TestApi, type TestApiOptions } from '../support/api-fixture.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

describe('the rate of requests', () => {
  const openLimited = async (services: TestApiOptions['services'] = {}) => {
    vi.useFakeTimers({ toFake: ['Date'] });
    onTestFinished(() => void vi.useRealTimers());
    return await openTestApi({ services, server: { graphiql: true, limits: { requestsPerMinute: 3 } } });
  };

  test('above that of a client is refused with 429, a code and when to come again', async () => {
    const api = await openLimited();
    for (let i = 0; i < 3; i++) expect((await api.request('{ __typename }')).status).toBe(200);
    vi.setSystemTime(Date.now() + 12_000);
    const refused = await api.request('{ __typename }');
    expect(refused.status).toBe(429);
    expect(refused.headers.get('retry-after')).toBe('48');
    expect(refused.errors?.[0]).toMatchObject({
      message: expect.stringContaining('48 s'),
      extensions: { code: 'RATE_LIMITED', requestId: refused.headers.get('x-request-id') },
    });
  });

  test('is that of a client with all of its keys, and free again when the minute is over', async () => {
    const api = await openLimited();
    api.keys.viewers.set('other-key', { clientId: 'cli_other', keyId: 'key_3', scopes: ['CLIENT'], expiresAt: null });
    for (let i = 0; i < 4; i++) await api.request('{ __typename }');
    expect((await api.request('{ __typename }')).status).toBe(429);
    expect((await api.request('{ __typename }', {}, { authorization: 'Bearer client-key' })).status).toBe(429);
    expect((await api.request('{ __typename }', {}, { authorization: 'Bearer other-key' })).status).toBe(200);
    vi.setSystemTime(Date.now() + 60_000);
    expect((await api.request('{ __typename }')).status).toBe(200);
  });

  test('counts operations on sockets too, refuses them with the same code, and tells the audit log either way', async () => {
    const limited: string[] = [];
    const noteLimited = ({ keyId }: { keyId: string }) => void limited.push(keyId);
    const api = await openLimited({ audit: { ...passingAudit, noteLimited } });
    const client = createClient({
      url: `${api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${api.keys.operator}` },
    });
    onTestFinished(async () => await client.dispose());
    const ask = async () => {
      for await (const result of client.iterate({ query: '{ __typename }' })) return result;
    };
    expect((await api.request('{ __typename }')).status).toBe(200);
    await ask();
    await ask();
    await expect(ask()).rejects.toMatchObject([{ extensions: { code: 'RATE_LIMITED', retryAfterSeconds: 60 } }]);
    expect(limited).toEqual(['key_1']);
    expect((await api.request('{ __typename }')).status).toBe(429);
    expect(limited).toEqual(['key_1', 'key_1']);
  });

  test('is no matter of health, metrics, GraphiQL or a wrong key', async () => {
    const api = await openLimited();
    for (let i = 0; i < 4; i++) await api.request('{ __typename }');
    for (const path of ['/health/live', '/health/ready', '/metrics']) {
      expect((await fetch(`${api.url}${path}`)).status).toBe(200);
    }
    expect((await fetch(`${api.url}/graphql`, { headers: { accept: 'text/html' } })).status).toBe(200);
    expect((await api.request('{ __typename }', {}, { authorization: 'Bearer wrong' })).status).toBe(401);
  });
});

interface Deferred<T> {
  promise: Promise<T>;
  resolve(value: T): void;
}

function deferred<T>(): Deferred<T> {
  let resolve: (value: T) => void = () => {};
  const promise = new Promise<T>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

// By the short way to an answer and by the long one.
const ways = ['/graphql', '/graphql?long'];

function ask(api: TestApi, path: string, query: string, init: RequestInit = {}): Promise<Response> {
  return fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.keys.operator}` },
    body: JSON.stringify({ query }),
    ...init,
  });
}

describe('an operation that takes too long', () => {
  const openImpatient = (services: TestApiOptions['services']) =>
    openTestApi({ services: services ?? {}, server: { limits: { operationTimeoutMs: 50 } } });

  test.each(ways)('is answered with 504 and a code, and no resolver is started any more (%s)', async (path) => {
    const find = deferred<never>();
    const planFor = vi.fn(async () => new Map());
    const api = await openImpatient({ users: { find: () => find.promise }, plan: { planFor } });
    const response = await ask(api, path, '{ user(id: "usr_1") { id nextSynchronization { position } } }');
    expect(response.status).toBe(504);
    expect(await response.json()).toMatchObject({
      errors: [{ message: expect.stringContaining('0.05 s'), extensions: { code: 'OPERATION_TIMED_OUT' } }],
    });
    find.resolve({ id: 'usr_1' } as never);
    await new Promise(setImmediate);
    expect(planFor).not.toHaveBeenCalled();
  });

  test('as a mutation does nothing of what would have come next', async () => {
    const names: string[] = [];
    const createClient = (name: string) => {
      names.push(name);
      return new Promise<never>(() => {});
    };
    const api = await openImpatient({ clients: { createClient } });
    const mutation = `mutation {
      a: createClient(name: "first") { __typename } b: createClient(name: "second") { __typename } }`;
    expect((await api.request(mutation)).status).toBe(504);
    expect(names).toEqual(['first']);
  });
});

test.each(ways)('an operation whose caller has left starts no resolver any more (%s)', async (path) => {
  const asked = deferred<void>();
  const found = deferred<never>();
  const planFor = vi.fn(async () => new Map());
  const find = () => {
    asked.resolve();
    return found.promise;
  };
  const api = await openTestApi({ services: { users: { find }, plan: { planFor } } });
  const leaving = new AbortController();
  const query = '{ user(id: "usr_1") { id nextSynchronization { position } } }';
  const left = ask(api, path, query, { signal: leaving.signal }).catch(() => 'left');
  await asked.promise;
  leaving.abort();
  expect(await left).toBe('left');
  const failed = 'tidewater_graphql_operation_duration_seconds_count{kind="query",outcome="error"} 1';
  await eventually(async () => (await (await fetch(`${api.url}/metrics`)).text()).includes(failed));
  found.resolve({ id: 'usr_1' } as never);
  await new Promise(setImmediate);
  expect(planFor).not.toHaveBeenCalled();
});

describe('on a PostgreSQL server, an operation that takes too long', () => {
  const openSlow = async (serverUrl: string, poolSize: number) => {
    const databaseUrl = await createPostgresDatabase(serverUrl);
    const open = async (size: number): Promise<Database> => {
      const database = await openDatabase({ databaseUrl, directory: null, poolSize: size });
      onTestFinished(() => database.close());
      return database;
    };
    const database = await open(poolSize);
    const beside = await open(1);
    const clientId = await insertClient(database, fixedClock().now());
    const api = await openTestApi({
      clientId,
      services: { users: createUsers({ clock: fixedClock(), store: createUserStore(database) }) },
      server: { limits: { operationTimeoutMs: 200 }, runCancellable: database.runCancellable },
    });
    return { api, beside, database };
  };
  const users = '{ users(first: 1) { nodes { id } } }';

  test.skipIf(!inject('postgresUrl'))('has its statements cancelled, and its connections are free', async () => {
    const { api, beside } = await openSlow(inject('postgresUrl') as string, 2);
    const holder = await beside.pool.connect();
    await holder.query('begin; lock table users in access exclusive mode');
    // More than there are connections: the last ones wait for one in vain.
    const answers = await Promise.all([1, 2, 3, 4].map(() => api.request(users)));
    expect(answers.map(({ status }) => status)).toEqual([504, 504, 504, 504]);
    expect(answers[0]?.errors?.[0].extensions.code).toBe('OPERATION_TIMED_OUT');
    // Nothing waits for the lock while it is still held.
    await eventually(async () => {
      const { rows } = await holder.query(
        "select count(*)::int as waiting from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()",
      );
      return rows[0]?.waiting === 0;
    });
    await holder.query('commit');
    holder.release();
    expect((await api.request(users)).status).toBe(200);
  });
});
