import { type ExecutionResult, execute, parse, subscribe, validate } from 'graphql';
import { describe, expect, test } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { createContext } from '../../src/graphql/context.ts';
import type { Database } from '../../src/storage/database.ts';
import { idOf, insertClientData } from '../support/client-data.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi, type WholeApi } from '../support/whole-api.ts';

const tag = 'mine';
const clientId = idOf(tag, 'client');
const count = 6;

interface World extends WholeApi {
  database: Database;
}

async function open(): Promise<World> {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  const common = { now: api.clock.now(), encryption: api.encryption };
  await insertClientData(database, { tag, count, ...common });
  await insertClientData(database, { tag: 'theirs', count: 2, ...common });
  return { ...api, database };
}

async function ask({ schema, source }: World, query: string, variableValues: Record<string, unknown> = {}) {
  const document = parse(query);
  expect(validate(schema, document)).toEqual([]);
  const viewer = { clientId, keyId: idOf(tag, 'apiKey'), scopes: ['CLIENT' as const], expiresAt: null };
  const contextValue = createContext(source, { viewer, requestId: 'req_1' });
  const answer: ExecutionResult = await execute({ schema, document, variableValues, contextValue });
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
  return answer as { data?: any; errors?: ExecutionResult['errors'] };
}

/** Page after page until there is no more. */
async function readAll(world: World, field: string, args: string, size: number): Promise<string[]> {
  const ids: string[] = [];
  let after = '';
  for (let page = 0; page < 200; page++) {
    const answer = await ask(world, pageOf(field, `${args} first: ${size}, after: "${after}"`));
    expect(answer.errors).toBeUndefined();
    const { nodes, pageInfo } = answer.data[field];
    expect(pageInfo.hasPreviousPage).toBe(after !== '');
    ids.push(...nodes.map(({ id }: { id: string }) => id));
    if (!pageInfo.hasNextPage) return ids;
    after = pageInfo.endCursor;
  }
  throw new Error(`${field} does not end`);
}

async function readAllBackwards(world: World, field: string, args: string, size: number): Promise<string[]> {
  const ids: string[] = [];
  let before = '';
  for (let page = 0; page < 200; page++) {
    const answer = await ask(world, pageOf(field, `${args} last: ${size}, before: "${before}"`));
    expect(answer.errors).toBeUndefined();
    const { nodes, pageInfo } = answer.data[field];
    expect(pageInfo.hasNextPage).toBe(before !== '');
    ids.unshift(...nodes.map(({ id }: { id: string }) => id));
    if (!pageInfo.hasPreviousPage) return ids;
    before = pageInfo.startCursor;
  }
  throw new Error(`${field} does not end`);
}

function pageOf(field: string, args: string): string {
  return `{ ${field}(${args}) { nodes { id } edges { cursor } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
}

async function expectBothWays(world: World, field: string, args: string, ids: string[]): Promise<void> {
  for (const size of [1, 3, 100]) {
    expect({ args, ids: await readAll(world, field, args, size) }).toEqual({ args, ids });
    expect({ args, ids: await readAllBackwards(world, field, args, size) }).toEqual({ args, ids });
  }
}

const day = (n: number) => new Date(Date.UTC(2026, 0, n));

describe('transactions across accounts', () => {
  async function openWithTransactions() {
    const world = await open();
    await world.database.prisma.transaction.deleteMany({ where: { clientId } });
    const rows = Array.from({ length: 40 }, (_, n) => {
      const isPending = n % 7 === 0;
      const sortDate = day(1 + ((n * 5) % 11));
      return {
        id: `txn_${tag}${String(n).padStart(6, '0')}`,
        clientId,
        accountId: idOf(tag, 'account', n % 4),
        status: isPending ? ('PENDING' as const) : ('BOOKED' as const),
        identity: String(n),
        amount: String((n % 9) * 10 - 40.5),
        currency: 'EUR',
        bookingDate: isPending ? null : sortDate,
        counterpartyName: n % 3 === 0 ? `Café 100%_${n}` : `Shop ${n}`,
        sortDate,
        createdAt: day(1),
        updatedAt: day(n % 20),
      };
    });
    await world.database.prisma.transaction.createMany({ data: rows });
    type Row = (typeof rows)[number];
    const matching = (fits: (row: Row) => boolean) =>
      rows
        .filter(fits)
        .sort((a, b) => b.sortDate.getTime() - a.sortDate.getTime() || (a.id < b.id ? 1 : -1))
        .map(({ id }) => id);
    return { world, matching };
  }

  test('are found by every filter, alone and together, forwards and backwards', async () => {
    const { world, matching } = await openWithTransactions();
    const [first, second] = [idOf(tag, 'account', 0), idOf(tag, 'account', 1)];
    type Fits = Parameters<typeof matching>[0];
    const filters: [filter: string, fits: Fits][] = [
      ['', () => true],
      [`userId: "${idOf(tag, 'user', 1)}"`, (row) => row.accountId === second],
      [`bankLoginId: "${idOf(tag, 'bankLogin', 1)}"`, (row) => row.accountId === second],
      [`accountIds: ["${first}", "${second}"]`, (row) => [first, second].includes(row.accountId)],
      ['accountIds: []', () => false],
      [`accountIds: ["${first}"], userId: "${idOf(tag, 'user', 1)}"`, () => false],
      ['status: PENDING', (row) => row.status === 'PENDING'],
      ['status: BOOKED', (row) => row.status === 'BOOKED'],
      ['bookedFrom: "2026-01-04"', (row) => row.bookingDate !== null && row.bookingDate >= day(4)],
      ['bookedTo: "2026-01-04"', (row) => row.bookingDate !== null && row.bookingDate <= day(4)],
      ['amountFrom: "-0.5"', (row) => Number(row.amount) >= -0.5],
      ['amountTo: "-10.50"', (row) => Number(row.amount) <= -10.5],
      ['search: "CAFÉ 100%_"', (row) => row.counterpartyName.startsWith('Café')],
      ['updatedSince: "2026-01-10T00:00:00Z"', (row) => row.updatedAt >= day(10)],
      [
        `accountIds: ["${first}"], amountTo: "0", search: "shop", status: BOOKED, bookedFrom: "2026-01-02"`,
        (row) =>
          row.accountId === first &&
          Number(row.amount) <= 0 &&
          row.counterpartyName.startsWith('Shop') &&
          row.bookingDate !== null &&
          row.bookingDate >= day(2),
      ],
    ];
    for (const [filter, fits] of filters) {
      await expectBothWays(world, 'transactions', `filter: { ${filter} }, `, matching(fits));
    }
  });

  test('another client finds none of them, by whatever it names', async () => {
    const { world } = await openWithTransactions();
    const theirs = { ...world, source: world.source };
    const query = `query ($filter: TransactionFilter) { transactions(filter: $filter) { nodes { id } } }`;
    for (const filter of [
      { userId: idOf('theirs', 'user') },
      { bankLoginId: idOf('theirs', 'bankLogin') },
      { accountIds: [idOf('theirs', 'account')] },
    ]) {
      const answer = await ask(theirs, query, { filter });
      expect(answer).toEqual({ data: { transactions: { nodes: [] } } });
    }
  });

  test('a page that has looked at as many as it may is short, and says where to go on', async () => {
    const { world } = await openWithTransactions();
    await world.database.pool.query(
      `INSERT INTO transactions (id, client_id, account_id, status, identity, amount, currency, booking_date, sort_date, created_at, updated_at)
       SELECT 'txn_many' || n, $1, $2, 'BOOKED', 'many' || n, 1, 'EUR', '2026-02-01', '2026-02-01', now(), now() FROM generate_series(1, 20100) n`,
      [clientId, idOf(tag, 'account')],
    );
    const first = await ask(world, pageOf('transactions', 'filter: { amountTo: "-40" }, first: 10'));
    expect(first.data?.transactions).toMatchObject({ nodes: [], pageInfo: { hasNextPage: true } });
    const { endCursor } = first.data.transactions.pageInfo;
    const second = await ask(
      world,
      pageOf('transactions', `filter: { amountTo: "-40" }, first: 10, after: "${endCursor}"`),
    );
    expect(second.data?.transactions.nodes).toHaveLength(5);
    expect(second.data?.transactions.pageInfo.hasNextPage).toBe(false);
  });
});

test('bank logins are found by every filter, alone and together, forwards and backwards', async () => {
  const world = await open();
  const { prisma } = world.database;
  const id = (n: number) => idOf(tag, 'bankLogin', n);
  const ids = (...numbers: number[]) => numbers.map(id);
  const now = world.clock.now();
  await prisma.bank.create({ data: { id: 'bank_other', name: 'Other', country: 'DE' } });
  await prisma.bankLogin.update({ where: { id: id(1) }, data: { status: 'SCA_REQUIRED', bankId: 'bank_other' } });
  await prisma.bankLogin.update({ where: { id: id(2) }, data: { status: 'SYNC_FAILED', secretsStored: false } });
  await prisma.bankLogin.update({ where: { id: id(3) }, data: { lastSynchronization: null } });
  await prisma.bankLogin.update({ where: { id: id(4) }, data: { bankFailureCount: 3 } });
  await prisma.consent.update({
    where: { id: idOf(tag, 'consent', 4) },
    data: { validUntil: new Date(now.getTime() + 5 * 86_400_000) },
  });
  await prisma.consent.update({ where: { id: idOf(tag, 'consent', 5) }, data: { status: 'REVOKED_BY_PSU' } });
  const soon = new Date(now.getTime() + 10 * 86_400_000).toISOString().slice(0, 10);
  const filters: [filter: string, ids: string[]][] = [
    ['', ids(0, 1, 2, 3, 4, 5)],
    [`userId: "${idOf(tag, 'user', 3)}"`, ids(3)],
    ['bankId: "bank_other"', ids(1)],
    ['bankId: "bank_test"', ids(0, 2, 3, 4, 5)],
    ['status: OK', ids(0, 3, 4, 5)],
    ['status: SYNC_FAILED, bankId: "bank_test"', ids(2)],
    ['status: SYNC_FAILED, bankId: "bank_other"', []],
    [`consentExpiresBefore: "${soon}"`, ids(4)],
    [`notSynchronizedSince: "${now.toISOString()}"`, ids(3)],
    ['blockedBy: SECRETS_NOT_STORED', ids(2)],
    ['blockedBy: SCA_REQUIRED', ids(1)],
    ['blockedBy: CONSENT_MISSING', ids(5)],
    ['blockedBy: BANK_UNAVAILABLE', ids(4)],
    ['blockedBy: NOT_RECURRING', []],
    ['blockedBy: CONSENT_EXPIRED', []],
    ['blockedBy: ACCESS_LIMIT', []],
    ['blockedBy: SCA_REQUIRED, status: OK', []],
  ];
  for (const [filter, expected] of filters) {
    await expectBothWays(world, 'bankLogins', `filter: { ${filter} }, `, expected);
  }
});

test('deliveries and sessions are listed newest first, by every filter, forwards and backwards', async () => {
  const world = await open();
  const { prisma } = world.database;
  const deliveries = await prisma.webhookDelivery.findMany({ where: { clientId }, orderBy: { id: 'desc' } });
  const idsOf = (rows: { id: string }[]) => rows.map(({ id }) => id);
  const [one] = deliveries;
  expect(deliveries.length).toBeGreaterThan(5);
  await expectBothWays(world, 'webhookDeliveries', '', idsOf(deliveries));
  for (const status of ['PENDING', 'DELIVERED', 'FAILED']) {
    const of = deliveries.filter((delivery) => delivery.status === status);
    await expectBothWays(world, 'webhookDeliveries', `filter: { status: ${status} }, `, idsOf(of));
  }
  const ofEndpoint = deliveries.filter(({ endpointId }) => endpointId === one?.endpointId);
  await expectBothWays(world, 'webhookDeliveries', `filter: { endpointId: "${one?.endpointId}" }, `, idsOf(ofEndpoint));
  const ofEvent = deliveries.filter(({ eventId }) => eventId === one?.eventId);
  await expectBothWays(world, 'webhookDeliveries', `filter: { eventId: "${one?.eventId}" }, `, idsOf(ofEvent));
  // The id of a delivery begins with the time of its event.
  const timed = [2, 3, 4].map((n) => newId('webhookDelivery', day(n)));
  await prisma.webhookDelivery.deleteMany({ where: { clientId, id: { notIn: idsOf(deliveries.slice(0, 3)) } } });
  for (const [n, id] of timed.entries()) {
    await prisma.webhookDelivery.update({ where: { id: deliveries[n]?.id ?? '' }, data: { id } });
  }
  const newest = timed.toReversed();
  await expectBothWays(world, 'webhookDeliveries', 'filter: { since: "2026-01-03T00:00:00Z" }, ', newest.slice(0, 2));
  await expectBothWays(
    world,
    'webhookDeliveries',
    'filter: { since: "2026-01-03T00:00:00.001Z" }, ',
    newest.slice(0, 1),
  );
  await expectBothWays(world, 'webhookDeliveries', 'filter: { since: "2999-01-01T00:00:00Z" }, ', []);
  await expectBothWays(world, 'webhookDeliveries', 'filter: { since: "0001-01-01T00:00:00Z" }, ', newest);

  const session = { clientId, userId: idOf(tag, 'user', 1), createdAt: day(1), updatedAt: day(1) };
  await prisma.session.createMany({
    data: Array.from({ length: 7 }, (_, n) => ({
      ...session,
      id: `sync_mine1${n}`,
      kind: 'SYNCHRONIZATION' as const,
      status: n % 2 === 0 ? ('COMPLETED' as const) : ('FAILED' as const),
      bankLoginId: idOf(tag, 'bankLogin', 1 + (n % 3)),
    })),
  });
  const sessions = await prisma.session.findMany({
    where: { clientId, kind: 'SYNCHRONIZATION' },
    orderBy: { id: 'desc' },
  });
  const where = (fits: (row: (typeof sessions)[number]) => boolean) => idsOf(sessions.filter(fits));
  const login = idOf(tag, 'bankLogin', 1);
  await expectBothWays(world, 'synchronizationSessions', '', idsOf(sessions));
  await expectBothWays(
    world,
    'synchronizationSessions',
    'status: FAILED, ',
    where(({ status }) => status === 'FAILED'),
  );
  await expectBothWays(
    world,
    'synchronizationSessions',
    `userId: "${session.userId}", status: COMPLETED, `,
    where(({ userId, status }) => userId === session.userId && status === 'COMPLETED'),
  );
  await expectBothWays(
    world,
    'synchronizationSessions',
    `bankLoginId: "${login}", `,
    where(({ bankLoginId }) => bankLoginId === login),
  );
  await expectBothWays(world, 'connectSessions', '', [idOf(tag, 'connectSession')]);
  await expectBothWays(world, 'connectSessions', 'status: COMPLETED, ', []);
});

test('the lists from before are read backwards too', async () => {
  const world = await open();
  const ids = (kind: 'user' | 'webhookEndpoint') => Array.from({ length: count }, (_, n) => idOf(tag, kind, n));
  await expectBothWays(world, 'users', '', ids('user'));
  await expectBothWays(world, 'users', 'recurring: false, ', []);
  await expectBothWays(world, 'webhookEndpoints', '', ids('webhookEndpoint'));
  await expectBothWays(world, 'banks', '', ['bank_test']);
  const account = (
    args: string,
  ) => `{ node(id: "${idOf(tag, 'account')}") { ... on Account { transactions(${args}) { nodes { id }
    pageInfo { hasNextPage hasPreviousPage startCursor } } } } }`;
  const last = (await ask(world, account('last: 2'))).data?.node.transactions;
  const all = (await ask(world, account('first: 100'))).data?.node.transactions.nodes;
  expect(all).toHaveLength(count);
  expect(last.nodes).toEqual(all.slice(-2));
  expect(last.pageInfo).toMatchObject({ hasNextPage: false, hasPreviousPage: true });
  const rest = (await ask(world, account(`last: 100, before: "${last.pageInfo.startCursor}"`))).data?.node.transactions;
  expect([rest.nodes, rest.pageInfo]).toEqual([
    all.slice(0, -2),
    expect.objectContaining({ hasNextPage: true, hasPreviousPage: false }),
  ]);
});

test('nodes come in the order of their ids, each in its place, whoever has the rest', async () => {
  const world = await open();
  const ids = [
    idOf(tag, 'account'),
    'usr_unknown',
    idOf('theirs', 'user'),
    idOf(tag, 'user', 1),
    'nonsense',
    '',
    idOf(tag, 'user', 1),
  ];
  const answer = await ask(world, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id __typename } }', { ids });
  const user = { id: idOf(tag, 'user', 1), __typename: 'User' };
  expect(answer).toEqual({
    data: { nodes: [{ id: ids[0], __typename: 'Account' }, null, null, user, null, null, user] },
  });
});

test('an empty cursor is the beginning, of a list and of a subscription', async () => {
  const world = await open();
  const { data } = await ask(world, '{ events(after: "", first: 100) { nodes { id } } }');
  expect(data.events.nodes.length).toBeGreaterThan(20);
  const { schema, source } = world;
  const viewer = { clientId, keyId: idOf(tag, 'apiKey'), scopes: ['CLIENT' as const], expiresAt: null };
  const stream = await subscribe({
    schema,
    document: parse('subscription { events(after: "") { id } }'),
    contextValue: createContext(source, { viewer, requestId: 'req_1' }),
  });
  if (!(Symbol.asyncIterator in stream)) throw new Error(JSON.stringify(stream));
  const { value } = await stream.next();
  await stream.return?.(undefined);
  expect(value).toEqual({ data: { events: data.events.nodes[0] } });
});

test('a user is found by its external id, written as it was given', async () => {
  const world = await open();
  const query = 'query ($externalId: String!) { userByExternalId(externalId: $externalId) { id } }';
  const find = async (externalId: string) => (await ask(world, query, { externalId })).data?.userByExternalId;
  expect(await find('secret of mine 2')).toEqual({ id: idOf(tag, 'user', 2) });
  expect(await find('  secret of mine 2 ')).toEqual({ id: idOf(tag, 'user', 2) });
  for (const unknown of ['secret of theirs 1', 'secret of mine', '']) expect(await find(unknown)).toBeNull();
});

test('reconcile tells what is missing and what nobody knows, of 10,000 ids in one call', async () => {
  const world = await open();
  await world.database.pool.query(
    `INSERT INTO events (id, client_id, position, type, occurred_at, data)
     SELECT 'evt_many' || lpad(n::text, 6, '0'), $1, 100000 + n, 'WEBHOOK_TEST', timestamptz '2027-01-01' + n * interval '1 second', '{"message": "x"}'
     FROM generate_series(1, 10010) n`,
    [clientId],
  );
  const query = `query ($since: DateTime!, $until: DateTime, $seen: [ID!]!) {
    reconcile(since: $since, until: $until, seenEventIds: $seen) { missingEventIds unknownEventIds checkedCount complete } }`;
  const many = (n: number) => `evt_many${String(n).padStart(6, '0')}`;
  const theirs = idOf('theirs', 'event');
  const seen = Array.from({ length: 9_998 }, (_, n) => many(n + 3));
  const since = '2027-01-01T00:00:00Z';
  const answer = await ask(world, query, { since, seen: [...seen, theirs, 'evt_unknown'] });
  expect(answer.data?.reconcile).toEqual({
    missingEventIds: [1, 2, 10_001, 10_002, 10_003, 10_004, 10_005, 10_006, 10_007, 10_008, 10_009, 10_010].map(many),
    unknownEventIds: [theirs, 'evt_unknown'].sort(),
    checkedCount: 10_010,
    complete: true,
  });
  const part = await ask(world, query, { since, until: '2027-01-01T00:00:03Z', seen: [many(1), many(1)] });
  expect(part.data?.reconcile).toEqual({
    missingEventIds: [many(2)],
    unknownEventIds: [],
    checkedCount: 2,
    complete: true,
  });
  const tooMany = await ask(world, query, { since, seen: [...seen, 'a', 'b', 'c'] });
  expect(tooMany.errors?.[0]?.message).toContain('seenEventIds: must be 10000 at most');
  const backwards = await ask(world, query, { since, until: '2026-01-01T00:00:00Z', seen: [] });
  expect(backwards.errors?.[0]?.message).toContain('until');
});

test('reconcile says when the log has more than it compares', async () => {
  const world = await open();
  await world.database.pool.query(
    `INSERT INTO events (id, client_id, position, type, occurred_at, data)
     SELECT 'evt_many' || lpad(n::text, 6, '0'), $1, 100000 + n, 'WEBHOOK_TEST', timestamptz '2027-01-01' + n * interval '1 second', '{"message": "x"}'
     FROM generate_series(1, 20001) n`,
    [clientId],
  );
  const answer = await ask(
    world,
    `{ reconcile(since: "2027-01-01T00:00:00Z", seenEventIds: []) { missingEventIds checkedCount complete } }`,
  );
  const { missingEventIds, ...rest } = answer.data.reconcile;
  expect(rest).toEqual({ checkedCount: 20_000, complete: false });
  expect([missingEventIds.length, missingEventIds[0]]).toEqual([20_000, 'evt_many000001']);
});

const refused: [what: string, call: string, message: string][] = [
  ['first below zero', 'users(first: -1)', '`first` must be 0 to 100.'],
  ['first beyond the limit', 'users(first: 101)', '`first` must be 0 to 100.'],
  ['last below zero', 'users(last: -1)', '`last` must be 0 to 100.'],
  ['last beyond the limit', 'transactions(last: 101)', '`last` must be 0 to 100.'],
  ['first and last', 'bankLogins(first: 5, last: 5)', 'Give `first` or `last`, not both.'],
  ['a cursor of nobody', 'bankLogins(after: "garbage!")', '`after` is not a cursor of this list.'],
  ['a cursor of another list', 'transactions(before: "usr_1")', '`before` is not a cursor of this list.'],
  [
    'a cursor with a day that is none',
    `transactions(after: "${Buffer.from('["2026-02-31","txn_1"]').toString('base64url')}")`,
    '`after` is not a cursor of this list.',
  ],
  [
    'too many accounts',
    `transactions(filter: { accountIds: [${'"acc_1",'.repeat(101)}] })`,
    '`accountIds` must be 100 at most.',
  ],
];

test('what no list takes is refused by name', async () => {
  const world = await open();
  for (const [what, call, message] of refused) {
    const { errors } = await ask(world, `{ ${call} { nodes { id } } }`);
    expect({ [what]: errors?.map((error) => [error.message, error.extensions.code]) }).toEqual({
      [what]: [[message, 'BAD_USER_INPUT']],
    });
  }
});

test('more nodes than a page has rows are refused', async () => {
  const world = await open();
  const answer = await ask(world, 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }', {
    ids: new Array(101).fill('usr_1'),
  });
  expect(answer.errors?.[0]?.message).toBe('`ids` must be 100 at most.');
});
