import { expect, test } from 'vitest';
import { mutationActions } from '../../src/graphql/audited-mutations.ts';
import { idOf } from '../support/client-data.ts';
import { openMutationWorld } from '../support/mutation-world.ts';
import { validArguments } from '../support/valid-mutations.ts';

test('every mutation commits in one transaction with its entry, of which there is one', async () => {
  const { mutations, run, takeWrites, readEntries } = await openMutationWorld();
  const given = validArguments('mine', 'the-key');
  let seen = 0;
  for (const { name } of mutations) {
    const args = given[name];
    if (!args) throw new Error(`Say in valid-mutations.ts with what ${name} does something.`);
    expect([name, (await run(name, args)).__typename]).toEqual([name, expect.stringMatching(/Payload$/)]);
    const writes = await takeWrites();
    const recorded = writes.filter(({ place }) => place === 'audit_entries').map(({ transaction }) => transaction);
    const effects = writes.filter(({ place }) => place !== 'audit_entries');
    expect([name, effects.length > 0]).toEqual([name, true]);
    // A user that comes with its session is committed before it, with an entry of its own.
    expect([name, recorded.length]).toEqual([name, name === 'createConnectSession' ? 2 : 1]);
    expect([name, effects.filter(({ transaction }) => !recorded.includes(transaction))]).toEqual([name, []]);
    const [entry] = await readEntries();
    seen += recorded.length;
    expect(await readEntries()).toHaveLength(seen);
    expect(entry).toMatchObject({ action: mutationActions[name], details: { mutation: name, state: 'DONE' } });
    expect([name, entry?.subjectId]).toEqual([name, expect.stringMatching(/^[a-z]+_/)]);
  }
});

test('what changes nothing leaves one entry that says so, and nothing else', async () => {
  const { run, takeWrites, readEntries } = await openMutationWorld();
  const given = validArguments('mine', 'the-key');
  await run('createUser', given.createUser as never);
  await takeWrites();
  await run('createUser', given.createUser as never);
  await run('deleteUser', { id: 'usr_none' });
  expect(new Set((await takeWrites()).map(({ place }) => place))).toEqual(new Set(['audit_entries']));
  expect((await readEntries()).slice(0, 2).map(({ action, details }) => [action, details])).toEqual([
    ['user.erased', { mutation: 'deleteUser', state: 'REFUSED', code: 'NOT_FOUND' }],
    ['user.created', { mutation: 'createUser', state: 'UNCHANGED' }],
  ]);
});

test('an endpoint that is changed and disabled has an entry for each, with what it tells of', async () => {
  const { run, takeWrites, readEntries } = await openMutationWorld();
  const id = idOf('mine', 'webhookEndpoint', 1);
  await takeWrites();
  for (const status of ['DISABLED', 'ENABLED']) await run('updateWebhookEndpoint', { input: { id, status } });
  const entries = (await readEntries()).reverse();
  expect(entries.map(({ action, subjectId }) => [action, subjectId])).toEqual([
    ['endpoint.updated', id],
    ['endpoint.disabled', id],
    ['endpoint.updated', id],
    ['endpoint.enabled', id],
  ]);
  const writes = await takeWrites();
  const recorded = writes.filter(({ place }) => place === 'audit_entries').map(({ transaction }) => transaction);
  expect(recorded).toHaveLength(4);
  expect(writes.filter(({ transaction }) => !recorded.includes(transaction))).toEqual([]);
});

test('many calls of one client at once make one chain, and each has its entry', async () => {
  const { run, readEntries, database } = await openMutationWorld();
  await Promise.all(Array.from({ length: 30 }, (_, n) => run('createUser', { input: { externalId: `at once ${n}` } })));
  const users = await database.prisma.user.findMany({ where: { externalId: { startsWith: 'at once' } } });
  const told = (await readEntries()).map(({ subjectId }) => subjectId);
  expect(told.sort()).toEqual(users.map(({ id }) => id).sort());
});

test('what a call makes on its way, such as the first key to sign with, is not taken for what it is asked for', async () => {
  const { run, readEntries, database } = await openMutationWorld();
  const args = { input: { url: 'http://127.0.0.1:9/', signatureAlgorithm: 'JWS_ES256', idempotencyKey: 'jws' } };
  const made = await run('createWebhookEndpoint', args);
  expect(await database.prisma.signingKey.count()).toBe(1);
  expect(await run('createWebhookEndpoint', args)).toEqual(made);
  const endpoint = await database.prisma.webhookEndpoint.findFirstOrThrow({
    where: { signatureAlgorithm: 'JWS_ES256' },
  });
  expect((await readEntries()).map(({ subjectId, details }) => [subjectId, details.state])).toEqual([
    [null, 'UNCHANGED'],
    [endpoint.id, 'DONE'],
  ]);
});
