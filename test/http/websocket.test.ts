import { createServer } from 'node:net';
import { type Client, createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { toCursor } from '../../src/events/event-cursor.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

const protocol = 'graphql-transport-ws';

function connect(api: TestApi, options: Partial<Parameters<typeof createClient>[0]> = {}): Client {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { authorization: `Bearer ${api.keys.client}` },
    retryAttempts: 0,
    lazy: true,
    ...options,
  });
  onTestFinished(async () => await client.dispose());
  return client;
}

function closingOf(client: Client): Promise<{ code: number; reason: string }> {
  return new Promise((resolve) => client.on('closed', (event) => resolve(event as { code: number; reason: string })));
}

async function firstOf(client: Client, query: string) {
  for await (const result of client.iterate({ query })) return result;
  throw new Error('nothing came');
}

test('the acknowledgement says where the log stands: who is cut off before the first event goes on from there', async () => {
  const events = createTestEvents();
  const api = await openTestApi({ services: { events } });
  events.emit(2);
  const client = connect(api);
  const acknowledged = new Promise((resolve) => client.on('connected', (_socket, payload) => resolve(payload)));
  const stopped = client.subscribe(
    { query: 'subscription { events { id } }' },
    { next() {}, error() {}, complete() {} },
  );
  expect(await acknowledged).toEqual({ headCursor: toCursor(2n) });
  stopped();
  events.emit();
  const query = `subscription { events(after: "${toCursor(2n)}") { id } }`;
  expect(await firstOf(client, query)).toEqual({ data: { events: { id: 'evt_3' } } });
});

describe('a socket', () => {
  test.each([
    ['authorization with Bearer', { authorization: 'Bearer client-key' }],
    ['Authorization in GraphiQL’s spelling', { Authorization: 'Bearer client-key' }],
    ['apiKey', { apiKey: 'client-key' }],
    ['headers', { headers: { authorization: 'Bearer client-key' } }],
  ])('takes the key from %s', async (_name, connectionParams) => {
    const api = await openTestApi();
    expect(await firstOf(connect(api, { connectionParams }), '{ __typename }')).toEqual({
      data: { __typename: 'Query' },
    });
  });

  test('takes the key from the header of the upgrade request', async () => {
    const api = await openTestApi();
    class WithHeader extends WebSocket {
      constructor(url: string, protocols: string) {
        super(url, protocols, { headers: { authorization: 'Bearer client-key' } });
      }
    }
    const client = connect(api, { connectionParams: {}, webSocketImpl: WithHeader });
    expect(await firstOf(client, '{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });

  test.each([[{}], [{ authorization: 'Bearer wrong' }], [{ apiKey: '' }]])(
    'without a valid key is closed with 4403: %j',
    async (connectionParams) => {
      const api = await openTestApi();
      const client = connect(api, { connectionParams });
      const closing = closingOf(client);
      await expect(firstOf(client, '{ __typename }')).rejects.toMatchObject({ code: 4403 });
      expect((await closing).code).toBe(4403);
    },
  );

  test('is closed with 4403 as soon as its key is revoked', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const client = connect(api);
    const closing = closingOf(client);
    const failed = expect(firstOf(client, 'subscription { events { id } }')).rejects.toMatchObject({ code: 4403 });
    await eventually(events.isFollowed);
    api.keys.revoke(api.keys.client);
    expect(await closing).toMatchObject({ code: 4403, reason: 'Forbidden' });
    await failed;
    await eventually(() => !events.isFollowed());
  });

  test('is closed with 4403 at the next check when its key has ended elsewhere', async () => {
    const api = await openTestApi({ server: { timing: { keyCheckMs: 20 } }, services: { events: createTestEvents() } });
    const client = connect(api);
    const failed = expect(firstOf(client, 'subscription { events { id } }')).rejects.toMatchObject({ code: 4403 });
    await new Promise((resolve) => client.on('connected', resolve));
    api.keys.viewers.delete(api.keys.client);
    await failed;
  });

  test('that never says connection_init is closed with 4408', async () => {
    const api = await openTestApi({ server: { timing: { initTimeoutMs: 50 } } });
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, protocol);
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(4408);
  });

  test('that sends more than 1 MiB at once is closed with 1009', async () => {
    const api = await openTestApi();
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, protocol);
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send('x'.repeat(1024 * 1024 + 1));
    expect(await new Promise((resolve) => socket.on('close', resolve))).toBe(1009);
  });

  test('beyond the hundredth of one key is closed with 4429', async () => {
    const api = await openTestApi();
    const open = () => {
      const client = connect(api, { lazy: false, onNonLazyError: () => {} });
      return new Promise<'connected' | number>((resolve) => {
        client.on('connected', () => resolve('connected'));
        client.on('closed', (event) => resolve((event as { code: number }).code));
      });
    };
    const first = await Promise.all(Array.from({ length: 100 }, open));
    expect(first.every((outcome) => outcome === 'connected')).toBe(true);
    expect(await open()).toBe(4429);
  });

  test('to another path is refused', async () => {
    const api = await openTestApi();
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/elsewhere`, protocol);
    expect(String(await new Promise((resolve) => socket.on('error', resolve)))).toContain('404');
  });
});

describe('an operation over a socket', () => {
  test('has the limits, the masking and the codes that it has over HTTP', async () => {
    const users = { find: () => Promise.reject(new Error('secret detail')) };
    const api = await openTestApi({ services: { users } });
    const client = connect(api);
    const masked = await firstOf(client, '{ user(id: "usr_1") { id } }');
    expect(masked.errors?.[0]).toMatchObject({
      message: 'Unexpected error.',
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: expect.stringMatching(/^req_/) },
    });
    // There is no status that it could set.
    expect(masked.errors?.[0]?.extensions).not.toHaveProperty('http');
    const aliases = `{ ${Array.from({ length: 51 }, (_, i) => `a${i}: __typename`).join(' ')} }`;
    await expect(firstOf(client, aliases)).rejects.toMatchObject([{ extensions: { code: 'TOO_MANY_ALIASES' } }]);
    await expect(firstOf(client, `{ ${'__typename '.repeat(2001)} }`)).rejects.toMatchObject([
      { extensions: { code: 'DOCUMENT_TOO_LONG' } },
    ]);
    await expect(firstOf(client, '{ nonsense }')).rejects.toMatchObject([{ message: /Cannot query field/ }]);
    const operators = await firstOf(client, 'mutation { createClient(name: "x") { __typename } }');
    expect(operators.errors?.[0]?.extensions).toEqual({ code: 'FORBIDDEN', requestId: expect.any(String) });
    const refused = await firstOf(client, aliases).catch((errors: unknown) => errors);
    expect(refused).toMatchObject([{ extensions: expect.not.objectContaining({ http: expect.anything() }) }]);
  });
});

describe('a subscription to events', () => {
  const query = 'subscription ($after: String) { events(after: $after) { id cursor ... on WebhookTest { message } } }';

  test('tells of an event that it cannot tell, and says no HTTP status for it', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const first = firstOf(connect(api), query);
    await eventually(events.isFollowed);
    events.emit(1, { data: {} as never });
    expect((await first).errors?.[0]?.extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'evt_1' });
  });

  test('streams what comes, and lets go of the log when it ends', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const iterator = connect(api).iterate({ query });
    const first = iterator.next();
    await eventually(events.isFollowed);
    events.emit();
    const { value } = await first;
    const cursor = toCursor(1n);
    expect(value?.data).toEqual({ events: { id: 'evt_1', cursor, message: '1' } });
    await iterator.return?.();
    await eventually(() => !events.isFollowed());

    events.emit(2);
    const again = connect(api).iterate({ query, variables: { after: cursor } });
    const missed = [(await again.next()).value, (await again.next()).value];
    expect(missed.map(({ data }) => data.events.id)).toEqual(['evt_2', 'evt_3']);
    await again.return?.();
  });

  test('refuses a cursor that is none of ours', async () => {
    const api = await openTestApi({ services: { events: createTestEvents() } });
    const iterator = connect(api).iterate({ query, variables: { after: 'nonsense' } });
    const outcome = await iterator.next().catch((error: unknown) => error);
    expect(JSON.stringify(outcome)).toContain('BAD_USER_INPUT');
  });

  test('is cut off with 4290 and the last cursor when its reader takes nothing', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events }, server: { timing: { slowConsumerMs: 100 } } });
    const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, protocol);
    await new Promise((resolve) => socket.on('open', resolve));
    socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: api.keys.client } }));
    await new Promise((resolve) => socket.once('message', resolve));
    socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query } }));
    await eventually(events.isFollowed);
    socket.pause();
    const closing = new Promise<{ code: number; reason: string }>((resolve) =>
      socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
    );
    const cursors: string[] = [];
    socket.on('message', (message) => {
      const { payload } = JSON.parse(String(message));
      if (payload?.data) cursors.push(payload.data.events.cursor);
    });
    events.emit(30, { data: { message: 'x'.repeat(700 * 1024) } });
    await eventually(async () => (await (await fetch(`${api.url}/metrics`)).text()).includes('slow_consumers_total 1'));
    socket.resume();
    const { code, reason } = await closing;
    expect(code).toBe(4290);
    expect(reason).toBe(`slow consumer, last cursor ${cursors.at(-1)}`);
  });
});

test('closing the server tells the sockets to go, and leaves nothing open', async () => {
  const api = await openTestApi({ services: { events: createTestEvents() } });
  const client = connect(api);
  const closing = closingOf(client);
  const failed = expect(firstOf(client, 'subscription { events { id } }')).rejects.toMatchObject({ code: 1001 });
  await new Promise((resolve) => client.on('connected', resolve));
  await api.close();
  expect((await closing).code).toBe(1001);
  await failed;
});

test('a port that is taken is a StartupError that names PORT', async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as { port: number };
  await expect(openTestApi({ server: { port } })).rejects.toThrow(/PORT: port \d+ on 127\.0\.0\.1 is taken/);
});
