import type { Clock } from '../domain/clock.ts';
import { type AuditEntry, fromContent, type NewAuditEntry, toAuditEntry } from './audit-entry.ts';
import type { AuditFilter, AuditPage, AuditStore } from './audit-store.ts';
import { createSummaries } from './summaries.ts';

export interface ListedEntry extends AuditEntry {
  /** In the order of a list. */
  position: bigint;
}

/** Who did what: append-only, a hash chain per client. */
export interface AuditLog {
  /** Resolves once the entry is stored: before what it announces is done. */
  record(entry: NewAuditEntry): Promise<void>;
  /** Of what has been announced: resolves in any case, since what is done is done. */
  recordOutcome(entry: NewAuditEntry): Promise<void>;
  /** Counts a read of bank data by a key: written at the first one of an hour, and with the count once the hour is over. */
  noteRead(reader: { clientId: string; keyId: string }): void;
  /** Counts a refused key: written as reads are. `keyId` is null for a key that does not exist. */
  noteRefusedKey(refusal: RefusedKey): void;
  /** The newest first: a client's own, or with null everybody's. */
  list(clientId: string | null, filter: AuditFilter, page: AuditPage): Promise<ListedEntry[]>;
  /** Writes the counts of hours that are over. */
  flush(): Promise<void>;
  /** Writes all counts. */
  close(): Promise<void>;
}

export interface RefusedKey {
  clientId: string | null;
  keyId: string | null;
  reason: 'unknown' | 'expired' | 'revoked';
}

export interface AuditLogDeps {
  clock: Clock;
  store: AuditStore;
  onError(error: Error): void;
}

const flushMs = 60_000;

export function createAuditLog({ clock, store, onError }: AuditLogDeps): AuditLog {
  const record = (entry: NewAuditEntry): Promise<void> => store.append(toAuditEntry(entry, clock.now()));
  const summaries = createSummaries({ clock, record, onError });
  const timer = setInterval(() => void summaries.flush(), flushMs);
  timer.unref();
  return {
    record,
    recordOutcome: (entry) => record(entry).catch(onError),
    noteRead: ({ clientId, keyId }) => summaries.note('data.read', clientId, keyId, ''),
    noteRefusedKey: ({ clientId, keyId, reason }) => summaries.note('key.refused', clientId, keyId, reason),
    async list(clientId, filter, page) {
      const rows = await store.list(clientId, filter, page);
      return rows.map(({ position, content }) => ({ ...fromContent(content), position }));
    },
    flush: () => summaries.flush(),
    async close() {
      clearInterval(timer);
      await summaries.close();
    },
  };
}
