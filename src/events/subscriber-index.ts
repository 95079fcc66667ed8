import type { EventType } from '../generated/prisma/enums.ts';
import type { EventRecord } from './event-record.ts';

/** Which events of a client are wanted; what is left out lets everything through. */
export interface EventFilter {
  types?: readonly EventType[];
  userId?: string;
  bankLoginId?: string;
}

/** Whether the filter lets the event through; the client is the caller's matter. */
export function matches(filter: EventFilter, record: EventRecord): boolean {
  return (
    (filter.types === undefined || filter.types.includes(record.type)) &&
    (filter.userId === undefined || filter.userId === record.userId) &&
    (filter.bankLoginId === undefined || filter.bankLoginId === record.bankLoginId)
  );
}

/** Subscribers by what they wait for, so that an event is held against those few filters that may match. */
export interface SubscriberIndex<Subscriber> {
  readonly size: number;
  add(subscriber: Subscriber): void;
  delete(subscriber: Subscriber): void;
  /** Those whose filter lets the event through, each once. */
  matching(record: EventRecord): Subscriber[];
  all(): Subscriber[];
}

export function createSubscriberIndex<Subscriber extends { filter: EventFilter }>(): SubscriberIndex<Subscriber> {
  const subscribers = new Set<Subscriber>();
  const buckets = new Map<string, Set<Subscriber>>();
  return {
    get size() {
      return subscribers.size;
    },
    add(subscriber) {
      subscribers.add(subscriber);
      for (const key of keysOf(subscriber.filter)) {
        const bucket = buckets.get(key) ?? new Set();
        bucket.add(subscriber);
        buckets.set(key, bucket);
      }
    },
    delete(subscriber) {
      subscribers.delete(subscriber);
      for (const key of keysOf(subscriber.filter)) {
        buckets.get(key)?.delete(subscriber);
        if (buckets.get(key)?.size === 0) buckets.delete(key);
      }
    },
    matching(record) {
      const keys = [`login ${record.bankLoginId}`, `user ${record.userId}`, `type ${record.type}`, 'every'];
      return keys.flatMap((key) => [...(buckets.get(key) ?? [])].filter(({ filter }) => matches(filter, record)));
    },
    all: () => [...subscribers],
  };
}

// The narrowest thing that the filter asks for. An event has one login, one user and one type, so it finds nobody twice.
function keysOf({ bankLoginId, userId, types }: EventFilter): string[] {
  if (bankLoginId !== undefined) return [`login ${bankLoginId}`];
  if (userId !== undefined) return [`user ${userId}`];
  return types ? [...new Set(types)].map((type) => `type ${type}`) : ['every'];
}
