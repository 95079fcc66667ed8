import type { EventRecord } from './event-record.ts';

/** Between the tail, which pushes, and one reader, who takes when it can. */
export interface EventQueue {
  /** Overflows, from then on taking nothing, rather than hold too much. One event fits in an empty queue, whatever its size. */
  push(records: readonly EventRecord[]): void;
  /** Ends the queue as if its reader had left. */
  end(): void;
  /** What was pushed, in order. Returns, once the reader has taken what there is, how it ended. */
  drain(): AsyncGenerator<EventRecord, QueueEnd>;
}

/** `overflowed`: what was pushed after the last event handed out has been dropped, and is in the log. */
export type QueueEnd = 'ended' | 'overflowed';

export interface QueueLimits {
  records: number;
  bytes: number;
}

export interface EventQueueDeps {
  limits: QueueLimits;
  /** Asked only about events that must wait behind another one. */
  sizeOf(record: EventRecord): number;
  abort: AbortSignal;
}

export function createEventQueue({ limits, sizeOf, abort }: EventQueueDeps): EventQueue {
  let waiting: Array<{ record: EventRecord; bytes: number }> = [];
  let waitingBytes = 0;
  let end: QueueEnd | null = null;
  let wake: () => void = () => {};

  function finish(): void {
    end = 'ended';
    waiting = [];
    wake();
  }

  function take(): EventRecord | null {
    const next = waiting.shift();
    if (!next) return null;
    waitingBytes -= next.bytes;
    return next.record;
  }

  return {
    push(records) {
      for (const record of records) {
        if (end !== null) return;
        const bytes = waiting.length === 0 ? 0 : sizeOf(record);
        if (waiting.length >= limits.records || waitingBytes + bytes > limits.bytes) {
          end = 'overflowed';
          break;
        }
        waiting.push({ record, bytes });
        waitingBytes += bytes;
      }
      wake();
    },
    end: finish,
    async *drain() {
      abort.addEventListener('abort', finish, { once: true });
      if (abort.aborted) finish();
      try {
        while (true) {
          const record = take();
          if (record) {
            yield record;
          } else if (end !== null) {
            return end;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
      } finally {
        abort.removeEventListener('abort', finish);
      }
    },
  };
}
