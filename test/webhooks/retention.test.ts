import fc from 'fast-check';
import { beforeAll, describe, expect, test } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { CursorExpired, toCursor } from '../../src/events/event-cursor.ts';
import { createEventStore } from '../../src/events/event-store.ts';
import { attemptsOf } from '../../src/webhooks/attempt-store.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { removeOldEvents } from '../../src/webhooks/retention.ts';
import { collect } from '../events/event-world.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { openFileDatabase } from '../support/test-database.ts';
import { createWorld, hours, type World } from './webhook-world.ts';

const days = (count: number) => hours(24 * count);
const now = new Date('2026-06-10T10:00:00Z');
const kept = 90;
const before = new Date(now.getTime() - days(kept));
const agoOf = (age: number) => new Date(now.getTime() - days(age));

async function removeAll(world: World, age = kept): Promise<number> {
  let removedCount = 0;
  const oldest = new Date(world.clock.now().getTime() - days(age));
  for await (const count of removeOldEvents(world.database, oldest)) removedCount += count;
  return removedCount;
}

describe('what is old and done', () => {
  test('is removed with its body, its deliveries and their attempts; what is younger stays', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    await world.endpoint(receiver.url);
    const dispatcher = world.dispatcher();
    await world.emit();
    await dispatcher.drain();
    world.clock.advance(days(30));
    const younger = await world.emit();
    await dispatcher.drain();
    world.clock.advance(days(60) - 1);
    expect(await removeAll(world)).toBe(0);
    world.clock.advance(2);
    expect(await removeAll(world)).toBe(1);
    expect(await world.deliveries()).toMatchObject([{ eventId: younger, status: 'DELIVERED' }]);
    expect(await world.attempts()).toHaveLength(1);
    expect(await world.eventLog.read({ clientId: world.clientId, limit: 10 })).toMatchObject([{ id: younger }]);
  });

  test('without an endpoint goes too', async () => {
    const world = await createWorld();
    await world.emit();
    world.clock.advance(days(91));
    expect(await removeAll(world)).toBe(1);
  });

  test('counts from when it was accepted, so that what was recovered late can still be looked up', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    const { endpoint } = await world.endpoint(receiver.url);
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    await world.emit();
    world.clock.advance(days(100));
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
    await world.endpoints.recover(world.clientId, endpoint.id, new Date(0));
    await world.dispatcher().drain();
    expect(await world.attempts()).toHaveLength(1);
    // Only what told of the disabling, which nobody was to be told of.
    expect(await removeAll(world)).toBe(1);
    expect(await world.attempts()).toHaveLength(1);
    world.clock.advance(days(91));
    await removeAll(world);
    expect(await world.deliveries()).toEqual([]);
  });
});

describe('never removed is', () => {
  test('what a disabled endpoint missed: enabled after a hundred days, it recovers all of it', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    const { endpoint } = await world.endpoint(receiver.url);
    const [other] = [await world.receiver()];
    await world.endpoint(other.url);
    const dispatcher = world.dispatcher();
    const accepted = await world.emit();
    await dispatcher.drain();
    world.clock.advance(days(1));
    const pending = await world.emit();
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    const missed = [await world.emit(), await world.emit()];
    await dispatcher.drain();
    world.clock.advance(days(100));
    await removeAll(world);
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
    await removeAll(world);
    receiver.received.length = 0;
    await world.endpoints.recover(world.clientId, endpoint.id, new Date(0));
    await dispatcher.drain();
    const ids = receiver.received.map(({ headers }) => headers['webhook-id']);
    expect(ids).toEqual([pending, ...missed]);
    expect(ids).not.toContain(accepted);
  });

  test('what was missed and not recovered, for as long again as anything is kept', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    await world.emit();
    world.clock.advance(days(10));
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
    world.clock.advance(days(89));
    const count = () => world.database.prisma.event.count({ where: { type: 'BANK_LOGIN_SYNCHRONIZED' } });
    await removeAll(world);
    expect(await count()).toBe(1);
    world.clock.advance(days(2));
    await removeAll(world);
    expect(await count()).toBe(0);
  });

  test('what an endpoint refused to the end of its schedule, until it is recovered or the endpoint deleted; its attempts go', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(() => 500);
    const { endpoint } = await world.endpoint(receiver.url);
    const eventId = await world.emit();
    await world.dispatcher().drain();
    expect(await world.attempts()).toHaveLength(1);
    await world.database.prisma.webhookDelivery.updateMany({ data: { status: 'FAILED', nextAttemptAt: null } });
    world.clock.advance(days(91));
    await removeAll(world);
    expect(await world.deliveries()).toMatchObject([{ eventId, status: 'FAILED' }]);
    expect(await world.attempts()).toEqual([]);
    await world.endpoints.delete(world.clientId, endpoint.id);
    expect(await removeAll(world)).toBe(1);
  });

  test('what has been accepted before and is to be delivered again', async () => {
    const world = await createWorld();
    const receiver = await world.receiver();
    await world.endpoint(receiver.url);
    const dispatcher = world.dispatcher();
    await world.emit();
    await dispatcher.drain();
    world.clock.advance(days(91));
    await world.endpoints.redeliver(world.clientId, (await world.deliveries())[0]?.id ?? '');
    await removeAll(world);
    await dispatcher.drain();
    expect(receiver.received).toHaveLength(2);
  });
});

describe('a reader of the log', () => {
  test('whose cursor lies before the beginning is told so, with where to go on; never passed over a gap in silence', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/', { types: ['USER_DELETED'] });
    const { clientId, eventLog } = world;
    await world.emit();
    await world.emit({ type: 'USER_DELETED', data: { userId: 'usr_1', externalId: null } });
    await world.emit();
    world.clock.advance(days(91));
    const young = await world.emit();
    await removeAll(world);
    // The second waits for its delivery, but the log begins behind the third.
    expect(await world.deliveries()).toMatchObject([{ endpointId: endpoint.id, position: 2n }]);
    expect(await eventLog.read({ clientId, limit: 10 })).toMatchObject([{ id: young }]);
    expect(await eventLog.read({ clientId, after: 3n, limit: 10 })).toMatchObject([{ id: young }]);
    for (const after of [0n, 1n, 2n]) {
      const reading = eventLog.read({ clientId, after, limit: 10 });
      await expect(reading).rejects.toBeInstanceOf(CursorExpired);
      await expect(reading).rejects.toMatchObject({
        code: 'CURSOR_EXPIRED',
        details: { resumeAfter: toCursor(3n) },
      });
      await expect(
        eventLog.read({ clientId, after, limit: 10, types: ['CONSENT_EXPIRED'] }),
        'with a filter that nothing fits',
      ).rejects.toBeInstanceOf(CursorExpired);
      const stream = collect(eventLog, { clientId, after });
      await eventually(() => stream.failure);
      expect(stream.failure).toBeInstanceOf(CursorExpired);
      expect(stream.events).toEqual([]);
    }
    const stream = collect(eventLog, { clientId, after: 3n });
    await eventually(() => stream.events.length === 1);
    expect(stream.failure).toBeNull();
  });
});

// ---- any state ----------------------------------------------------------------------------------

const age = fc.oneof(fc.integer({ min: 91, max: 200 }), fc.integer({ min: 0, max: 89 }));
const deliveryState = fc.record({
  status: fc.constantFrom('PENDING', 'DELIVERED', 'FAILED'),
  acceptedAge: fc.option(age, { nil: null }),
  attemptAges: fc.array(age, { maxLength: 3 }),
});
const types = ['BANK_LOGIN_SYNCHRONIZED', 'USER_DELETED', 'WEBHOOK_TEST'] as const;
const endpointState = fc.record({
  types: fc.subarray([...types]),
  missed: fc.option(fc.record({ from: age, until: fc.option(age, { nil: null }) }), { nil: null }),
});
const eventOf = (age: fc.Arbitrary<number>) =>
  fc
    .record({
      age,
      type: fc.constantFrom(...types),
      deliveries: fc.array(fc.option(deliveryState, { nil: null, freq: 2 }), { minLength: 3, maxLength: 3 }),
    })
    .map((event) => ({ ...event, deliveries: event.deliveries.map((made) => made && afterEvent(made, event.age)) }));
/** The event comes before the attempts to deliver it, which are kept in their order. */
const afterEvent = <Made extends { attemptAges: number[] }>(delivery: Made, eventAge: number): Made => ({
  ...delivery,
  attemptAges: delivery.attemptAges.filter((attemptAge) => attemptAge <= eventAge).sort((a, b) => b - a),
});
const state = fc.record({
  endpoints: fc.array(endpointState, { maxLength: 3 }),
  // Mostly old ones at the beginning, then a mixture.
  events: fc
    .tuple(
      fc.array(eventOf(fc.integer({ min: 91, max: 200 })), { maxLength: 20 }),
      fc.array(eventOf(age), { maxLength: 8 }),
    )
    .map((parts) => parts.flat()),
  /** After how many steps the process dies; the next one begins anew. */
  crashes: fc.array(fc.integer({ min: 1, max: 6 }), { maxLength: 3 }),
  stepSize: fc.integer({ min: 1, max: 10 }),
});
type State = typeof state extends fc.Arbitrary<infer T> ? T : never;

/** How many events the log begins with that are old: what lies behind the first young one is left for later. */
function countOld({ events }: State): number {
  const firstYoung = events.findIndex((event) => event.age < kept);
  return firstYoung === -1 ? events.length : firstYoung;
}

/** What must be left, by the promise and not by the statement that keeps it. */
function expectedRest(given: State): Set<number> {
  const { endpoints, events } = given;
  const oldCount = countOld(given);
  return new Set(
    events.flatMap((event, index) => {
      const isOld = index < oldCount;
      const isOwed = endpoints.some((endpoint, at) => {
        const delivery = event.deliveries[at];
        if (delivery) return delivery.status === 'PENDING' || (delivery.acceptedAge ?? 0) < kept;
        const { missed } = endpoint;
        if (!missed || event.type === 'WEBHOOK_TEST') return false;
        const takes = endpoint.types.length === 0 || endpoint.types.includes(event.type);
        const wasAway = event.age <= missed.from && (missed.until === null || event.age >= missed.until);
        return takes && wasAway && (missed.until === null || missed.until < kept);
      });
      return isOld && !isOwed ? [] : [index];
    }),
  );
}

describe('whatever the state', () => {
  let database: World['database'];
  beforeAll(async () => {
    database = await openFileDatabase();
    return () => database.close();
  });

  async function store(given: State): Promise<{ clientId: string; eventIds: string[] }> {
    const { prisma } = database;
    const clientId = await insertClient(database, now);
    const endpointIds = given.endpoints.map(() => newId('webhookEndpoint', now));
    await prisma.webhookEndpoint.createMany({
      data: given.endpoints.map(({ types, missed }, at) => ({
        id: endpointIds[at] ?? '',
        clientId,
        url: 'https://receiver.example/',
        types,
        secrets: '',
        status: missed && missed.until === null ? 'DISABLED' : 'ENABLED',
        missedSince: missed && agoOf(missed.from),
        missedUntil: missed?.until == null ? null : agoOf(missed.until),
        createdAt: now,
        updatedAt: now,
      })),
    });
    const eventIds = given.events.map(() => newId('event', now));
    await prisma.event.createMany({
      data: given.events.map(({ age, type }, index) => ({
        ...{ id: eventIds[index] ?? '', clientId, type, data: {} },
        position: BigInt(index + 1),
        occurredAt: agoOf(age),
      })),
    });
    await prisma.eventHead.update({ where: { clientId }, data: { position: BigInt(given.events.length) } });
    const deliveries = given.events.flatMap((event, index) =>
      endpointIds.flatMap((endpointId, at) => {
        const delivery = event.deliveries[at];
        return delivery ? [{ ...delivery, id: newId('webhookDelivery', now), endpointId, index, age: event.age }] : [];
      }),
    );
    await prisma.webhookDelivery.createMany({
      data: deliveries.map(({ id, endpointId, index, status, acceptedAge, attemptAges, age }) => ({
        ...{ id, clientId, endpointId, status: status as 'PENDING' },
        eventId: eventIds[index] ?? '',
        position: BigInt(index + 1),
        createdAt: agoOf(age),
        deliveredAt: acceptedAge === null ? null : agoOf(acceptedAge),
        attempts: attemptAges.map((attemptAge) => ({
          startedAt: agoOf(attemptAge).toISOString(),
          durationMs: 1,
          responseBody: 'body',
        })),
      })),
    });
    return { clientId, eventIds };
  }

  test('and whenever it is broken off: nothing owed is lost, everything old and done is gone', async () => {
    await fc.assert(
      fc.asyncProperty(state, async (given) => {
        const { clientId, eventIds } = await store(given);
        const rest = expectedRest(given);
        const limits = { events: given.stepSize, clients: 2 };
        const isSafe = async () => {
          const left = await database.prisma.event.findMany({ where: { clientId }, select: { id: true } });
          const leftIds = new Set(left.map(({ id }) => id));
          for (const index of rest) expect(leftIds.has(eventIds[index] ?? '')).toBe(true);
          return leftIds;
        };
        for (const stepCount of given.crashes) {
          const steps = removeOldEvents(database, before, limits);
          for (let step = 0; step < stepCount; step++) await steps.next();
          await isSafe();
        }
        for await (const _ of removeOldEvents(database, before, limits));
        expect((await isSafe()).size).toBe(rest.size);
        const oldCount = countOld(given);
        for (const index of rest) {
          const eventId = eventIds[index] ?? '';
          const left = await database.prisma.webhookDelivery.findMany({ where: { eventId } });
          const times = left.map((delivery) =>
            attemptsOf(delivery)
              .map(({ startedAt }) => startedAt)
              .join(),
          );
          const expected = (given.events[index]?.deliveries ?? [])
            .slice(0, given.endpoints.length)
            .flatMap((delivery) => (delivery ? [delivery.attemptAges] : []))
            .map((ages) => ages.filter((attemptAge) => attemptAge < kept || index >= oldCount))
            .map((ages) => ages.map((attemptAge) => agoOf(attemptAge).toISOString()).join());
          expect(times.sort()).toEqual(expected.sort());
        }

        // The log that readers see begins behind the last that was removed.
        const removed = given.events.flatMap((_event, index) => (rest.has(index) ? [] : [BigInt(index + 1)]));
        const start = removed.at(-1) ?? 0n;
        const log = createEventStore(database, fanOutSql);
        const read = await log.read({ clientId, limit: 100 });
        expect(read.map(({ position }) => position)).toEqual(
          [...rest].map((index) => BigInt(index + 1)).filter((position) => position > start),
        );
        if (start > 0n) await expect(log.readPage({ clientId }, start - 1n)).rejects.toBeInstanceOf(CursorExpired);
        expect((await log.readPage({ clientId }, start)).records).toHaveLength(read.length);
        await database.prisma.client.delete({ where: { id: clientId } });
      }),
      { numRuns: 100 },
    );
  });
});
