import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createIdempotency } from '../../src/clients/idempotency.ts';
import { createKeyAuthentication } from '../../src/clients/key-authentication.ts';
import type { HttpServerDependencies } from '../../src/http/server.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { openTestApi, passingAudit } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

const testEncryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
const operatorKey = 'the-operator-of-this-test';

/** The API with the real keys, as the process composes them. */
async function openApiWithKeys(timing: HttpServerDependencies['timing'] = {}) {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const store = createClientStore(database);
  const clients = createClients({ clock, store });
  const { authenticate, forget } = createKeyAuthentication({ clock, store });
  clients.onRevoked(forget);
  await clients.bootstrap(operatorKey);
  const events = createTestEvents((await database.prisma.client.findFirstOrThrow()).id);
  const refusals: object[] = [];
  const audit = { ...passingAudit, noteRefusedKey: (refusal: object) => void refusals.push(refusal) };
  const api = await openTestApi({
    services: {
      audit,
      clients,
      events,
      idempotency: createIdempotency({ clock, database, encryption: testEncryption }),
    },
    server: { authenticate, clock, onRevoked: (listener) => clients.onRevoked(listener), timing },
  });
  const ask = (query: string, key = operatorKey) => api.request(query, {}, { authorization: `Bearer ${key}` });
  return { api, ask, clock, database, events, clients, refusals };
}

test('a key is made by the operator, works with its scopes until it ends, and shows when it was used', async () => {
  const { ask, clock, database } = await openApiWithKeys();
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  const expiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString();
  const made = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI", expiresAt: "${expiresAt}") {
    ... on CreateApiKeyPayload { key apiKey { id prefix scopes expiresAt lastUsedAt } } ... on Error { message } } }`);
  const { key, apiKey } = made.data.createApiKey;
  expect(apiKey).toMatchObject({ scopes: ['CLIENT'], expiresAt, lastUsedAt: null });
  expect(key.startsWith(apiKey.prefix)).toBe(true);
  expect(JSON.stringify(await database.prisma.apiKey.findMany())).not.toContain(key);

  expect((await ask('{ viewer { id } }', key)).data.viewer.id).toBe(clientId);
  expect((await ask('mutation { createClient(name: "A") { __typename } }', key)).status).toBe(403);
  await eventually(
    async () => (await database.prisma.apiKey.findUniqueOrThrow({ where: { id: apiKey.id } })).lastUsedAt,
  );
  clock.advance(3_600_000);
  expect((await ask('{ viewer { id } }', key)).status).toBe(401);
});

type World = Awaited<ReturnType<typeof openApiWithKeys>>;

/** A socket and an event stream that follow the events with this key. */
async function followWith({ api, events }: World, key: string) {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: key },
    retryAttempts: 0,
  });
  onTestFinished(async () => await client.dispose());
  const closed = new Promise<{ code: number }>((resolve) => client.on('closed', (event) => resolve(event as never)));
  const failure = (async () => {
    for await (const _event of client.iterate({ query: 'subscription { events { id } }' })) {
    }
  })().catch((error: unknown) => error);
  const stream = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'text/event-stream', authorization: `Bearer ${key}` },
    body: JSON.stringify({ query: 'subscription { events { id } }' }),
  });
  expect(stream.headers.get('content-type')).toContain('text/event-stream');
  // Resolves when the server has ended it.
  const streamed = stream.text().catch(() => '');
  await eventually(events.isFollowed);
  return {
    async expectEnd() {
      expect((await closed).code).toBe(4403);
      await failure;
      expect(await streamed).not.toContain('event: complete');
      await eventually(() => !events.isFollowed());
    },
  };
}

test('a key that the operator revokes is refused at once, and its live sockets and event streams end', async () => {
  const world = await openApiWithKeys();
  const { ask } = world;
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  const made = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI") {
    ... on CreateApiKeyPayload { key apiKey { id } } } }`);
  const { key, apiKey } = made.data.createApiKey;
  const following = await followWith(world, key);

  const revoked = await ask(`mutation { revokeApiKey(id: "${apiKey.id}") { __typename } }`);
  expect(revoked.errors).toBeUndefined();
  await following.expectEnd();
  expect((await ask('{ viewer { id } }', key)).status).toBe(401);
  // The operator's own key goes on.
  expect((await ask('{ viewer { id } }')).status).toBe(200);
});

test('the live sockets and event streams of a key end when it does', async () => {
  const world = await openApiWithKeys({ keyCheckMs: 20 });
  const { ask, clock } = world;
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  const expiresAt = new Date(clock.now().getTime() + 3_600_000).toISOString();
  const made = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI", expiresAt: "${expiresAt}") {
    ... on CreateApiKeyPayload { key } } }`);
  const following = await followWith(world, made.data.createApiKey.key);
  clock.advance(3_600_000);
  await following.expectEnd();
  expect((await ask('{ viewer { id } }')).status).toBe(200);
});

test('a key that expires while its sockets and event streams live ends them then, not at the next check', async () => {
  const world = await openApiWithKeys({ keyCheckMs: 3_600_000 });
  const { ask, clock } = world;
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  // The clock stands still, and the timer does not.
  const expiresAt = new Date(clock.now().getTime() + 1_000).toISOString();
  const made = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI", expiresAt: "${expiresAt}") {
    ... on CreateApiKeyPayload { key } } }`);
  const following = await followWith(world, made.data.createApiKey.key);
  await following.expectEnd();
});

/** A key of the operator's client, with these arguments besides. */
async function makeKey({ ask }: World, args: string): Promise<{ key: string; id: string }> {
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  const { data } = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI", ${args}) {
    ... on CreateApiKeyPayload { key apiKey { id } } ... on Error { message } } }`);
  return { key: data.createApiKey.key, id: data.createApiKey.apiKey?.id };
}

test('a key with networks is refused from elsewhere, over HTTP, event streams and sockets, and the log says so', async () => {
  const world = await openApiWithKeys();
  const { api, refusals } = world;
  const { key, id } = await makeKey(world, 'allowedNetworks: ["9.9.9.0/24", "2a00:1450::/32"]');
  const from = (address: string | null, headers = {}) =>
    api.request(
      '{ viewer { id } }',
      {},
      {
        authorization: `Bearer ${key}`,
        ...(address && { 'x-forwarded-for': address }),
        ...headers,
      },
    );
  for (const address of ['9.9.9.7', '::ffff:9.9.9.7', '8.8.8.8, 9.9.9.7', '2a00:1450::7']) {
    expect([address, (await from(address)).status]).toEqual([address, 200]);
  }
  expect(refusals).toEqual([]);
  for (const address of [null, '9.9.10.7', '9.9.9.7, 8.8.8.8', '2a00:1451::7', '::ffff:8.8.8.8', 'x']) {
    const { status, errors } = await from(address);
    expect([address, status, errors?.[0].extensions.code]).toEqual([address, 403, 'ADDRESS_NOT_ALLOWED']);
  }
  expect((await from('8.8.8.8', { accept: 'text/event-stream' })).status).toBe(403);
  const socket = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: key },
    retryAttempts: 0,
  });
  onTestFinished(async () => await socket.dispose());
  const end = await socket
    .iterate({ query: '{ viewer { id } }' })
    .next()
    .catch((error: unknown) => error);
  expect(end).toMatchObject({ code: 4403, reason: 'ADDRESS_NOT_ALLOWED' });
  expect(refusals).toHaveLength(8);
  for (const refusal of refusals) expect(refusal).toMatchObject({ keyId: id, reason: 'address' });
});

test('a network that is none is refused with its place, and makes no key', async () => {
  const { ask, database } = await openApiWithKeys();
  const clientId = (await ask('{ viewer { id } }')).data.viewer.id;
  const { data } = await ask(`mutation { createApiKey(clientId: "${clientId}", name: "CI",
    allowedNetworks: ["10.0.0.0/8", "10.0.0.0", "0x0a.0.0.0/8", "10.0.0.0/33", "::1/200", "::/0", "", "all"]) {
    ... on ValidationError { fields { path } } } }`);
  const paths = data.createApiKey.fields.map(({ path }: { path: string }) => path);
  expect(paths).toEqual([1, 2, 3, 4, 6, 7].map((n) => `allowedNetworks.${n}`));
  expect(await database.prisma.apiKey.count()).toBe(1);
});

test('over sockets too an operator follows no events; a key that may only read does', async () => {
  const world = await openApiWithKeys();
  const { api, events } = world;
  const follow = async (key: string) => {
    const socket = createClient({
      url: `${api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { apiKey: key },
      retryAttempts: 0,
    });
    onTestFinished(async () => await socket.dispose());
    return socket.iterate({ query: 'subscription { events { id } }' }).next();
  };
  const operator = await makeKey(world, 'scopes: [OPERATOR]');
  expect(await follow(operator.key)).toMatchObject({ value: { errors: [{ extensions: { code: 'FORBIDDEN' } }] } });
  expect(events.isFollowed()).toBe(false);
  const reader = await makeKey(world, 'scopes: [CLIENT_READ]');
  void (await Promise.race([follow(reader.key).catch(() => {}), eventually(events.isFollowed)]));
  expect(events.isFollowed()).toBe(true);
});

test('a key is rotated into one with fewer scopes, never more, and a repetition gives the same one', async () => {
  const world = await openApiWithKeys();
  const { ask } = world;
  const { key } = await makeKey(world, 'scopes: [CLIENT]');
  const rotate = async (args: string) =>
    (
      await ask(
        `mutation { rotateApiKey(${args}) { __typename ... on RotateApiKeyPayload { key apiKey { scopes } }
          ... on ValidationError { fields { path } } ... on Error { code } } }`,
        key,
      )
    ).data.rotateApiKey;
  expect(await rotate('scopes: [CLIENT, OPERATOR]')).toMatchObject({ fields: [{ path: 'scopes.1' }] });
  expect(await rotate('scopes: []')).toMatchObject({ fields: [{ path: 'scopes' }] });
  const first = await rotate('scopes: [CLIENT_READ], idempotencyKey: "r1"');
  expect(first).toMatchObject({ apiKey: { scopes: ['CLIENT_READ'] } });
  expect(await rotate('scopes: [CLIENT_READ], idempotencyKey: "r1"')).toEqual(first);
  expect(await rotate('idempotencyKey: "r1"')).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  expect((await ask('{ viewer { id } }', first.key)).status).toBe(200);
  expect((await ask('mutation { createUser(input: {}) { __typename } }', first.key)).status).toBe(403);
});

test('a key that another process revokes, or rotates away, ends its sockets within seconds', async () => {
  const world = await openApiWithKeys();
  const { ask, database, clock } = world;
  const running = setInterval(() => clock.advance(100), 100);
  onTestFinished(() => clearInterval(running));
  for (const change of ['revokedAt', 'retiresAt'] as const) {
    const { key, id } = await makeKey(world, 'scopes: [CLIENT]');
    const following = await followWith(world, key);
    const since = performance.now();
    await database.prisma.apiKey.update({ where: { id }, data: { [change]: clock.now() } });
    await following.expectEnd();
    expect(performance.now() - since).toBeLessThan(4_000);
    expect((await ask('{ viewer { id } }', key)).status).toBe(401);
  }
});
