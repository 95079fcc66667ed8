import type { EventRecord } from './event-record.ts';
import type { EventSignal } from './event-signal.ts';
import type { EventStore } from './event-store.ts';
import { createSubscriberIndex, type EventFilter, type SubscriberIndex } from './subscriber-index.ts';

export interface StreamFilter extends EventFilter {
  clientId: string;
}

export interface TailSubscriber {
  filter: StreamFilter;
  /** The position up to which the subscriber has everything; what comes after is handed to it, in order, each once. */
  after: bigint;
  /** Must neither wait nor throw. */
  onRecords(records: readonly EventRecord[]): void;
  /** The log was closed. */
  onEnd(): void;
}

/** The live end of the clients' logs: each is read once per process, however many listen, and not at all when nobody does. */
export interface EventTail {
  /** Hands over what is committed from now on, for as long as it is not left. `position`: what comes lies after it. */
  subscribe(
    filter: StreamFilter,
    onRecords: (records: readonly EventRecord[]) => void,
  ): Promise<{ position: bigint; leave(): void }>;
  /**
   * Joins at a position that the subscriber has read up to by itself; returns how to leave. Null when the tail is ahead of it:
   * read on to `position` and try again.
   */
  join(subscriber: TailSubscriber): (() => void) | null;
  /** Up to where a client's subscribers have been served; null when there are none. */
  position(clientId: string): bigint | null;
  close(): void;
}

export interface EventTailDeps {
  store: Pick<EventStore, 'readPage' | 'head' | 'heads'>;
  signal: Pick<EventSignal, 'subscribe'>;
  /** A reading that failed is tried again; subscribers wait. */
  onError?: (error: Error) => void;
  /** A signal can be lost: nothing waits longer than this for the next look. @default 5000 */
  pollMs?: number;
  /** @default 1000 */
  retryMs?: number;
}

interface ClientTail {
  position: bigint;
  subscribers: SubscriberIndex<TailSubscriber>;
  isReading: boolean;
  /** A signal came while reading: look again. */
  again: boolean;
}

export function createEventTail(deps: EventTailDeps): EventTail {
  const { store, signal, onError = () => {}, pollMs = 5_000, retryMs = 1_000 } = deps;
  const tails = new Map<string, ClientTail>();
  let closed = false;
  const note = (clientId: string, position: bigint): void => {
    const tail = tails.get(clientId);
    if (tail && position > tail.position) void wake(clientId, tail);
  };
  const look = (): void => void pollHeads().catch(onError);
  const unsubscribe = signal.subscribe(note, look);
  const timer = setInterval(look, pollMs);
  timer.unref();

  async function pollHeads(): Promise<void> {
    if (tails.size === 0) return;
    for (const [clientId, position] of await store.heads([...tails.keys()])) note(clientId, position);
  }

  // Never rejects. One reading at a time; what is signalled meanwhile is read by the same one.
  async function wake(clientId: string, tail: ClientTail): Promise<void> {
    tail.again = true;
    if (tail.isReading) return;
    tail.isReading = true;
    while (tail.again && tail.subscribers.size > 0) {
      tail.again = false;
      try {
        const page = await store.readPage({ clientId }, tail.position);
        handOut(tail, page.records);
        if (!page.complete) {
          tail.again = true;
          // Subscribers take what they have before more is heaped on it.
          await new Promise((resolve) => setImmediate(resolve));
        }
      } catch (error) {
        onError(error as Error);
        tail.again = true;
        await new Promise((resolve) => setTimeout(resolve, retryMs).unref());
      }
    }
    tail.isReading = false;
  }

  function enter(subscriber: TailSubscriber): () => void {
    const { clientId } = subscriber.filter;
    if (closed) {
      subscriber.onEnd();
      return () => {};
    }
    const tail = tails.get(clientId) ?? {
      position: subscriber.after,
      subscribers: createSubscriberIndex(),
      isReading: false,
      again: false,
    };
    tails.set(clientId, tail);
    tail.subscribers.add(subscriber);
    void wake(clientId, tail);
    return () => {
      tail.subscribers.delete(subscriber);
      if (tail.subscribers.size === 0 && tails.get(clientId) === tail) tails.delete(clientId);
    };
  }

  return {
    async subscribe(filter, onRecords) {
      const head = await store.head(filter.clientId);
      const position = tails.get(filter.clientId)?.position ?? head;
      return { position, leave: enter({ filter, after: position, onRecords, onEnd: () => {} }) };
    },
    join(subscriber) {
      const tail = tails.get(subscriber.filter.clientId);
      return tail && tail.position > subscriber.after ? null : enter(subscriber);
    },
    position: (clientId) => tails.get(clientId)?.position ?? null,
    close() {
      closed = true;
      unsubscribe();
      clearInterval(timer);
      const subscribers = [...tails.values()].flatMap((tail) => tail.subscribers.all());
      for (const tail of tails.values()) tail.subscribers = createSubscriberIndex();
      tails.clear();
      for (const subscriber of subscribers) subscriber.onEnd();
    },
  };
}

function handOut(tail: ClientTail, records: readonly EventRecord[]): void {
  const shares = new Map<TailSubscriber, EventRecord[]>();
  for (const record of records) {
    for (const subscriber of tail.subscribers.matching(record)) {
      if (record.position <= subscriber.after) continue;
      const share = shares.get(subscriber);
      if (share) share.push(record);
      else shares.set(subscriber, [record]);
    }
    tail.position = record.position;
  }
  for (const [subscriber, share] of shares) subscriber.onRecords(share);
}
