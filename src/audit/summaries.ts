import type { Clock } from '../domain/clock.ts';
import type { AuditAction, NewAuditEntry } from './audit-entry.ts';

/** What comes too often for an entry each, counted by the hour. */
export interface Summaries {
  note(action: AuditAction, clientId: string | null, actorId: string | null, reason: string): void;
  /** Writes what is of hours that are over. */
  flush(): Promise<void>;
  /** Writes everything, and waits for what is being written. */
  close(): Promise<void>;
}

interface Summary {
  action: AuditAction;
  clientId: string | null;
  actorId: string | null;
  reason: string;
  hour: number;
  count: number;
}

interface SummariesDeps {
  clock: Clock;
  record(entry: NewAuditEntry): Promise<void>;
  onError(error: Error): void;
}

const hourMs = 3_600_000;

export function createSummaries({ clock, record, onError }: SummariesDeps): Summaries {
  // By key, then by action and reason.
  const open = new Map<string, Map<string, Summary>>();
  const writing = new Set<Promise<void>>();

  function write({ action, clientId, actorId, reason, hour, count }: Summary, state: 'begun' | 'ended'): void {
    const details = {
      hour: new Date(hour * hourMs).toISOString(),
      ...(state === 'ended' && { count }),
      ...(reason && { reason }),
    };
    const written = record({ action, clientId, actorId, subjectId: actorId, requestId: null, ipAddress: null, details })
      .catch(onError)
      .finally(() => writing.delete(written));
    writing.add(written);
  }

  function end(isOver: (summary: Summary) => boolean): void {
    for (const ofKey of open.values()) {
      for (const [name, summary] of ofKey) {
        if (!isOver(summary)) continue;
        ofKey.delete(name);
        // Of a single one the first entry has said everything.
        if (summary.count > 1) write(summary, 'ended');
      }
    }
    for (const [key, ofKey] of open) if (ofKey.size === 0) open.delete(key);
  }

  return {
    note(action, clientId, actorId, reason) {
      const hour = Math.floor(clock.now().getTime() / hourMs);
      const key = actorId ?? '';
      const ofKey = open.get(key) ?? new Map<string, Summary>();
      open.set(key, ofKey);
      const name = action + reason;
      const known = ofKey.get(name);
      if (known?.hour === hour) {
        known.count++;
        return;
      }
      if (known && known.count > 1) write(known, 'ended');
      const summary = { action, clientId, actorId, reason, hour, count: 1 };
      ofKey.set(name, summary);
      write(summary, 'begun');
    },
    async flush() {
      const hour = Math.floor(clock.now().getTime() / hourMs);
      end((summary) => summary.hour < hour);
      await Promise.all(writing);
    },
    async close() {
      end(() => true);
      await Promise.all(writing);
    },
  };
}
