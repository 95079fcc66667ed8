import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InvalidInput } from '../../src/domain/errors.ts';
import type { QueueLimits } from '../../src/events/event-queue.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { createEventStreams, type StreamQuery } from '../../src/events/event-stream.ts';
import { createEventTail } from '../../src/events/event-tail.ts';
import { type EventFilter, matches } from '../../src/events/subscriber-index.ts';
import { eventually } from '../support/eventually.ts';
import { collect, openEventWorld } from './event-world.ts';
import { createFakeLog, type FakeLogOptions, turns } from './fake-log.ts';

describe('a stream of events', () => {
  test('replays what lies after the cursor and goes on live', async () => {
    const { log, clientId, emit } = await openEventWorld();
    await emit('1', '2', '3');
    const stream = collect(log, { clientId, after: 1n });
    await eventually(() => stream.events.length === 2);
    await emit('4', '5');
    await eventually(() => stream.events.length === 4);
    expect(stream.messages()).toEqual(['2', '3', '4', '5']);
    expect(stream.events.map(({ position }) => position)).toEqual([2n, 3n, 4n, 5n]);
    // Invariant 3: replayed or live, an event is the one that a query finds.
    expect(stream.events).toEqual(await log.read({ clientId, after: 1n, limit: 10 }));
  });

  test('without a cursor begins with what comes', async () => {
    const { log, clientId, emit } = await openEventWorld();
    await emit('before');
    const stream = collect(log, { clientId, after: null });
    await eventually(() => log.tail.position(clientId) !== null);
    await emit('after');
    await eventually(() => stream.events.length > 0);
    expect(stream.messages()).toEqual(['after']);
  });

  test('of a reader that takes its time replays a log of any length', async () => {
    const { log, clientId, emit } = await openEventWorld();
    for (let i = 0; i < 13; i++) await emit(...Array.from({ length: 100 }, (_, at) => `${i * 100 + at}`));
    const stream = collect(log, { clientId, after: 0n }, () => turns(1));
    await eventually(() => stream.events.length >= 1000);
    await emit('1300');
    await eventually(() => stream.events.length === 1301);
    expect(stream.failure).toBeNull();
    expect(stream.messages()).toEqual(Array.from({ length: 1301 }, (_, i) => `${i}`));
  }, 60_000);

  test('carries what its filter lets through, and nothing of another client', async () => {
    const { log, clientId, client, emit } = await openEventWorld();
    const other = await client();
    const streams = {
      every: collect(log, { clientId, after: 0n }),
      type: collect(log, { clientId, after: 0n, types: ['USER_DELETED'] }),
      login: collect(log, { clientId, after: 0n, bankLoginId: 'login_a' }),
      foreign: collect(log, { clientId: other, after: 0n, userId: 'usr_a' }),
    };
    const user = { userId: 'usr_a', occurredAt: new Date(), clientId };
    for (const bankLoginId of ['login_a', 'login_b']) {
      const data = { userId: 'usr_a', bankLoginId };
      await log.commit(async (_tx, append) => {
        append({ ...user, type: 'BANK_LOGIN_DELETED', bankLoginId, data });
        append({ ...user, type: 'USER_DELETED', data: { userId: 'usr_a', externalId: null } });
      });
    }
    await emit('last');
    await eventually(() => streams.every.events.length === 5);
    expect(streams.type.events.map(({ position }) => position)).toEqual([2n, 4n]);
    expect(streams.login.events.map(({ position }) => position)).toEqual([1n]);
    expect(streams.foreign.events).toEqual([]);
  });

  test('refuses a cursor beyond the end of the log, from where it would pass over what comes', async () => {
    const { log, clientId, emit } = await openEventWorld();
    await emit('1');
    const stream = collect(log, { clientId, after: 2n });
    await eventually(() => stream.failure);
    expect(stream.failure).toBeInstanceOf(InvalidInput);
    const atTheEnd = collect(log, { clientId, after: 1n });
    await emit('2');
    await eventually(() => atTheEnd.messages().includes('2'));
  });

  test('ends when it is left, and the tail ends with the last one', async () => {
    const { log, clientId, emit } = await openEventWorld();
    const [first, second] = [collect(log, { clientId, after: 0n }), collect(log, { clientId, after: null })];
    await emit('1');
    await eventually(() => first.events.length === 1 && log.tail.position(clientId) === 1n);
    await first.leave();
    expect(log.tail.position(clientId)).toBe(1n);
    await second.leave();
    expect(log.tail.position(clientId)).toBeNull();
    await emit('2');
    expect(first.messages()).toEqual(['1']);
  });

  test('ends without an error when the log is closed, also one that comes later', async () => {
    const { log, clientId } = await openEventWorld();
    const read = async () => {
      const abort = new AbortController();
      for await (const _ of log.stream({ clientId, after: 0n, abort: abort.signal }));
      return 'ended';
    };
    const reading = read();
    await eventually(() => log.tail.position(clientId) !== null);
    log.close();
    expect(await reading).toBe('ended');
    expect(await read()).toBe('ended');
  });
});

test('a reader that does not keep up goes on from the log, and misses nothing; others notice nothing', async () => {
  const { stream, signal, fake } = openFakeStreams({ limits: { records: 3, bytes: 1_000 } });
  let takeOn: () => void = () => {};
  const taken = new Promise<void>((resolve) => {
    takeOn = resolve;
  });
  const slow = collect({ stream }, { clientId: 'cli_1', after: null }, () => taken);
  const quick = collect({ stream }, { clientId: 'cli_1', after: null });
  await turns(5);
  for (let i = 0; i < 20; i++) {
    signal.publish('cli_1', fake.write(1));
    await turns(5);
  }
  await eventually(() => quick.events.length === 20);
  const readings = fake.readings.length;
  takeOn();
  await eventually(() => slow.events.length === 20);
  expect(slow.messages()).toEqual(quick.messages());
  expect(fake.readings.length).toBeGreaterThan(readings);
  signal.publish('cli_1', fake.write(1));
  await eventually(() => slow.events.length === 21 && quick.events.length === 21);
  expect([slow.failure, quick.failure]).toEqual([null, null]);
});

type Step =
  | { kind: 'commit'; count: number; signal: 'at once' | 'late' | 'lost' }
  | { kind: 'subscribe'; back: number; filter: EventFilter; pace: number }
  | { kind: 'disconnect' | 'reconnect'; which: number }
  | { kind: 'wait'; turnCount: number };

const filters: EventFilter[] = [{}, { userId: 'usr_even' }, { types: ['WEBHOOK_TEST'] }, { types: ['USER_DELETED'] }];
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      count: fc.integer({ min: 1, max: 5 }),
      signal: fc.constantFrom('at once' as const, 'late' as const, 'lost' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('subscribe' as const),
      back: fc.nat(12),
      filter: fc.constantFrom(...filters),
      pace: fc.nat(4),
    }),
  },
  fc.record({ kind: fc.constantFrom('disconnect' as const, 'reconnect' as const), which: fc.nat(5) }),
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), turnCount: fc.integer({ min: 1, max: 9 }) }),
  },
);

test('a stream is the log, however commits, signals, readings, breaks and new beginnings fall together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 40 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
      runScenario,
    ),
    { numRuns: 500 },
  );
}, 120_000);

async function runScenario(steps: Step[], delays: number[]): Promise<void> {
  let asked = 0;
  const { stream, signal, fake, tail } = openFakeStreams({
    pageSize: 3,
    delay: () => delays[asked++ % delays.length] ?? 0,
  });
  const readers: Reader[] = [];
  for (const each of steps) {
    if (each.kind === 'wait') await turns(each.turnCount);
    if (each.kind === 'commit') {
      const head = fake.write(each.count);
      if (each.signal === 'at once') signal.publish('cli_1', head);
      if (each.signal === 'late') void turns(4).then(() => signal.publish('cli_1', head));
    }
    if (each.kind === 'subscribe') {
      const from = BigInt(Math.max(0, fake.records.length - each.back));
      readers.push(openReader(stream, { from, filter: each.filter, pace: each.pace }));
    }
    if (each.kind === 'disconnect') await readers[each.which]?.disconnect();
    if (each.kind === 'reconnect') readers[each.which]?.connect();
  }
  // What no signal told of is found by the next look.
  signal.lapse();
  const expected = readers.map(({ from, filter }) =>
    fake.records.filter((record) => record.position > from && matches(filter, record)).map(({ position }) => position),
  );
  for (let at = 0; at < 400; at++) {
    const late = readers.some((reader, i) => reader.isConnected() && reader.seen.length < (expected[i]?.length ?? 0));
    if (!late) break;
    await turns(1);
    if (at % 50 === 49) signal.lapse();
  }
  await turns(5);
  readers.forEach((reader, i) => {
    const all = expected[i] ?? [];
    expect(reader.seen).toEqual(reader.isConnected() ? all : all.slice(0, reader.seen.length));
    expect(reader.failures).toEqual([]);
  });
  for (const reader of readers) await reader.disconnect();
  expect(tail.position('cli_1')).toBeNull();
  tail.close();
}

interface Reader {
  from: bigint;
  filter: EventFilter;
  seen: bigint[];
  failures: unknown[];
  isConnected(): boolean;
  connect(): void;
  disconnect(): Promise<void>;
}

/** Goes on, whenever it connects again, from the last event that it has seen. */
function openReader(
  stream: (query: StreamQuery) => AsyncIterable<EventRecord>,
  { from, filter, pace }: { from: bigint; filter: EventFilter; pace: number },
): Reader {
  let connection: { abort: AbortController; ended: Promise<void> } | null = null;
  const reader: Reader = {
    from,
    filter,
    seen: [],
    failures: [],
    isConnected: () => connection !== null,
    connect() {
      if (connection) return;
      const abort = new AbortController();
      const read = async () => {
        const query = { clientId: 'cli_1', ...filter, after: reader.seen.at(-1) ?? from, abort: abort.signal };
        for await (const { position } of stream(query)) {
          if (abort.signal.aborted) return;
          reader.seen.push(position);
          await turns(pace);
        }
      };
      connection = { abort, ended: read().catch((error: unknown) => void reader.failures.push(error)) };
    },
    async disconnect() {
      connection?.abort.abort();
      await connection?.ended;
      connection = null;
    },
  };
  reader.connect();
  return reader;
}

function openFakeStreams({ limits, ...options }: FakeLogOptions & { limits?: QueueLimits }) {
  const fake = createFakeLog(options);
  const signal = createLocalEventSignal();
  const tail = createEventTail({ store: fake.store, signal });
  onTestFinished(() => tail.close());
  return { fake, signal, tail, stream: createEventStreams({ store: fake.store, tail, ...(limits && { limits }) }) };
}
