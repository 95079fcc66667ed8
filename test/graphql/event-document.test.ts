import { describe, expect, test } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { createLoginStore } from '../../src/consent/login-store.ts';
import { newId } from '../../src/domain/ids.ts';
import { type EventData, eventCatalogue } from '../../src/events/event-catalogue.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createDocumentRunner } from '../../src/graphql/event-document.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { Services } from '../../src/graphql/services.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createEndpointStore } from '../../src/webhooks/endpoint-store.ts';
import { insertLogin, useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi((database) => ({
  accounts: createAccountStore(database),
  cycles: createCycleStore(database) as unknown as Partial<Services['cycles']>,
  bankLogins: createLoginStore(database),
  webhooks: createEndpointStore(database) as unknown as Partial<Services['webhooks']>,
}));
const schema = createSchema();
const unexpected: unknown[] = [];
const runner = createDocumentRunner({
  schema,
  source: () => api.source,
  onUnexpected: (error) => unexpected.push(error),
  runCancellable: null,
});

const document = `subscription Shape($after: String) {
  events(after: $after) {
    id type cursor occurredAt
    ... on BankLoginSynchronized {
      sequence trigger
      user { externalId }
      bankLogin { id bank { name } }
      accounts {
        account { id bankLogin { id } }
        balances { amount { amount } }
        newTransactions { id amount { amount currency } bookingDate counterpartyName account { id } }
        updatedTransactions { id }
        removedTransactionIds
      }
    }
  }
}`;

async function appendSynchronized(): Promise<EventRecord> {
  const { userId, bankLoginId, accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
  const example = eventCatalogue.BANK_LOGIN_SYNCHRONIZED.example;
  const [account] = example.accounts;
  if (!account) throw new Error('the example has no account');
  const id = await api.eventLog.commit(async (_tx, append) =>
    append({
      clientId: api.clientId,
      type: 'BANK_LOGIN_SYNCHRONIZED',
      userId,
      bankLoginId,
      occurredAt: api.clock.now(),
      data: {
        ...example,
        accounts: [
          {
            ...account,
            account: { ...account.account, id: accountId },
            newTransactions: account.newTransactions.map((transaction) => ({ ...transaction, accountId })),
          },
        ],
      },
    }),
  );
  const event = await api.eventLog.find(api.clientId, id);
  if (!event) throw new Error('the event was not kept');
  return event;
}

describe('a document is refused when it', () => {
  const faulty: [what: string, document: string, fault: RegExp][] = [
    ['does not parse', 'subscription {', /Syntax Error/],
    ['does not fit the schema', 'subscription { events { nonsense } }', /Cannot query field/],
    ['is a query', '{ viewer { id } }', /must be a subscription/],
    ['holds two operations', 'subscription A { events { id } } subscription B { events { id } }', /one operation/],
    ['selects another field', 'subscription { synchronizationSessionUpdated(id: "x") { id } }', /must select `events`/],
    ['hides the field in a fragment', 'subscription { ...E } fragment E on Subscription { events { id } }', /`events`/],
    ['needs variables', 'subscription ($id: ID!) { events(userId: $id) { id } }', /must not need variables/],
    ['has its field on a condition', 'subscription { events @include(if: false) { id } }', /without a condition/],
    ['holds NUL', String.raw`subscription { events(after: "\u0000") { id } }`, /U\+0000/],
    [
      'has too many aliases',
      `subscription { events { ${Array.from({ length: 200 }, (_, index) => `a${index}: id`).join(' ')} } }`,
      /alias/,
    ],
    ['filters', 'subscription { events(types: [WEBHOOK_TEST]) { id } }', /must not filter by `types`/],
    [
      'filters by a default',
      'subscription ($t: [EventType!] = [WEBHOOK_TEST]) { events(types: $t) { id } }',
      /must not filter by `types`/,
    ],
    ['is too long', `subscription { events { ${'id '.repeat(2001)} } }`, /tokens/],
    [
      'is too deep',
      `subscription { events { ... on BankLoginDeleted { id } ... on BankLoginConnected { ${'user { bankLogins { '.repeat(6)} id ${'} }'.repeat(6)} } } }`,
      /levels deep/,
    ],
  ];
  test.each(faulty)('%s', (_what, text, fault) => {
    const faults = runner.validate(text);
    expect(faults.length).toBeGreaterThan(0);
    expect(faults.every(({ path }) => path === 'input.document')).toBe(true);
    expect(faults.map(({ message }) => message).join('\n')).toMatch(fault);
  });
});

describe('a document', () => {
  test('that a subscriber would run is accepted', () => {
    expect(runner.validate(document)).toEqual([]);
  });

  test('gives what the events query gives for the same event', async () => {
    const event = await appendSynchronized();
    const result = await runner.run(document, { clientId: api.clientId, event });
    const selection = document.slice(document.indexOf('{', document.indexOf('events(')) + 1, document.lastIndexOf('}'));
    const answer = await api.request(
      `{ node(id: "${event.id}") { ... on Event { ${selection.slice(0, selection.lastIndexOf('}'))} } } }`,
    );
    expect(answer.errors).toBeUndefined();
    expect(result).toEqual({ data: answer.data.node });
    const data = (result as { data: { accounts: { newTransactions: unknown[] }[] } }).data;
    expect(data.accounts[0]?.newTransactions.length).toBeGreaterThan(0);
    expect(unexpected).toEqual([]);
  });

  test('answers under an alias too', async () => {
    const event = await appendSynchronized();
    const result = await runner.run('subscription { e: events { id } }', { clientId: api.clientId, event });
    expect(result).toEqual({ data: { id: event.id } });
  });

  test("runs with the client's rights alone: what another client has is missing", async () => {
    const event = await appendSynchronized();
    const foreign = { ...event, clientId: newId('client', api.clock.now()) };
    const result = await runner.run('subscription { events { ... on BankLoginSynchronized { user { id } } } }', {
      clientId: foreign.clientId,
      event: foreign,
    });
    expect(result).toEqual({ errors: [expect.stringContaining('There is no user')] });
  });

  test('that fails unexpectedly says so without saying why', async () => {
    const event = await appendSynchronized();
    const broken = createDocumentRunner({
      schema,
      source: () => ({
        ...api.source,
        services: { ...api.source.services, users: { listByIds: () => Promise.reject(new Error('secret')) } } as never,
      }),
      onUnexpected: (error) => unexpected.push(error),
      runCancellable: null,
    });
    const result = await broken.run('subscription { events { ... on BankLoginSynchronized { user { id } } } }', {
      clientId: api.clientId,
      event,
    });
    expect(result).toEqual({ errors: ['Unexpected error.'] });
    expect(String(unexpected.pop())).toContain('secret');
  });

  test('that takes too long is ended', async () => {
    const event = await appendSynchronized();
    let ended: boolean | null = null;
    const hanging = createDocumentRunner({
      schema,
      source: () => ({
        ...api.source,
        services: { ...api.source.services, users: { listByIds: () => new Promise(() => {}) } } as never,
      }),
      onUnexpected: (error) => unexpected.push(error),
      runCancellable: (signal, work) => {
        signal.addEventListener('abort', () => {
          ended = true;
        });
        return work();
      },
      limitMs: 50,
    });
    const result = await hanging.run('subscription { events { ... on BankLoginSynchronized { user { id } } } }', {
      clientId: api.clientId,
      event,
    });
    expect(result).toEqual({ errors: ['took longer than 0.05 s: ask for less'] });
    expect(ended).toBe(true);
  });
});

test('an event of every type can be read with all of its fields', async () => {
  const { userId, bankLoginId, accountId } = await insertLogin(api.database, api.clientId, api.clock.now());
  const opensAt = new Date('2026-03-10T04:00:00Z');
  const cycleId = newId('cycle', opensAt);
  await api.database.prisma.synchronizationCycle.create({
    data: {
      id: cycleId,
      kind: 'SCHEDULED',
      opensAt,
      closesAt: new Date('2026-03-10T16:00:00Z'),
      laneCount: 1,
      startedAt: opensAt,
    },
  });
  const event = schema.getType('Event');
  const fragments = schema
    .getPossibleTypes(event as never)
    .map((type) => `... on ${type.name} { ${selectAll(type.name, 2)} }`);
  for (const { type, example } of Object.values(eventCatalogue)) {
    await api.eventLog.commit(async (_tx, append) => {
      append({
        clientId: api.clientId,
        type,
        userId,
        bankLoginId,
        cycleId: type === 'SYNCHRONIZATION_CYCLE_COMPLETED' ? cycleId : null,
        occurredAt: api.clock.now(),
        data: withAccount(example, accountId),
      });
    });
    const [last] = await api.eventLog.read({ clientId: api.clientId, limit: 1, order: 'newest-first' });
    const answer = await api.request(`{ node(id: "${last?.id}") { __typename ${fragments.join(' ')} } }`);
    expect(answer.errors).toBeUndefined();
    expect(answer.data.node.type).toBe(type);
  }

  function withAccount(data: EventData, id: string): EventData {
    if (!('accounts' in data)) return data;
    return { ...data, accounts: data.accounts.map((given) => ({ ...given, account: { ...given.account, id } })) };
  }
});

function selectAll(typeName: string, depth: number): string {
  const type = schema.getType(typeName);
  if (!type || !('getFields' in type)) return '__typename';
  return Object.values(type.getFields())
    .filter((field) => !('args' in field) || field.args.length === 0)
    .filter(
      ({ name }) =>
        ![
          'nextSynchronization',
          'synchronizationStatus',
          'publicKey',
          'usersEnrolled',
          'usersSynchronized',
          'usersFailed',
          'usersSkipped',
        ].includes(name),
    )
    .flatMap(({ name, type: fieldType }) => {
      const named = String(fieldType).replace(/[[\]!]/g, '');
      const isLeaf = !('getFields' in (schema.getType(named) ?? {}));
      if (isLeaf) return [name];
      return depth === 0 ? [] : [`${name} { __typename ${selectAll(named, depth - 1)} }`];
    })
    .join(' ');
}
