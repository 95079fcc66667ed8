import { execute, parse } from 'graphql';
import { expect, onTestFinished, test } from 'vitest';
import { mutationActions } from '../../src/graphql/audited-mutations.ts';
import { type Context, createContext } from '../../src/graphql/context.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { idOf, insertClientData, insertCycle } from '../support/client-data.ts';
import { buildArguments, listRootFields, type RootField, writeOperation } from '../support/schema-walk.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi } from '../support/whole-api.ts';

const everything = { actorId: null, subjectId: null, action: null, since: null };

async function openWorld() {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  await insertClientData(database, { tag: 'mine', count: 3, now: api.clock.now(), encryption: api.encryption });
  await insertCycle(database, api.clock.now());
  const clientId = idOf('mine', 'client');
  const contextOf = (scopes: Context['viewer']['scopes']): Context => {
    const viewer = { clientId, keyId: idOf('mine', 'apiKey'), scopes, expiresAt: null };
    return createContext(api.source, { viewer, requestId: 'req_walk', ipAddress: '192.0.2.7' });
  };
  const run = async (text: string, scopes: Context['viewer']['scopes'] = ['CLIENT'], variableValues = {}) =>
    await execute({ schema: api.schema, document: parse(text), contextValue: contextOf(scopes), variableValues });
  const entries = async () => {
    await api.audit.flush();
    return (await api.audit.list(null, everything, { before: null, limit: 1_000 })).reverse();
  };
  return { ...api, database, clientId, run, entries };
}

type World = Awaited<ReturnType<typeof openWorld>>;

async function walk(
  world: World,
  scopes: Context['viewer']['scopes'],
  given: (root: RootField, path: string) => string,
) {
  const roots = listRootFields(world.schema).filter(({ kind }) => kind === 'mutation');
  for (const root of roots) {
    const ids = new Map(root.slots.map(({ path }) => [path, given(root, path)]));
    const args = buildArguments(root, ids);
    await world.run(writeOperation(world.schema, root, args, 1), scopes, args);
  }
  return roots.map(({ name }) => name);
}

/** What the entries say of each mutation, in order. */
function statesOf(entries: Awaited<ReturnType<World['entries']>>, name: string) {
  const of = entries.filter(({ details }) => details.mutation === name);
  for (const entry of of) {
    expect(entry).toMatchObject({ action: mutationActions[name], actorId: idOf('mine', 'apiKey') });
    expect(entry).toMatchObject({ requestId: 'req_walk', ipAddress: '192.0.2.7' });
  }
  return of.map(({ details }) => details.state);
}

test('every mutation is recorded once, with what came of it, whatever that is', async () => {
  const world = await openWorld();
  const names = await walk(world, ['CLIENT', 'OPERATOR'], () => 'usr_none');
  expect(names.length).toBeGreaterThan(15);
  const entries = await world.entries();
  for (const name of names) {
    expect([name, ...statesOf(entries, name)]).toEqual([
      name,
      expect.stringMatching(/^(DONE|UNCHANGED|REFUSED|FAILED)$/),
    ]);
  }
});

test('every mutation that needs the OPERATOR scope is recorded as refused to a key without it', async () => {
  const world = await openWorld();
  const names = await walk(world, ['CLIENT'], () => 'usr_none');
  const entries = await world.entries();
  const refused = names.filter((name) =>
    entries.some(({ details }) => details.mutation === name && details.code === 'FORBIDDEN'),
  );
  expect(refused).toEqual(
    expect.arrayContaining(['createApiKey', 'createClient', 'renameClient', 'revokeApiKey', 'runSynchronizationCycle']),
  );
});

test('an erasure, a key made and a key revoked name their subject and stand with the client that they concern', async () => {
  const { clientId, run, entries } = await openWorld();
  const userId = idOf('mine', 'user', 1);
  await run(`mutation { deleteUser(id: "${userId}") { __typename } }`);
  const operator = ['OPERATOR'] as const;
  const made = await run(
    'mutation { createClient(name: "Other") { ... on CreateClientPayload { client { id } } } }',
    operator,
  );
  const otherId = idIn(made.data?.createClient);
  const key = await run(
    `mutation { createApiKey(clientId: "${otherId}", name: "Second") { ... on CreateApiKeyPayload { apiKey { id } } } }`,
    operator,
  );
  const keyId = idIn(key.data?.createApiKey);
  await run(`mutation { revokeApiKey(id: "${keyId}") { __typename } }`, operator);
  const done = (await entries()).filter(({ details }) => details.state === 'DONE');
  expect(done.map(({ action, clientId: of, subjectId }) => [action, of, subjectId])).toEqual([
    ['user.erased', clientId, userId],
    ['client.created', otherId, otherId],
    ['key.created', otherId, keyId],
    ['key.revoked', otherId, keyId],
  ]);
});

test('nothing is done while the audit log cannot be written', async () => {
  const { database, run } = await openWorld();
  await lockOut(database);
  const { errors } = await run(`mutation { deleteUser(id: "${idOf('mine', 'user')}") { __typename } }`);
  expect(errors).toHaveLength(1);
  expect(await database.prisma.user.count()).toBe(3);
});

test('no secret and no text that somebody gave stands in the log', async () => {
  const world = await openWorld();
  await walk(world, ['CLIENT', 'OPERATOR'], () => 'DE89370400440532013000');
  const texts = (await world.entries()).map(({ position: _position, ...entry }) => JSON.stringify(entry));
  expect(texts.join()).not.toMatch(/DE89370400440532013000|tdw_|whsec_/i);
});

test('reads of bank data are counted by key; a client sees its own entries, an operator all', async () => {
  const world = await openWorld();
  const { run } = world;
  await run(`{ node(id: "${idOf('mine', 'account')}") { id } }`);
  await run('{ events(first: 1) { nodes { id } } }');
  await world.entries();
  await world.audit.record({
    ...{ action: 'key.revoked', clientId: 'cli_other', actorId: 'key_other', subjectId: null },
    ...{ requestId: null, ipAddress: null, details: {} },
  });
  const query = '{ auditLog(first: 10) { nodes { action actorId clientId } pageInfo { hasNextPage } } }';
  const read = { action: 'data.read', actorId: idOf('mine', 'apiKey'), clientId: world.clientId };
  expect(await run(query)).toEqual({ data: { auditLog: { nodes: [read], pageInfo: { hasNextPage: false } } } });
  const all = await run(query, ['OPERATOR']);
  expect(all).toMatchObject({ data: { auditLog: { nodes: [{ action: 'key.revoked' }, read] } } });
});

test('an entry is found by its id and says what its key is called, to the client and to an operator alone', async () => {
  const { run, entries, audit, database } = await openWorld();
  await database.prisma.client.create({ data: { id: 'cli_other', name: 'Other', createdAt: new Date() } });
  await database.prisma.apiKey.create({
    data: { id: 'key_other', clientId: 'cli_other', name: 'theirs', prefix: '', hash: 'h', createdAt: new Date() },
  });
  const theirs = { action: 'key.created', clientId: 'cli_other', actorId: 'key_other', subjectId: null } as const;
  await audit.record({ ...theirs, requestId: null, ipAddress: null, details: {} });
  await audit.record({ ...theirs, clientId: idOf('mine', 'client'), requestId: null, ipAddress: null, details: {} });
  await run('mutation { createUser(input: {}) { __typename } }');
  const [foreign, byOperator, own] = (await entries()).map(({ id }) => id);
  const read = async (id: string | undefined, scopes?: ['OPERATOR']) =>
    (await run(`{ node(id: "${id}") { ... on AuditEntry { action actorName } } }`, scopes)).data?.node;
  expect(await read(own)).toEqual({ action: 'user.created', actorName: 'secret of mine' });
  expect(await read(byOperator)).toEqual({ action: 'key.created', actorName: null });
  expect(await read(foreign)).toBeNull();
  expect(await read(foreign, ['OPERATOR'])).toEqual({ action: 'key.created', actorName: 'theirs' });
});

async function lockOut(database: Database): Promise<void> {
  await database.query(Prisma.sql`ALTER TABLE audit_entries RENAME TO audit_entries_away`);
  onTestFinished(async () => {
    await database.query(Prisma.sql`ALTER TABLE audit_entries_away RENAME TO audit_entries`);
  });
}

/** The id in a payload such as `{ client: { id } }`. */
function idIn(payload: unknown): string {
  const [row] = Object.values(payload ?? {}) as { id: string }[];
  return row?.id ?? '';
}
