import fc from 'fast-check';
import { describe, expect, onTestFinished, test } from 'vitest';
import { InvalidInput } from '../../src/domain/errors.ts';
import { createEventFeeds, type EventFeed, type Following } from '../../src/events/event-feed.ts';
import type { QueueLimits } from '../../src/events/event-queue.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { createEventStreams } from '../../src/events/event-stream.ts';
import { createEventTail } from '../../src/events/event-tail.ts';
import { type EventFilter, matches } from '../../src/events/subscriber-index.ts';
import { eventually } from '../support/eventually.ts';
import { createFakeLog, type FakeLogOptions, turns } from './fake-log.ts';

interface World extends FakeLogOptions {
  limits?: QueueLimits;
  queueLimits?: QueueLimits;
  toValue?: (record: EventRecord) => Promise<bigint> | bigint;
  filter?: EventFilter;
}

function openWorld({ limits, queueLimits, toValue, filter, ...options }: World = {}) {
  const fake = createFakeLog(options);
  const signal = createLocalEventSignal();
  const tail = createEventTail({ store: fake.store, signal, pollMs: 60_000 });
  onTestFinished(() => tail.close());
  const stream = createEventStreams({ store: fake.store, tail, ...(queueLimits && { limits: queueLimits }) });
  const openFeed = createEventFeeds({ store: fake.store, stream, ...(limits && { limits }) });
  const made: bigint[] = [];
  const world = {
    fake,
    signal,
    tail,
    /** The positions of which a value was made, in that order. */
    made,
    ends: 0,
    open: () =>
      openFeed<bigint>({
        filter: { clientId: 'cli_1', ...filter },
        toValue: async (record) => {
          made.push(record.position);
          return toValue ? await toValue(record) : record.position;
        },
        sizeOf: () => 10,
        onEnd: () => world.ends++,
      }),
    commit(count: number) {
      signal.publish('cli_1', fake.write(count));
    },
  };
  return world;
}

/** A follower that takes `pace` events at once, and is ready for more when it is told to. */
function follow(feed: EventFeed<bigint>, { after = null, pace = Number.POSITIVE_INFINITY }: FollowOptions = {}) {
  const seen: bigint[] = [];
  let taken = 0;
  const follower = {
    seen,
    end: undefined as Error | null | undefined,
    following: null as Following | null,
    resume() {
      taken = 0;
      follower.following?.resume();
    },
  };
  follower.following = feed.follow({
    after,
    take: (value) => {
      seen.push(value);
      return ++taken < pace;
    },
    onEnd: (error) => {
      follower.end = error;
    },
  });
  return follower;
}

interface FollowOptions {
  after?: bigint | null;
  pace?: number;
}

const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, i) => BigInt(from + i));

describe('a feed', () => {
  test('makes a value of each event once, however many follow', async () => {
    const world = openWorld();
    const feed = world.open();
    const followers = Array.from({ length: 1_200 }, () => follow(feed));
    await turns(5);
    world.commit(3);
    await eventually(() => followers.every(({ seen }) => seen.length === 3));
    expect(world.made).toEqual(upTo(3));
    expect(followers.every(({ seen }) => seen.join() === '1,2,3')).toBe(true);
  });

  test('replays the log to one that comes with a cursor, and goes on live', async () => {
    const world = openWorld({ pageSize: 3 });
    world.fake.write(10);
    const feed = world.open();
    const [late, early] = [follow(feed), follow(feed, { after: 2n })];
    await eventually(() => early.seen.length === 8);
    world.commit(2);
    await eventually(() => early.seen.length === 10 && late.seen.length === 2);
    expect(early.seen).toEqual(upTo(12, 3));
    expect(late.seen).toEqual([11n, 12n]);
  });

  test('has the last events at hand for one that comes back soon: nothing is read or made anew', async () => {
    const world = openWorld();
    const feed = world.open();
    follow(feed);
    await turns(5);
    world.commit(10);
    await eventually(() => world.made.length === 10);
    const readings = world.fake.readings.length;
    const back = follow(feed, { after: 4n });
    await eventually(() => back.seen.length === 6);
    expect(back.seen).toEqual(upTo(10, 5));
    expect(world.fake.readings.length).toBe(readings);
    expect(world.made).toEqual(upTo(10));
  });

  test('lets one that does not keep up go on from the log; nobody waits for it', async () => {
    const world = openWorld({ limits: { records: 4, bytes: 1_000 } });
    const feed = world.open();
    const [slow, quick] = [follow(feed, { pace: 1 }), follow(feed)];
    await turns(5);
    for (let i = 0; i < 30; i++) {
      world.commit(1);
      await turns(3);
    }
    await eventually(() => quick.seen.length === 30);
    expect(slow.seen).toEqual([1n]);
    await eventually(() => {
      slow.resume();
      return slow.seen.length === 30;
    });
    expect(slow.seen).toEqual(upTo(30));
    world.commit(1);
    slow.resume();
    await eventually(() => slow.seen.length === 31 && quick.seen.length === 31);
  });

  test('hands over together what was committed together', async () => {
    const world = openWorld();
    const taken: [bigint, boolean][] = [];
    const following = world.open().follow({
      after: null,
      take: (value, _position, isMore) => taken.push([value, isMore]) > 0,
      onEnd: () => {},
    });
    await eventually(() => world.tail.position('cli_1') !== null);
    world.commit(3);
    await eventually(() => taken.length === 3);
    world.commit(1);
    await eventually(() => taken.length === 4);
    expect(taken).toEqual([
      [1n, true],
      [2n, true],
      [3n, false],
      [4n, false],
    ]);
    following.leave();
  });

  test('is not cut off by a burst greater than what may wait', async () => {
    const world = openWorld({ limits: { records: 10, bytes: 1_000 }, queueLimits: { records: 10, bytes: 1_000 } });
    const feed = world.open();
    const follower = follow(feed);
    await turns(5);
    world.commit(2_000);
    await eventually(() => follower.seen.length === 2_000);
    expect(follower.seen).toEqual(upTo(2_000));
    expect(follower.end).toBeUndefined();
  });

  test('passes over nothing that is committed while a page of the log is being read', async () => {
    const world = openWorld({ limits: { records: 1, bytes: 1_000 } });
    world.fake.write(2);
    const feed = world.open();
    const quick = follow(feed);
    await eventually(() => world.tail.position('cli_1') !== null);
    let goOn: () => void = () => {};
    const readPage = world.fake.store.readPage;
    world.fake.store.readPage = async (filter, after) => {
      const page = await readPage(filter, after);
      if (after === 0n) await new Promise<void>((resolve) => (goOn = resolve));
      return page;
    };
    const late = follow(feed, { after: 0n });
    await turns(5);
    world.commit(3);
    await eventually(() => quick.seen.length === 3);
    goOn();
    await eventually(() => late.seen.length >= 2);
    world.commit(1);
    await eventually(() => late.seen.at(-1) === 6n);
    expect(late.seen).toEqual(upTo(6));
  });

  test('refuses a cursor beyond the end of the log; others notice nothing', async () => {
    const world = openWorld();
    world.fake.write(3);
    const feed = world.open();
    const [ahead, other] = [follow(feed, { after: 4n }), follow(feed, { after: 3n })];
    await eventually(() => ahead.end);
    expect(ahead.end).toBeInstanceOf(InvalidInput);
    world.commit(1);
    await eventually(() => other.seen.length === 1);
    expect(ahead.seen).toEqual([]);
  });

  test('ends with its last follower, and with the log', async () => {
    const world = openWorld();
    const feed = world.open();
    const [first, second] = [follow(feed), follow(feed)];
    await eventually(() => world.tail.position('cli_1') !== null);
    first.following?.leave();
    await turns(3);
    expect([world.ends, world.tail.position('cli_1')]).toEqual([0, 0n]);
    second.following?.leave();
    await eventually(() => world.tail.position('cli_1') === null);
    expect([world.ends, first.end, second.end]).toEqual([1, undefined, undefined]);

    const third = follow(world.open());
    await eventually(() => world.tail.position('cli_1') !== null);
    world.tail.close();
    await eventually(() => third.end === null);
    expect(world.ends).toBe(2);
  });

  test('that fails tells its followers why', async () => {
    const world = openWorld();
    const failure = new Error('the database is away');
    world.fake.store.head = () => Promise.reject(failure);
    const follower = follow(world.open());
    await eventually(() => follower.end);
    expect(follower.end).toBe(failure);
    expect(world.ends).toBe(1);
  });
});

type Step =
  | { kind: 'commit'; count: number; signal: 'at once' | 'late' | 'lost' }
  | { kind: 'follow'; back: number; pace: number }
  | { kind: 'leave' | 'come back' | 'resume'; which: number }
  | { kind: 'wait'; turnCount: number };

const which = fc.nat(6);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('commit' as const),
      count: fc.integer({ min: 1, max: 12 }),
      signal: fc.constantFrom('at once' as const, 'late' as const, 'lost' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('follow' as const),
      back: fc.nat(20),
      pace: fc.constantFrom(1, 2, 5, 1_000),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constantFrom('leave' as const, 'come back' as const, 'resume' as const),
      which,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), turnCount: fc.integer({ min: 1, max: 9 }) }),
  },
);

test('what a follower got is the log, however commits, pace, breaks and new beginnings fall together', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 3, maxLength: 50 }),
      fc.array(fc.nat(4), { minLength: 1, maxLength: 20 }),
      fc.constantFrom<EventFilter>({}, { userId: 'usr_even' }, { types: ['USER_DELETED'] }),
      runScenario,
    ),
    { numRuns: 500 },
  );
}, 120_000);

async function runScenario(steps: Step[], delays: number[], filter: EventFilter): Promise<void> {
  let asked = 0;
  const delay = () => delays[asked++ % delays.length] ?? 0;
  const world = openWorld({
    pageSize: 3,
    delay,
    filter,
    limits: { records: 3, bytes: 25 },
    queueLimits: { records: 4, bytes: 1_000 },
    toValue: async ({ position }) => {
      await turns(delay());
      return position;
    },
  });
  let feed: EventFeed<bigint> | null = null;
  const readers: { from: bigint; pace: number; seen: bigint[]; now: ReturnType<typeof follow> | null }[] = [];
  const connect = (reader: (typeof readers)[number]) => {
    // As who hands out feeds does: one that has ended is never given again.
    if (!feed || readers.every(({ now }) => now === null)) feed = world.open();
    reader.now = follow(feed, { after: reader.seen.at(-1) ?? reader.from, pace: reader.pace });
  };
  const disconnect = (reader: (typeof readers)[number]) => {
    reader.now?.following?.leave();
    reader.seen.push(...(reader.now?.seen ?? []));
    reader.now = null;
  };
  for (const each of steps) {
    if (each.kind === 'wait') await turns(each.turnCount);
    if (each.kind === 'commit') {
      const head = world.fake.write(each.count);
      if (each.signal === 'at once') world.signal.publish('cli_1', head);
      if (each.signal === 'late') void turns(4).then(() => world.signal.publish('cli_1', head));
    }
    if (each.kind === 'follow') {
      const from = BigInt(Math.max(0, world.fake.records.length - each.back));
      const reader = { from, pace: each.pace, seen: [], now: null };
      connect(reader);
      readers.push(reader);
    }
    const reader = 'which' in each ? readers[each.which] : undefined;
    if (!reader) continue;
    if (each.kind === 'leave') disconnect(reader);
    if (each.kind === 'come back' && !reader.now) connect(reader);
    if (each.kind === 'resume') reader.now?.resume();
  }
  for (const reader of readers) if (!reader.now) connect(reader);
  const expected = readers.map(({ from }) =>
    world.fake.records.filter((one) => one.position > from && matches(filter, one)).map(({ position }) => position),
  );
  const all = (reader: (typeof readers)[number]) => [...reader.seen, ...(reader.now?.seen ?? [])];
  for (let at = 0; at < 3_000; at++) {
    if (readers.every((reader, i) => all(reader).length >= (expected[i]?.length ?? 0))) break;
    // What no signal told of is found by the next look.
    if (at % 50 === 0) world.signal.lapse();
    await turns(1);
    for (const { now } of readers) now?.resume();
  }
  await turns(8);
  readers.forEach((reader, i) => {
    expect(all(reader)).toEqual(expected[i]);
    expect(reader.now?.end).toBeUndefined();
  });
  for (const reader of readers) disconnect(reader);
  await turns(10);
  expect(world.tail.position('cli_1')).toBeNull();
  world.tail.close();
}
