import type { EventType } from '../generated/prisma/enums.ts';
import { createEventQueue } from './event-queue.ts';
import type { EventRecord } from './event-record.ts';
import type { EventSignal } from './event-signal.ts';
import type { EventStore } from './event-store.ts';

export interface StreamFilter {
  clientId: string;
  types?: readonly EventType[];
  userId?: string;
  bankLoginId?: string;
}

export interface StreamQuery extends StreamFilter {
  /** Exclusive; null: from now on. */
  after: bigint | null;
  abort: AbortSignal;
}

/** Follows the clients' logs, each read once per process, however many subscribers it has. */
export interface EventTail {
  stream(query: StreamQuery): AsyncIterable<EventRecord>;
  close(): void;
}

// What a subscriber may have waiting before it is cut off.
const maximumWaiting = 1_000;
const pageSize = 200;
// A notification can be lost with the connection that carries it; nothing waits longer than this for the next look.
const pollMs = 5_000;

export interface EventTailDeps {
  store: Pick<EventStore, 'read' | 'head' | 'heads'>;
  signal: EventSignal;
  /** @default 1000 */
  maximumWaiting?: number;
}

interface Subscriber {
  filter: StreamFilter;
  /** Nothing at or below it is wanted from the tail. */
  from: bigint;
  push(record: EventRecord): void;
  fail(error: unknown): void;
}

interface ClientTail {
  /** Everything up to here has been handed to the subscribers. */
  position: bigint;
  subscribers: Set<Subscriber>;
  reading: Promise<void> | null;
  /** A signal came while reading: look again. */
  again: boolean;
}

export function createEventTail({ store, signal, maximumWaiting: limit = maximumWaiting }: EventTailDeps): EventTail {
  const tails = new Map<string, ClientTail>();
  const unsubscribe = signal.subscribe((clientId, position) => {
    const tail = tails.get(clientId);
    if (tail && position > tail.position) wake(clientId, tail);
  });
  const timer = setInterval(() => void pollHeads().catch(() => {}), pollMs);
  timer.unref();

  async function pollHeads(): Promise<void> {
    if (tails.size === 0) return;
    for (const [clientId, position] of await store.heads([...tails.keys()])) {
      const tail = tails.get(clientId);
      if (tail && position > tail.position) wake(clientId, tail);
    }
  }

  function wake(clientId: string, tail: ClientTail): void {
    tail.again = true;
    tail.reading ??= readOn(clientId, tail).finally(() => {
      tail.reading = null;
      // A signal that came just as the reading ended.
      if (tail.again && tail.subscribers.size > 0) wake(clientId, tail);
    });
  }

  async function readOn(clientId: string, tail: ClientTail): Promise<void> {
    try {
      while (tail.again && tail.subscribers.size > 0) {
        tail.again = false;
        const records = await store.read({ clientId, after: tail.position, limit: pageSize });
        for (const record of records) {
          for (const subscriber of tail.subscribers) {
            if (record.position > subscriber.from && matches(subscriber.filter, record)) subscriber.push(record);
          }
          tail.position = record.position;
        }
        if (records.length === pageSize) tail.again = true;
      }
    } catch (error) {
      for (const subscriber of tail.subscribers) subscriber.fail(error);
    }
  }

  function join(subscriber: Subscriber): () => void {
    const { clientId } = subscriber.filter;
    const tail = tails.get(clientId) ?? {
      position: subscriber.from,
      subscribers: new Set(),
      reading: null,
      again: false,
    };
    tails.set(clientId, tail);
    tail.subscribers.add(subscriber);
    wake(clientId, tail);
    return () => {
      tail.subscribers.delete(subscriber);
      if (tail.subscribers.size === 0 && tails.get(clientId) === tail) tails.delete(clientId);
    };
  }

  /**
   * First pages of the log until the shared tail is not ahead any more, then the tail. Between that finding and joining nothing
   * is awaited, so no event can slip through; `from` keeps what the tail has yet to read again from coming twice.
   */
  async function* stream(query: StreamQuery): AsyncGenerator<EventRecord> {
    const queue = createEventQueue(limit, query.abort);
    let position = query.after ?? (await store.head(query.clientId));
    for (;;) {
      const reached = tails.get(query.clientId)?.position;
      if (query.abort.aborted) return;
      if (reached === undefined || reached <= position) break;
      const records = await store.read({ ...query, after: position, limit: pageSize });
      for (const record of records) {
        if (query.abort.aborted) return;
        yield record;
      }
      // A full page ends at its last record; any other has everything that the tail had handed out before the reading.
      position =
        records.length === pageSize
          ? (records.at(-1)?.position ?? position)
          : maximum(reached, records.at(-1)?.position);
    }
    const leave = join({ filter: query, from: position, push: queue.push, fail: queue.fail });
    try {
      yield* queue.drain(position);
    } finally {
      leave();
    }
  }

  return {
    stream,
    close() {
      unsubscribe();
      clearInterval(timer);
      for (const tail of tails.values()) {
        for (const subscriber of tail.subscribers) subscriber.fail(null);
      }
      tails.clear();
    },
  };
}

/** Whether the filter lets the event through; the client is the caller's matter. */
export function matches(filter: Omit<StreamFilter, 'clientId'>, record: EventRecord): boolean {
  return (
    (filter.types === undefined || filter.types.includes(record.type)) &&
    (filter.userId === undefined || filter.userId === record.userId) &&
    (filter.bankLoginId === undefined || filter.bankLoginId === record.bankLoginId)
  );
}

function maximum(a: bigint, b: bigint | undefined): bigint {
  return b !== undefined && b > a ? b : a;
}
