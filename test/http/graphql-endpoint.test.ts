import { describe, expect, test } from 'vitest';
import { Conflict, InvalidInput, NotFound } from '../../src/domain/errors.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { openTestApi } from '../support/api-fixture.ts';

describe('keys', () => {
  test('an operation without a key, or with a wrong one, is refused with 401 and a code', async () => {
    const api = await openTestApi();
    for (const authorization of ['', 'Bearer wrong', 'Basic abc']) {
      const answer = await api.request('{ __typename }', {}, { authorization });
      expect(answer.status).toBe(401);
      expect(answer.headers.get('www-authenticate')).toBe('Bearer');
      expect(answer.errors?.[0].extensions.code).toBe('UNAUTHENTICATED');
    }
  });

  test('introspection needs a key like everything else', async () => {
    const api = await openTestApi();
    const query = '{ __schema { queryType { name } } }';
    expect((await api.request(query, {}, { authorization: '' })).status).toBe(401);
    expect((await api.request(query)).data).toEqual({ __schema: { queryType: { name: 'Query' } } });
  });

  test('a key works until it is revoked', async () => {
    const api = await openTestApi();
    expect((await api.request('{ __typename }', {}, { authorization: `Bearer ${api.keys.client}` })).status).toBe(200);
    api.keys.revoke(api.keys.client);
    expect((await api.request('{ __typename }', {}, { authorization: `Bearer ${api.keys.client}` })).status).toBe(401);
  });

  test("an operator's mutation is FORBIDDEN to a key without the scope", async () => {
    const createClient = async (name: string) => ({ client: { id: 'cli_2', name } as never, key: 'new' });
    const once = async <T>(_call: unknown, work: () => Promise<T>) => await work();
    const api = await openTestApi({ services: { clients: { createClient }, idempotency: { once } } });
    const mutation = 'mutation { createClient(name: "Other") { __typename } }';
    const refused = await api.request(mutation, {}, { authorization: `Bearer ${api.keys.client}` });
    expect(refused.status).toBe(403);
    expect(refused.errors?.[0].extensions.code).toBe('FORBIDDEN');
    expect((await api.request(mutation)).data).toEqual({ createClient: { __typename: 'CreateClientPayload' } });
  });
});

describe('errors', () => {
  test('an unexpected error is masked, and logged with the request id that the caller gets', async () => {
    const users = { find: () => Promise.reject(new Error('secret detail')) };
    const api = await openTestApi({ services: { users } });
    const answer = await api.request('{ user(id: "usr_1") { id } }', {}, { 'x-request-id': 'my-request' });
    expect(answer.headers.get('x-request-id')).toBe('my-request');
    expect(answer.errors?.[0]).toMatchObject({
      message: 'Unexpected error.',
      path: ['user'],
      extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'my-request' },
    });
    expect(JSON.stringify(answer.errors)).not.toContain('secret detail');
    const line = api.logged.find(({ requestId }) => requestId === 'my-request');
    expect(JSON.stringify(line)).toContain('secret detail');
  });

  test.each([
    ['before the operation, answered directly', 'POST', 'context'],
    ['before the operation, answered by yoga', 'GET', 'context'],
    ['of what surrounds the operation, answered directly', 'POST', 'metrics'],
    ['of what surrounds the operation, answered by yoga', 'GET', 'metrics'],
  ])('an unexpected error %s is logged with the request id that the caller gets', async (_where, method, place) => {
    const fail = () => {
      throw new Error('secret detail');
    };
    const metrics = createMetrics();
    const broken = {
      context: {
        source: {
          services: {} as never,
          get prisma(): never {
            return fail();
          },
        },
      },
      metrics: { metrics: { ...metrics, operationFinished: fail } },
    };
    const api = await openTestApi({ server: broken[place as keyof typeof broken] });
    const headers = { authorization: `Bearer ${api.keys.client}`, 'x-request-id': 'my-request' };
    const query = '{ __typename }';
    const response =
      method === 'GET'
        ? await fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, { headers })
        : await fetch(`${api.url}/graphql`, {
            method,
            headers: { ...headers, 'content-type': 'application/json' },
            body: JSON.stringify({ query }),
          });
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({
      errors: [
        { message: 'Unexpected error.', extensions: { code: 'INTERNAL_SERVER_ERROR', requestId: 'my-request' } },
      ],
    });
    const lines = api.logged.filter((line) => JSON.stringify(line).includes('secret detail'));
    expect(lines).toMatchObject([{ requestId: 'my-request' }]);
  });

  test('where nothing is left of the answer, the status says so too', async () => {
    const api = await openTestApi({ services: { users: { list: () => Promise.reject(new Error('secret detail')) } } });
    const answer = await api.request('{ users { nodes { id } } }');
    expect(answer).toMatchObject({ status: 500, errors: [{ extensions: { code: 'INTERNAL_SERVER_ERROR' } }] });
    expect(answer.errors?.[0].extensions.http).toBeUndefined();
  });

  test('while keys cannot be looked up the caller is told to come back, with the request id of the log', async () => {
    const authenticate = () => Promise.reject(new Error('the database is away'));
    const api = await openTestApi({ server: { authenticate } });
    const answer = await api.request('{ viewer { id } }', {}, { 'x-request-id': 'my-request' });
    expect(answer).toMatchObject({
      status: 503,
      errors: [{ extensions: { code: 'UNAVAILABLE', requestId: 'my-request' } }],
    });
    expect(answer.headers.get('retry-after')).toBe('5');
    expect(answer.headers.get('x-request-id')).toBe('my-request');
    const line = api.logged.find(({ requestId }) => requestId === 'my-request');
    expect(JSON.stringify(line)).toContain('the database is away');
  });

  test('every answer carries a request id', async () => {
    const api = await openTestApi();
    expect((await api.request('{ __typename }')).headers.get('x-request-id')).toMatch(/^req_[0-9a-f]{24}$/);
  });

  test('a failure that the union of a mutation names is data, any other one is not', async () => {
    const failures = [
      new InvalidInput([
        { path: 'input.externalId', message: 'must not be empty' },
        { path: 'input.recurring', message: 'cannot be' },
      ]),
      new Conflict('EXTERNAL_ID_TAKEN', 'Another user has this externalId.'),
      new NotFound('client', 'cli_test'),
    ];
    const createUser = () => Promise.reject(failures.shift());
    const api = await openTestApi({ services: { users: { createUser } } });
    const mutation = `mutation { createUser(input: {}) {
      __typename ... on Error { code message } ... on ValidationError { fields { path message } } } }`;
    expect((await api.request(mutation)).data.createUser).toEqual({
      __typename: 'ValidationError',
      code: 'INVALID_INPUT',
      message: 'input.externalId: must not be empty; input.recurring: cannot be',
      fields: [
        { path: 'input.externalId', message: 'must not be empty' },
        { path: 'input.recurring', message: 'cannot be' },
      ],
    });
    expect((await api.request(mutation)).data.createUser).toMatchObject({
      __typename: 'ConflictError',
      code: 'EXTERNAL_ID_TAKEN',
    });
    const other = await api.request(mutation);
    expect(other.errors?.[0]).toMatchObject({
      message: 'There is no client cli_test.',
      extensions: { code: 'NOT_FOUND' },
    });
  });
});

describe('limits', () => {
  const refused: [limit: string, query: string, code: string][] = [
    ['tokens', `{ ${'__typename '.repeat(2000)} }`, 'DOCUMENT_TOO_LONG'],
    ['depth', `{ users { nodes { ${'bankLogins { user { '.repeat(6)} id ${'} }'.repeat(6)} } } }`, 'TOO_DEEP'],
    ['aliases', `{ ${Array.from({ length: 51 }, (_, i) => `a${i}: __typename`).join(' ')} }`, 'TOO_MANY_ALIASES'],
    [
      'cost',
      '{ users(first: 100) { nodes { bankLogins { accounts { transactions(first: 100) { nodes { id } } } } } } }',
      'TOO_COSTLY',
    ],
    [
      'cost through nested fragments',
      `query { ...F0 } ${Array.from({ length: 20 }, (_, i) => `fragment F${i} on Query { ...F${i + 1} ...F${i + 1} }`).join(' ')} fragment F20 on Query { users { nodes { id } } }`,
      'TOO_COSTLY',
    ],
    ['page size', '{ users(first: 101) { nodes { id } } }', 'BAD_USER_INPUT'],
  ];

  test.each(refused)(
    'an operation beyond the limit of %s is refused with 400 and a code',
    async (_limit, query, code) => {
      const api = await openTestApi();
      const answer = await api.request(query);
      expect([answer.status, answer.errors?.[0].extensions.code]).toEqual([400, code]);
    },
  );

  test('the price of a page follows from the variable', async () => {
    const api = await openTestApi({ services: { users: { list: async () => [] } } });
    const query = `query Q($first: Int = 1) { users(first: $first) { nodes { bankLogins { accounts {
      transactions(first: 100) { nodes { amount { amount } } } } } } } }`;
    expect((await api.request(query, { first: 100 })).errors?.[0].extensions.code).toBe('TOO_COSTLY');
    expect((await api.request(query)).errors).toBeUndefined();
  });

  test('a body above 1 MiB is refused with 413, with and without a content-length', async () => {
    const api = await openTestApi();
    const body = JSON.stringify({ query: '{ __typename }', variables: { x: 'x'.repeat(1024 * 1024) } });
    expect((await api.post(body)).status).toBe(413);
    const streamed = await fetch(`${api.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${api.keys.operator}` },
      body: new Blob([body]).stream(),
      duplex: 'half',
    } as RequestInit);
    expect(streamed.status).toBe(413);
  });

  test('a batch of operations is refused', async () => {
    const api = await openTestApi();
    const answer = await api.post(JSON.stringify([{ query: '{ __typename }' }, { query: '{ __typename }' }]));
    expect(answer.status).toBe(400);
  });
});

describe('requests from a browser', () => {
  test.each(['text/plain', 'application/x-www-form-urlencoded', 'multipart/form-data; boundary=x'])(
    'a body that a foreign page can send as %s is refused',
    async (contentType) => {
      const api = await openTestApi();
      const answer = await api.post('{"query":"{ __typename }"}', { 'content-type': contentType });
      expect(answer.status).toBe(415);
    },
  );

  test('a query may come by GET, a mutation may not', async () => {
    const api = await openTestApi();
    const get = (query: string) =>
      fetch(`${api.url}/graphql?query=${encodeURIComponent(query)}`, {
        headers: { authorization: `Bearer ${api.keys.operator}`, accept: 'application/json' },
      });
    expect((await get('{ __typename }')).status).toBe(200);
    expect((await get('mutation { createUser(input: {}) { __typename } }')).status).toBe(405);
  });
});
