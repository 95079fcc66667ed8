import { InvalidInput } from '../domain/errors.ts';
import { createEventQueue, type QueueLimits } from './event-queue.ts';
import type { EventRecord } from './event-record.ts';
import type { EventStore } from './event-store.ts';
import type { EventTail, StreamFilter } from './event-tail.ts';

export interface StreamQuery extends StreamFilter {
  /** Exclusive; null: from now on. */
  after: bigint | null;
  abort: AbortSignal;
}

/** What a reader may have waiting in memory; of what is beyond, it reads the log. */
export const streamLimits: QueueLimits = { records: 1_000, bytes: 8 * 1024 * 1024 };

export interface EventStreamsDeps {
  store: Pick<EventStore, 'readPage' | 'head'>;
  tail: Pick<EventTail, 'join' | 'position'>;
  /** @default streamLimits */
  limits?: QueueLimits;
}

/**
 * Opens streams of events: first pages of the log, at the reader's own pace, until it is level with the tail that all share;
 * then the tail. A reader that falls behind the tail goes back to the log.
 */
export function createEventStreams({ store, tail, limits = streamLimits }: EventStreamsDeps) {
  const sizeOf = createSizes();

  return async function* stream(query: StreamQuery): AsyncGenerator<EventRecord> {
    const { clientId, abort } = query;
    let reached = await store.head(clientId);
    let position = query.after ?? reached;
    if (position > reached) throw beyondTheEnd();
    while (!abort.aborted) {
      if (position < reached) {
        const page = await store.readPage(query, position);
        for (const record of page.records) {
          if (abort.aborted) return;
          yield record;
        }
        const last = page.records.at(-1)?.position ?? position;
        // A page that is complete has everything that was committed before it was read, `reached` included.
        position = page.complete && reached > last ? reached : last;
        // Asked anew, since the reader may have taken its time: the tail would heap on it all that came meanwhile.
        reached = tail.position(clientId) ?? (await store.head(clientId));
        continue;
      }
      const queue = createEventQueue({ limits, sizeOf, abort });
      const leave = tail.join({ filter: query, after: position, onRecords: queue.push, onEnd: queue.end });
      if (leave === null) {
        reached = tail.position(clientId) ?? position;
        continue;
      }
      try {
        const waiting = queue.drain();
        let next = await waiting.next();
        while (!next.done) {
          position = next.value.position;
          yield next.value;
          next = await waiting.next();
        }
        if (next.value === 'ended') return;
      } finally {
        leave();
      }
      reached = tail.position(clientId) ?? (await store.head(clientId));
    }
  };
}

/** Going on from there would pass over whatever the log grows by until then. */
export function beyondTheEnd(): InvalidInput {
  return new InvalidInput([{ path: 'after', message: 'lies beyond the end of the event log' }]);
}

// An event waits in many queues; its size is found once.
function createSizes(): (record: EventRecord) => number {
  const sizes = new WeakMap<EventRecord, number>();
  return (record) => {
    const known = sizes.get(record) ?? JSON.stringify(record.data).length;
    sizes.set(record, known);
    return known;
  };
}
