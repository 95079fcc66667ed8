import { expect, test } from 'vitest';
import { requestsInFlight } from '../../src/webhooks/delivery-limits.ts';
import { eventually } from '../support/eventually.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createWorld, type World } from './webhook-world.ts';

/** A receiver that answers nothing until it is let go, and an endpoint with more waiting for it than can be in flight. */
async function createBusyWorld() {
  const database = await openTestDatabase();
  let lookCount = 0;
  let closedCount = 0;
  const query: typeof database.query = async (sql) => {
    const rows = await database.query(sql);
    if (sql.text.includes('NOT EXISTS (SELECT FROM webhook_deliveries')) lookCount++;
    if (sql.text.includes('NOT EXISTS (SELECT FROM webhook_endpoints')) closedCount += rows.length;
    return rows as never;
  };
  const world = await createWorld({ database: { ...database, query } });
  let letGo = (): void => {};
  const released = new Promise<void>((resolve) => {
    letGo = resolve;
  });
  const receiver = await world.receiver(async () => {
    await released;
    return 204;
  });
  const { endpoint } = await world.endpoint(receiver.url);
  for (let index = 0; index < 3 * requestsInFlight; index++) await world.emit({ bankLoginId: `login_${index}` });
  /** Until the dispatcher has looked anew at what it holds: the second look began after this was called. */
  const untilLookedAt = async () => {
    const before = lookCount;
    await eventually(() => lookCount >= before + 2);
  };
  const untilClosedSeen = () => eventually(() => closedCount > 0);
  return { world, receiver, endpoint, letGo, untilLookedAt, untilClosedSeen };
}

const countClaimed = async (world: World) =>
  (await world.deliveries()).filter(({ claimedUntil }) => claimedUntil !== null).length;

test('a disabled endpoint is sent nothing more than what is in flight, though more had been claimed for it', async () => {
  const { world, receiver, endpoint, letGo } = await createBusyWorld();
  world.dispatcher().start();
  await receiver.waitFor(requestsInFlight);
  expect(await countClaimed(world)).toBe(3 * requestsInFlight);
  // Cause of the fault: what a process had claimed it went on sending for half a minute.
  await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
  await eventually(async () => (await countClaimed(world)) === requestsInFlight);
  letGo();
  await eventually(async () => (await countClaimed(world)) === 0);
  expect(receiver.received).toHaveLength(requestsInFlight);
  const statuses = (await world.deliveries()).map(({ status }) => status);
  expect(statuses.filter((status) => status === 'PENDING')).toHaveLength(2 * requestsInFlight);

  await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
  await eventually(async () => (await world.deliveries()).every(({ status }) => status === 'DELIVERED'));
  expect(receiver.received).toHaveLength(3 * requestsInFlight);
});

test('so it is in a process that hears of it by its poll only', async () => {
  const { world, receiver, endpoint, letGo } = await createBusyWorld();
  const deaf = { publish() {}, subscribe: () => () => {}, close: async () => {} };
  world.dispatcher({ signal: deaf }).start();
  await receiver.waitFor(requestsInFlight);
  await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
  await eventually(async () => (await countClaimed(world)) === requestsInFlight);
  letGo();
  await eventually(async () => (await countClaimed(world)) === 0);
  expect(receiver.received).toHaveLength(requestsInFlight);
});

test('a deleted endpoint is sent nothing more than what is in flight', async () => {
  const { world, receiver, endpoint, letGo, untilClosedSeen } = await createBusyWorld();
  const dispatcher = world.dispatcher();
  dispatcher.start();
  await receiver.waitFor(requestsInFlight);
  await world.endpoints.delete(world.clientId, endpoint.id);
  await untilClosedSeen();
  letGo();
  await dispatcher.stop();
  expect(receiver.received).toHaveLength(requestsInFlight);
});

test('what has been erased is not sent any more, though it had been claimed', async () => {
  const { world, receiver, letGo, untilLookedAt } = await createBusyWorld();
  world.dispatcher().start();
  await receiver.waitFor(requestsInFlight);
  const sent = receiver.received.map(({ headers }) => String(headers['webhook-id']));
  const left = (await world.deliveries()).map(({ eventId }) => eventId).filter((id) => !sent.includes(id));
  const [kept, ...erased] = left;
  await world.database.prisma.event.deleteMany({ where: { id: { in: erased } } });
  await untilLookedAt();
  letGo();
  await eventually(async () => (await world.deliveries()).every(({ status }) => status === 'DELIVERED'));
  expect(receiver.received.map(({ headers }) => headers['webhook-id'])).toEqual([...sent, kept]);
});
