import { randomBytes } from 'node:crypto';
import { Webhook } from 'standardwebhooks';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createApiClient, unwrap } from '../../src/cli/demo/api-client.ts';
import { connect, runCycle, synchronize, until } from '../../src/cli/demo/journey.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields, balanceRecordFields } from '../../src/domain/balance-fields.ts';
import type { FieldKind, FieldTable } from '../../src/domain/field-table.ts';
import { transactionTable } from '../../src/domain/transaction-fields.ts';
import {
  CreateWebhookEndpointDocument,
  LoginsSynchronizationStatusDocument,
} from '../../src/generated/operations/graphql.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { spawnTidewater, testApiKey } from '../support/spawn-tidewater.ts';
import { temporaryDataDirectory } from '../support/test-database.ts';
import { startWebhookReceiver } from '../support/webhook-receiver.ts';

const postgresUrl = inject('postgresUrl');
const mongoUrl = inject('mongoUrl');

function toMongoDatabase(url: string): string {
  const address = new URL(url);
  address.pathname = `/journey_${randomBytes(6).toString('hex')}`;
  return address.href;
}

const server = async () => ({
  DATABASE_URL: await createPostgresDatabase(postgresUrl ?? ''),
  ENCRYPTION_KEY: randomBytes(32).toString('base64'),
  WEBHOOK_ALLOWED_NETWORKS: '127.0.0.0/8',
});

const stores: Array<{ name: string; missing: string | null; settings: () => Promise<Record<string, string>> }> = [
  { name: 'the embedded stores', missing: null, settings: async () => ({}) },
  { name: 'a PostgreSQL server', missing: postgresUrl ? null : 'PostgreSQL server', settings: server },
  {
    name: 'the embedded database with jobs on MongoDB',
    missing: mongoUrl ? null : 'MongoDB server',
    settings: async () => ({ MONGODB_URL: toMongoDatabase(mongoUrl ?? '') }),
  },
  {
    name: 'a PostgreSQL server with jobs on MongoDB',
    missing: postgresUrl && mongoUrl ? null : 'PostgreSQL or MongoDB server',
    settings: async () => ({ ...(await server()), MONGODB_URL: toMongoDatabase(mongoUrl ?? '') }),
  },
];

/** Everything that the default payload carries, as a client asks for it. */
const eventFields = /* GraphQL */ `
  id type cursor occurredAt
  ... on BankLoginConnected { user { id externalId } bankLogin { id bank { id name } } accounts { ...account } }
  ... on BankLoginSynchronized {
    user { id externalId } bankLogin { id bank { id name } } trigger sequence accounts { ...account }
  }
  ... on SynchronizationCycleCompleted {
    cycle {
      id opensAt closesAt status startedAt finishedAt usersEnrolled usersSynchronized usersFailed usersSkipped
    }
  }`;
const counts = ['newTransactionCount', 'updatedTransactionCount', 'removedTransactionCount'];
const fragments = /* GraphQL */ `
  fragment account on SynchronizedAccount {
    account { id ${selectionOf(accountFields)} state }
    balances { ${selectionOf({ ...balanceFields, ...balanceRecordFields })} }
    newTransactions { ...transaction }
    updatedTransactions { ...transaction }
    removedTransactionIds
    ${counts.join(' ')}
    truncated
    problem { code message since }
    skippedRows
  }
  fragment transaction on Transaction {
    id ${selectionOf(transactionTable)} account { id }
  }`;

/** All fields of a table, each whole. */
function selectionOf(table: FieldTable): string {
  const parts: Partial<Record<FieldKind, string>> = {
    money: '{ amount currency }',
    identification: '{ iban bban maskedPan other }',
  };
  return Object.entries(table)
    .map(([name, { kind }]) => `${name} ${parts[kind] ?? ''}`)
    .join(' ');
}

type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

const leftOutWhereNull = new Set(
  [transactionTable, accountFields, balanceFields].flatMap((table) =>
    Object.entries(table).flatMap(([name, { nullable, since }]) => (nullable && since ? [name] : [])),
  ),
);

/**
 * In a payload a transaction names its account by id, where in GraphQL the account is an object; and fields that are new since the first
 * release are left out where they are null.
 */
function toPayload(value: Json): Json {
  if (Array.isArray(value)) return value.map(toPayload);
  if (value === null || typeof value !== 'object') return value;
  const { account, ...rest } = value;
  // Where no list is cut, a body says neither so nor how many there were.
  const isWhole = 'truncated' in rest && rest.truncated === false;
  const given = Object.entries(rest).filter(
    ([name, field]) =>
      (field !== null || !leftOutWhereNull.has(name)) && !(isWhole && [...counts, 'truncated'].includes(name)),
  );
  const fields = Object.fromEntries(
    given.map(([name, field]) => [name, name === 'counterpartyAccount' ? field : toPayload(field)]),
  );
  if (account === undefined) return fields;
  return 'remittanceInformation' in value
    ? { ...fields, accountId: (account as { id: string }).id }
    : { ...fields, account: toPayload(account) };
}

describe('the whole way', () => {
  it.for(stores)('on $name', { timeout: 180_000 }, async ({ missing, settings }, { skip }) => {
    if (missing) return skip(`no ${missing} is at hand`);
    const tidewater = await spawnTidewater({ DATA_DIR: await temporaryDataDirectory(), ...(await settings()) });
    const api = createApiClient(tidewater.url, testApiKey);
    const receiver = await startWebhookReceiver();
    onTestFinished(async () => await receiver.stop());

    const { createWebhookEndpoint } = await api.run(CreateWebhookEndpointDocument, { input: { url: receiver.url } });
    const { secret } = unwrap(createWebhookEndpoint);
    const streamed: Array<{ [name: string]: Json }> = [];
    await api.subscribe<{ events: { [name: string]: Json } }>(
      `subscription { events { ${eventFields} } } ${fragments}`,
      ({ events }) => streamed.push(events),
    );

    const anna = await connect(api, 'anna', true);
    const load = await connect(api, 'load-7', true);
    const hugo = await connect(api, 'hugo', false);
    expect(await runCycle(api)).toMatchObject({
      usersEnrolled: 2,
      usersSynchronized: 2,
      usersFailed: 0,
      usersSkipped: 0,
    });
    expect((await synchronize(api, anna)).renewed).toBe(false);
    expect((await synchronize(api, hugo)).renewed).toBe(true);

    // connected ×3, synchronized by the cycle ×2, the cycle's manifest, synchronized on request ×2
    const expected = 8;
    await until('all events by every way', async () =>
      receiver.received.length >= expected && streamed.length >= expected ? true : null,
    );
    const { events } = await api.run<{ events: { nodes: Array<{ [name: string]: Json }> } }>(
      `{ events(first: 100) { nodes { ${eventFields} } } } ${fragments}`,
    );
    expect(events.nodes.map((event) => event.type)).toHaveLength(expected);
    expect(streamed).toEqual(events.nodes);

    for (const event of events.nodes) {
      const webhook = receiver.received.find(({ headers }) => headers['webhook-id'] === event.id);
      expect(webhook, String(event.type)).toBeDefined();
      const verified = new Webhook(secret).verify(webhook?.body ?? '', webhook?.headers as Record<string, string>);
      const { data, type, timestamp } = verified as { data: Json; type: string; timestamp: string };
      const isCut = (event.accounts as { truncated: boolean }[] | undefined)?.some(({ truncated }) => truncated);
      expect(data).toEqual({ ...(toPayload(event) as object), ...(isCut && { truncated: true }) });
      expect(timestamp).toBe(event.occurredAt);
      expect(type.replace('.', '_').toUpperCase()).toBe(event.type);
    }
    expect(receiver.received).toHaveLength(expected);

    for (const [user, active] of [
      [anna, true],
      [load, true],
      [hugo, false],
    ] as const) {
      const { loginsSynchronizationStatus } = await api.run(LoginsSynchronizationStatusDocument, {
        userId: user.userId,
      });
      expect(loginsSynchronizationStatus).toMatchObject([
        { status: 'OK', active, lastSynchronization: expect.any(String), bankLogin: { id: user.bankLoginId } },
      ]);
    }
    await api.close();
    expect(await tidewater.stop()).toBe(0);
  });
});
