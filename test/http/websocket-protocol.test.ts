import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

// The behaviours that the graphql-transport-ws protocol asks of a server (PROTOCOL.md of graphql-ws).

interface RawSocket {
  socket: WebSocket;
  messages: { id?: string; type: string; payload?: unknown }[];
  closed: Promise<{ code: number; reason: string }>;
  send(message: unknown): void;
  /** Resolves with the first message of this type. */
  next(type: string, id?: string): Promise<{ id?: string; type: string; payload?: unknown }>;
}

async function openSocket(api: TestApi, protocols: string | string[] = 'graphql-transport-ws'): Promise<RawSocket> {
  const socket = new WebSocket(`${api.url.replace('http', 'ws')}/graphql`, protocols);
  onTestFinished(() => socket.terminate());
  const messages: RawSocket['messages'] = [];
  socket.on('message', (data) => messages.push(JSON.parse(String(data))));
  const closed = new Promise<{ code: number; reason: string }>((resolve) =>
    socket.on('close', (code, reason) => resolve({ code, reason: String(reason) })),
  );
  await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
  return {
    socket,
    messages,
    closed,
    send: (message) => socket.send(typeof message === 'string' ? message : JSON.stringify(message)),
    next: (type, id) => eventually(() => messages.find((each) => each.type === type && each.id === id)),
  };
}

async function openConnection(api: TestApi): Promise<RawSocket> {
  const raw = await openSocket(api);
  raw.send({ type: 'connection_init', payload: { apiKey: api.keys.client } });
  await raw.next('connection_ack');
  return raw;
}

const live = { query: 'subscription { events { id } }' };

async function openWithEvents() {
  const events = createTestEvents();
  const api = await openTestApi({ services: { events } });
  return { api, events, raw: await openConnection(api) };
}

describe('a socket is closed', () => {
  test.each<[string, unknown]>([
    ['that is no JSON', 'nonsense'],
    ['of no type', { id: '1' }],
    ['of an unknown type', { type: 'connection_terminate' }],
    ['without the id that it needs', { type: 'subscribe', payload: live }],
    ['without the query that it needs', { id: '1', type: 'subscribe', payload: {} }],
    ['of the older protocol', { id: '1', type: 'start', payload: live }],
    ['that is binary, and nothing that could be read', Buffer.from([0, 255, 254])],
  ])('with 4400 by a message %s', async (_what, message) => {
    const raw = await openConnection(await openTestApi());
    if (Buffer.isBuffer(message)) raw.socket.send(message);
    else raw.send(message);
    expect((await raw.closed).code).toBe(4400);
  });

  test('with 4401 by who subscribes before the acknowledgement', async () => {
    const raw = await openSocket(await openTestApi());
    raw.send({ id: '1', type: 'subscribe', payload: live });
    expect(await raw.closed).toEqual({ code: 4401, reason: 'Unauthorized' });
  });

  test('with 4406 when it speaks another protocol', async () => {
    const api = await openTestApi();
    const raw = await openSocket(api, []);
    expect((await raw.closed).code).toBe(4406);
    await expect(openSocket(api, 'graphql-ws')).rejects.toThrow(/subprotocol/);
    const both = await openSocket(api, ['graphql-ws', 'graphql-transport-ws']);
    expect(both.socket.protocol).toBe('graphql-transport-ws');
  });

  test('with 4409 when an id is used while it is in use', async () => {
    const { raw } = await openWithEvents();
    raw.send({ id: 'twice', type: 'subscribe', payload: live });
    raw.send({ id: 'twice', type: 'subscribe', payload: live });
    expect(await raw.closed).toEqual({ code: 4409, reason: 'Subscriber for twice already exists' });
  });

  test('with 4429 when connection_init is said twice', async () => {
    const raw = await openConnection(await openTestApi());
    raw.send({ type: 'connection_init' });
    expect((await raw.closed).code).toBe(4429);
  });
});

describe('a socket', () => {
  test('answers a ping with a pong and its payload, before the acknowledgement too, and takes a pong without being asked', async () => {
    const raw = await openSocket(await openTestApi());
    raw.send({ type: 'ping' });
    await raw.next('pong');
    raw.send({ type: 'connection_init', payload: { apiKey: 'client-key' } });
    raw.send({ type: 'pong' });
    raw.send({ type: 'ping', payload: { at: 7 } });
    await eventually(() => raw.messages.filter(({ type }) => type === 'pong').length === 2);
    expect(raw.messages.filter(({ type }) => type === 'pong')).toEqual([
      { type: 'pong' },
      { type: 'pong', payload: { at: 7 } },
    ]);
    await raw.next('connection_ack');
  });

  test('takes a message in a binary frame', async () => {
    const raw = await openConnection(await openTestApi());
    raw.socket.send(Buffer.from(JSON.stringify({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } })));
    expect(await raw.next('next', '1')).toMatchObject({ payload: { data: { __typename: 'Query' } } });
    await raw.next('complete', '1');
  });

  test('answers the ping of the WebSocket protocol', async () => {
    const raw = await openSocket(await openTestApi());
    const pong = new Promise((resolve) => raw.socket.once('pong', resolve));
    raw.socket.ping();
    await pong;
  });

  test('whose peer has vanished is given up', async () => {
    const api = await openTestApi({ server: { timing: { keepAliveMs: 30 } } });
    const raw = await openSocket(api);
    raw.socket.pause();
    await eventually(async () => (await (await fetch(`${api.url}/metrics`)).text()).includes('websockets_open 0'));
  });
});

describe('operations of one socket', () => {
  test('run beside each other, each with its own id, and end one by one', async () => {
    const { events, raw } = await openWithEvents();
    for (const id of ['a', 'b "quoted"']) raw.send({ id, type: 'subscribe', payload: live });
    await eventually(events.isFollowed);
    events.emit();
    expect(await raw.next('next', 'a')).toEqual({
      id: 'a',
      type: 'next',
      payload: { data: { events: { id: 'evt_1' } } },
    });
    await raw.next('next', 'b "quoted"');
    raw.send({ id: 'a', type: 'complete' });
    raw.send({ id: 'one-shot', type: 'subscribe', payload: { query: '{ __typename }' } });
    await raw.next('complete', 'one-shot');
    events.emit();
    await eventually(() => raw.messages.filter(({ id }) => id === 'b "quoted"').length === 2);
    expect(raw.messages.filter(({ id }) => id === 'a')).toHaveLength(1);
  });

  test('may use an id again when it is free', async () => {
    const { events, raw } = await openWithEvents();
    raw.send({ id: '1', type: 'subscribe', payload: live });
    await eventually(events.isFollowed);
    raw.send({ id: '1', type: 'complete' });
    await eventually(() => !events.isFollowed());
    raw.send({ id: '1', type: 'subscribe', payload: { query: '{ __typename }' } });
    await raw.next('complete', '1');
  });

  test('that fail before they run say so in one error, and nothing after', async () => {
    const raw = await openConnection(await openTestApi());
    raw.send({ id: 'bad', type: 'subscribe', payload: { query: '{ nonsense }' } });
    raw.send({ id: 'good', type: 'subscribe', payload: { query: '{ __typename }' } });
    await raw.next('complete', 'good');
    expect(raw.messages.filter(({ id }) => id === 'bad').map(({ type }) => type)).toEqual(['error']);
  });

  test('beyond a hundred are refused; the others go on', async () => {
    const { events, raw } = await openWithEvents();
    for (let i = 0; i < 101; i++) raw.send({ id: `${i}`, type: 'subscribe', payload: live });
    expect(await raw.next('error', '100')).toMatchObject({
      payload: [{ extensions: { code: 'TOO_MANY_SUBSCRIPTIONS' } }],
    });
    await eventually(events.isFollowed);
    events.emit();
    await eventually(() => raw.messages.filter(({ type }) => type === 'next').length === 100);
    raw.send({ id: '0', type: 'complete' });
    raw.send({ id: 'again', type: 'subscribe', payload: { query: '{ __typename }' } });
    await raw.next('complete', 'again');
  });
});

test('event streams and sockets of one key are counted together; one more stream is refused with 429', async () => {
  const events = createTestEvents();
  const api = await openTestApi({ services: { events } });
  const open = async () => {
    const abort = new AbortController();
    onTestFinished(() => abort.abort());
    return await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: {
        'content-type': 'application/json',
        accept: 'text/event-stream',
        authorization: `Bearer ${api.keys.client}`,
      },
      body: JSON.stringify(live),
      signal: abort.signal,
    });
  };
  const raw = await openConnection(api);
  const streams = await Promise.all(Array.from({ length: 99 }, open));
  expect(streams.every(({ status }) => status === 200)).toBe(true);
  const refused = await open();
  expect([refused.status, refused.headers.get('retry-after')]).toEqual([429, '30']);
  expect(await refused.text()).toContain('TOO_MANY_CONNECTIONS');
  raw.socket.close();
  await eventually(async () => (await open()).status === 200);
});
