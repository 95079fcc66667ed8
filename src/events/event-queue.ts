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
  /** Cuts the subscriber off when it has `limit` events waiting. */
  push(record: EventRecord): void;
  /** Ends the queue; null without an error. */
  fail(error: unknown): void;
  /** `position`: of the last event that the subscriber had before. Throws SlowConsumer, or what the queue failed with. */
  drain(position: bigint): AsyncGenerator<EventRecord>;
}

export function createEventQueue(limit: number, abort: AbortSignal): EventQueue {
  let waiting: EventRecord[] = [];
  let ended: { error: unknown } | null = null;
  let handedOut: bigint | null = null;
  let wake: () => void = () => {};

  function end(error: unknown): void {
    ended ??= { error };
    waiting = [];
    wake();
  }

  return {
    push(record) {
      if (ended) return;
      if (waiting.length >= limit) return end(new SlowConsumer(handedOut));
      waiting.push(record);
      wake();
    },
    fail: end,
    async *drain(position) {
      handedOut = position;
      const onAbort = (): void => end(null);
      abort.addEventListener('abort', onAbort, { once: true });
      if (abort.aborted) end(null);
      try {
        while (!ended) {
          const record = waiting.shift();
          if (record) {
            handedOut = record.position;
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
