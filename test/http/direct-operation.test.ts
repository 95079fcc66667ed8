import { describe, expect, test } from 'vitest';
import { Conflict } from '../../src/domain/errors.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';

// With a query string in the address the same request takes the long way, through yoga.
const ways = { direct: '/graphql', yoga: '/graphql?long' } as const;

async function answerOf(api: TestApi, path: string, body: string, headers: Record<string, string>) {
  const response = await fetch(`${api.url}${path}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: `Bearer ${api.keys.operator}`,
      'x-request-id': 'my-request',
      ...headers,
    },
    body,
  });
  const { status } = response;
  const names = ['content-type', 'x-request-id', 'retry-after', 'www-authenticate', 'allow'];
  return { status, headers: names.map((name) => response.headers.get(name)), body: await response.text() };
}

const services = {
  users: {
    find: async (_clientId: string, id: string) => {
      if (id === 'usr_broken') throw new Error('secret detail');
      if (id === 'usr_conflict') throw new Conflict('EXTERNAL_ID_TAKEN', 'Another user has this externalId.');
      return null;
    },
    createUser: () => Promise.reject(new Conflict('EXTERNAL_ID_TAKEN', 'Another user has this externalId.')),
  },
};

const query = (text: string, variables?: unknown, operationName?: string) =>
  JSON.stringify({ query: text, variables, operationName });

describe('the short way to an answer and the long one give the same', () => {
  const bodies: [name: string, body: string][] = [
    ['a query', query('{ user(id: "usr_1") { id } }')],
    ['a query with variables', query('query Q($id: ID!) { user(id: $id) { id } }', { id: 'usr_1' })],
    ['one operation of several', query('query A { __typename } query B { user(id: "usr_1") { id } }', null, 'B')],
    ['a mutation that fails as its union says', query('mutation { createUser(input: {}) { __typename } }')],
    ['an unexpected error', query('{ user(id: "usr_broken") { id } }')],
    ['an error with a code', query('{ user(id: "usr_conflict") { id } }')],
    ['introspection', query('{ __schema { queryType { name } } }')],
    ['a missing variable', query('query Q($id: ID!) { user(id: $id) { id } }')],
    ['a syntax error', query('{')],
    ['an unknown field', query('{ nothing }')],
    ['no operation of that name', query('query A { __typename }', null, 'B')],
    ['several operations and no name', query('query A { __typename } query B { __typename }')],
    ['too many tokens', query(`{ ${'__typename '.repeat(1100)} }`)],
    ['too many aliases', query(`{ ${Array.from({ length: 51 }, (_, i) => `a${i}: __typename`).join(' ')} }`)],
    ['a page that is too large', query('{ users(first: 101) { nodes { id } } }')],
    ['no JSON', '{'],
    ['no query', '{}'],
    ['a query that is no text', '{"query":1}'],
    ['variables that are no object', '{"query":"{ __typename }","variables":[1]}'],
    ['an operation name that is no text', '{"query":"{ __typename }","operationName":1}'],
    ['an unknown parameter', '{"query":"{ __typename }","more":1}'],
    ['extensions', '{"query":"{ __typename }","extensions":{"a":1}}'],
    ['a batch', '[{"query":"{ __typename }"}]'],
    ['null', 'null'],
    ['nothing', ''],
  ];
  const accepts = [
    '*/*',
    'application/json',
    'application/graphql-response+json',
    'application/graphql-response+json,application/json;q=0.9',
    'application/json; charset=utf-8',
    'application/json; charset=latin1',
    'application/graphql-response+json, application/json, text/event-stream, multipart/mixed',
    'image/png',
  ];

  test.each(bodies)('%s', async (_name, body) => {
    const api = await openTestApi({ services });
    for (const accept of accepts) {
      const direct = await answerOf(api, ways.direct, body, { accept });
      expect({ accept, ...direct }).toEqual({ accept, ...(await answerOf(api, ways.yoga, body, { accept })) });
    }
  });

  test('a subscription that asks for no event stream', async () => {
    const api = await openTestApi({ services: { events: createTestEvents() } });
    const body = query('subscription { events { id } }');
    for (const accept of ['application/json', 'application/graphql-response+json']) {
      const direct = await answerOf(api, ways.direct, body, { accept });
      expect(direct).toEqual(await answerOf(api, ways.yoga, body, { accept }));
    }
  });

  test('requests without a key, or of another media type', async () => {
    const api = await openTestApi({ services });
    for (const headers of [{ authorization: 'Bearer wrong' }, { 'content-type': 'text/plain' }]) {
      const direct = await answerOf(api, ways.direct, query('{ __typename }'), headers);
      expect(direct).toEqual(await answerOf(api, ways.yoga, query('{ __typename }'), headers));
    }
  });
});

test('a document that failed on one way fails as well on the other, whichever came first', async () => {
  const api = await openTestApi();
  const accept = 'application/graphql-response+json';
  const first = await answerOf(api, ways.yoga, query('{ a'), { accept });
  const second = await answerOf(api, ways.direct, query('{ a'), { accept });
  expect([first.status, second.status]).toEqual([400, 400]);
});
