import { expect, test } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { Prisma } from '../../src/storage/database.ts';
import { heldPerEndpointAtFirst, requestsInFlight } from '../../src/webhooks/delivery-limits.ts';
import { eventually } from '../support/eventually.ts';
import { createWorld, idOf, synchronized, type World } from './webhook-world.ts';

test('deliveries of one login to one endpoint go out in order, never two at a time; other logins do not wait', async () => {
  const world = await createWorld();
  const inFlight = new Map<string, number>();
  let most = 0;
  const receiver = await world.receiver(async (webhook) => {
    const login = JSON.parse(webhook.body).data.bankLogin.id as string;
    inFlight.set(login, (inFlight.get(login) ?? 0) + 1);
    expect(inFlight.get(login)).toBe(1);
    most = Math.max(
      most,
      [...inFlight.values()].reduce((sum, count) => sum + count),
    );
    await new Promise((resolve) => setTimeout(resolve, 5));
    inFlight.set(login, 0);
    return 200;
  });
  await world.endpoint(receiver.url);
  const sent = new Map<string, string[]>();
  for (let index = 0; index < 60; index++) {
    const login = `login_${index % 3}`;
    const id = await emitOf(world, login);
    sent.set(login, [...(sent.get(login) ?? []), id]);
  }
  await world.dispatcher().drain();
  expect(receiver.received).toHaveLength(60);
  for (const [login, ids] of sent) {
    const received = receiver.received.filter(({ body }) => JSON.parse(body).data.bankLogin.id === login);
    expect(received.map(idOf)).toEqual(ids);
  }
  expect(most).toBe(3);
});

test('a failing delivery that waits for its retry does not hold back the next of its login', async () => {
  const world = await createWorld();
  const receiver = await world.receiver((_webhook, index) => (index === 0 ? 500 : 204));
  await world.endpoint(receiver.url);
  const [first, second] = [await emitOf(world, 'login_1'), await emitOf(world, 'login_1')];
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  expect(receiver.received.map(idOf)).toEqual([first, second]);
  world.clock.advance(5_000);
  await dispatcher.drain();
  expect(receiver.received.map(idOf)).toEqual([first, second, first]);
});

test('an endpoint that hangs delays no other, on the same origin or of the same client', async () => {
  const world = await createWorld();
  let hanging = 0;
  const receiver = await world.receiver((webhook) => {
    if (webhook.path !== '/hanging') return 204;
    hanging++;
    return new Promise(() => {});
  });
  const origin = new URL(receiver.url).origin;
  await world.endpoint(`${origin}/hanging`);
  for (let index = 0; index < 5; index++) await world.endpoint(`${origin}/good-${index}`);
  for (let index = 0; index < 100; index++) await emitOf(world, `login_${index}`);
  const dispatcher = world.dispatcher({ attemptTimeoutMs: 90_000 });
  dispatcher.start();
  await eventually(() => receiver.received.filter(({ path }) => path.startsWith('/good')).length === 500, {
    limitMs: 60_000,
  });
  // A bounded number of requests is all that the hanging one gets.
  expect(hanging).toBeLessThanOrEqual(16);
  const begin = performance.now();
  const id = await emitOf(world, 'login_late');
  await receiver.waitFor((webhook) => idOf(webhook) === id && webhook.path === '/good-0');
  expect(performance.now() - begin).toBeLessThan(3_000);
  await receiver.stop();
});

test('endpoints that hang with much waiting for them take no place that another needs', async () => {
  const world = await createWorld();
  const receiver = await world.receiver(({ path }) => (path.startsWith('/hanging') ? new Promise(() => {}) : 204));
  const origin = new URL(receiver.url).origin;
  for (let index = 0; index < 5; index++) await world.endpoint(`${origin}/hanging-${index}`);
  await world.eventLog.commit(async (_tx, append) => {
    for (let index = 0; index < 800; index++) {
      append({ ...synchronized(world.clientId, world.clock.now()), bankLoginId: `login_${index}` });
    }
  });
  const dispatcher = world.dispatcher({ attemptTimeoutMs: 60_000 });
  dispatcher.start();
  await receiver.waitFor(5 * requestsInFlight);
  const other = await world.addClient();
  await world.endpoints.create(other, { url: `${origin}/good` });
  await world.emit({ clientId: other, bankLoginId: 'login_other' });
  await receiver.waitFor(({ path }) => path === '/good');
  const claimed = (await world.deliveries()).filter(({ claimedUntil }) => claimedUntil !== null);
  expect(claimed.length).toBeLessThanOrEqual(5 * heldPerEndpointAtFirst);
  await receiver.stop();
}, 60_000);

test('a client with many deliveries waiting does not delay another client', async () => {
  const world = await createWorld();
  const order: string[] = [];
  const receiver = await world.receiver((webhook) => {
    order.push(webhook.path);
    return 204;
  });
  const origin = new URL(receiver.url).origin;
  await world.endpoint(`${origin}/many`);
  for (let index = 0; index < 600; index++) await emitOf(world, `login_${index}`);
  const other = await world.addClient();
  await world.endpoints.create(other, { url: `${origin}/few` });
  await world.emit({ clientId: other, bankLoginId: 'login_other' });
  await world.dispatcher().drain();
  expect(order).toHaveLength(601);
  expect(order.indexOf('/few')).toBeLessThan(100);
}, 60_000);

test('a delivery whose process died is sent again when its lease has run out, under the same id', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  await world.endpoint(receiver.url);
  const [first, second] = [await emitOf(world, 'login_1'), await emitOf(world, 'login_1')];
  await world.database.query(Prisma.sql`
    UPDATE webhook_deliveries SET claimed_until = now() + interval '1 minute', fencing_token = 7 WHERE event_id = ${first}`);
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  // The second waits behind the first, which may be on its way.
  expect(receiver.received).toHaveLength(0);
  await world.database.query(Prisma.sql`UPDATE webhook_deliveries SET claimed_until = now() WHERE event_id = ${first}`);
  await dispatcher.drain();
  expect(receiver.received.map(idOf)).toEqual([first, second]);
  expect((await world.deliveries())[0]).toMatchObject({ status: 'DELIVERED', fencingToken: 8, attemptCount: 1 });
});

test('what a process records after it lost its claim is not written', async () => {
  const world = await createWorld();
  const receiver = await world.receiver(async () => {
    await world.database.query(Prisma.sql`UPDATE webhook_deliveries SET fencing_token = fencing_token + 1`);
    return 500;
  });
  await world.endpoint(receiver.url);
  await emitOf(world, 'login_1');
  const dispatcher = world.dispatcher();
  await dispatcher.drain();
  expect(await world.attempts()).toEqual([]);
  expect(await world.deliveries()).toMatchObject([{ status: 'PENDING', attemptCount: 0, fencingToken: 2 }]);
});

test('two dispatchers share the work: nothing is sent twice, and logins keep their order', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  await world.endpoint(receiver.url);
  const sent: string[] = [];
  for (let index = 0; index < 200; index++) sent.push(await emitOf(world, `login_${index % 20}`));
  const dispatchers = [world.dispatcher(), world.dispatcher()];
  for (const dispatcher of dispatchers) dispatcher.start();
  await eventually(async () => (await world.deliveries()).every(({ status }) => status === 'DELIVERED'));
  expect(receiver.received).toHaveLength(200);
  for (let login = 0; login < 20; login++) {
    const ids = sent.filter((_id, index) => index % 20 === login);
    const received = receiver.received.map(idOf).filter((id) => ids.includes(String(id)));
    expect(received).toEqual(ids);
  }
}, 60_000);

test('an event is delivered at once, and a dispatcher that starts later finds what is due', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  await world.endpoint(receiver.url);
  const before = await emitOf(world, 'login_1');
  const dispatcher = world.dispatcher();
  dispatcher.start();
  await receiver.waitFor((webhook) => idOf(webhook) === before);
  const after = await emitOf(world, 'login_1');
  await receiver.waitFor((webhook) => idOf(webhook) === after);
  await dispatcher.stop();
  expect(await world.deliveries()).toMatchObject([{ status: 'DELIVERED' }, { status: 'DELIVERED' }]);
});

test('a dispatcher that stops gives back what it has not sent and records what it has', async () => {
  const world = await createWorld();
  const answers: (() => void)[] = [];
  const receiver = await world.receiver(async () => {
    await new Promise<void>((resolve) => answers.push(resolve));
    return 204;
  });
  await world.endpoint(receiver.url);
  for (let index = 0; index < 40; index++) await emitOf(world, `login_${index}`);
  const dispatcher = world.dispatcher();
  dispatcher.start();
  await receiver.waitFor(16);
  const stopped = dispatcher.stop();
  for (const answer of answers) answer();
  await stopped;
  const deliveries = await world.deliveries();
  expect(deliveries.filter(({ status }) => status === 'DELIVERED')).toHaveLength(16);
  const left = deliveries.filter(({ status }) => status === 'PENDING');
  expect(left).toHaveLength(24);
  for (const delivery of left) expect(delivery).toMatchObject({ claimedUntil: null, attemptCount: 0 });
});

test('a rate limit is kept', async () => {
  const world = await createWorld();
  const times: number[] = [];
  const receiver = await world.receiver(() => {
    times.push(performance.now());
    return 204;
  });
  await world.endpoint(receiver.url, { rateLimit: 20 });
  for (let index = 0; index < 50; index++) await emitOf(world, `login_${index}`);
  await world.dispatcher().drain();
  expect(times).toHaveLength(50);
  // 20 at once, 20 a second later, 10 another second later; times are the receiver's, who may be late for the first.
  expect((times[49] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(1_200);
});

async function emitOf(world: World, bankLoginId: string): Promise<string> {
  const now = world.clock.now();
  return await world.emit({
    id: newId('event', now),
    bankLoginId,
    data: {
      user: { id: 'usr_1', externalId: null },
      bankLogin: { id: bankLoginId, bank: { id: 'bank_1', name: 'Bank' } },
      trigger: 'SCHEDULER',
      sequence: 1,
      accounts: [],
    },
  });
}
