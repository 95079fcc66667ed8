import type { Clock } from '../domain/clock.ts';
import type { AuditAction, NewAuditEntry } from './audit-entry.ts';

/** What comes too often for an entry each, counted by the hour. */
export interface Summaries {
  note(counted: Counted): void;
  /** Ends what is of hours that are over. */
  endHours(): void;
  endAll(): void;
}

export interface Counted {
  action: AuditAction;
  clientId: string | null;
  actorId: string | null;
  subjectId: string | null;
  /** Counted apart. @default none */
  reason?: string;
}

interface Summary extends Counted {
  hour: number;
  count: number;
}

interface SummariesDeps {
  clock: Clock;
  record(entry: NewAuditEntry): void;
}

const hourMs = 3_600_000;

export function createSummaries({ clock, record }: SummariesDeps): Summaries {
  // By subject, then by action and reason.
  const open = new Map<string, Map<string, Summary>>();

  function write(
    { action, clientId, actorId, subjectId, reason, hour, count }: Summary,
    state: 'begun' | 'ended',
  ): void {
    const details = {
      hour: new Date(hour * hourMs).toISOString(),
      ...(state === 'ended' && { count }),
      ...(reason && { reason }),
    };
    record({ action, clientId, actorId, subjectId, requestId: null, ipAddress: null, details });
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
    note(counted) {
      const { action, subjectId, reason = '' } = counted;
      const hour = Math.floor(clock.now().getTime() / hourMs);
      const key = subjectId ?? '';
      const ofKey = open.get(key) ?? new Map<string, Summary>();
      open.set(key, ofKey);
      const name = action + reason;
      const known = ofKey.get(name);
      if (known?.hour === hour) {
        known.count++;
        return;
      }
      if (known && known.count > 1) write(known, 'ended');
      const summary = { ...counted, hour, count: 1 };
      ofKey.set(name, summary);
      write(summary, 'begun');
    },
    endHours() {
      const hour = Math.floor(clock.now().getTime() / hourMs);
      end((summary) => summary.hour < hour);
    },
    endAll: () => end(() => true),
  };
}
