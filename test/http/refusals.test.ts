import { describe, expect, test } from 'vitest';
import { useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi();

const many = (count: number, part: (i: number) => string) => Array.from({ length: count }, (_, i) => part(i)).join(' ');
const operation = (query: string, variables?: unknown) => JSON.stringify({ query, variables });

describe('a refusal is a status and a code', () => {
  const refusals: [what: string, body: string, headers: Record<string, string>, status: number, code: string][] = [
    ['no key', operation('{ __typename }'), { authorization: '' }, 401, 'UNAUTHENTICATED'],
    [
      'introspection without a key',
      operation('{ __schema { queryType { name } } }'),
      { authorization: '' },
      401,
      'UNAUTHENTICATED',
    ],
    [
      'a scope that the key has not',
      operation('mutation { createClient(name: "A") { __typename } }'),
      { authorization: 'Bearer client-key' },
      403,
      'FORBIDDEN',
    ],
    ['a body that is no JSON', '{', {}, 400, 'BAD_REQUEST'],
    [
      'a body of another type',
      operation('{ __typename }'),
      { 'content-type': 'text/plain' },
      415,
      'UNSUPPORTED_MEDIA_TYPE',
    ],
    [
      'a body above 1 MiB',
      operation('{ __typename }', { x: 'x'.repeat(1024 * 1024) }),
      {},
      413,
      'REQUEST_ENTITY_TOO_LARGE',
    ],
    ['a batch', `[${operation('{ __typename }')}]`, {}, 400, 'BAD_REQUEST'],
    ['no query', '{}', {}, 400, 'BAD_REQUEST'],
    ['a syntax error', operation('{'), {}, 400, 'GRAPHQL_PARSE_FAILED'],
    ['an unknown field', operation('{ nothing }'), {}, 400, 'GRAPHQL_VALIDATION_FAILED'],
    ['a missing variable', operation('query Q($id: ID!) { user(id: $id) { id } }'), {}, 400, 'BAD_REQUEST'],
    [
      'a variable of another type',
      operation('query Q($first: Int) { users(first: $first) { nodes { id } } }', { first: 'ten' }),
      {},
      400,
      'BAD_REQUEST',
    ],
    [
      'no operation of that name',
      JSON.stringify({ query: 'query A { __typename }', operationName: 'B' }),
      {},
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    ['too many tokens', operation(`{ ${'__typename '.repeat(2000)} }`), {}, 400, 'DOCUMENT_TOO_LONG'],
    [
      'too many levels',
      operation(`{ users { nodes { ${'bankLogins { user { '.repeat(6)} id ${'} }'.repeat(6)} } } }`),
      {},
      400,
      'TOO_DEEP',
    ],
    ['too many aliases', operation(`{ ${many(51, (i) => `a${i}: __typename`)} }`), {}, 400, 'TOO_MANY_ALIASES'],
    [
      'too many aliases in introspection',
      operation(`{ __schema { ${many(51, (i) => `a${i}: types { name }`)} } }`),
      {},
      400,
      'TOO_MANY_ALIASES',
    ],
    [
      'too many mutations at once',
      operation(`mutation { ${many(51, (i) => `a${i}: deleteUser(id: "usr_${i}") { __typename }`)} }`),
      {},
      400,
      'TOO_MANY_ALIASES',
    ],
    [
      'too many objects',
      operation(
        '{ users(first: 100) { nodes { bankLogins { accounts { transactions(first: 100) { nodes { id } } } } } } }',
      ),
      {},
      400,
      'TOO_COSTLY',
    ],
    ['a page above 100', operation('{ users(first: 101) { nodes { id } } }'), {}, 400, 'BAD_USER_INPUT'],
    ['a page below 1', operation('{ users(first: -1) { nodes { id } } }'), {}, 400, 'BAD_USER_INPUT'],
  ];

  const olderAnswers200 = new Set(['a syntax error', 'an unknown field', 'no query']);

  test.each(refusals)('%s', async (what, body, headers, status, code) => {
    for (const accept of ['application/graphql-response+json', 'application/json']) {
      const answer = await api.post(body, { accept, ...headers });
      // For what is wrong with a document, GraphQL over HTTP gives this older media type a 200.
      const isOlder = accept === 'application/json' && olderAnswers200.has(what);
      expect([accept, answer.status, answer.errors?.[0].extensions.code]).toEqual([
        accept,
        isOlder ? 200 : status,
        code,
      ]);
      expect(answer.headers.get('x-request-id')).toBeTruthy();
    }
  });
});

test('a variable that is wrong in several places is refused with all of them named', async () => {
  const answer = await api.request(
    'mutation M($input: CreateUserInput!) { createUser(input: $input) { __typename } }',
    { input: { recurring: 'yes', type: 'ROBOT', more: 1 } },
    { accept: 'application/graphql-response+json' },
  );
  expect(answer.status).toBe(400);
  expect(answer.errors?.map(({ message }) => /input\.(recurring|type)|"more"/.exec(message)?.[0])).toEqual([
    'input.recurring',
    'input.type',
    '"more"',
  ]);
});

test.each([
  ['in a variable', operation('query Q($id: ID!) { user(id: $id) { id } }', { id: 'usr_\u0000' })],
  [
    'deep in a variable',
    operation('mutation M($i: CreateUserInput!) { createUser(input: $i) { __typename } }', {
      i: { externalId: '\u0000' },
    }),
  ],
  ['in the document', operation('{ user(id: "usr_\\u0000") { id } }')],
  ['in the document in braces', operation('{ user(id: "usr_\\u{0}") { id } }')],
])('text that no database can hold is refused before it comes to one: %s', async (_where, body) => {
  const answer = await api.post(body);
  expect([answer.status, answer.errors?.[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
});

test('what is left out of the variables has its default, of whatever kind', async () => {
  const { request } = api;
  const query =
    'query Q($types: [EventType!] = [WEBHOOK_TEST], $first: Int = 5) { events(types: $types, first: $first) { nodes { id } } }';
  expect(await request(query)).toMatchObject({ status: 200, data: { events: { nodes: [] } } });
  const single = 'query Q($type: EventType! = WEBHOOK_TEST) { events(types: [$type]) { nodes { id } } }';
  expect(await request(single)).toMatchObject({ status: 200, data: { events: { nodes: [] } } });
});
