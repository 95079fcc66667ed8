import { isRefusedByDatabase } from '../storage/database-errors.ts';
import type { AuditEntry } from './audit-entry.ts';

/** Entries of what is not a call's: written together, since each takes the end of its chain. */
export interface EntryQueue {
  /** Written within a second; what a process that is killed has not written by then is lost. */
  push(entry: AuditEntry): void;
  /** Resolves when everything has been written, or could not be. */
  flush(): Promise<void>;
}

export interface EntryQueueDeps {
  append(entries: readonly AuditEntry[]): Promise<void>;
  onError(error: Error): void;
  /** @default 1_000 */
  pauseMs?: number;
}

const writtenAtOnce = 500;
/** While the database is away. */
const mostWaiting = 20_000;

export function createEntryQueue({ append, onError, pauseMs = 1_000 }: EntryQueueDeps): EntryQueue {
  const waiting: AuditEntry[] = [];
  let timer: NodeJS.Timeout | null = null;
  let writing: Promise<void> = Promise.resolve();

  async function write(): Promise<void> {
    while (waiting.length > 0) {
      const entries = waiting.splice(0, writtenAtOnce);
      try {
        await append(entries);
      } catch (error) {
        onError(error as Error);
        if (isRefusedByDatabase(error) || waiting.length + entries.length > mostWaiting) continue;
        waiting.unshift(...entries);
        return wait();
      }
    }
  }

  function flush(): Promise<void> {
    if (timer) clearTimeout(timer);
    timer = null;
    writing = writing.then(write);
    return writing;
  }

  function wait(): void {
    timer ??= setTimeout(() => void flush(), pauseMs);
    timer.unref();
  }

  return {
    push(entry) {
      if (waiting.length >= mostWaiting)
        return onError(new Error('An entry of the audit log was dropped: too many wait.'));
      waiting.push(entry);
      if (waiting.length === writtenAtOnce) void flush();
      else wait();
    },
    flush,
  };
}
