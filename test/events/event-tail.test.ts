import { describe, expect, onTestFinished, test, vi } from 'vitest';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { createEventTail, type EventTailDeps } from '../../src/events/event-tail.ts';
import type { EventFilter } from '../../src/events/subscriber-index.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeLog, turns } from './fake-log.ts';

function openTail(given: Partial<EventTailDeps> & { pageSize?: number } = {}) {
  const fake = createFakeLog({ ...(given.pageSize && { pageSize: given.pageSize }) });
  const signal = createLocalEventSignal();
  const tail = createEventTail({ store: fake.store, signal, pollMs: 60_000, ...given });
  onTestFinished(() => tail.close());
  const subscribe = async (filter: EventFilter = {}) => {
    const seen: bigint[] = [];
    const onRecords = (records: readonly EventRecord[]) => void seen.push(...records.map(({ position }) => position));
    return { seen, ...(await tail.subscribe({ clientId: 'cli_1', ...filter }, onRecords)) };
  };
  return { fake, signal, tail, subscribe };
}

describe('the tail of a log', () => {
  test('reads what a signal tells of once, however many listen', async () => {
    const { fake, signal, subscribe } = openTail();
    fake.write(3);
    const subscribers = await Promise.all(Array.from({ length: 200 }, () => subscribe()));
    await turns(5);
    fake.readings.length = 0;
    signal.publish('cli_1', fake.write(2));
    await turns(5);
    expect(fake.readings).toEqual([{ after: 3n, filtered: false }]);
    for (const { seen, position } of subscribers) expect([position, ...seen]).toEqual([3n, 4n, 5n]);
  });

  test('reads once for the signals that come while it reads', async () => {
    const { fake, signal, subscribe } = openTail();
    const { seen } = await subscribe();
    await turns(5);
    fake.readings.length = 0;
    for (let i = 0; i < 20; i++) signal.publish('cli_1', fake.write(1));
    await turns(10);
    expect(seen).toHaveLength(20);
    expect(fake.readings.length).toBeLessThanOrEqual(2);
  });

  test('does not read for a signal that tells it nothing new, nor for a client whom nobody listens to', async () => {
    const { fake, signal, tail, subscribe } = openTail();
    const { leave } = await subscribe();
    signal.publish('cli_1', fake.write(2));
    await turns(5);
    fake.readings.length = 0;
    signal.publish('cli_1', 2n);
    signal.publish('cli_2', 9n);
    leave();
    signal.publish('cli_1', fake.write(1));
    await turns(5);
    expect(fake.readings).toEqual([]);
    expect(tail.position('cli_1')).toBeNull();
  });

  test('reads on until a page is the last', async () => {
    const { fake, signal, subscribe } = openTail({ pageSize: 2 });
    const { seen } = await subscribe();
    signal.publish('cli_1', fake.write(7));
    await eventually(() => seen.length === 7);
    expect(seen).toEqual([1n, 2n, 3n, 4n, 5n, 6n, 7n]);
  });

  test('hands each event to those whose filter lets it through', async () => {
    const { fake, signal, subscribe } = openTail();
    const filters: EventFilter[] = [
      {},
      { userId: 'usr_a' },
      { bankLoginId: 'login_a' },
      { types: ['USER_DELETED', 'WEBHOOK_TEST', 'USER_DELETED'] },
      { types: ['USER_DELETED'], userId: 'usr_a' },
      { types: [], bankLoginId: 'login_a' },
      { userId: 'usr_b', bankLoginId: 'login_a' },
    ];
    const subscribers = await Promise.all(filters.map(subscribe));
    fake.write(1, { type: 'WEBHOOK_TEST', userId: null, bankLoginId: null });
    fake.write(1, { type: 'BANK_LOGIN_DELETED', userId: 'usr_a', bankLoginId: 'login_a' });
    fake.write(1, { type: 'USER_DELETED', userId: 'usr_a', bankLoginId: null });
    signal.publish('cli_1', 3n);
    await eventually(() => subscribers[0]?.seen.length === 3);
    expect(subscribers.map(({ seen }) => seen.map(Number))).toEqual([[1, 2, 3], [2, 3], [2], [1, 3], [3], [], []]);
  });

  test('does not let anybody join who has not read up to it', async () => {
    const { fake, signal, tail, subscribe } = openTail();
    await subscribe();
    signal.publish('cli_1', fake.write(5));
    await eventually(() => tail.position('cli_1') === 5n);
    const subscriber = { filter: { clientId: 'cli_1' }, onRecords: () => {}, onEnd: () => {} };
    expect(tail.join({ ...subscriber, after: 4n })).toBeNull();
    expect(tail.join({ ...subscriber, after: 5n })).toBeTypeOf('function');
  });

  test('tries a reading that failed again; its subscribers miss nothing', async () => {
    const fake = createFakeLog();
    const readPage = vi.fn(fake.store.readPage);
    const onError = vi.fn();
    const { signal, subscribe } = openTail({ store: { ...fake.store, readPage }, onError, retryMs: 1 });
    const { seen } = await subscribe();
    await turns(5);
    readPage.mockRejectedValueOnce(new Error('the database is away'));
    readPage.mockRejectedValueOnce(new Error('still away'));
    signal.publish('cli_1', fake.write(1));
    await eventually(() => seen.length === 1);
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual(['the database is away', 'still away']);
  });

  test('finds by itself what no signal told of', async () => {
    const { fake, subscribe } = openTail({ pollMs: 20 });
    const { seen } = await subscribe();
    await turns(5);
    fake.write(1);
    await eventually(() => seen.length === 1);
  });

  test('looks at the log at once when signals may have been lost', async () => {
    const { fake, signal, subscribe } = openTail();
    const { seen } = await subscribe();
    await turns(5);
    fake.write(1);
    signal.lapse();
    await eventually(() => seen.length === 1);
  });
});
