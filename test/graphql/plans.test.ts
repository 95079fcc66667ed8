import { parse } from 'graphql';
import { expect, inject, onTestFinished, test } from 'vitest';
import { comparedEvents } from '../../src/events/event-reconciliation-store.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { idOf, insertClientData, insertCycle } from '../support/client-data.ts';
import { insertLargeData } from '../support/large-data.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openWholeApi } from '../support/whole-api.ts';
import { listReads, type Read, runRead } from './reads.ts';

const postgresUrl = inject('postgresUrl');
const tag = 'mine';
const transactions = 1_000_000;
/** `npm run plans` asks for five times as many. */
const users = Number(process.env.PLAN_USERS ?? 20_000);

const after = (...place: string[]) => `after: "${Buffer.from(JSON.stringify(place)).toString('base64url')}"`;
const account = (args: string) =>
  `query ($id: ID!) { node(id: $id) { ... on Account { transactions(${args}) { nodes { id } } } } }`;

const changes = (args: string) =>
  `{ transactionChanges(${args}) { nodes { kind transaction { amount { amount } } } pageInfo { hasNextPage } } }`;
const later = after('c1', '1000900', idOf(tag, 'bankLogin'), idOf(tag, 'account'), 'txn_many');

/** Every filter of the API, each on a list that has far more rows than it shows; the last page too. */
const filters: [name: string, query: string, variables?: Record<string, unknown>][] = [
  ['users', '{ users(first: 100) { nodes { id } } }'],
  ['users, a later page', `{ users(first: 100, after: "usr_many00000100") { nodes { id } } }`],
  ['users, recurring', '{ users(first: 100, recurring: true) { nodes { id } } }'],
  ['users, not recurring', '{ users(first: 100, recurring: false) { nodes { id } } }'],
  ['user, sessions and status', '{ user(id: "usr_many00000002") { bankLogins { synchronizationStatus { status } } } }'],
  ['events', '{ events(first: 100) { nodes { id } } }'],
  ['events of a user', '{ events(first: 100, userId: "usr_many00000002") { nodes { id } } }'],
  ['events of a login', '{ events(first: 100, bankLoginId: "login_many00000002") { nodes { id } } }'],
  ['events of a rare type', '{ events(first: 100, types: [CONSENT_EXPIRED, USER_DELETED]) { nodes { id } } }'],
  [
    'events of a rare type and a user',
    '{ events(first: 100, types: [CONSENT_EXPIRED], userId: "usr_many00000002") { nodes { id } } }',
  ],
  ['transactions', account('first: 100')],
  ['transactions, a later page', account(`first: 100, ${after('2025-01-01', 'txn_many', '3:3:')}`)],
  [
    'transactions, a later page of days',
    account(`first: 100, ${after('2025-01-01', 'txn_many', '3:3:')}, bookedFrom: "2024-12-01"`),
  ],
  ['transactions, booked', account('first: 100, status: BOOKED')],
  ['transactions, pending', account('first: 100, status: PENDING')],
  ['transactions, of old days', account('first: 100, bookedFrom: "2023-07-01", bookedTo: "2023-07-07"')],
  ['transactions, of days and status', account('first: 100, bookedTo: "2024-01-01", status: BOOKED')],
  ['changes', changes('first: 500')],
  ['changes, a later page', changes(`first: 500, ${later}`)],
  [
    'changes, a page of sets that have nothing left',
    changes(`first: 500, ${after('c1', '1600000', idOf(tag, 'bankLogin'))}`),
  ],
  ['changes of a user', changes('first: 500, userId: "usr_many00000002"')],
  ['changes of a login', changes(`first: 500, bankLoginId: "${idOf(tag, 'bankLogin')}"`)],
  ['changes of a login, a later page', changes(`first: 500, ${later}, bankLoginId: "${idOf(tag, 'bankLogin')}"`)],
  ['changes of an account', changes(`first: 500, accountId: "${idOf(tag, 'account')}"`)],
  ['changes of an event', changes('first: 500, eventId: "evt_many00000002"')],
  ['deliveries', '{ webhookEndpoints { nodes { deliveries(first: 100) { nodes { id } } } } }'],
  [
    'deliveries that failed',
    '{ webhookEndpoints { nodes { deliveries(first: 100, status: FAILED) { nodes { id } } } } }',
  ],
  [
    'deliveries that wait',
    '{ webhookEndpoints { nodes { deliveries(first: 100, status: PENDING) { nodes { id } } } } }',
  ],
  [
    'a delivery',
    '{ webhookDelivery(id: "whd_many000000021") { event { id } endpoint { id } attempts { number: durationMs } } }',
  ],
];

const across = (filter: string, page = 'first: 100') =>
  `{ transactions(filter: { ${filter} }, ${page}) { nodes { id amount { amount } } } }`;
const logins = (filter: string, page = 'first: 100') =>
  `{ bankLogins(filter: { ${filter} }, ${page}) { nodes { id } } }`;
const ofUser = 'userId: "usr_many00000002"';
const ofLogin = 'bankLoginId: "login_many00000002"';
const day = `2025-01-01`;

/** Lists across users, accounts and endpoints: every filter, and such as narrow little together. */
const questions: [name: string, query: string][] = [
  ['users, the last page', '{ users(last: 100) { nodes { id } } }'],
  ['a user by its external id', '{ userByExternalId(externalId: "external 2") { id } }'],
  [
    'nodes',
    '{ nodes(ids: ["usr_many00000002", "acc_many00000002", "login_many00000002", "txn_many00000002"]) { id } }',
  ],
  ['logins', logins('')],
  ['logins, the last page', logins('', 'last: 100')],
  ['logins, a later page', logins('', 'first: 100, after: "login_many00000100"')],
  ['logins of a user', logins(ofUser)],
  ['logins of a bank', logins('bankId: "bank_test"')],
  ['logins of a bank that nobody has', logins('bankId: "bank_none"')],
  ['logins of a status that few have', logins('status: SCA_REQUIRED')],
  ['logins of a bank and a status', logins('bankId: "bank_test", status: SYNC_FAILED')],
  ['sessions', '{ synchronizationSessions(first: 100) { nodes { id } } }'],
  ['sessions, the last page', '{ synchronizationSessions(last: 100) { nodes { id } } }'],
  ['sessions that failed', '{ synchronizationSessions(first: 100, status: FAILED) { nodes { id } } }'],
  ['sessions of a user', `{ synchronizationSessions(first: 100, ${ofUser}) { nodes { id } } }`],
  ['sessions of a login', `{ synchronizationSessions(first: 100, ${ofLogin}) { nodes { id } } }`],
  ['connect sessions', '{ connectSessions(first: 100) { nodes { id } } }'],
  ['all deliveries', '{ webhookDeliveries(first: 100) { nodes { id } } }'],
  ['all deliveries, the last page', '{ webhookDeliveries(last: 100) { nodes { id } } }'],
  ['all deliveries that failed', '{ webhookDeliveries(first: 100, filter: { status: FAILED }) { nodes { id } } }'],
  [
    'all deliveries since',
    '{ webhookDeliveries(first: 100, filter: { since: "2020-01-01T00:00:00Z" }) { nodes { id } } }',
  ],
  ['all deliveries of an event', '{ webhookDeliveries(filter: { eventId: "evt_many00000002" }) { nodes { id } } }'],
  ['transactions across', across('')],
  ['transactions across, the last page', across('', 'last: 100')],
  ['transactions across, a later page', across('', `first: 100, ${after(day, 'txn_many')}`)],
  ['transactions across, of days', across(`bookedFrom: "2023-07-01", bookedTo: "2023-07-07"`)],
  ['transactions of a user', across(ofUser)],
  ['transactions of a user, of little', across(`${ofUser}, amountFrom: "1000000", search: "nowhere"`)],
  ['transactions of a login', across(ofLogin)],
  ['transactions of some accounts', across('accountIds: ["acc_many00000002", "acc_many00000004"], status: PENDING')],
];
/** Read in parts, so that one page looks at some thousand rows and no more (docs/api-client.md). */
const scans: [name: string, query: string][] = [
  ['transactions across, by a text that nothing has', across('search: "nowhere"')],
  ['transactions across, by an amount that nothing has', across('amountFrom: "1000000"')],
  ['transactions across, changed since', across('updatedSince: "2999-01-01T00:00:00Z"')],
  ['transactions across, pending', across('status: PENDING')],
  ['logins that were synchronized long ago', logins('notSynchronizedSince: "2020-01-01T00:00:00Z", status: OK')],
  ['logins whose consent is about to end', logins(`consentExpiresBefore: "2020-01-01"`)],
  ['logins that nothing blocks so', logins('blockedBy: CONSENT_MISSING')],
  ['logins that are blocked so', logins('blockedBy: SECRETS_NOT_STORED')],
  ['reconciled', '{ reconcile(since: "2020-01-01T00:00:00Z", seenEventIds: []) { missingEventIds complete } }'],
];

/** Reads the transactions of one account that match nothing: as many rows as the account has, by decision (docs/api-client.md). */
const searches: typeof filters = [
  ['transactions, by a text that nothing has', account('first: 100, search: "nowhere"')],
];
const narrowed: typeof filters = [
  [
    'transactions, of some days, by a text that nothing has',
    account('first: 100, search: "nowhere", bookedFrom: "2023-07-01", bookedTo: "2023-07-07"'),
  ],
];

interface Statement {
  text: string;
  values: unknown[];
}

interface Plan {
  'Node Type': string;
  'Relation Name'?: string;
  'Actual Rows': number;
  'Actual Loops': number;
  'Rows Removed by Filter'?: number;
  'Plan Rows': number;
  Plans?: Plan[];
}

interface Measured {
  read: string;
  /** Rows that a node of the plan looked at, the greatest number. */
  touched: number;
  ms: number;
  /** Large tables that are read from end to end. */
  sequential: string[];
  statement: Statement;
}

// Beside other tests, a million rows take longer than a test usually may.
const timeout = 600_000;

test('every list and filter goes by an index, and looks at no more rows than a few pages have', { timeout }, async ({
  skip,
}) => {
  if (postgresUrl === null) return skip('no PostgreSQL server is at hand');
  const database = await openDatabase({ databaseUrl: await createPostgresDatabase(postgresUrl), directory: null });
  onTestFinished(async () => await database.close());
  const api = openWholeApi(database);
  await insertClientData(database, { tag, count: 20, now: api.clock.now(), encryption: api.encryption });
  await insertCycle(database, api.clock.now());
  await insertLargeData(database, { tag, users, transactions });

  const reads = [...(await listReads()), ...filters.map(toRead), ...searches.map(toRead), ...narrowed.map(toRead)];
  reads.push(...questions.map(toRead), ...scans.map(toRead));
  const measured: Measured[] = [];
  for (const read of reads) {
    const statements = await capture(database, () => runRead(api, read, tag));
    // The audit log's entry of a key's first reading in an hour is written, and cannot be written twice.
    const readings = statements.filter(({ text }) => !text.includes('INSERT INTO audit_'));
    for (const statement of readings) measured.push(await explain(database, read.name, statement));
  }
  measured.sort((a, b) => b.ms - a.ms);
  const rows = measured.slice(0, 15).map(({ read, touched, ms }) => ({ read, touched, ms }));
  console.table(rows);
  const slowest = measured[0] as Measured;
  console.log(`${slowest.statement.text}\n\n${await explainAsText(database, slowest.statement)}`);

  expect(measured.filter(({ sequential }) => sequential.length > 0)).toEqual([]);
  expect(measured.filter(({ touched, ...of }) => touched > mostRows(of))).toEqual([]);
});

/** A search looks at its account, a count at what it counts, everything else at a few pages. */
function mostRows({ read, statement }: Pick<Measured, 'read' | 'statement'>): number {
  if (searches.some(([name]) => name === read)) return transactions / 10 + 100;
  if (scans.some(([name]) => name === read)) return comparedEvents + 100;
  return statement.text.includes('count(') ? 3 * users + 100 : 4_000;
}

function toRead([name, query, variables]: (typeof filters)[number]): Read {
  const document = parse(query);
  return {
    name,
    most: 0,
    document,
    operationName: null,
    variables: () => variables ?? { id: idOf(tag, 'account') },
  };
}

async function capture({ pool }: Database, work: () => Promise<void>): Promise<Statement[]> {
  const original = pool.query;
  const statements: Statement[] = [];
  pool.query = ((...args: [{ text: string; values?: unknown[] }, unknown[]?]) => {
    const [query, values] = args;
    statements.push({ text: query.text, values: query.values ?? values ?? [] });
    return Reflect.apply(original, pool, args);
  }) as typeof pool.query;
  try {
    await work();
  } finally {
    pool.query = original;
  }
  return statements;
}

async function explain({ pool }: Database, read: string, statement: Statement): Promise<Measured> {
  const result = await pool.query(`EXPLAIN (ANALYZE, FORMAT JSON) ${statement.text}`, statement.values as never[]);
  const [{ Plan: root, 'Execution Time': ms }] = result.rows[0]['QUERY PLAN'];
  const nodes = listNodes(root);
  const touched = nodes.map(
    (node) => (node['Actual Rows'] + (node['Rows Removed by Filter'] ?? 0)) * node['Actual Loops'],
  );
  const scanned = nodes.filter((node) => node['Node Type'] === 'Seq Scan').map((node) => node['Relation Name'] ?? '');
  const large = await pool.query<{ relname: string }>(
    'SELECT relname FROM pg_class WHERE relname = ANY($1) AND reltuples > 2000',
    [scanned],
  );
  return { read, touched: Math.max(...touched), ms, sequential: large.rows.map(({ relname }) => relname), statement };
}

function listNodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(listNodes)];
}

async function explainAsText({ pool }: Database, { text, values }: Statement): Promise<string> {
  const result = await pool.query<{ 'QUERY PLAN': string }>(`EXPLAIN (ANALYZE, BUFFERS) ${text}`, values as never[]);
  return result.rows.map((row) => row['QUERY PLAN']).join('\n');
}
