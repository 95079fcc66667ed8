import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createKeyAuthentication } from '../../src/clients/key-authentication.ts';
import type { HttpServerDependencies } from '../../src/http/server.ts';
import { openTestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

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
  const api = await openTestApi({
    services: { clients, events },
    server: { authenticate, clock, onRevoked: (listener) => clients.onRevoked(listener), timing },
  });
  const ask = (query: string, key = operatorKey) => api.request(query, {}, { authorization: `Bearer ${key}` });
  return { api, ask, clock, database, events, clients };
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
