import { type ExecutionResult, execute, parse, subscribe, validate } from 'graphql';
import { expect, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { type Context, createContext } from '../../src/graphql/context.ts';
import type { Database } from '../../src/storage/database.ts';
import { idOf, insertClientData, insertCycle, type OwnedKind, ownedKinds, secretOf } from '../support/client-data.ts';
import { eventually } from '../support/eventually.ts';
import {
  buildArguments,
  listAnswerFields,
  listFields,
  listRootFields,
  listTexts,
  type RootField,
  writeOperation,
} from '../support/schema-walk.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi, type WholeApi } from '../support/whole-api.ts';

/**
 * What every argument that takes an id takes. A new one is to be written here, or the walk fails. The number says which of the
 * caller's own rows is used up where an operation changes or deletes it.
 */
const idSlots: Record<string, [kind: OwnedKind | 'bank', row?: number]> = {
  'auditLog.actorId': ['apiKey'],
  'auditLog.subjectId': ['user'],
  'bankLogin.id': ['bankLogin'],
  'bankLogins.filter.bankId': ['bank'],
  'bankLogins.filter.userId': ['user'],
  'cancelSynchronizationSession.id': ['synchronizationSession'],
  'client.id': ['client'],
  'connectSessions.userId': ['user'],
  'createApiKey.clientId': ['client'],
  'createConnectSession.input.bankId': ['bank'],
  'createConnectSession.input.userId': ['user'],
  'createManagementSession.input.userId': ['user'],
  'createSynchronizationSession.input.bankLoginId': ['bankLogin', 1],
  'deleteBankLogin.id': ['bankLogin', 2],
  'deleteUser.id': ['user', 2],
  'deleteWebhookEndpoint.id': ['webhookEndpoint', 2],
  'events.bankLoginId': ['bankLogin'],
  'events.userId': ['user'],
  'loginsSynchronizationStatus.userId': ['user'],
  'node.id': ['user'],
  'nodes.ids': ['user'],
  'previewWebhook.endpointId': ['webhookEndpoint', 1],
  'previewWebhook.eventId': ['event'],
  'reconcile.seenEventIds': ['event'],
  'recoverDeliveries.endpointId': ['webhookEndpoint'],
  'redeliver.deliveryId': ['webhookDelivery'],
  'renameClient.id': ['client'],
  'revokeApiKey.id': ['apiKey', 2],
  'rotateWebhookSecret.id': ['webhookEndpoint'],
  'sendTestEvent.endpointId': ['webhookEndpoint'],
  'synchronizationSession.id': ['synchronizationSession'],
  'synchronizationSessionUpdated.id': ['synchronizationSession'],
  'transactionChanges.accountId': ['account'],
  'transactionChanges.bankLoginId': ['bankLogin'],
  'transactionChanges.eventId': ['event'],
  'transactionChanges.userId': ['user'],
  'synchronizationSessions.bankLoginId': ['bankLogin'],
  'synchronizationSessions.userId': ['user'],
  'transactions.filter.accountIds': ['account'],
  'transactions.filter.bankLoginId': ['bankLogin'],
  'transactions.filter.userId': ['user'],
  'updateUser.input.id': ['user'],
  'updateWebhookEndpoint.input.id': ['webhookEndpoint'],
  'user.id': ['user'],
  'webhookDeliveries.filter.endpointId': ['webhookEndpoint'],
  'webhookDeliveries.filter.eventId': ['event'],
  'webhookDelivery.id': ['webhookDelivery'],
  'webhookEndpoint.id': ['webhookEndpoint'],
};

/** Of the answers' fields, those that the walk over the caller's own rows does not bring up, by the reason. */
const beyondTheWalk = {
  'the first walk ends in them': /^(NotFound|Validation|Field)Error\./,
  'they hold no row of anybody':
    /^(Conflict|AccessLimit)Error\.|^ReconcileResult\.unknownEventIds$|^LoginSynchronizationStatus\.blockedBy$/,
  'banks are for everybody': /^Bank\./,
  'it is erased with the user': /^UserDeleted\.externalId$/,
  'no key of the walk was rotated': /^ApiKey\.retiresAt$/,
};

const mine = 'mine';
const theirs = 'theirs';

interface World extends WholeApi {
  database: Database;
  roots: RootField[];
}

/** Two clients who have something of everything. */
async function openWorld(): Promise<World> {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  const common = { now: api.clock.now(), encryption: api.encryption };
  await insertClientData(database, { tag: mine, count: 3, ...common });
  await insertClientData(database, { tag: theirs, count: 3, ...common });
  await insertCycle(database, api.clock.now());
  for (const tag of [mine, theirs]) {
    await api.audit.record({
      ...{ action: 'user.created', clientId: idOf(tag, 'client'), actorId: idOf(tag, 'apiKey') },
      ...{ subjectId: idOf(tag, 'user'), requestId: 'req_1', ipAddress: '192.0.2.1', details: { state: 'DONE' } },
    });
  }
  return { ...api, database, roots: listRootFields(api.schema) };
}

function contextOf({ source }: World, scopes: Context['viewer']['scopes']): Context {
  const viewer = { clientId: idOf(mine, 'client'), keyId: idOf(mine, 'apiKey'), scopes, expiresAt: null };
  return createContext(source, { viewer, requestId: 'req_walk' });
}

function ownArguments(root: RootField): Map<string, unknown> {
  return new Map(
    root.slots.flatMap(({ path, type }) => {
      if (type !== 'ID') return [];
      const slot = idSlots[path];
      if (!slot) throw new Error(`${path} takes an id: say of what kind in idSlots`);
      return [[path, slot[0] === 'bank' ? 'bank_test' : idOf(mine, slot[0], slot[1])]];
    }),
  );
}

function toDocument(world: World, root: RootField, args: Record<string, unknown>, depth: number) {
  const document = parse(writeOperation(world.schema, root, args, depth));
  const faults = validate(world.schema, document);
  if (faults.length > 0) throw new Error(`${root.name}: ${faults[0]?.message}`);
  return document;
}

async function run(
  world: World,
  root: RootField,
  args: Record<string, unknown>,
  { depth, scopes }: { depth: number; scopes: Context['viewer']['scopes'] },
): Promise<ExecutionResult> {
  return await execute({
    schema: world.schema,
    document: toDocument(world, root, args, depth),
    variableValues: args,
    contextValue: contextOf(world, scopes),
  });
}

/** Every row of the database that names the other client, but for the caller's own with a text that it was given. */
async function dumpTheirs({ database }: World): Promise<Record<string, unknown[]>> {
  const tables = await database.pool.query<{ name: string }>(
    "SELECT table_name AS name FROM information_schema.tables WHERE table_schema = 'public' AND table_type = 'BASE TABLE'",
  );
  const rows: Record<string, unknown[]> = {};
  for (const { name } of tables.rows) {
    const found = await database.pool.query(
      `SELECT t::text AS row FROM "${name}" t WHERE t::text LIKE $1 AND t::text NOT LIKE $2 ORDER BY 1`,
      [`%${theirs}%`, `%${idOf(mine, 'client')}%`],
    );
    rows[name] = found.rows.map(({ row }) => row);
  }
  return rows;
}

/** What of the other client an answer holds, other than what the caller has given itself. */
function findLeaks(answer: unknown, given?: string): string[] {
  return listTexts(answer)
    .filter(({ text }) => (given ? text.replaceAll(given, '') : text).includes(theirs))
    .map(({ key, text }) => `${key}: ${text}`);
}

// A cursor of the event log is a place of the caller's own log, whoever had it first.
const foreignTexts = [
  secretOf(theirs),
  `${secretOf(theirs)} 0`,
  `key ${theirs}`,
  `https://${theirs}.example`,
  Buffer.from(JSON.stringify(['2026-03-20', idOf(theirs, 'transaction')])).toString('base64url'),
  toCursor(1n),
];
const foreignIds = ownedKinds.map((kind) => idOf(theirs, kind));

/** Nothing, or one of the errors that a caller can act on. */
function isNothing({ data, errors }: ExecutionResult): boolean {
  if (errors) return errors.every(({ extensions, originalError }) => isRefusal(extensions.code, originalError));
  const root = data?.root;
  if (root === null || (Array.isArray(root) && root.every((row) => row === null))) return true;
  const { __typename: name, ...fields } = root as Record<string, unknown>;
  // The log does not have what another client's has.
  if (name === 'ReconcileResult') return (fields[`${name}__unknownEventIds`] as unknown[]).length === 1;
  if (String(name).endsWith('Connection')) return (fields[`${name}__edges`] as unknown[]).length === 0;
  return /^(NotFound|Validation)Error$/.test(String(name));
}

function isRefusal(code: unknown, cause: (Error & { code?: string }) | null | undefined): boolean {
  return [code, cause?.code].some((known) => ['NOT_FOUND', 'FORBIDDEN', 'BAD_USER_INPUT'].includes(String(known)));
}

test("with another client's ids and texts in any argument, a client gets nothing and changes nothing", {
  timeout: 300_000,
}, async () => {
  const world = await openWorld();
  const before = await dumpTheirs(world);
  expect(before.transactions).toHaveLength(5);
  const found: string[] = [];
  let runs = 0;
  for (const root of world.roots.filter(({ kind }) => kind !== 'subscription')) {
    const own = ownArguments(root);
    for (const slot of root.slots) {
      for (const foreign of slot.type === 'ID' ? foreignIds : [...foreignIds, ...foreignTexts]) {
        const args = buildArguments(root, new Map([...own, [slot.path, foreign]]));
        const answer = await run(world, root, args, { depth: 2, scopes: ['CLIENT'] });
        runs++;
        const leaks = findLeaks([answer.data, answer.errors?.map((error) => error.message)], foreign);
        if (slot.type === 'ID' && !isNothing(answer)) leaks.push(`answered ${JSON.stringify(answer).slice(0, 200)}`);
        found.push(...leaks.map((leak) => `${slot.path} = ${foreign}: ${leak}`));
      }
    }
    expect({ [root.name]: await dumpTheirs(world) }).toEqual({ [root.name]: before });
  }
  expect(found).toEqual([]);
  expect(runs).toBeGreaterThan(500);
});

test("every field that a client can reach over its own rows is free of what is another client's", async () => {
  const world = await openWorld();
  const before = await dumpTheirs(world);
  const scopes = ['CLIENT', 'OPERATOR'] as const;
  const reached = new Set<string>();
  const found: string[] = [];
  const node = world.roots.find(({ name }) => name === 'node') as RootField;
  const visit = async (root: RootField, args: Record<string, unknown>) => {
    const answer = await run(world, root, args, { depth: 3, scopes });
    expect({ [root.name]: answer.errors }).toEqual({ [root.name]: undefined });
    for (const field of listFields(answer.data)) reached.add(field);
    // Which clients there are, the operator is to know.
    const leaks = root.name === 'clients' ? [] : findLeaks(answer.data);
    found.push(...leaks.map((leak) => `${root.name}: ${leak}`));
    return answer;
  };
  for (const kind of ownedKinds) {
    const { data } = await visit(node, { id: idOf(mine, kind) });
    expect({ [kind]: data?.root }).not.toEqual({ [kind]: null });
  }
  for (let event = 0; event < 11; event++) await visit(node, { id: idOf(mine, 'event', event) });
  const order = { query: 0, mutation: 1, subscription: 2 };
  for (const root of world.roots.sort((a, b) => order[a.kind] - order[b.kind])) {
    if (root.kind === 'subscription') continue;
    const answer = await visit(root, buildArguments(root, ownArguments(root)));
    const name = (answer.data?.root as { __typename?: string } | null)?.__typename ?? '';
    expect({ [root.name]: name.endsWith('Error') ? answer : 'done' }).toEqual({ [root.name]: 'done' });
  }
  expect(found).toEqual([]);
  // An operator's extra cycle takes in everybody.
  const { cycle_entries: _, ...after } = await dumpTheirs(world);
  expect(before).toMatchObject(after);
  const missed = listAnswerFields(world.schema).filter((field) => !reached.has(field));
  const reasons = Object.values(beyondTheWalk);
  expect(missed.filter((field) => !reasons.some((reason) => reason.test(field)))).toEqual([]);
});

test("a subscription says nothing of another client's, whatever id it is given", async () => {
  const world = await openWorld();
  const subscriptions = world.roots.filter(({ kind }) => kind === 'subscription');
  const open = async (root: RootField, given: Map<string, unknown>) => {
    const args = buildArguments(root, given);
    const stream = await subscribe({
      schema: world.schema,
      document: toDocument(world, root, args, 2),
      variableValues: args,
      contextValue: contextOf(world, ['CLIENT']),
    });
    const said: unknown[] = [];
    const read = async () => {
      if (!(Symbol.asyncIterator in stream)) return;
      for await (const answer of stream) said.push(answer);
    };
    const end = read().catch((error: unknown) => void said.push({ errors: [error] }));
    const leave = async () => {
      if (Symbol.asyncIterator in stream) await stream.return(undefined);
      await end;
    };
    return { name: [...given].join(), said, leave };
  };
  const deaf = await Promise.all(
    subscriptions.flatMap((root) =>
      root.slots
        .filter(({ type }) => type === 'ID')
        .flatMap(({ path }) => foreignIds.map((id) => open(root, new Map([[path, id]])))),
    ),
  );
  const events = subscriptions.find(({ name }) => name === 'events') as RootField;
  const replaying = await open(events, new Map([['events.after', toCursor(0n)]]));
  const live = await open(events, new Map());
  for (const tag of [theirs, mine]) {
    await world.eventLog.commit(async (_tx, append) =>
      append({
        clientId: idOf(tag, 'client'),
        type: 'WEBHOOK_TEST',
        userId: idOf(tag, 'user'),
        bankLoginId: idOf(tag, 'bankLogin'),
        occurredAt: world.clock.now(),
        data: { message: secretOf(tag) },
      }),
    );
  }
  await eventually(() => live.said.length === 1 && replaying.said.length === 34);
  for (const stream of [...deaf, live, replaying]) await stream.leave();
  expect(findLeaks([live.said, replaying.said])).toEqual([]);
  const heard = deaf.filter(({ said }) => (said as ExecutionResult[]).some(({ data }) => data));
  expect(heard.map(({ name }) => name)).toEqual([]);
  expect(deaf.length).toBeGreaterThan(30);
});
