import { describe, expect, test } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { createLoginStore } from '../../src/consent/login-store.ts';
import { newId } from '../../src/domain/ids.ts';
import { createCyclePlan } from '../../src/sync/cycle-plan.ts';
import { createCyclePlanStore } from '../../src/sync/cycle-plan-store.ts';
import { insertLogin, useStoredApi } from '../support/api-fixture.ts';
import { fixedClock } from '../support/fixed-clock.ts';

const api = useStoredApi((database) => ({
  accounts: createAccountStore(database),
  bankLogins: createLoginStore(database),
  plan: createCyclePlan({ clock: fixedClock(), store: createCyclePlanStore(database), laneCount: 1 }),
}));

async function insertTransactions(accountId: string, count: number): Promise<void> {
  const now = api.clock.now();
  await api.database.prisma.transaction.createMany({
    data: Array.from({ length: count }, (_, i) => ({
      id: newId('transaction', now),
      clientId: api.clientId,
      accountId,
      status: i % 3 === 0 ? ('PENDING' as const) : ('BOOKED' as const),
      identity: String(i),
      amount: `-${i}.50`,
      currency: 'EUR',
      bookingDate: i % 3 === 0 ? null : new Date('2026-03-01'),
      counterpartyName: `Shop ${i}`,
      sortDate: i % 3 === 0 ? new Date(Date.UTC(2026, 1, 1 + (i % 7))) : new Date('2026-03-01'),
      createdAt: now,
      updatedAt: now,
    })),
  });
}

/** How many statements a request makes. */
async function countQueries(run: () => Promise<unknown>): Promise<number> {
  const { pool } = api.database;
  const original = pool.query;
  let count = 0;
  pool.query = ((...args: unknown[]) => {
    count++;
    return (original as (...given: unknown[]) => unknown).apply(pool, args);
  }) as typeof pool.query;
  await run();
  pool.query = original;
  return count;
}

describe('a user with everything below it', () => {
  test('is read through its relations', async () => {
    const { userId, bankLoginId, accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
    const answer =
      await api.request(`{ user(id: "${userId}") { id type recurring nextSynchronization { position } createdAt
      bankLogins { id bank { name bic } consent { id } user { id } accounts { id currency bankLogin { id }
        balances { type referenceDate amount { amount currency } } } } } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.user).toEqual({
      id: userId,
      type: 'PERSON',
      recurring: false,
      nextSynchronization: null,
      createdAt: '2026-03-10T10:00:00.000Z',
      bankLogins: [
        {
          id: bankLoginId,
          bank: { name: 'Test Bank', bic: null },
          consent: null,
          user: { id: userId },
          accounts: [
            {
              id: accountId,
              currency: 'EUR',
              bankLogin: { id: bankLoginId },
              balances: [
                {
                  type: 'closingBooked',
                  referenceDate: '2026-03-09',
                  amount: { amount: '12.50', currency: 'EUR' },
                },
              ],
            },
          ],
        },
      ],
    });
  });

  test('shows the newest consent that was granted, not the one that is being asked for', async () => {
    const { userId, bankLoginId } = await insertLogin(api.database, api.clientId, api.clock.now());
    const consent = (days: number, authorisedAt: Date | null) => ({
      id: newId('consent', new Date(api.clock.now().getTime() + days * 86_400_000)),
      clientId: api.clientId,
      userId,
      bankId: 'bank_test',
      bankLoginId,
      recurring: true,
      validUntil: new Date('2026-09-06'),
      frequencyPerDay: 4,
      authorisedAt,
      createdAt: api.clock.now(),
    });
    const [old, granted, asked] = [consent(-2, api.clock.now()), consent(-1, api.clock.now()), consent(0, null)];
    await api.database.prisma.consent.createMany({ data: [old, granted, asked] });
    const { data } = await api.request(`{ bankLogin(id: "${bankLoginId}") { consent { id validUntil } } }`);
    expect(data.bankLogin.consent).toEqual({ id: granted.id, validUntil: '2026-09-06' });
  });

  test('takes as many statements for twenty users as for one', async () => {
    const query = (first: number) =>
      api.request(`{ users(first: ${first}) { nodes { id bankLogins { id bank { name } consent { id }
        accounts { id bankLogin { user { id } } } } } } }`);
    await query(1);
    const one = await countQueries(() => query(1));
    for (let i = 0; i < 20; i++) await insertLogin(api.database, api.clientId, api.clock.now());
    const twenty = await countQueries(async () => expect((await query(20)).errors).toBeUndefined());
    expect(one).toBeGreaterThan(3);
    expect(twenty).toBe(one);
    expect(twenty).toBeLessThanOrEqual(10);
  });
});

describe('transactions', () => {
  test('come page by page, newest first, each once, while new ones are written between the pages', async () => {
    const { accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
    await insertTransactions(accountId, 25);
    const page = async (after: string | null) => {
      const answer = await api.request(
        `query ($id: ID!, $after: String) { node(id: $id) { ... on Account {
          transactions(first: 10, after: $after) { nodes { id } pageInfo { hasNextPage hasPreviousPage endCursor } } } } }`,
        { id: accountId, after },
      );
      expect(answer.errors).toBeUndefined();
      return answer.data.node.transactions;
    };
    const seen: string[] = [];
    let after: string | null = null;
    let more = true;
    while (more) {
      const { nodes, pageInfo }: { nodes: { id: string }[]; pageInfo: { hasNextPage: boolean; endCursor: string } } =
        await page(after);
      seen.push(...nodes.map(({ id }) => id));
      after = pageInfo.endCursor;
      more = pageInfo.hasNextPage;
      await api.database.prisma.transaction.deleteMany({ where: { id: seen.at(-1) as string } });
    }
    expect(seen).toHaveLength(25);
    expect(new Set(seen).size).toBe(25);
  });

  test('are found by status, day and text', async () => {
    const { accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
    await insertTransactions(accountId, 12);
    const find = async (filter: string) => {
      const answer = await api.request(`{ node(id: "${accountId}") { ... on Account {
        transactions(${filter}) { nodes { status bookingDate counterpartyName amount { amount } account { id } } } } } }`);
      expect(answer.errors).toBeUndefined();
      return answer.data.node.transactions.nodes;
    };
    expect(await find('status: PENDING')).toHaveLength(4);
    expect(await find('bookedFrom: "2026-03-01", bookedTo: "2026-03-01"')).toHaveLength(8);
    expect(await find('bookedFrom: "2026-03-02"')).toHaveLength(0);
    expect(await find('search: "shop 11"')).toEqual([
      {
        status: 'BOOKED',
        bookingDate: '2026-03-01',
        counterpartyName: 'Shop 11',
        amount: { amount: '-11.50' },
        account: { id: accountId },
      },
    ]);
  });

  test('are told apart by their arguments, whatever else the account is asked for', async () => {
    const { accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
    await insertTransactions(accountId, 12);
    const { data } = await api.request(`{ node(id: "${accountId}") { ...Left ...Pages ... on User { createdAt } } }
      fragment Left on Account { left: transactions(status: PENDING) @skip(if: true) { nodes { id } } }
      fragment Pages on Node { ... on Account { pending: transactions(status: PENDING) { nodes { status } }
        transactions(first: 3, status: BOOKED) { nodes { status } } transactions(first: 3, status: BOOKED) { nodes { id } } } }`);
    const { pending, transactions } = data.node;
    expect(pending.nodes.map(({ status }: { status: string }) => status)).toEqual(Array(4).fill('PENDING'));
    expect(transactions.nodes).toEqual(Array(3).fill({ status: 'BOOKED', id: expect.stringContaining('txn_') }));
    const bad = await api.request(
      `{ node(id: "${accountId}") { ... on Account { id transactions(first: -1) { nodes { id } } } } }`,
    );
    expect(bad.errors?.[0].path).toEqual(['node', 'transactions']);
  });

  test('a day that is none, and a cursor of another list, are refused', async () => {
    const { accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
    const ask = (filter: string) =>
      api.request(`{ node(id: "${accountId}") { ... on Account { transactions(${filter}) { nodes { id } } } } }`);
    expect((await ask('bookedFrom: "2026-02-30"')).errors?.[0].message).toContain('Date must be');
    const codeOf = async (...values: string[]) => {
      const cursor = Buffer.from(JSON.stringify(values)).toString('base64url');
      return (await ask(`after: "${cursor}"`)).errors?.[0].extensions.code ?? null;
    };
    expect((await ask(`after: "${accountId}"`)).errors?.[0].extensions.code).toBe('BAD_USER_INPUT');
    expect(await codeOf('2026-02-30', 'txn_1')).toBe('BAD_USER_INPUT');
    const snapshots = [
      '',
      '1',
      '5:4:',
      '0:4:',
      '3:6:2',
      '3:6:6',
      '3:6:5,4',
      `1:${'9'.repeat(20)}:`,
      "1:2:'",
      '1:2:3:4',
    ];
    for (const snapshot of snapshots)
      expect(await codeOf('2026-03-01', 'txn_1', snapshot), snapshot).toBe('BAD_USER_INPUT');
    for (const snapshot of ['3:3:', '3:6:3,5', '3:6:4,4'])
      expect(await codeOf('2026-03-01', 'txn_1', snapshot)).toBeNull();
    // As cursors were before they had one.
    expect(await codeOf('2026-03-01', 'txn_1')).toBeNull();
  });
});

describe('users', () => {
  test('are paged in the order of their making, and filtered', async () => {
    const created: string[] = [];
    for (const recurring of [true, false, true]) {
      // Ids sort by the time of their making.
      api.clock.advance(1);
      const answer = await api.request(`mutation { createUser(input: { recurring: ${recurring} }) {
        ... on CreateUserPayload { user { id recurring } } } }`);
      created.push(answer.data.createUser.user.id);
    }
    const all = await api.request('{ users(first: 100, recurring: true) { edges { cursor node { id recurring } } } }');
    const ids: string[] = all.data.users.edges.map(({ node }: { node: { id: string } }) => node.id);
    expect(ids).toContain(created[0]);
    expect(ids).not.toContain(created[1]);
    const before = all.data.users.edges.at(-2).cursor;
    const rest = await api.request(
      `{ users(recurring: true, after: "${before}") { nodes { id } pageInfo { hasNextPage } } }`,
    );
    expect(rest.data.users).toEqual({ nodes: [{ id: created[2] }], pageInfo: { hasNextPage: false } });
  });
});

test('nothing of another client is found by any id', async () => {
  const other = newId('client', api.clock.now());
  await api.database.prisma.client.create({ data: { id: other, name: 'Other', createdAt: api.clock.now() } });
  const { userId, bankLoginId, accountId } = await insertLogin(api.database, other, api.clock.now());
  for (const id of [userId, bankLoginId, accountId, other]) {
    expect((await api.request(`{ node(id: "${id}") { id } }`)).data).toEqual({ node: null });
  }
});

test('an id of no kind, and one of no row, are null', async () => {
  for (const id of ['', 'nonsense', 'xyz_1', newId('user', api.clock.now())]) {
    expect((await api.request('query ($id: ID!) { node(id: $id) { id } }', { id })).data).toEqual({ node: null });
  }
});
