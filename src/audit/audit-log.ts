import type { Clock } from '../domain/clock.ts';
import { type CallRecord, callScopes } from '../storage/call-scope.ts';
import { type AuditAction, type AuditEntry, fromContent, type NewAuditEntry, toAuditEntry } from './audit-entry.ts';
import { type AuditFilter, type AuditPage, type AuditStore, appendSql, type ListedContent } from './audit-store.ts';
import { createEntryQueue } from './entry-queue.ts';
import { createSummaries } from './summaries.ts';

export interface ListedEntry extends AuditEntry {
  /** In the order of a list. */
  position: bigint;
}

/** Who did what: append-only, a hash chain per client. */
export interface AuditLog {
  /** Resolves once the entry is stored. */
  record(entry: NewAuditEntry): Promise<void>;
  /**
   * Runs `work` so that the entry commits with the first thing that it changes, or neither does; the entry is completed with what
   * `toSubject` reads from that. What commits nothing leaves one entry with what came of it, beside the answer's way.
   */
  perform<T>(call: AuditedCall<T>, work: () => Promise<T>): Promise<T>;
  /** Of a refusal: resolves in any case, since nothing was done that could be undone. */
  recordRefusal(entry: NewAuditEntry): Promise<void>;
  /** Counts a read of bank data by a key: written at the first one of an hour, and with the count once the hour is over. */
  noteRead(reader: { clientId: string; keyId: string }): void;
  /** Counts a refused key: written as reads are. `keyId` is null for a key that does not exist. */
  noteRefusedKey(refusal: RefusedKey): void;
  /** Counts what a key has been refused because its client asks for too much: written as reads are. */
  noteLimited(limited: { clientId: string; keyId: string }): void;
  /** Counts a synchronization that asks a bank for a login's data: written as reads are. */
  noteBankAccess(access: BankAccess): void;
  /** Of what is nobody's call, such as a failed login at a bank: written within a second. */
  note(entry: NewAuditEntry): void;
  /**
   * As `perform`, for what is nobody's call: the entry, made of what `work` changes, commits with it; where it changes nothing there is
   * none.
   */
  witness<T>(toEntry: (changed: unknown) => NewAuditEntry, work: () => Promise<T>): Promise<T>;
  /** The newest first: a client's own, or with null everybody's. */
  list(clientId: string | null, filter: AuditFilter, page: AuditPage): Promise<ListedEntry[]>;
  /** A client's own, or with null anybody's. */
  find(clientId: string | null, id: string): Promise<ListedEntry | null>;
  /** Writes what waits, and the counts of hours that are over. */
  flush(): Promise<void>;
  /** Writes all counts. */
  close(): Promise<void>;
}

export interface BankAccess {
  clientId: string;
  bankLoginId: string;
  trigger: string;
}

export interface AuditedCall<T> {
  entry: NewAuditEntry;
  /** What was changed and whose it is, from a row or a list of rows; the entry's own where it does not say. */
  toSubject(changed: unknown): Subject;
  /** What came of work that has changed nothing, be it resolved or rejected, as details of the entry. */
  toOutcome(settled: Settled<T>): Readonly<Record<string, unknown>>;
}

export type Subject = Partial<Pick<NewAuditEntry, 'subjectId' | 'clientId'>>;
export type Settled<T> = { result: T } | { error: unknown };

export interface RefusedKey {
  clientId: string | null;
  keyId: string | null;
  reason: 'unknown' | 'expired' | 'revoked' | 'address';
}

export interface AuditLogDeps {
  clock: Clock;
  store: AuditStore;
  onError(error: Error): void;
}

const flushMs = 60_000;

export function createAuditLog({ clock, store, onError }: AuditLogDeps): AuditLog {
  const record = (entry: NewAuditEntry): Promise<void> => store.append(toAuditEntry(entry, clock.now()));
  const queue = createEntryQueue({ append: store.appendAll, onError });
  const note = (entry: NewAuditEntry): void => queue.push(toAuditEntry(entry, clock.now()));
  const summaries = createSummaries({ clock, record: note });
  const timer = setInterval(() => summaries.endHours(), flushMs);
  timer.unref();
  const recordRefusal = (entry: NewAuditEntry): Promise<void> => record(entry).catch(onError);

  function toRecord<T>(call: AuditedCall<T>): CallRecord {
    const { entry, toSubject } = call;
    return {
      write: async (query, changed) => {
        const details = { ...entry.details, state: 'DONE' };
        await query(appendSql(toAuditEntry({ ...entry, ...toSubject(changed), details }, clock.now())));
      },
      forStep: (action) => toRecord({ ...call, entry: { ...entry, action: action as AuditAction } }),
    };
  }

  return {
    record,
    recordRefusal,
    perform: (call, work) =>
      callScopes.run([toRecord(call)], async (scope) => {
        const conclude = async (settled: Settled<Awaited<ReturnType<typeof work>>>) => {
          if (scope.isRecorded) return;
          await recordRefusal({ ...call.entry, details: { ...call.entry.details, ...call.toOutcome(settled) } });
        };
        try {
          const result = await work();
          await conclude({ result });
          return result;
        } catch (error) {
          await conclude({ error });
          throw error;
        }
      }),
    witness: (toEntry, work) => {
      const write: CallRecord['write'] = async (query, changed) =>
        void (await query(appendSql(toAuditEntry(toEntry(changed), clock.now()))));
      return callScopes.run([{ write, forStep: () => null }], () => work());
    },
    noteRead: ({ clientId, keyId }) =>
      summaries.note({ action: 'data.read', clientId, actorId: keyId, subjectId: keyId }),
    noteRefusedKey: ({ clientId, keyId, reason }) =>
      summaries.note({ action: 'key.refused', clientId, actorId: keyId, subjectId: keyId, reason }),
    noteLimited: ({ clientId, keyId }) =>
      summaries.note({ action: 'key.limited', clientId, actorId: keyId, subjectId: keyId }),
    noteBankAccess: ({ clientId, bankLoginId, trigger }) =>
      summaries.note({ action: 'bank.accessed', clientId, actorId: null, subjectId: bankLoginId, reason: trigger }),
    note,
    async list(clientId, filter, page) {
      const rows = await store.list(clientId, filter, page);
      return rows.map(toListed);
    },
    async find(clientId, id) {
      const row = await store.find(clientId, id);
      return row && toListed(row);
    },
    flush() {
      summaries.endHours();
      return queue.flush();
    },
    async close() {
      clearInterval(timer);
      summaries.endAll();
      await queue.flush();
    },
  };
}

function toListed({ position, content }: ListedContent): ListedEntry {
  return { ...fromContent(content), position };
}
