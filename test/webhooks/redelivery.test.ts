import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { Conflict, InvalidInput } from '../../src/domain/errors.ts';
import { Prisma } from '../../src/storage/database.ts';
import { createWorld, minutes, type World } from './webhook-world.ts';

const idsOf = (receiver: Awaited<ReturnType<World['receiver']>>) =>
  receiver.received.map(({ headers }) => headers['webhook-id']);

test('a test event takes the ordinary path, to its endpoint alone', async () => {
  const world = await createWorld();
  const [receiver, other] = [await world.receiver(), await world.receiver()];
  const { endpoint } = await world.endpoint(receiver.url);
  await world.endpoint(other.url);
  const delivery = await world.endpoints.sendTest(world.clientId, endpoint.id);
  expect(delivery).toMatchObject({ endpointId: endpoint.id, status: 'PENDING' });
  await world.dispatcher().drain();
  expect(JSON.parse(receiver.received[0]?.body ?? '')).toMatchObject({ type: 'webhook.test' });
  expect(other.received).toHaveLength(0);
  expect(await world.endpoints.findDelivery(world.clientId, delivery.id)).toMatchObject({ status: 'DELIVERED' });
});

describe('redelivering', () => {
  test('sends the same event once more as a new attempt, whether it was accepted or not', async () => {
    const world = await createWorld();
    const receiver = await world.receiver((_webhook, index) => (index < 10 ? 500 : 204));
    await world.endpoint(receiver.url);
    const eventId = await world.emit();
    const dispatcher = world.dispatcher();
    for (let next: Date | null | undefined = world.clock.now(); next; ) {
      world.clock.set(next);
      await dispatcher.drain();
      next = (await world.deliveries())[0]?.nextAttemptAt;
    }
    const [failed] = await world.deliveries();
    expect(failed).toMatchObject({ status: 'FAILED' });
    const repeated = await world.endpoints.redeliver(world.clientId, failed?.id ?? '');
    expect(repeated).toMatchObject({ status: 'PENDING', nextAttemptAt: world.clock.now() });
    await dispatcher.drain();
    expect(await world.deliveries()).toMatchObject([{ status: 'DELIVERED' }]);
    await world.endpoints.redeliver(world.clientId, failed?.id ?? '');
    await dispatcher.drain();
    expect(new Set(idsOf(receiver))).toEqual(new Set([eventId]));
    expect((await world.attempts()).map(({ number }) => number)).toEqual(Array.from({ length: 12 }, (_, i) => i + 1));
  });

  test('has the whole schedule before it again', async () => {
    const world = await createWorld();
    const receiver = await world.receiver((_webhook, index) => (index === 0 ? 204 : 500));
    await world.endpoint(receiver.url);
    await world.emit();
    const dispatcher = world.dispatcher();
    await dispatcher.drain();
    const [delivery] = await world.deliveries();
    await world.endpoints.redeliver(world.clientId, delivery?.id ?? '');
    await dispatcher.drain();
    const next = new Date(world.clock.now().getTime() + 5_000);
    expect(await world.deliveries()).toMatchObject([{ status: 'PENDING', attemptCount: 1, nextAttemptAt: next }]);
  });

  test('is refused while an attempt is being made or the endpoint is disabled', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
    await world.emit();
    const id = (await world.deliveries())[0]?.id ?? '';
    const claim = (seconds: number) =>
      world.database.query(
        Prisma.sql`UPDATE webhook_deliveries SET claimed_until = now() + make_interval(secs => ${seconds})`,
      );
    await claim(60);
    const refusal = world.endpoints.redeliver(world.clientId, id);
    await expect(refusal).rejects.toMatchObject({ code: 'DELIVERY_IN_PROGRESS' });
    await expect(refusal).rejects.toBeInstanceOf(Conflict);
    await claim(0);
    await world.endpoints.redeliver(world.clientId, id);
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    for (const work of [
      world.endpoints.redeliver(world.clientId, id),
      world.endpoints.sendTest(world.clientId, endpoint.id),
      world.endpoints.recover(world.clientId, endpoint.id, new Date(0)),
    ]) {
      await expect(work).rejects.toMatchObject({ code: 'ENDPOINT_DISABLED' });
    }
  });
});

describe('recovering', () => {
  test('delivers, in order, what was not accepted since: failed, waiting, and never made', async () => {
    const world = await createWorld();
    let status = 204;
    const receiver = await world.receiver(() => status);
    const { endpoint } = await world.endpoint(receiver.url, { types: ['BANK_LOGIN_SYNCHRONIZED'] });
    const dispatcher = world.dispatcher();
    const emit = async () => {
      world.clock.advance(1_000);
      return await world.emit();
    };
    const before = await emit();
    const since = world.clock.now();
    status = 500;
    world.clock.advance(1);
    await dispatcher.drain();
    status = 204;
    const accepted = await emit();
    await dispatcher.drain();
    status = 500;
    const failed = await emit();
    await dispatcher.drain();
    await world.database.query(
      Prisma.sql`UPDATE webhook_deliveries SET status = 'FAILED', next_attempt_at = NULL WHERE event_id = ${failed}`,
    );
    const waiting = await emit();
    await dispatcher.drain();
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    const missed = [await emit(), await emit()];
    await world.emit({ type: 'USER_DELETED', data: { userId: 'usr_1', externalId: null } });
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
    status = 204;
    receiver.received.length = 0;
    expect(await world.endpoints.recover(world.clientId, endpoint.id, new Date(since.getTime() + 1))).toBe(4);
    await dispatcher.drain();
    expect(idsOf(receiver).filter((id) => id !== before)).toEqual([failed, waiting, ...missed]);
    expect(idsOf(receiver)).not.toContain(accepted);
    expect(await world.endpoints.recover(world.clientId, endpoint.id, new Date(0))).toBe(0);
  });

  test('keeps the order of each login among several, over a receiver that takes its time', async () => {
    const world = await createWorld();
    const receiver = await world.receiver(async (_webhook, index) => {
      await new Promise((resolve) => setTimeout(resolve, index % 5));
      return 204;
    });
    const { endpoint } = await world.endpoint(receiver.url, { types: ['BANK_LOGIN_SYNCHRONIZED'] });
    const setStatus = (status: 'ENABLED' | 'DISABLED') =>
      world.endpoints.update(world.clientId, endpoint.id, { status });
    await setStatus('DISABLED');
    const missed = new Map<string, string[]>();
    for (let index = 0; index < 40; index++) {
      const bankLoginId = `login_${(index * 7) % 4}`;
      missed.set(bankLoginId, [...(missed.get(bankLoginId) ?? []), await world.emit({ bankLoginId })]);
    }
    await setStatus('ENABLED');
    expect(await world.endpoints.recover(world.clientId, endpoint.id, new Date(0))).toBe(40);
    await world.dispatcher().drain();
    const ids = idsOf(receiver);
    expect(ids).toHaveLength(40);
    for (const [bankLoginId, eventIds] of missed) {
      expect(
        ids.filter((id) => eventIds.includes(String(id))),
        bankLoginId,
      ).toEqual(eventIds);
    }
  });

  test('goes in steps through a long log', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'DISABLED' });
    for (let step = 0; step < 21; step++) {
      await world.eventLog.commit(async (_tx, append) => {
        const { clientId } = world;
        const occurredAt = world.clock.now();
        for (let index = 0; index < 100; index++) {
          append({ clientId, type: 'WEBHOOK_TEST', occurredAt, data: { message: '' } });
          append({ clientId, type: 'USER_DELETED', occurredAt, data: { userId: `usr_${index}`, externalId: null } });
        }
      });
    }
    await world.endpoints.update(world.clientId, endpoint.id, { status: 'ENABLED' });
    // The test events were for no endpoint; the one of the disabling is about this one.
    expect(await world.endpoints.recover(world.clientId, endpoint.id, new Date(0))).toBe(2_100);
  });

  test('refuses a moment in the future', async () => {
    const world = await createWorld();
    const { endpoint } = await world.endpoint('http://127.0.0.1:9/');
    const future = new Date(world.clock.now().getTime() + minutes(1));
    await expect(world.endpoints.recover(world.clientId, endpoint.id, future)).rejects.toBeInstanceOf(InvalidInput);
  });
});

test('a preview is what would be sent, with the values of custom headers hidden, and sends nothing', async () => {
  const world = await createWorld();
  const receiver = await world.receiver();
  const { endpoint, secret } = await world.endpoint(receiver.url, {
    method: 'PATCH',
    headers: [{ name: 'Authorization', value: 'Bearer token-of-theirs' }],
  });
  const eventId = await world.emit();
  const preview = await world.endpoints.preview(world.clientId, endpoint.id, eventId);
  expect(receiver.received).toHaveLength(0);
  await world.dispatcher().drain();
  const sent = receiver.received[0];
  expect(preview.method).toBe(sent?.method);
  expect(JSON.parse(preview.body)).toEqual(JSON.parse(sent?.body ?? ''));
  const headers = Object.fromEntries(preview.headers.map(({ name, value }) => [name, value]));
  expect(headers.authorization).toBe('[hidden]');
  expect(sent?.headers.authorization).toBe('Bearer token-of-theirs');
  const expected = new Webhook(secret).sign(eventId, world.clock.now(), preview.body);
  expect(headers['webhook-signature']).toBe(expected);
});

test('a document that fails is an attempt with its error, tried again by the schedule', async () => {
  const world = await createWorld();
  const receiver = await world.receiver(() => 204, 'documents');
  const { endpoint } = await world.endpoint(receiver.url, { document: 'failing' });
  const shaped = await world.endpoint(receiver.url, { document: 'fitting' });
  const eventId = await world.emit();
  await world.dispatcher().drain();
  expect(receiver.received.map(({ body }) => JSON.parse(body).data)).toEqual([{ shaped: eventId }]);
  const deliveries = await world.deliveries();
  const failed = deliveries.find(({ endpointId }) => endpointId === endpoint.id);
  expect(failed).toMatchObject({ status: 'PENDING', attemptCount: 1 });
  expect(deliveries.find(({ endpointId }) => endpointId === shaped.endpoint.id)).toMatchObject({ status: 'DELIVERED' });
  const [attempt] = (await world.attempts()).filter(({ deliveryId }) => deliveryId === failed?.id);
  expect(attempt).toMatchObject({
    responseStatus: null,
    error: "The endpoint's document failed: Something in it failed.",
  });
  await expect(world.endpoints.preview(world.clientId, endpoint.id, eventId)).rejects.toMatchObject({
    code: 'DOCUMENT_FAILED',
  });
});
