import { setTimeout as delay } from 'node:timers/promises';

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

/** Writes results in batches: whatever has come while the statement before was running goes with the next. */
export function createResultRecorder<T extends AttemptRecord>(deps: RecorderDeps<T>): ResultRecorder<T> {
  let waiting: T[] = [];
  let running: Promise<void> | null = null;

  // One statement at a time: a second one beside it would only halve the batches.
  function flush(): void {
    if (running !== null || waiting.length === 0) return;
    const batch = waiting.slice(0, recordedAtOnce);
    waiting = waiting.slice(recordedAtOnce);
    running = record(batch).finally(() => {
      running = null;
      flush();
    });
  }

  async function record(batch: readonly T[]): Promise<void> {
    const giveUpAt = performance.now() + sendWithinMs;
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 2, longestPauseMs)) {
      try {
        await deps.store.record(batch);
        break;
      } catch (error) {
        deps.log.error({ err: error, count: batch.length }, 'webhook results could not be recorded');
        if (performance.now() > giveUpAt) break;
        await delay(pauseMs);
      }
    }
    await deps.onRecorded(batch).catch((error: unknown) => {
      deps.log.error({ err: error }, 'the state of webhook endpoints could not be recorded');
    });
  }

  return {
    add(result) {
      waiting.push(result);
      // Results of the same turn of the event loop go together.
      if (waiting.length === 1) queueMicrotask(flush);
    },
    async settled() {
      flush();
      while (running !== null) await running;
    },
  };
}
