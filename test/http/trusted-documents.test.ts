import { createHash } from 'node:crypto';
import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';

const trusted = '{ __typename }';
const other = '{ type: __typename }';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const named = (id: string) => ({ persistedQuery: { version: 1, sha256Hash: id } });

const open = (only: boolean) =>
  openTestApi({ server: { limits: { trustedDocuments: { documents: new Map([['typename', trusted]]), only } } } });

async function post(api: TestApi, body: object, headers: Record<string, string> = {}) {
  const { status, data, errors } = await api.post(JSON.stringify(body), headers);
  return { status, data, code: errors?.[0]?.extensions.code };
}

async function overSocket(api: TestApi, payload: { query: string; extensions?: Record<string, unknown> }) {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: api.keys.client },
    retryAttempts: 0,
  });
  onTestFinished(() => void client.dispose());
  try {
    const { value } = await client.iterate(payload).next();
    return value;
  } catch (error) {
    return { code: (error as { extensions: { code: string } }[])[0]?.extensions.code };
  }
}

const answer = { status: 200, data: { __typename: 'Query' }, code: undefined };
const refused = { status: 403, data: undefined, code: 'DOCUMENT_NOT_TRUSTED' };
const unknown = { status: 200, data: undefined, code: 'PERSISTED_QUERY_NOT_FOUND' };

test('a trusted document is run by its id, over HTTP by POST and GET, and over a socket', async () => {
  for (const only of [true, false]) {
    const api = await open(only);
    const extensions = named('typename');
    expect(await post(api, { extensions })).toEqual(answer);
    const url = `${api.url}/graphql?extensions=${encodeURIComponent(JSON.stringify(extensions))}`;
    const got = await fetch(url, { headers: { authorization: `Bearer ${api.keys.client}` } });
    expect([got.status, await got.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
    expect(await overSocket(api, { query: '', extensions })).toEqual({ data: { __typename: 'Query' } });
    expect(await post(api, { extensions: named('unknown') })).toEqual(unknown);
    expect(await overSocket(api, { query: '', extensions: named('unknown') })).toEqual({ code: unknown.code });
  }
});

test('with trusted documents alone no other is run, whatever way it comes', async () => {
  const api = await open(true);
  const events = { accept: 'text/event-stream' };
  for (const query of [trusted, other]) {
    expect(await post(api, { query })).toEqual(refused);
    expect(await post(api, { query, extensions: named(sha256(query)) })).toEqual(refused);
    expect(await post(api, { query, extensions: named('typename') })).toEqual(refused);
    expect(await overSocket(api, { query })).toEqual({ code: refused.code });
    expect(await overSocket(api, { query, extensions: named('typename') })).toEqual({ code: refused.code });
    const got = await fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, {
      headers: { authorization: `Bearer ${api.keys.client}` },
    });
    expect(got.status).toBe(403);
  }
  expect((await api.post(JSON.stringify({ query: 'subscription { events { id } }' }), events)).status).toBe(403);
  // Nor is what was sent before run by its hash.
  expect(await post(api, { extensions: named(sha256(other)) })).toEqual(unknown);
  for (const body of [{}, { query: '' }, { query: null }, { extensions: { persistedQuery: null } }]) {
    expect(await post(api, body)).toMatchObject({ data: undefined, status: expect.any(Number) });
  }
});

test('a document that was sent once with its hash is run by the hash alone, until it is forgotten', async () => {
  const api = await open(false);
  const extensions = named(sha256(other));
  expect(await post(api, { extensions })).toEqual(unknown);
  const typed = { ...answer, data: { type: 'Query' } };
  expect(await post(api, { query: other, extensions })).toEqual(typed);
  expect(await post(api, { extensions })).toEqual(typed);
  expect(await overSocket(api, { query: '', extensions })).toEqual({ data: { type: 'Query' } });
  for (let n = 0; n < 500; n++) {
    const query = `{ n${n}: __typename }`;
    await post(api, { query, extensions: named(sha256(query)) });
  }
  expect(await post(api, { extensions })).toEqual(unknown);
});

test('a hash that is not the one of the text is refused, and nothing is kept under it', async () => {
  const api = await open(false);
  const extensions = named(sha256(other));
  expect(await post(api, { query: trusted, extensions })).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
  expect(await post(api, { query: trusted, extensions: named('typename') })).toMatchObject({ code: 'BAD_USER_INPUT' });
  expect(await post(api, { extensions })).toEqual(unknown);
});

test('without a document, an operation is refused as ever', async () => {
  const api = await openTestApi();
  const accept = { accept: 'application/graphql-response+json' };
  expect(await post(api, {}, accept)).toEqual({ status: 400, data: undefined, code: 'BAD_REQUEST' });
  expect(
    await post(api, { extensions: { persistedQuery: { version: 2, sha256Hash: 'typename' } } }, accept),
  ).toMatchObject({
    code: 'BAD_REQUEST',
  });
});
