import { AppError } from '../domain/errors.ts';
import { toCursor } from './event-cursor.ts';
import type { EventRecord } from './event-record.ts';

/** The reader did not keep up, and was cut off before anything was skipped: go on with `cursor`. */
export class SlowConsumer extends AppError {
  /** Of the last event that was handed out; null when there was none. */
  readonly cursor: string | null;
  constructor(position: bigint | null) {
    const cursor = position === null ? null : toCursor(position);
    super('SLOW_CONSUMER', 'The subscription fell too far behind; subscribe again with the last cursor.', {
      details: { cursor },
    });
    this.cursor = cursor;
  }
}

/** Between the tail, which pushes, and one subscriber, who takes when it can. */
export interface EventQueue {
  /** Cuts the subscriber off, instead, when it has too much waiting. One event fits in an empty queue, whatever its size. */
  push(records: readonly EventRecord[]): void;
  /** Ends the queue as if its reader had left. */
  end(): void;
  /** `position`: of the last event that the subscriber had before. Throws SlowConsumer. */
  drain(position: bigint): AsyncGenerator<EventRecord>;
}

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
  let ended: { error: SlowConsumer | null } | null = null;
  let handedOut: bigint | null = null;
  let wake: () => void = () => {};

  function finish(error: SlowConsumer | null): void {
    ended ??= { error };
    waiting = [];
    wake();
  }

  function take(): EventRecord | null {
    const next = waiting.shift();
    if (!next) return null;
    waitingBytes -= next.bytes;
    handedOut = next.record.position;
    return next.record;
  }

  return {
    push(records) {
      for (const record of records) {
        if (ended) return;
        const bytes = waiting.length === 0 ? 0 : sizeOf(record);
        if (waiting.length >= limits.records || waitingBytes + bytes > limits.bytes) {
          return finish(new SlowConsumer(handedOut));
        }
        waiting.push({ record, bytes });
        waitingBytes += bytes;
      }
      wake();
    },
    end: () => finish(null),
    async *drain(position) {
      handedOut ??= position;
      const onAbort = (): void => finish(null);
      abort.addEventListener('abort', onAbort, { once: true });
      if (abort.aborted) finish(null);
      try {
        while (!ended) {
          const record = take();
          if (record) {
            yield record;
          } else {
            await new Promise<void>((resolve) => {
              wake = resolve;
            });
          }
        }
        if (ended.error) throw ended.error;
      } finally {
        abort.removeEventListener('abort', onAbort);
      }
    },
  };
}
