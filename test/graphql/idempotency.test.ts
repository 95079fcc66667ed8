import { expect, test } from 'vitest';
import { idOf } from '../support/client-data.ts';
import { openMutationWorld } from '../support/mutation-world.ts';
import { validArguments } from '../support/valid-mutations.ts';

/** Done twice they do no more than done once, or a repetition is what is asked for. */
const repeatable = [
  'cancelSynchronizationSession',
  'deleteBankLogin',
  'deleteUser',
  'deleteWebhookEndpoint',
  'recoverDeliveries',
  'redeliver',
  'renameClient',
  'revokeApiKey',
  'updateClient',
  'updateUser',
  'updateWebhookEndpoint',
];

const given = (key: string) => validArguments('mine', key);
const dayMs = 24 * 3_600_000;

test('every mutation that makes something takes an idempotencyKey', async () => {
  const { mutations } = await openMutationWorld();
  const keyless = mutations.filter(({ slots }) => !slots.some(({ path }) => path.endsWith('.idempotencyKey')));
  expect(keyless.map(({ name }) => name)).toEqual(repeatable);
});

test('the same call again is answered with what the first one made, and makes nothing', async () => {
  const { mutations, run, takeWrites } = await openMutationWorld();
  for (const { name } of mutations.filter(({ name: of }) => !repeatable.includes(of))) {
    const args = given('the-key')[name] ?? {};
    const first = await run(name, args);
    expect([name, first.__typename]).toEqual([name, expect.stringMatching(/Payload$/)]);
    await takeWrites();
    expect([name, await run(name, args)]).toEqual([name, first]);
    expect([name, (await takeWrites()).map(({ place }) => place)]).toEqual([name, ['audit_entries']]);
  }
});

test('the same key with other input is refused, and so is a key of no use', async () => {
  const { run } = await openMutationWorld();
  const other: Record<string, object> = {
    createApiKey: { name: 'Another' },
    createClient: { name: 'Another' },
    createWebhookEndpoint: { input: { url: 'http://127.0.0.1:9/another', idempotencyKey: 'the-key' } },
    rotateApiKey: { overlapSeconds: 1 },
    rotateWebhookSecret: { overlapSeconds: 1 },
    sendTestEvent: { endpointId: idOf('mine', 'webhookEndpoint', 1) },
  };
  for (const [name, change] of Object.entries(other)) {
    const args = given('the-key')[name] ?? {};
    await run(name, args);
    const refused = await run(name, { ...args, ...change });
    expect([name, refused]).toEqual([name, expect.objectContaining({ ConflictError__code: 'IDEMPOTENCY_KEY_REUSED' })]);
    for (const key of ['', 'x'.repeat(201)]) {
      expect([name, (await run(name, given(key)[name] ?? {})).__typename]).toEqual([name, 'ValidationError']);
    }
  }
});

test('sent five times at once it is done once, and all five get the same', async () => {
  const { run, database } = await openMutationWorld();
  const count = async () => ({
    keys: await database.prisma.apiKey.count(),
    clients: await database.prisma.client.count(),
    endpoints: await database.prisma.webhookEndpoint.count(),
    tests: await database.prisma.event.count({ where: { type: 'WEBHOOK_TEST' } }),
    cycles: await database.prisma.synchronizationCycle.count(),
  });
  const before = await count();
  const names = ['createApiKey', 'createClient', 'createWebhookEndpoint', 'rotateApiKey', 'sendTestEvent'];
  for (const name of [...names, 'runSynchronizationCycle']) {
    const answers = await Promise.all(Array.from({ length: 5 }, () => run(name, given('at once')[name] ?? {})));
    expect([name, answers[0]?.__typename]).toEqual([name, expect.stringMatching(/Payload$/)]);
    expect([name, new Set(answers.map((answer) => JSON.stringify(answer))).size]).toEqual([name, 1]);
  }
  expect(await count()).toEqual({
    keys: before.keys + 3,
    clients: before.clients + 1,
    endpoints: before.endpoints + 1,
    tests: before.tests + 1,
    cycles: before.cycles + 1,
  });
});

test('a key is for one client, one mutation and a day', async () => {
  const { run, clock, database, idempotency } = await openMutationWorld();
  const args = { input: { url: 'http://127.0.0.1:9/new', idempotencyKey: 'shared' } };
  const first = await run('createWebhookEndpoint', args);
  await database.prisma.client.create({
    data: { id: 'cli_other', name: 'Other', createdAt: clock.now(), eventHead: { create: {} } },
  });
  const others = await run('createWebhookEndpoint', args, { clientId: 'cli_other', keyId: 'key_other' });
  expect(others.__typename).toBe('CreateWebhookEndpointPayload');
  expect(others).not.toEqual(first);
  expect((await run('createClient', { name: 'C', idempotencyKey: 'shared' })).__typename).toBe('CreateClientPayload');
  clock.advance(dayMs);
  const later = await run('createWebhookEndpoint', args);
  expect(later.__typename).toBe('CreateWebhookEndpointPayload');
  expect(later).not.toEqual(first);
  expect(await run('createWebhookEndpoint', args)).toEqual(later);
  expect(await database.prisma.idempotencyRecord.count()).toBe(4);
  for await (const _count of idempotency.forget()) {
  }
  expect(await database.prisma.idempotencyRecord.count()).toBe(1);
});

test('what is remembered of a call has no secret in the clear, and not what it was given', async () => {
  const { run, database } = await openMutationWorld();
  const made = [
    await run('createApiKey', given('my-own-key').createApiKey ?? {}),
    await run('createWebhookEndpoint', given('my-own-key').createWebhookEndpoint ?? {}),
  ];
  const secrets = made
    .flatMap((answer) => Object.values(answer))
    .filter((value) => typeof value === 'string' && /^(tdw|whsec)_/.test(value));
  expect(secrets).toHaveLength(2);
  const kept = JSON.stringify(await database.prisma.idempotencyRecord.findMany());
  for (const text of [...secrets, 'my-own-key', '127.0.0.1']) expect(kept).not.toContain(text);
});

test('where what was made is gone, that is said; a call that failed may be repeated', async () => {
  const { run } = await openMutationWorld();
  const args = { input: { url: 'http://127.0.0.1:9/new', idempotencyKey: 'gone' } };
  const made = await run('createWebhookEndpoint', args);
  const { WebhookEndpoint__id: id } = made.CreateWebhookEndpointPayload__endpoint as Record<string, string>;
  await run('deleteWebhookEndpoint', { id });
  expect(await run('createWebhookEndpoint', args)).toMatchObject({ ConflictError__code: 'IDEMPOTENCY_RESULT_GONE' });

  const failed = await run('sendTestEvent', { endpointId: 'whe_none', idempotencyKey: 'retried' });
  expect(failed.__typename).toBe('NotFoundError');
  const endpointId = idOf('mine', 'webhookEndpoint');
  const repeated = await run('sendTestEvent', { endpointId, idempotencyKey: 'retried' });
  expect(repeated.__typename).toBe('SendTestEventPayload');
});
