import { setImmediate as turn } from 'node:timers/promises';
import type { QueueLimits } from './event-queue.ts';
import type { EventRecord } from './event-record.ts';
import type { EventStore } from './event-store.ts';
import { beyondTheEnd, type StreamQuery } from './event-stream.ts';
import type { StreamFilter } from './event-tail.ts';

/** One who follows a feed: a subscriber. Its functions must neither wait nor throw. */
export interface Follower<Value> {
  /** Exclusive; null: from now on. */
  after: bigint | null;
  /**
   * Takes an event; `isMore`: the next one follows at once. False: this one is taken, but the next is to wait for `resume`.
   */
  take(value: Value, position: bigint, isMore: boolean): boolean;
  /** Once, unless it leaves before. Null: the log was closed. InvalidInput: `after` is beyond the end of the log. */
  onEnd(error: Error | null): void;
}

export interface Following {
  /** The follower can take more. */
  resume(): void;
  leave(): void;
}

/**
 * The events that one filter lets through, each made into a value once, and handed to all who follow: to each all that lies
 * after where it began, in order, without gap or repeat. A follower that does not keep up goes on from the log; nothing waits
 * in memory for it.
 */
export interface EventFeed<Value> {
  follow(follower: Follower<Value>): Following;
}

export interface FeedOptions<Value> {
  filter: StreamFilter;
  /** Must not reject. For a follower that reads the log by itself it is called anew. */
  toValue(record: EventRecord): Promise<Value> | Value;
  sizeOf(value: Value): number;
  /** The last follower has left, or the feed has failed: it is of no more use. */
  onEnd(): void;
}

export interface EventFeedsDeps {
  store: Pick<EventStore, 'readPage' | 'head'>;
  stream(query: StreamQuery): AsyncIterable<EventRecord>;
  /** What a feed keeps of the values that it has handed out. @default feedLimits */
  limits?: QueueLimits;
  /** What all feeds keep. @default 64 MiB */
  totalBytes?: number;
}

export const feedLimits: QueueLimits = { records: 1_000, bytes: 4 * 1024 * 1024 };

/** Events that come at one time are handed to a follower together, up to so many. */
const mostAtOnce = 64;

interface Member<Value> {
  follower: Follower<Value>;
  /** Up to where it has everything; null until the feed has begun. */
  position: bigint | null;
  state: 'level' | 'catching up' | 'paused' | 'gone';
  wake: () => void;
}

export function createEventFeeds(deps: EventFeedsDeps) {
  const { store, stream, limits = feedLimits, totalBytes = 64 * 1024 * 1024 } = deps;
  let heldBytes = 0;

  return function openFeed<Value>({ filter, toValue, sizeOf, onEnd }: FeedOptions<Value>): EventFeed<Value> {
    const members = new Set<Member<Value>>();
    const level = new Set<Member<Value>>();
    const abort = new AbortController();
    // The last values, for those who fall a little behind or come back: all that lies after `floor`.
    const recent: { position: bigint; value: Value; bytes: number }[] = [];
    let recentBytes = 0;
    let floor = 0n;
    let position = 0n;
    let unhanded = { count: 0, bytes: 0 };
    let handing: Promise<void> | null = null;
    let ended = false;
    const begun = begin();

    async function begin(): Promise<void> {
      position = await store.head(filter.clientId);
      floor = position;
      void run();
    }

    async function run(): Promise<void> {
      try {
        for await (const record of stream({ ...filter, after: position, abort: abort.signal })) {
          const value = await toValue(record);
          const bytes = sizeOf(value);
          // What has not been handed out is not to be pushed out of what is kept.
          if (unhanded.count >= Math.min(mostAtOnce, limits.records) || unhanded.bytes + bytes > limits.bytes / 2) {
            await handing;
          }
          if (ended) return;
          keep(record.position, value, bytes);
          handing ??= handOut();
        }
        await handing;
        end(null);
      } catch (error) {
        end(error as Error);
      }
    }

    function keep(at: bigint, value: Value, bytes: number): void {
      unhanded.count++;
      unhanded.bytes += bytes;
      recent.push({ position: at, value, bytes });
      position = at;
      recentBytes += bytes;
      heldBytes += bytes;
      const isFull = () => recent.length > limits.records || recentBytes > limits.bytes || heldBytes > totalBytes;
      while (recent.length > 1 && isFull()) {
        const oldest = recent.shift();
        if (!oldest) break;
        floor = oldest.position;
        recentBytes -= oldest.bytes;
        heldBytes -= oldest.bytes;
      }
    }

    // In the next turn, by when the rest of what was committed at once has come.
    async function handOut(): Promise<void> {
      while (unhanded.count > 0 && !ended) {
        await turn();
        unhanded = { count: 0, bytes: 0 };
        let count = 0;
        for (const member of level) {
          // One that has joined meanwhile has it already.
          if (member.position === null || member.position >= position) continue;
          hand(member, member.position);
          // Thousands of writes in one go would hold up everything else.
          if (++count % 500 === 0) await turn();
        }
      }
      handing = null;
    }

    // Without waiting in between: what comes next finds the member level, or waiting for `resume`.
    function hand(member: Member<Value>, from: bigint): void {
      if (from < floor) {
        level.delete(member);
        void bringLevel(member);
        return;
      }
      let at = recent.length;
      while ((recent[at - 1]?.position ?? 0n) > from) at--;
      for (; at < recent.length && isThere(member); at++) {
        const { position: next, value } = recent[at] as (typeof recent)[number];
        member.position = next;
        if (member.follower.take(value, next, at + 1 < recent.length) || !isThere(member)) continue;
        member.state = 'paused';
        level.delete(member);
        return;
      }
    }

    async function bringLevel(member: Member<Value>): Promise<void> {
      member.state = 'catching up';
      try {
        member.position ??= await findBeginning(member.follower.after);
        while (isThere(member) && !tryJoin(member, member.position)) {
          member.position = await replayPage(member, member.position);
        }
      } catch (error) {
        if (drop(member)) member.follower.onEnd(error as Error);
      }
    }

    async function findBeginning(after: bigint | null): Promise<bigint> {
      await begun;
      if (after === null) return position;
      if (after > position && after > (await store.head(filter.clientId))) throw beyondTheEnd();
      return after;
    }

    function tryJoin(member: Member<Value>, from: bigint): boolean {
      if (from < floor) return false;
      hand(member, from);
      if (member.state === 'catching up') {
        member.state = 'level';
        level.add(member);
      }
      return true;
    }

    // Returns up to where the member has everything.
    async function replayPage(member: Member<Value>, from: bigint): Promise<bigint> {
      const handedOut = position;
      const page = await store.readPage(filter, from);
      let last = from;
      for (const record of page.records) {
        const value = await toValue(record);
        if (!isThere(member)) return last;
        last = record.position;
        if (!member.follower.take(value, last, false)) await resumed(member);
        if (last >= floor) return last;
      }
      // A page that is complete has everything that was committed before it was read.
      return page.complete && handedOut > last ? handedOut : last;
    }

    async function resumed(member: Member<Value>): Promise<void> {
      await new Promise<void>((resolve) => {
        member.wake = resolve;
      });
      member.wake = () => {};
    }

    function isThere({ state }: Member<Value>): boolean {
      return state !== 'gone';
    }

    function drop(member: Member<Value>): boolean {
      if (member.state === 'gone') return false;
      member.state = 'gone';
      member.wake();
      level.delete(member);
      members.delete(member);
      if (members.size === 0) end(null);
      return true;
    }

    function end(error: Error | null): void {
      if (ended) return;
      ended = true;
      abort.abort();
      heldBytes -= recentBytes;
      onEnd();
      for (const member of members) if (drop(member)) member.follower.onEnd(error);
    }

    return {
      follow(follower) {
        const member: Member<Value> = { follower, position: null, state: 'catching up', wake: () => {} };
        members.add(member);
        void bringLevel(member);
        return {
          resume: () => {
            if (member.state === 'paused') void bringLevel(member);
            else member.wake();
          },
          leave: () => void drop(member),
        };
      },
    };
  };
}
