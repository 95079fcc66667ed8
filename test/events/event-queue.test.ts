import { describe, expect, test } from 'vitest';
import { createEventQueue, type QueueLimits } from '../../src/events/event-queue.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createFakeLog } from './fake-log.ts';

function openQueue(limits: Partial<QueueLimits> = {}, bytes = 10) {
  const abort = new AbortController();
  const queue = createEventQueue({
    limits: { records: 100, bytes: 10_000, ...limits },
    sizeOf: () => bytes,
    abort: abort.signal,
  });
  return { queue, abort, reader: queue.drain() };
}

function records(count: number): EventRecord[] {
  const fake = createFakeLog();
  fake.write(count);
  return fake.records;
}

const [one, two, three, four, five] = records(5) as [EventRecord, EventRecord, EventRecord, EventRecord, EventRecord];

describe('a queue of events', () => {
  test('hands out in order what came before it was read and what comes while its reader waits', async () => {
    const { queue, reader } = openQueue();
    queue.push([one, two]);
    expect((await reader.next()).value).toBe(one);
    expect((await reader.next()).value).toBe(two);
    const next = reader.next();
    queue.push([three]);
    expect((await next).value).toBe(three);
  });

  test('overflows when too many events wait, and says so when its reader has taken those', async () => {
    const { queue, reader } = openQueue({ records: 3 });
    queue.push([one, two, three]);
    await reader.next();
    queue.push([four]);
    queue.push([five]);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([two, three]);
    // Whoever takes on what comes after a gap has a gap.
    queue.push([one]);
    expect((await reader.next()).value).toBe(four);
    expect(await reader.next()).toEqual({ done: true, value: 'overflowed' });
  });

  test('overflows when too many bytes wait', async () => {
    const { queue, reader } = openQueue({ bytes: 20 });
    queue.push([one, two, three]);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([one, two]);
    queue.push([four]);
    expect((await reader.next()).value).toBe(three);
    queue.push([five, one, two]);
    expect([(await reader.next()).value, (await reader.next()).value]).toEqual([four, five]);
    expect(await reader.next()).toEqual({ done: true, value: 'overflowed' });
  });

  test('takes an event of any size when nothing waits', async () => {
    const { queue, reader } = openQueue({ bytes: 5 });
    for (const record of [one, two, three]) {
      queue.push([record]);
      expect((await reader.next()).value).toBe(record);
    }
  });

  test('ends when its reader leaves, also while it waits, and when it is told to', async () => {
    const left = openQueue();
    const waiting = left.reader.next();
    left.abort.abort();
    expect((await waiting).done).toBe(true);
    left.queue.push([one]);
    expect((await left.reader.next()).done).toBe(true);

    const ended = openQueue();
    ended.queue.push([one]);
    ended.queue.end();
    expect((await ended.reader.next()).done).toBe(true);
  });
});
