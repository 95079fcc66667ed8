import { setTimeout as delay } from 'node:timers/promises';

import { isRefusedByDatabase } from '../storage/database-errors.ts';
import type { AttemptRecord, AttemptStore } from './attempt-store.ts';
import { recordedAtOnce, sendWithinMs } from './delivery-limits.ts';
import type { DeliveryLog } from './delivery-log.ts';

export interface ResultRecorder<T extends AttemptRecord> {
  add(result: T): void;
  /** Resolves when everything added has been written. */
  settled(): Promise<void>;
}

export interface RecorderDeps<T extends AttemptRecord> {
  store: AttemptStore;
  /** Called after results were written, or given up: then the lease brings the deliveries back. */
  onRecorded(results: readonly T[]): Promise<void>;
  log: DeliveryLog;
}

const firstPauseMs = 50;
const longestPauseMs = 2_000;
/** A statement has a price of its own: a result costs the database a third less among two hundred than among twenty. */
const gatherMs = 20;

/**
 * Writes results in batches: a lone one at once, and while statements follow one another, what some milliseconds bring. One that the
 * database refuses for its data is given up, and takes no other with it.
 */
export function createResultRecorder<T extends AttemptRecord>(deps: RecorderDeps<T>): ResultRecorder<T> {
  let waiting: T[] = [];
  let running: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;

  // One statement at a time: a second one beside it would only halve the batches.
  function flush(): void {
    if (running !== null || waiting.length === 0) return;
    if (timer !== null) clearTimeout(timer);
    timer = null;
    const batch = waiting.slice(0, recordedAtOnce);
    waiting = waiting.slice(recordedAtOnce);
    running = record(batch).finally(() => {
      running = null;
      flushSoon();
    });
  }

  function flushSoon(): void {
    if (waiting.length >= recordedAtOnce) flush();
    else if (waiting.length > 0) timer ??= setTimeout(flush, gatherMs);
  }

  async function record(batch: readonly T[]): Promise<void> {
    await write(batch, performance.now() + sendWithinMs);
    await deps.onRecorded(batch).catch((error: unknown) => {
      deps.log.error({ err: error }, 'the state of webhook endpoints could not be recorded');
    });
  }

  async function write(batch: readonly T[], giveUpAt: number): Promise<void> {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        return await deps.store.record(batch);
      } catch (error) {
        const isRefused = isRefusedByDatabase(error);
        if (isRefused && batch.length > 1) {
          const half = Math.ceil(batch.length / 2);
          await write(batch.slice(0, half), giveUpAt);
          return await write(batch.slice(half), giveUpAt);
        }
        const facts = { err: error, count: batch.length, deliveryId: batch[0]?.deliveryId };
        deps.log.error(facts, 'webhook results could not be recorded');
        if (isRefused || performance.now() > giveUpAt) return;
        await delay(pauseMs);
      }
    }
  }

  return {
    add(result) {
      waiting.push(result);
      if (timer !== null) flushSoon();
      // Results of the same turn of the event loop go together.
      else if (waiting.length === 1) queueMicrotask(flush);
    },
    async settled() {
      for (flush(); running !== null; flush()) await running;
    },
  };
}
