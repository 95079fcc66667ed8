import fc from 'fast-check';
import {
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  GraphQLSchema,
  getIntrospectionQuery,
  parse,
  responsePathAsArray as pathToArray,
  validate,
} from 'graphql';
import { pino } from 'pino';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { createContext } from '../../src/graphql/context.ts';
import { createCompiledDocuments } from '../../src/http/compiled-documents.ts';
import { createResultMapper } from '../../src/http/result-mapping.ts';
import { useCompiledQueries } from '../../src/http/use-compiled-queries.ts';
import { listReads } from '../graphql/reads.ts';
import { openTestApi } from '../support/api-fixture.ts';
import { idOf, insertClientData, insertCycle } from '../support/client-data.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi, type WholeApi } from '../support/whole-api.ts';

const tag = 'whole';
type Execute = (args: ExecutionArgs & { signal?: AbortSignal }) => ExecutionResult | Promise<ExecutionResult>;

async function openWorld(): Promise<WholeApi> {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  await insertClientData(database, { tag, count: 3, now: api.clock.now(), encryption: api.encryption });
  await insertCycle(database, api.clock.now());
  return api;
}

/** Runs until it is compiled, if it ever is. */
async function answer(
  { schema, source }: WholeApi,
  text: string | ReturnType<typeof parse>,
  variableValues: Record<string, unknown> = {},
  { signal = new AbortController().signal, operationName = null as string | null } = {},
) {
  const document = typeof text === 'string' ? parse(text) : text;
  expect(validate(schema, document)).toEqual([]);
  const executor = vi.fn(execute as Execute);
  let run: Execute = executor;
  const plugin = useCompiledQueries(schema);
  plugin.onExecute?.({
    executeFn: executor,
    setExecuteFn: (fn: Execute) => {
      run = fn;
    },
  } as never);
  const once = async (work: Execute) => {
    const viewer = {
      clientId: idOf(tag, 'client'),
      keyId: idOf(tag, 'apiKey'),
      scopes: ['CLIENT'] as const,
      expiresAt: null,
    };
    const contextValue = createContext(source, { viewer, requestId: 'req_compiled' });
    const result = await work({ schema, document, variableValues, operationName, contextValue, signal });
    return JSON.stringify(result);
  };
  const expected = await once(execute as Execute);
  const answers: string[] = [];
  for (let n = 0; n < 4; n++) answers.push(await once(run));
  return { expected, answers, isCompiled: executor.mock.calls.length === 2 };
}

const transactions = (tail: string) => `{ users(first: 2) { nodes { bankLogins { accounts { ${tail} } } } } }`;

describe('a compiled query answers what the executor answers, to the letter', () => {
  test('every read of a client', async () => {
    const api = await openWorld();
    const compiled: string[] = [];
    for (const read of await listReads()) {
      const { document, operationName, variables } = read;
      const { expected, answers, isCompiled } = await answer(api, document, variables(tag), { operationName });
      expect({ [read.name]: answers }).toEqual({ [read.name]: Array(4).fill(expected) });
      if (isCompiled) compiled.push(read.name);
    }
    expect(compiled).toContain('users, logins, accounts, transactions, account');
    expect(compiled).toContain('events, accounts, transactions, account');
  });

  type Case = [name: string, text: string, variables?: Record<string, unknown>];

  const id = idOf(tag, 'account');
  const page =
    'query Q($id: ID!, $n: Int = 2, $s: TransactionStatus, $d: Date) { node(id: $id) { id ... on Account { transactions(first: $n, status: $s, bookedFrom: $d) { edges { cursor node { id amount { amount } } } pageInfo { hasNextPage endCursor } } } } }';
  const kept: Case[] = [
    ['aliases', '{ one: viewer { a: id b: id id } two: viewer { id } }'],
    ['the same field twice', '{ viewer { id } viewer { name } viewer { id name } }'],
    ['an alias that is a word of the language', '{ constructor: viewer { class: id toString: name } }'],
    [
      'fragments of fragments',
      'query { ...A } fragment A on Query { viewer { ...B ...C } } fragment B on Client { id } fragment C on Client { name ...B }',
    ],
    [
      'a fragment on an interface',
      `{ node(id: "${id}") { ... on Node { id } ... { __typename } ... on Account { iban currency } ... on User { externalId } } }`,
    ],
    ['a type name of an interface', `{ node(id: "${id}") { kind: __typename __typename } }`],
    ['nothing found', '{ node(id: "acc_none") { id ... on Account { iban } } }'],
    ['an id that is a number', '{ node(id: 12) { id } }'],
    ['variables that are given', page, { id, n: 1, s: 'BOOKED', d: '2020-01-01' }],
    ['variables that are left out', page, { id }],
    ['variables that are null', page, { id, n: null, s: null, d: null }],
    ['a variable that is a number where an id is meant', page, { id: 12 }],
    ['a variable that nobody asked for', page, { id, more: 1 }],
    [
      'a long page of one of the many kinds of nodes',
      `query Q($id: ID!) { node(id: $id) { ... on Account { transactions(first: 100) { nodes { id status amount { amount currency }
        bookingDate valueDate counterpartyName counterpartyIban remittanceInformation endToEndId bankTransactionCode }
        pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } } } }`,
      { id },
    ],
    [
      'moments and lists',
      transactions('id name bankLogin { createdAt } balances { type amount { amount currency } referenceDate }'),
    ],
    ['an empty list', '{ users(first: 0) { nodes { id } edges { cursor } pageInfo { hasNextPage startCursor } } }'],
    ['event types with JSON in them', '{ eventTypes { type schema example } }'],
    ['an error of a resolver', '{ users(first: 1000) { nodes { id } edges { cursor } } }'],
    [
      'an error beside data, of a field that is asked for twice',
      `{ viewer { id } node(id: "${id}") { ... on Account { iban transactions(first: -1) { nodes { id } } }
        ... on Account { transactions(first: -1) { edges { cursor } } } } }`,
    ],
  ];
  test('what is compiled', async () => {
    const api = await openWorld();
    for (const [name, text, variables] of kept) {
      const { expected, answers, isCompiled } = await answer(api, text, variables);
      expect({ name, answers, isCompiled }).toEqual({ name, answers: Array(4).fill(expected), isCompiled: true });
    }
  });

  const left: Case[] = [
    ['introspection', getIntrospectionQuery()],
    ['the schema', '{ __schema { types { name } } }'],
    ['a condition', 'query Q($yes: Boolean!) { viewer { id @skip(if: $yes) name @include(if: $yes) } }', { yes: true }],
    ['an underscore in an alias', '{ a_b: viewer { id } a: viewer { b: id } }'],
    ['a prototype as an alias', '{ __proto__: viewer { id } }'],
    [
      'several types within several',
      `{ ${Array.from({ length: 40 }, (_, n) => `n${n}: node(id: "${id}") { id }`).join(' ')} }`,
    ],
    ['a variable of the wrong kind', page, { id, n: 'two' }],
    ['a variable that is missing', page, {}],
    ['a variable that is no such value', page, { id, s: 'LOST' }],
    ['a date that is none', page, { id, d: '2020-02-31' }],
    ['an error of a resolver that leaves nothing of others', '{ viewer { id } users(first: 1000) { nodes { id } } }'],
    ['an error in a list that may not hold null', transactions('id transactions(first: -1) { nodes { id } }')],
    ['several errors', '{ a: users(first: -1) { nodes { id } } b: users(after: "?") { nodes { id } } }'],
  ];
  test('what is left to the executor', async () => {
    const api = await openWorld();
    for (const [name, text, variables] of left) {
      const { expected, answers, isCompiled } = await answer(api, text, variables);
      expect({ name, answers, isCompiled }).toEqual({ name, answers: Array(4).fill(expected), isCompiled: false });
    }
  });
});

// graphql-jit writes literal texts into code, and makes an expression of what stands behind its mark for dates.
test.each([
  '__MAGIC_DATE__33a9e76d_02e0_4128_8e92_3530ad3da74dglobalThis.codeOfACaller = 1',
  '"); globalThis.codeOfACaller = 1; ("',
  "'+(globalThis.codeOfACaller = 1)+'",
  '\\u0022\\u2028globalThis.codeOfACaller = 1',
])('a text of a caller is never run as code: %s', async (text) => {
  const api = await openWorld();
  const literal = JSON.stringify(text);
  for (const query of [`{ node(id: ${literal}) { id } }`, `query Q($id: ID! = ${literal}) { node(id: $id) { id } }`]) {
    const { expected, answers, isCompiled } = await answer(api, query);
    expect({ answers, isCompiled }).toEqual({ answers: Array(4).fill(expected), isCompiled: false });
    expect(globalThis).not.toHaveProperty('codeOfACaller');
  }
});

function runnerOf(schema: GraphQLSchema, document: DocumentNode, executor = execute as Execute): Execute {
  let run = executor;
  const setExecuteFn = (fn: Execute) => {
    run = fn;
  };
  useCompiledQueries(schema).onExecute?.({ executeFn: executor, setExecuteFn } as never);
  return (args) => run({ ...args, schema, document, contextValue: {} });
}

type Failure = 'throws' | 'rejects' | 'is an error' | 'is null' | 'is no number';

/** Fields of every nullability, some of which fail; `called`: how often each resolver has run. */
function createFailingSchema(failures: ReadonlyMap<string, Failure>) {
  const called = new Map<string, number>();
  const resolve =
    (value: unknown) =>
    (_parent: unknown, _args: unknown, _context: unknown, { parentType, fieldName, path }: GraphQLResolveInfo) => {
      const place = pathToArray(path).join('.');
      called.set(place, (called.get(place) ?? 0) + 1);
      const error = Object.assign(new Error(`${parentType.name}.${fieldName} failed`), { extensions: { code: place } });
      switch (failures.get(place)) {
        case 'throws':
          throw error;
        case 'rejects':
          return Promise.reject(error);
        case 'is an error':
          return Promise.resolve(error);
        case 'is null':
          return Promise.resolve(null);
        case 'is no number':
          return Promise.resolve('none');
        case undefined:
          return Promise.resolve(value);
      }
    };
  const leaves = {
    may: { type: GraphQLInt, resolve: resolve(1) },
    must: { type: new GraphQLNonNull(GraphQLInt), resolve: resolve(2) },
  };
  const Named = new GraphQLInterfaceType({ name: 'Named', fields: { must: { type: new GraphQLNonNull(GraphQLInt) } } });
  const Leaf = new GraphQLObjectType({ name: 'Leaf', interfaces: [Named], fields: leaves, isTypeOf: () => true });
  const listOf = (type: GraphQLOutputType) => ({ type: new GraphQLList(type), resolve: resolve([{}, {}]) });
  const Branch: GraphQLObjectType = new GraphQLObjectType({
    name: 'Branch',
    fields: {
      ...leaves,
      leaf: { type: Leaf, resolve: resolve({}) },
      sure: { type: new GraphQLNonNull(Leaf), resolve: resolve({}) },
      named: { type: Named, resolve: resolve({}) },
      list: listOf(Leaf),
      full: listOf(new GraphQLNonNull(Leaf)),
    },
  });
  const query = new GraphQLObjectType({
    name: 'Query',
    fields: {
      branch: { type: Branch, resolve: resolve({}) },
      root: { type: new GraphQLNonNull(Branch), resolve: resolve({}) },
    },
  });
  Named.resolveType = () => 'Leaf';
  return { schema: new GraphQLSchema({ query, types: [Leaf] }), called };
}

const branch = `may must leaf { may must } sure { may again: must } named { must ... on Leaf { may } }
  list { ...L } full { ...L }`;
const everyField = `fragment L on Leaf { may must } query { branch { ${branch} } root { must ${branch} } }`;

/** As clients get it, and as operators do. */
function told(result: ExecutionResult): string {
  const causes = result.errors?.map(({ originalError }) => originalError?.message);
  return JSON.stringify({ result: createResultMapper(pino({ level: 'silent' }))(result, 'req_1'), causes });
}

describe('errors of a compiled run', () => {
  const { schema: whole, called: places } = createFailingSchema(new Map());
  beforeAll(async () => {
    await (execute as Execute)({ schema: whole, document: parse(everyField), contextValue: {} });
  });
  // Beside one that throws at once, the executor itself leaves a rejection that nobody handles.
  const failing = fc.constantFrom<Failure>('rejects', 'is an error', 'is null', 'is no number');

  async function compareRuns(failures: ReadonlyMap<string, Failure>) {
    const set = new Map<string, Failure>();
    const { schema, called } = createFailingSchema(set);
    const document = parse(everyField);
    const executor = vi.fn(execute as Execute);
    const run = runnerOf(schema, document, executor);
    for (let n = 0; n < 3; n++) await run({ schema, document });
    executor.mockClear();
    for (const [place, failure] of failures) set.set(place, failure);
    const expected = told(await (execute as Execute)({ schema, document, contextValue: {} }));
    called.clear();
    const answer = told(await run({ schema, document }));
    return { expected, answer, called, reruns: executor.mock.calls.length, run, executor, document, schema };
  }

  test('one error, wherever it is thrown: the same to the letter, and where data is left no resolver runs twice', async () => {
    expect(places.size).toBeGreaterThan(20);
    for (const place of places.keys()) {
      for (const failure of ['throws', 'rejects', 'is an error'] as const) {
        const { expected, answer, called, reruns } = await compareRuns(new Map([[place, failure]]));
        // Where nothing is left, there might have been another one.
        const runs = JSON.parse(expected).result.data === null ? 2 : 1;
        expect({ place, failure, answer, runs: reruns + 1 }).toEqual({ place, failure, answer: expected, runs });
        expect(Math.max(...called.values())).toBe(runs);
      }
    }
  }, 30_000);

  test('several errors, and errors that no resolver has thrown: the same to the letter', async () => {
    const failures = fc.uniqueArray(fc.tuple(fc.constantFrom(...places.keys()), failing), {
      selector: ([place]) => place,
      minLength: 1,
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(failures, async (given) => {
        const { expected, answer } = await compareRuns(new Map(given));
        expect(answer).toBe(expected);
      }),
      { numRuns: 60 },
    );
  }, 30_000);

  test('what only the executor can tell is run twice once in twenty runs', async () => {
    const { reruns, called, run, executor, schema, document } = await compareRuns(
      new Map([['branch.must', 'is null']]),
    );
    expect([reruns, Math.max(...called.values())]).toEqual([1, 2]);
    called.clear();
    executor.mockClear();
    for (let n = 0; n < 20; n++) await run({ schema, document });
    expect([executor.mock.calls.length, Math.max(...called.values())]).toEqual([20, 20]);
  });
});

test('compiled code is held for the documents that were used last, by number and by length', () => {
  const dropped: string[] = [];
  const nameOf = (document: DocumentNode) => document.loc?.source.body ?? '';
  const compiled = createCompiledDocuments({
    documents: 3,
    characters: 20,
    onDropped: (document) => dropped.push(nameOf(document)),
  });
  const add = (text: string) => {
    const document = parse(text);
    compiled.set(document, { run: () => ({}), rest: 0 });
    return document;
  };
  const first = add('{ a }');
  add('{ b }');
  add('{ c }');
  expect(compiled.get(first)).toBeDefined();
  add('{ d }');
  expect(dropped).toEqual(['{ b }']);
  const long = add('{ eeeeeeeeee }');
  expect(dropped).toEqual(['{ b }', '{ c }', '{ a }']);
  add(`{ ${'f'.repeat(20)} }`);
  expect(dropped.slice(3)).toEqual(['{ d }', nameOf(long), `{ ${'f'.repeat(20)} }`]);
});

test('once the operation has ended no resolver of a compiled query starts', async () => {
  let outer = Promise.resolve({});
  const inner = vi.fn(() => 1);
  const Outer = new GraphQLObjectType({ name: 'Outer', fields: { inner: { type: GraphQLInt, resolve: inner } } });
  const query = new GraphQLObjectType({ name: 'Query', fields: { outer: { type: Outer, resolve: () => outer } } });
  const schema = new GraphQLSchema({ query });
  const document = parse('{ outer { inner } }');
  const run = runnerOf(schema, document);
  for (let n = 0; n < 4; n++) expect(await run({ schema, document })).toEqual({ data: { outer: { inner: 1 } } });
  inner.mockClear();
  let release = (_: object) => {};
  outer = new Promise((resolve) => {
    release = resolve;
  });
  const ends = new AbortController();
  const result = run({ schema, document, signal: ends.signal });
  ends.abort(new Error('ended'));
  release({});
  expect(await result).toMatchObject({ errors: [{ message: 'ended' }] });
  expect(inner).not.toHaveBeenCalled();
});

test('a type that cannot be told is an error of the executor, and nothing hangs', async () => {
  const resolveType = vi.fn((): string => 'Stone');
  const Thing = new GraphQLInterfaceType({ name: 'Thing', fields: { id: { type: GraphQLInt } }, resolveType });
  const Stone = new GraphQLObjectType({ name: 'Stone', interfaces: [Thing], fields: { id: { type: GraphQLInt } } });
  const query = new GraphQLObjectType({
    name: 'Query',
    fields: { thing: { type: Thing, resolve: async () => ({ id: 1 }) } },
  });
  const schema = new GraphQLSchema({ query, types: [Stone] });
  const document = parse('{ thing { id } }');
  const run = runnerOf(schema, document);
  for (let n = 0; n < 4; n++) expect(await run({ schema, document })).toEqual({ data: { thing: { id: 1 } } });
  resolveType.mockImplementation(() => {
    throw new Error('who knows');
  });
  expect(await run({ schema, document })).toMatchObject({ errors: [{ message: 'who knows', path: ['thing'] }] });
});

test('errors over HTTP are the same, whoever ran the query', async () => {
  const api = await openTestApi({
    services: {
      users: {
        find: async (_clientId: string, id: string) => {
          if (id === 'usr_broken') throw new Error('secret detail');
          return null;
        },
      },
    },
  });
  for (const query of ['{ user(id: "usr_broken") { id } }', '{ user(id: "usr_1") { id } viewer { nothing } }']) {
    const answers: string[] = [];
    for (let n = 0; n < 5; n++) {
      const response = await fetch(`${api.url}/graphql`, {
        method: 'POST',
        headers: {
          'content-type': 'application/json',
          authorization: `Bearer ${api.keys.client}`,
          'x-request-id': 'my-request',
        },
        body: JSON.stringify({ query }),
      });
      answers.push(await response.text());
    }
    expect(new Set(answers).size).toBe(1);
  }
});
