import { describe, expect, inject, test } from 'vitest';
import { createEndpointHealthStore } from '../../src/webhooks/endpoint-health-store.ts';
import { eventually } from '../support/eventually.ts';
import { createServerWorld, createWorld, hours, minutes, type World } from './webhook-world.ts';

const days = (count: number) => hours(24 * count);

const typesOf = async (world: World) =>
  (await world.eventLog.read({ clientId: world.clientId, limit: 100 })).map(({ type }) => type);

test('410 disables the endpoint at once and tells the client’s other endpoints', async () => {
  const world = await createWorld();
  const gone = await world.receiver(() => 410);
  const other = await world.receiver();
  const { endpoint } = await world.endpoint(gone.url);
  await world.endpoint(other.url, { types: ['WEBHOOK_ENDPOINT_DISABLED'] });
  await world.emit({ bankLoginId: 'login_1' });
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  expect(gone.received).toHaveLength(1);
  const reason = 'The receiver answered 410 Gone.';
  expect(await world.endpointRow(endpoint.id)).toMatchObject({
    status: 'DISABLED',
    disabledReason: reason,
    disabledAt: world.clock.now(),
  });
  expect(other.received.map(({ body }) => JSON.parse(body))).toMatchObject([
    { type: 'webhook_endpoint.disabled', data: { endpoint: { id: endpoint.id, url: gone.url }, reason } },
  ]);
  // What was pending is kept; nothing more is made or sent until it is enabled.
  world.clock.advance(days(1));
  await world.emit();
  await dispatcher.drain();
  expect(gone.received).toHaveLength(1);
  expect((await world.deliveries()).filter(({ endpointId }) => endpointId === endpoint.id)).toMatchObject([
    { status: 'PENDING', attemptCount: 1 },
  ]);
});

describe('an endpoint whose deliveries have all failed', () => {
  test('is warned of in stages and disabled after 5 days, once', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(() => 500);
    const { endpoint } = await world.endpoint(receiver.url);
    const dispatcher = world.dispatcher();
    const began = world.clock.now();
    const fail = async (afterMs: number) => {
      world.clock.set(new Date(began.getTime() + afterMs));
      await world.emit();
      await dispatcher.drain();
      return await world.endpointRow(endpoint.id);
    };
    expect(await fail(0)).toMatchObject({ status: 'ENABLED', failingSince: began, warningCount: 0 });
    expect(await fail(days(1) - 1)).toMatchObject({ warningCount: 0 });
    expect(await fail(days(1))).toMatchObject({ warningCount: 1, failingSince: began });
    expect(await fail(days(2))).toMatchObject({ warningCount: 1 });
    expect(await fail(days(3))).toMatchObject({ warningCount: 2 });
    expect(await fail(days(4))).toMatchObject({ warningCount: 3 });
    expect(await fail(days(5) - 1)).toMatchObject({ status: 'ENABLED', warningCount: 3 });
    const disabled = await fail(days(5));
    expect(disabled).toMatchObject({ status: 'DISABLED', disabledReason: 'Every delivery has failed for 5 days.' });
    const warnings = world.logged.filter(({ message }) => /keeps failing/.test(message));
    expect(warnings.map(({ facts }) => facts.warningCount)).toEqual([1, 2, 3]);
    expect((await typesOf(world)).filter((type) => type === 'WEBHOOK_ENDPOINT_DISABLED')).toHaveLength(1);
  });

  test('is not disabled for a success that a dying process recorded without ending the run of failures', async () => {
    // Cause: results and the state of the endpoint are two statements; a kill between them left the run of failures standing.
    const world = await createWorld();
    let status = 204;
    const receiver = await world.receiver(() => status);
    const { endpoint } = await world.endpoint(receiver.url);
    const began = world.clock.now();
    await world.emit();
    world.clock.advance(days(2));
    await world.dispatcher().drain();
    await world.database.prisma.webhookEndpoint.update({ where: { id: endpoint.id }, data: { failingSince: began } });
    world.clock.advance(days(4));
    status = 500;
    await world.emit();
    await world.dispatcher().drain();
    const { status: state, failingSince, warningCount } = await world.endpointRow(endpoint.id);
    expect({ state, failingSince, warningCount }).toEqual({
      state: 'ENABLED',
      failingSince: world.clock.now(),
      warningCount: 0,
    });
  });

  test('begins anew after any success', async () => {
    const world = await createWorld();
    let status = 500;
    const receiver = await world.receiver(() => status);
    const { endpoint } = await world.endpoint(receiver.url, { types: ['WEBHOOK_TEST'] });
    const dispatcher = world.dispatcher();
    const tryIt = async () => {
      await world.endpoints.sendTest(world.clientId, endpoint.id);
      await dispatcher.drain();
      return await world.endpointRow(endpoint.id);
    };
    await tryIt();
    world.clock.advance(days(2));
    expect(await tryIt()).toMatchObject({ warningCount: 1 });
    status = 204;
    expect(await tryIt()).toMatchObject({ failingSince: null, warningCount: 0 });
    status = 500;
    world.clock.advance(days(4));
    expect(await tryIt()).toMatchObject({ status: 'ENABLED', failingSince: world.clock.now(), warningCount: 0 });
  });

  // Cause: an endpoint was looked at when an attempt failed, and attempts come to lie a day apart.
  test('is warned of and disabled on time, also between two attempts', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(() => 500);
    const { endpoint } = await world.endpoint(receiver.url);
    const dispatcher = world.dispatcher();
    const began = world.clock.now();
    const drainUntil = async (afterMs: number) => {
      const end = new Date(began.getTime() + afterMs);
      const next = async () =>
        (await world.deliveries()).flatMap(({ nextAttemptAt: at }) => (at && at < end ? at : []));
      for (let due = await next(); due.length > 0; due = await next()) {
        world.clock.set(new Date(Math.min(...due.map((at) => at.getTime()))));
        await dispatcher.drain();
      }
      const attemptCount = receiver.received.length;
      world.clock.set(end);
      await dispatcher.drain();
      expect(receiver.received).toHaveLength(attemptCount);
      return await world.endpointRow(endpoint.id);
    };
    await world.emit();
    expect(await drainUntil(days(1) - 1)).toMatchObject({ warningCount: 0 });
    expect(await drainUntil(days(1))).toMatchObject({ warningCount: 1 });
    expect(await drainUntil(days(3))).toMatchObject({ warningCount: 2 });
    await world.emit();
    expect(await drainUntil(days(4))).toMatchObject({ warningCount: 3 });
    expect(await drainUntil(days(5) - 1)).toMatchObject({ status: 'ENABLED' });
    expect(await drainUntil(days(5))).toMatchObject({ status: 'DISABLED', disabledAt: world.clock.now() });
  });

  // Cause: the days that the address before had failed counted against the new one.
  test('begins anew with another address, and with that alone', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(() => 503);
    const { endpoint } = await world.endpoint(receiver.url);
    await world.emit();
    await world.dispatcher().drain();
    const began = world.clock.now();
    const update = (change: { url: string; description?: string }) =>
      world.endpoints.update(world.clientId, endpoint.id, change);
    expect(await update({ url: receiver.url, description: 'Mine' })).toMatchObject({
      failingSince: began,
      pausedUntil: expect.any(Date),
    });
    expect(await update({ url: `${receiver.url}/new` })).toMatchObject({
      failingSince: null,
      warningCount: 0,
      pausedUntil: null,
    });
  });

  test('forgets its failures when it is enabled again', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(() => 503);
    const { endpoint } = await world.endpoint(receiver.url);
    await world.emit();
    await world.dispatcher().drain();
    const { endpoints, clientId } = world;
    await endpoints.update(clientId, endpoint.id, { status: 'DISABLED' });
    await endpoints.update(clientId, endpoint.id, { status: 'ENABLED' });
    expect(await world.endpointRow(endpoint.id)).toMatchObject({
      failingSince: null,
      warningCount: 0,
      pausedUntil: null,
    });
  });
});

test('an endpoint that asks for time is sent nothing until then, and what was waiting counts as no attempt', async () => {
  const world = await createWorld();
  let isOverloaded = true;
  const receiver = await world.receiver(() =>
    isOverloaded ? { status: 429, headers: { 'retry-after': '8' } } : { status: 204 },
  );
  const { endpoint } = await world.endpoint(receiver.url);
  for (let index = 0; index < 50; index++) await world.emit({ bankLoginId: `login_${index}` });
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  const attempted = receiver.received.length;
  expect(attempted).toBeLessThanOrEqual(16);
  const { pausedUntil } = await world.endpointRow(endpoint.id);
  expect(pausedUntil).toEqual(new Date(world.clock.now().getTime() + 8_000));
  expect((await world.deliveries()).filter(({ attemptCount }) => attemptCount === 0)).toHaveLength(50 - attempted);
  world.clock.advance(7_999);
  await world.emit({ bankLoginId: 'login_new' });
  await dispatcher.drain();
  expect(receiver.received).toHaveLength(attempted);
  isOverloaded = false;
  world.clock.advance(1);
  await dispatcher.drain();
  expect(receiver.received).toHaveLength(attempted + 51);
});

test('an endpoint that keeps failing is tried with few requests at a time', async () => {
  const world = await createWorld();
  let inFlight = 0;
  let most = 0;
  const receiver = await world.receiver(async () => {
    most = Math.max(most, ++inFlight);
    await new Promise((resolve) => setTimeout(resolve, 5));
    inFlight--;
    return 500;
  });
  await world.endpoint(receiver.url);
  await world.emit({ bankLoginId: 'login_0' });
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  most = 0;
  world.clock.advance(minutes(1));
  for (let index = 1; index < 20; index++) await world.emit({ bankLoginId: `login_${index}` });
  await dispatcher.drain();
  expect(receiver.received).toHaveLength(21);
  expect(most).toBe(2);
});

// Cause: the rows were locked in whatever order the statement came upon them, so that two processes could wait for each other.
test.skipIf(!inject('postgresUrl'))('the state of several endpoints is written in the order of their ids', async () => {
  const { world, database, session } = await createServerWorld();
  const ids: string[] = [];
  for (let index = 0; index < 3; index++) ids.push((await world.endpoint('http://127.0.0.1:9/')).endpoint.id);
  const [first, ...others] = ids.sort();
  await session.query('BEGIN');
  await session.query('SELECT 1 FROM webhook_endpoints WHERE id = $1 FOR NO KEY UPDATE', [first]);
  const failedAt = world.clock.now();
  const applying = createEndpointHealthStore(database).apply(
    ids.toReversed().map((endpointId) => ({ endpointId, hasSucceeded: false, failedAt, pausedUntil: null })),
  );
  await eventually(async () => {
    const waiters = await database.prisma.$queryRaw<unknown[]>`
      SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()`;
    return waiters.length === 1;
  });
  const { rows } = await session.query('SELECT id FROM webhook_endpoints ORDER BY id FOR NO KEY UPDATE NOWAIT');
  expect(rows.map(({ id }) => id)).toEqual([first, ...others]);
  await session.query('COMMIT');
  expect(await applying).toHaveLength(3);
});
