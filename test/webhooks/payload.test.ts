import { describe, expect, test } from 'vitest';
import { eventBounds, toKeptData } from '../../src/events/event-bounds.ts';
import { eventCatalogue } from '../../src/events/event-catalogue.ts';
import { parseCursor, toCursor } from '../../src/events/event-cursor.ts';
import { type EventRecord, toEventBody } from '../../src/events/event-record.ts';
import { cachedBodyBytes } from '../../src/webhooks/delivery-limits.ts';
import type { ClaimedEvent } from '../../src/webhooks/delivery-store.ts';
import type { DocumentRunner } from '../../src/webhooks/document-runner.ts';
import { createPayloads } from '../../src/webhooks/payload.ts';

const never: DocumentRunner = {
  validate: () => [],
  run: async () => {
    throw new Error('not to be run');
  },
};
const occurredAt = new Date('2026-03-10T10:00:00.123Z');

function eventOf(type: EventRecord['type'], data: unknown, position = 7n): ClaimedEvent {
  const nobody = { userId: null, bankLoginId: null, cycleId: null, endpointId: null };
  return {
    id: `evt_${position}`,
    clientId: 'cli_1',
    type,
    position,
    occurredAt,
    ...nobody,
    data: JSON.stringify(data),
  };
}

async function bodyOf(event: ClaimedEvent, document: string | null = null, documents = never): Promise<Buffer> {
  const payload = await createPayloads({ loadEventData: async () => null, documents }).payloadFor(event, document);
  if ('error' in payload) throw new Error(payload.error);
  return payload.body;
}

describe('without a document the body carries the event as the API returns it', () => {
  test.each(Object.values(eventCatalogue))('$name', async ({ type, name, example, data }) => {
    const event = eventOf(type, example);
    const body = JSON.parse((await bodyOf(event)).toString('utf8'));
    const record = { ...event, data: example } as EventRecord;
    expect(body).toEqual({ type: name, timestamp: occurredAt.toISOString(), data: toEventBody(record) });
    expect(data.parse(body.data)).toEqual(example);
  });
  test('even when it has no fields of its own', async () => {
    const body = JSON.parse((await bodyOf(eventOf('WEBHOOK_TEST', {}))).toString('utf8'));
    expect(Object.keys(body.data)).toEqual(['id', 'type', 'cursor', 'occurredAt']);
  });
});

describe('an event with long lists', () => {
  const transaction = (text: string) => ({ id: 'txn_1', accountId: 'acc_1', remittanceInformation: text });
  const data = (text: string, more = {}) => ({
    bankLogin: { id: 'login_1' },
    accounts: [
      {
        account: { id: 'acc_1' },
        balances: [{ type: 'closingBooked' }],
        newTransactions: Array.from({ length: 1_200 }, () => transaction(text)),
        updatedTransactions: [transaction(text)],
        removedTransactionIds: ['txn_2'],
        ...more,
      },
    ],
  });
  const bodyOfData = async (given: object, ...how: [document?: string, documents?: DocumentRunner]) => {
    const body = await bodyOf(eventOf('BANK_LOGIN_SYNCHRONIZED', given), ...how);
    expect(body.length).toBeLessThanOrEqual(eventBounds.messageBytes);
    return JSON.parse(body.toString());
  };

  test('is carried with 100 rows of each, true counts, and where to query the rest from', async () => {
    const given = data('ä'.repeat(50));
    const body = await bodyOfData(given);
    expect(body).toMatchObject({ type: 'bank_login.synchronized', truncated: true, cursor: toCursor(6n) });
    expect(parseCursor(body.cursor)).toBe(6n);
    expect(body.data).toMatchObject({ id: 'evt_7', cursor: toCursor(7n), truncated: true, bankLogin: given.bankLogin });
    expect(body.data.accounts).toEqual([
      {
        ...given.accounts[0],
        newTransactions: given.accounts[0]?.newTransactions.slice(0, 100),
        ...{ newTransactionCount: 1_200, updatedTransactionCount: 1, removedTransactionCount: 1, truncated: true },
      },
    ]);
  });
  test('has the counts of what was cut before it was kept', async () => {
    const kept = toKeptData(data('x'));
    expect(kept.accounts[0]?.newTransactions.length).toBe(500);
    expect((await bodyOfData(kept)).data.accounts[0]).toMatchObject({ newTransactionCount: 1_200, truncated: true });
  });
  test('has fewer rows where they are long, and no more than its bytes', async () => {
    const { accounts } = (await bodyOfData(data('ä'.repeat(30_000)))).data;
    expect(accounts[0].newTransactions).toHaveLength(12);
    expect(accounts[0]).toMatchObject({ newTransactionCount: 1_200, removedTransactionIds: ['txn_2'] });
  });
  test('is carried whole while its lists are short, as are 500 ids of removed transactions', async () => {
    const removed = Array.from({ length: 500 }, (_, n) => `txn_${String(n).padStart(26, '0')}`);
    const given = data('x', { newTransactions: [], updatedTransactions: [], removedTransactionIds: removed });
    const body = await bodyOfData(given);
    expect(body.data.accounts).toEqual(given.accounts);
    expect([body.truncated, body.data.truncated]).toEqual([undefined, undefined]);
    const one = await bodyOfData(data('x', { newTransactions: [], removedTransactionIds: [...removed, 'txn_x'] }));
    expect(one.data.accounts[0]).toMatchObject({ removedTransactionCount: 501, truncated: true });
  });
  test('is run through a document with fewer rows, until the result fits', async () => {
    const asked: unknown[] = [];
    const documents: DocumentRunner = {
      ...never,
      run: async (_document, { rowsPerList }) => {
        asked.push(rowsPerList);
        return { data: 'a'.repeat((rowsPerList ?? 500) * 100_000) };
      },
    };
    const body = await bodyOfData(data('x'), 'subscription', documents);
    expect(body.data).toHaveLength(600_000);
    expect(asked).toEqual([undefined, 50, 25, 12, 6]);
  });
  test('is carried as without a document where not even that helps', async () => {
    const documents = { ...never, run: async () => ({ data: 'a'.repeat(1_048_576) }) };
    const body = await bodyOfData(data('x'), 'subscription', documents);
    expect(body).toMatchObject({ truncated: true, data: { id: 'evt_7', truncated: true } });
  });
  test('is cut as well when its data comes apart from the claim', async () => {
    const event = { ...eventOf('BANK_LOGIN_SYNCHRONIZED', {}), data: null };
    const payloads = createPayloads({ loadEventData: async () => JSON.stringify(data('x')), documents: never });
    const payload = await payloads.payloadFor(event, null);
    expect('body' in payload && JSON.parse(payload.body.toString()).truncated).toBe(true);
  });
});

describe('with a document', () => {
  test('the body carries its result, run with the client’s rights', async () => {
    const calls: unknown[] = [];
    const documents: DocumentRunner = {
      ...never,
      run: async (document, context) => {
        calls.push([document, context.clientId, context.event.data]);
        return { data: { events: { id: context.event.id } } };
      },
    };
    const body = await bodyOf(
      eventOf('WEBHOOK_TEST', { message: 'Hello' }),
      'subscription { events { id } }',
      documents,
    );
    expect(JSON.parse(body.toString())).toMatchObject({ type: 'webhook.test', data: { events: { id: 'evt_7' } } });
    expect(calls).toEqual([['subscription { events { id } }', 'cli_1', { message: 'Hello' }]]);
  });
  test('an event that is erased, a document that fails or throws: there is no body, but an error', async () => {
    const failing = { ...never, run: async () => ({ errors: ['One.', 'Two.'] }) };
    const event = eventOf('WEBHOOK_TEST', { message: '' });
    await expect(bodyOf(event, 'x', failing)).rejects.toThrow("The endpoint's document failed: One.; Two.");
    await expect(bodyOf(event, 'x')).rejects.toThrow('The body could not be made: not to be run');
    await expect(bodyOf({ ...event, data: null })).rejects.toThrow('The event has been erased.');
  });
});

test('a body is made once for all who take it; what failed is tried anew', async () => {
  let runs = 0;
  const documents = { ...never, run: async () => (++runs === 1 ? { errors: ['Not yet.'] } : { data: runs }) };
  const payloads = createPayloads({ loadEventData: async () => null, documents });
  const event = eventOf('WEBHOOK_TEST', { message: '' });
  expect(await payloads.payloadFor(event, 'x')).toHaveProperty('error');
  const [one, two] = await Promise.all([payloads.payloadFor(event, 'x'), payloads.payloadFor(event, 'x')]);
  expect(one).toBe(two);
  expect(runs).toBe(2);
  expect(await payloads.payloadFor(event, null)).not.toBe(one);
});

test('what cannot be made into a body is an error, and throws nothing', async () => {
  const payloads = createPayloads({ loadEventData: async () => null, documents: never });
  const event = { ...eventOf('WEBHOOK_TEST', {}), data: 'x'.repeat(2 * 1_048_576) };
  expect(await payloads.payloadFor(event, null)).toEqual({ error: expect.stringContaining('could not be made') });
});

test('the latest bodies are kept, and the oldest make room for them', async () => {
  const json = JSON.stringify({ text: 'x'.repeat(500_000) });
  const loaded: string[] = [];
  const payloads = createPayloads({
    loadEventData: async (id) => {
      loaded.push(id);
      return json;
    },
    documents: never,
  });
  const take = async (position: number) =>
    await payloads.payloadFor({ ...eventOf('WEBHOOK_TEST', {}, BigInt(position)), data: null }, null);
  const bodyCount = Math.ceil((2 * cachedBodyBytes) / json.length);
  for (let position = 1; position <= bodyCount; position++) await take(position);
  const recentCount = Math.floor(cachedBodyBytes / 2 / json.length) - 1;
  loaded.length = 0;
  for (let back = 0; back < recentCount; back++) await take(bodyCount - back);
  expect(loaded).toEqual([]);
  await take(1);
  expect(loaded).toEqual(['evt_1']);
});
