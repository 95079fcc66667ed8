import { expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';

const query = '{ __typename }';
const body = JSON.stringify({ query });

async function open() {
  const api = await openTestApi({
    services: { users: { find: () => Promise.reject(new Error('broken')) }, events: createTestEvents() },
  });
  const key = { authorization: `Bearer ${api.keys.client}` };
  const json = { ...key, 'content-type': 'application/json' };
  const get = async (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    await fetch(`${api.url}${path}`, { headers: { ...key, ...headers }, ...init });
  const post = (content: unknown, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    get('/graphql', { ...json, ...headers }, { method: 'POST', body: content as string, ...init });
  return { api, key, json, get, post };
}

type Opened = Awaited<ReturnType<typeof open>>;

const text = (operation: string, variables?: unknown) => JSON.stringify({ query: operation, variables });

/** Everything that an answer may have gone wrong with. */
const faults: [what: string, send: (opened: Opened) => Promise<Response>][] = [
  ['no JSON', ({ post }) => post('{')],
  ['no body', ({ post }) => post('')],
  ['a batch', ({ post }) => post('[]')],
  ['no query', ({ post }) => post('{}')],
  ['variables that are a list', ({ post }) => post(JSON.stringify({ query, variables: [] }))],
  ['a parameter that nobody knows', ({ post }) => post(JSON.stringify({ query, more: 1 }))],
  ['a syntax error', ({ post }) => post(text('{'))],
  ['a field that is none', ({ post }) => post(text('{ nothing }'))],
  ['a variable that is missing', ({ post }) => post(text('query ($n: Int!) { users(first: $n) { nodes { id } } }'))],
  ['a page that is too large', ({ post }) => post(text('{ users(first: 1000) { nodes { id } } }'))],
  ['NUL', ({ post }) => post(text('query ($id: ID!) { user(id: $id) { id } }', { id: '\0' }))],
  ['what an operator may', ({ post }) => post(text('{ clients { nodes { id } } }'))],
  ['what nobody expected', ({ post }) => post(text('{ user(id: "usr_1") { id } }'))],
  ['a body that is too large', ({ post }) => post(text(query, { a: 'x'.repeat(1_200_000) }))],
  ['another type of body', ({ post }) => post(body, { 'content-type': 'text/plain' })],
  ['a compressed body', ({ post }) => post(body, { 'content-encoding': 'gzip' })],
  ['an answer that is not to be had', ({ post }) => post(body, { accept: 'text/csv' })],
  ['a mutation by GET', ({ get }) => get('/graphql?query=mutation{runSynchronizationCycle{__typename}}')],
  ['nothing by GET', ({ get }) => get('/graphql')],
  ['PUT', ({ post }) => post(body, {}, { method: 'PUT' })],
  ['no key', ({ post }) => post(body, { authorization: '' })],
];

test('every error over HTTP carries the id of its request, in the body as in the header, and a code', async () => {
  const opened = await open();
  for (const [what, send] of faults) {
    const response = await send(opened);
    const { errors } = (await response.json()) as {
      errors: { message: string; extensions: Record<string, unknown> }[];
    };
    const requestId = response.headers.get('x-request-id');
    expect({ [what]: requestId }).toEqual({ [what]: expect.stringMatching(/^req_/) });
    expect({ [what]: errors.map(({ extensions }) => extensions.requestId) }).toEqual({ [what]: [requestId] });
    expect({ [what]: errors[0]?.extensions.code }).toEqual({ [what]: expect.stringMatching(/^[A-Z_]+$/) });
    expect({ [what]: errors[0]?.message }).toEqual({ [what]: expect.stringMatching(/\w{3}/) });
    expect({ [what]: response.headers.get('cache-control') }).toEqual({ [what]: 'no-store' });
  }
});

test('no cache keeps an answer, and one that does is told what it depends on', async () => {
  const { get, post } = await open();
  const answer = await post(body);
  expect(answer.headers.get('cache-control')).toBe('no-store');
  expect(answer.headers.get('vary')?.split(', ').sort()).toEqual(['Accept', 'Accept-Encoding']);
  const stream = await post(text('subscription { events { id } }'), {
    accept: 'text/event-stream',
  });
  expect([stream.headers.get('content-type'), stream.headers.get('cache-control')]).toEqual([
    'text/event-stream',
    'no-store',
  ]);
  await stream.body?.cancel();
  for (const path of ['/health/live', '/health/ready', '/metrics', '/nothing']) {
    expect({ [path]: (await get(path)).headers.get('cache-control') }).toEqual({ [path]: 'no-store' });
  }
});

test.each(['gzip', 'br', 'deflate', 'zstd', 'identity, gzip', 'made-up'])(
  'a body in the content encoding %s is refused with what is taken',
  async (encoding) => {
    const { post } = await open();
    const response = await post(body, { 'content-encoding': encoding });
    expect([response.status, response.headers.get('accept-encoding')]).toEqual([415, 'identity']);
    expect(await response.json()).toMatchObject({ errors: [{ extensions: { code: 'UNSUPPORTED_MEDIA_TYPE' } }] });
  },
);

test.each(['identity', 'Identity'])('a body in the content encoding %s is read', async (encoding) => {
  const { post } = await open();
  expect((await post(body, { 'content-encoding': encoding })).status).toBe(200);
});

test.each([
  'text/csv',
  'text/html',
  'application/xml, image/*',
  'application/json;q=0',
  'application/json; q=0.0, text/html',
])('who accepts %s alone is told what is to be had', async (accept) => {
  const { post } = await open();
  const response = await post(body, { accept });
  expect([response.status, response.headers.get('content-type')]).toEqual([406, 'application/json; charset=utf-8']);
  const { errors } = (await response.json()) as { errors: { message: string; extensions: { code: string } }[] };
  expect(errors[0]?.extensions.code).toBe('NOT_ACCEPTABLE');
  expect(errors[0]?.message).toContain('application/graphql-response+json, application/json, text/event-stream');
});

test.each([
  '*/*',
  'application/*',
  'application/json',
  'text/html, */*;q=0.1',
  'Application/JSON;charset=utf-8',
  'text/html,application/graphql-response+json;q=0.2',
])('who accepts %s among others is answered', async (accept) => {
  const { post } = await open();
  const response = await post(body, { accept });
  expect([response.status, await response.json()]).toEqual([200, { data: { __typename: 'Query' } }]);
});
