import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { toEventBody } from '../../src/events/event-record.ts';
import { createEventStore } from '../../src/events/event-store.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertEnrolledUser } from '../support/enrolled-users.ts';
import { messageOf, now, openEventWorld, testEvent } from './event-world.ts';

describe('a commit', () => {
  test('invariant 1: writes the change, its events and their deliveries, or nothing of it', async () => {
    const { database, log, clientId } = await openEventWorld();
    await database.prisma.webhookEndpoint.create({
      data: { id: 'whe_1', clientId, url: 'https://a.example', secrets: '', createdAt: now, updatedAt: now },
    });
    const change = (name: string, fails: boolean) =>
      log.commit(async (tx, append) => {
        await tx.client.update({ where: { id: clientId }, data: { name } });
        append(testEvent(clientId, name, { endpointId: 'whe_1' }));
        if (fails) throw new Error('changed my mind');
        return name;
      });
    await expect(change('lost', true)).rejects.toThrow('changed my mind');
    expect(await database.prisma.client.findUnique({ where: { id: clientId } })).toMatchObject({ name: 'Client' });
    expect(await database.prisma.event.count()).toBe(0);
    expect(await log.head(clientId)).toBe(0n);

    expect(await change('kept', false)).toBe('kept');
    expect(await database.prisma.client.findUnique({ where: { id: clientId } })).toMatchObject({ name: 'kept' });
    const [event] = await log.read({ clientId, limit: 10 });
    expect(event).toMatchObject({ position: 1n, data: { message: 'kept' } });
    expect(await database.prisma.webhookDelivery.findMany()).toMatchObject([
      { eventId: event?.id, position: 1n, status: 'PENDING' },
    ]);
  });

  test('fails as a whole when its events cannot be written', async () => {
    const { database, log, clientId } = await openEventWorld();
    const change = log.commit(async (tx, append) => {
      await tx.client.update({ where: { id: clientId }, data: { name: 'lost' } });
      append(testEvent('cli_unknown', 'to nobody'));
    });
    await expect(change).rejects.toThrow('The client cli_unknown has no event log.');
    expect(await database.prisma.client.findUnique({ where: { id: clientId } })).toMatchObject({ name: 'Client' });
  });

  test('tells the id of an event before it is written, and takes no event after its end', async () => {
    const { log, clientId } = await openEventWorld();
    let late: () => void = () => {};
    const id = await log.commit(async (_tx, append) => {
      late = () => void append(testEvent(clientId, 'late'));
      return append(testEvent(clientId, 'in time'));
    });
    expect(await log.find(clientId, id)).toMatchObject({ id, data: { message: 'in time' } });
    expect(late).toThrow('after the end of its transaction');
  });

  test('keeps an event as it was given', async () => {
    const { database, log, clientId } = await openEventWorld();
    const { userId, loginId } = await insertEnrolledUser(database, { clientId, now });
    const data = { userId, bankLoginId: loginId };
    const given = {
      clientId,
      type: 'BANK_LOGIN_DELETED' as const,
      data,
      userId,
      bankLoginId: loginId,
      occurredAt: now,
    };
    const id = await log.commit(async (_tx, append) => append({ ...given, id: 'evt_chosen' }));
    expect(id).toBe('evt_chosen');
    const record = { ...given, id, position: 1n, cycleId: null, endpointId: null };
    expect(await log.find(clientId, id)).toEqual(record);
    expect(await log.read({ clientId, limit: 1 })).toEqual([record]);
    expect(toEventBody(record)).toEqual({
      id,
      type: 'BANK_LOGIN_DELETED',
      cursor: toCursor(1n),
      occurredAt: '2026-03-10T10:00:00.000Z',
      ...data,
    });
  });

  test('writes text as it is, whatever signs are in it', async () => {
    const { log, clientId } = await openEventWorld();
    const text = `'"\\ \n \u2028 $1 ? {} 🏦 ${'ß'.repeat(10)}`;
    await log.commit(async (_tx, append) => void append(testEvent(clientId, text)));
    expect((await log.read({ clientId, limit: 1 })).map(messageOf)).toEqual([text]);
  });
});

test('a text that the database cannot keep loses that sign, not the event', async () => {
  const { log, clientId } = await openEventWorld();
  const texts = ['NUL \0 here', 'half \ud83c a pair', '\udfe6', 'whole 🏦', 'no escape: \\u0000 \\\\ud800 \\'];
  await log.commit(async (_tx, append) => {
    for (const text of texts) append(testEvent(clientId, text));
  });
  expect((await log.read({ clientId, limit: 10 })).map(messageOf)).toEqual([
    'NUL \ufffd here',
    'half \ufffd a pair',
    '\ufffd',
    ...texts.slice(3),
  ]);
});

test('a page of large events holds as many as fit, one at least, and says that there are more', async () => {
  const { database, log, clientId } = await openEventWorld();
  const store = createEventStore(database, fanOutSql);
  // Random, so that it cannot be compressed.
  const large = Array.from({ length: 5 }, () => randomBytes(400_000).toString('base64'));
  for (const message of large) await log.commit(async (_tx, append) => void append(testEvent(clientId, message)));
  const lengths: number[] = [];
  let after = 0n;
  for (let complete = false; !complete; ) {
    const page = await store.readPage({ clientId }, after);
    lengths.push(page.records.length);
    expect(page.records.map(messageOf)).toEqual(large.slice(Number(after), Number(after) + page.records.length));
    after = page.records.at(-1)?.position ?? after;
    complete = page.complete;
  }
  expect(lengths).toEqual([2, 2, 1]);
  expect(await store.readPage({ clientId }, after)).toEqual({ records: [], complete: true });
});

describe('the log', () => {
  test('is read forwards and backwards, between positions, by type, user and login', async () => {
    const { log, clientId } = await openEventWorld();
    await log.commit(async (_tx, append) => {
      append(testEvent(clientId, '1', { userId: 'usr_a', bankLoginId: 'login_a' }));
      append(testEvent(clientId, '2', { userId: 'usr_a' }));
      append({
        clientId,
        type: 'BANK_LOGIN_DELETED',
        data: { userId: 'usr_a', bankLoginId: 'login_a' },
        userId: 'usr_a',
        bankLoginId: 'login_a',
        occurredAt: now,
      });
      append(testEvent(clientId, '4', { userId: 'usr_b' }));
    });
    const read = async (query: Omit<Parameters<typeof log.read>[0], 'clientId' | 'limit'>) =>
      (await log.read({ clientId, limit: 10, ...query })).map(({ position }) => Number(position));
    expect(await read({})).toEqual([1, 2, 3, 4]);
    expect(await read({ order: 'newest-first' })).toEqual([4, 3, 2, 1]);
    expect(await read({ after: 1n, before: 4n })).toEqual([2, 3]);
    expect(await read({ types: ['BANK_LOGIN_DELETED', 'USER_DELETED'] })).toEqual([3]);
    expect(await read({ types: [] })).toEqual([]);
    expect(await read({ userId: 'usr_a', order: 'newest-first', after: 1n })).toEqual([3, 2]);
    expect(await read({ bankLoginId: 'login_a' })).toEqual([1, 3]);
    expect((await log.read({ clientId, limit: 2 })).map(({ position }) => position)).toEqual([1n, 2n]);
  });

  test('invariant 11: shows a client its own events alone', async () => {
    const { log, clientId, client } = await openEventWorld();
    const other = await client();
    const id = await log.commit(async (_tx, append) => append(testEvent(clientId, 'secret', { userId: 'usr_a' })));
    expect(await log.find(other, id)).toBeNull();
    expect(await log.read({ clientId: other, userId: 'usr_a', limit: 10 })).toEqual([]);
    expect(await log.head(other)).toBe(0n);
    expect(await log.head('cli_unknown')).toBe(0n);
  });
});
