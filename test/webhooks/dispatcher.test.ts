import { Webhook } from 'standardwebhooks';
import { expect, test } from 'vitest';
import { createWorld, hours, minutes } from './webhook-world.ts';

test('an event goes to the endpoint as a signed Standard Webhook that carries the event as the API returns it', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  const { secret } = await world.endpoint(receiver.url);
  const eventId = await world.emit();
  await world.dispatcher().drain();
  const [webhook] = await receiver.waitFor(1);
  expect(webhook?.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': eventId });
  const verifier = new Webhook(secret);
  const timestamp = new Date(Number(webhook?.headers['webhook-timestamp']) * 1000);
  expect(timestamp).toEqual(world.clock.now());
  expect(verifier.sign(eventId, timestamp, webhook?.body ?? '')).toBe(webhook?.headers['webhook-signature']);
  const event = await world.eventLog.find(world.clientId, eventId);
  expect(JSON.parse(webhook?.body ?? '')).toEqual({
    type: 'bank_login.synchronized',
    timestamp: world.clock.now().toISOString(),
    data: {
      id: eventId,
      type: 'BANK_LOGIN_SYNCHRONIZED',
      cursor: expect.any(String),
      occurredAt: world.clock.now().toISOString(),
      ...event?.data,
    },
  });
  expect(await world.deliveries()).toMatchObject([
    { status: 'DELIVERED', attemptCount: 1, claimedUntil: null, nextAttemptAt: null, deliveredAt: world.clock.now() },
  ]);
  expect(await world.attempts()).toMatchObject([{ number: 1, responseStatus: 204, error: null }]);
});

test('invariant 13: only a 2xx is a success; every attempt has the same id, and the schedule ends in FAILED', async () => {
  const world = await createWorld();
  const statuses = [500, 404, 302, 400, 503, 100 + 299, 401, 502, 429, 500];
  const receiver = await world.receiver((_webhook, index) => ({
    status: statuses[index] ?? 204,
    headers: { location: 'http://127.0.0.1:1/elsewhere' },
    body: 'no',
  }));
  await world.endpoint(receiver.url);
  const eventId = await world.emit();
  const dispatcher = world.dispatcher();
  const delays = [];
  for (let attempt = 0; attempt < statuses.length; attempt++) {
    const before = world.clock.now().getTime();
    await dispatcher.drain();
    expect(receiver.received).toHaveLength(attempt + 1);
    const [delivery] = await world.deliveries();
    if (!delivery?.nextAttemptAt) break;
    expect(delivery.status).toBe('PENDING');
    delays.push(delivery.nextAttemptAt.getTime() - before);
    world.clock.set(new Date(delivery.nextAttemptAt.getTime() - 1));
    await dispatcher.drain();
    expect(receiver.received).toHaveLength(attempt + 1);
    world.clock.advance(1);
  }
  expect(delays).toEqual([
    5_000,
    minutes(5),
    minutes(30),
    hours(2),
    hours(5),
    hours(10),
    hours(14),
    hours(20),
    hours(24),
  ]);
  expect(new Set(receiver.received.map((webhook) => webhook.headers['webhook-id']))).toEqual(new Set([eventId]));
  expect(await world.deliveries()).toMatchObject([{ status: 'FAILED', attemptCount: 10, nextAttemptAt: null }]);
  expect((await world.attempts()).map(({ number, responseStatus }) => [number, responseStatus])).toEqual(
    statuses.map((status, index) => [index + 1, status]),
  );
});
