import { type ExecutionResult, execute, parse, subscribe } from 'graphql';
import { expect, test } from 'vitest';
import { type Context, createContext } from '../../src/graphql/context.ts';
import { idOf, insertClientData, insertCycle, ownedKinds, secretOf } from '../support/client-data.ts';
import { buildArguments, listRootFields, type RootField, writeOperation } from '../support/schema-walk.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { openWholeApi } from '../support/whole-api.ts';

/** What shows nothing of users and banks: ids of the walk are the operator's own client's. */
const openQueries = [
  'auditLog',
  'banks',
  'client',
  'clients',
  'currentSynchronizationCycle',
  'eventTypes',
  'nextSynchronizationCycleAt',
  'node',
  'nodes',
  'synchronizationCycles',
  'viewer',
];
const operatorsMutations = [
  'createApiKey',
  'createClient',
  'renameClient',
  'revokeApiKey',
  'rotateApiKey',
  'runSynchronizationCycle',
];

async function openWorld() {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  await insertClientData(database, { tag: 'mine', count: 3, now: api.clock.now(), encryption: api.encryption });
  await insertCycle(database, api.clock.now());
  const contextOf = (scopes: Context['viewer']['scopes']) => {
    const viewer = { clientId: idOf('mine', 'client'), keyId: idOf('mine', 'apiKey'), scopes, expiresAt: null };
    return createContext(api.source, { viewer, requestId: 'req_walk' });
  };
  const run = async (text: string, scopes: Context['viewer']['scopes'], variableValues = {}) => {
    const args = { schema: api.schema, document: parse(text), contextValue: contextOf(scopes), variableValues };
    if (!text.startsWith('subscription')) return await execute(args);
    const result = await subscribe(args);
    if (!(Symbol.asyncIterator in result)) return result;
    await result.return(undefined);
    return { data: { followed: true } } satisfies ExecutionResult;
  };
  const walk = async (root: RootField, scopes: Context['viewer']['scopes']) => {
    const ids = root.slots.flatMap(({ path, type }) => (type === 'ID' ? [[path, guess(path)] as const] : []));
    const args = buildArguments(root, new Map(ids));
    return await run(writeOperation(api.schema, root, args, 2), scopes, args);
  };
  return { ...api, database, run, walk, roots: listRootFields(api.schema) };
}

/** The client's own row that an argument most likely means. */
function guess(path: string): string {
  const name = path.toLowerCase();
  const kind = ownedKinds.find((owned) => name.includes(owned.toLowerCase())) ?? 'user';
  return idOf('mine', kind);
}

const codesOf = ({ errors }: ExecutionResult) => (errors ?? []).map(({ extensions }) => extensions.code);

test("an operator's key reads nothing of users and their banks, its own client's neither", async () => {
  const { roots, walk } = await openWorld();
  const answered: string[] = [];
  for (const root of roots.filter(({ kind }) => kind !== 'mutation')) {
    const answer = await walk(root, ['OPERATOR']);
    if (codesOf(answer).includes('FORBIDDEN'))
      expect([root.name, [answer.data?.root ?? null].flat()]).toEqual([root.name, [null]]);
    else answered.push(root.name);
    const ofUsers = ['user', 'bankLogin', 'account', 'transaction', 'event'].map((kind) =>
      idOf('mine', kind as 'user'),
    );
    for (const id of ofUsers)
      expect([root.name, JSON.stringify(answer.data ?? null)]).not.toEqual([root.name, expect.stringContaining(id)]);
  }
  expect(answered).toEqual(openQueries.filter((name) => !name.startsWith('node')));
});

test("an operator's key finds by id the client, its keys, banks, cycles and audit entries, and no other kind", async () => {
  const { run, database } = await openWorld();
  const found: string[] = [];
  const ids = [...ownedKinds.map((kind) => idOf('mine', kind)), idOf('shared', 'cycle'), 'bank_test', 'xyz_1', 'none'];
  for (const id of ids) {
    const answer = await run(`{ node(id: "${id}") { id __typename } }`, ['OPERATOR']);
    if (answer.data?.node) found.push((answer.data.node as { __typename: string }).__typename);
    else expect([id, codesOf(answer)]).toEqual([id, ['FORBIDDEN']]);
  }
  expect(found.sort()).toEqual(['ApiKey', 'Bank', 'Client', 'SynchronizationCycle']);
  expect(await database.prisma.auditEntry.count({ where: { action: 'access.refused' } })).toBeGreaterThan(8);
});

test("an operator's key changes nothing of users and their banks", async () => {
  const { roots, walk } = await openWorld();
  const done: string[] = [];
  for (const root of roots.filter(({ kind }) => kind === 'mutation')) {
    if (!codesOf(await walk(root, ['OPERATOR'])).includes('FORBIDDEN')) done.push(root.name);
  }
  expect(done).toEqual(operatorsMutations);
});

test("with the client's scope too it reads and changes what the client may", async () => {
  const { roots, walk } = await openWorld();
  const refused: string[] = [];
  for (const root of roots) {
    if (codesOf(await walk(root, ['CLIENT', 'OPERATOR'])).includes('FORBIDDEN')) refused.push(root.name);
  }
  expect(refused).toEqual([]);
});

test('a key that may only read reads everything of the client but links for end users, and changes nothing', async () => {
  const { roots, walk, run } = await openWorld();
  const wrong: string[] = [];
  for (const root of roots) {
    const answer = await walk(root, ['CLIENT_READ']);
    if (root.kind === 'mutation' && !codesOf(answer).includes('FORBIDDEN')) wrong.push(`done: ${root.name}`);
    const refusals = (answer.errors ?? []).filter(({ extensions }) => extensions.code === 'FORBIDDEN');
    const isWhole = refusals.every(({ path }) => String(path?.at(-1)).endsWith('redirectUrl'));
    if (root.kind !== 'mutation' && !isWhole) wrong.push(`refused: ${root.name}`);
  }
  expect(wrong).toEqual(['refused: client', 'refused: clients', 'done: rotateApiKey']);
  for (const kind of ['connectSession', 'managementSession', 'synchronizationSession'] as const) {
    const node = (field: string) => `{ node(id: "${idOf('mine', kind)}") { id ${field} } }`;
    expect((await run(node(''), ['CLIENT_READ'])).data?.node).toEqual({ id: idOf('mine', kind) });
    const type = kind.charAt(0).toUpperCase() + kind.slice(1);
    const link = await run(node(`... on ${type} { redirectUrl }`), ['CLIENT_READ']);
    expect([codesOf(link), JSON.stringify(link)]).toEqual([
      ['FORBIDDEN'],
      expect.not.stringContaining(encodeURI(secretOf('mine'))),
    ]);
  }
});
