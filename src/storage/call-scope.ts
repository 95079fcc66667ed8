import { AsyncLocalStorage } from 'node:async_hooks';
import type { Query } from './database.ts';

/** What a call writes besides its effect, in the same transaction: who did it, and what a repetition is answered with. */
export interface CallRecord {
  /** Last in the first transaction of the call that changes something, whose result is given. Throws: the transaction is undone. */
  write(query: Query, result: unknown, scope: CallScope): Promise<void>;
  /** What a part of the call writes that commits by itself; null: nothing. */
  forStep(action: string): CallRecord | null;
}

/** A call of the API on its way through the rooms. */
export interface CallScope {
  readonly records: CallRecord[];
  /** What the call makes and shows once: a key, a signing secret. */
  secret: string | null;
  /** Whether the records are committed. */
  isRecorded: boolean;
  /** What the call has set going goes on without it. */
  isOver: boolean;
}

export interface CallScopes {
  /** Runs `work` as a call that has these records. */
  run<T>(records: readonly CallRecord[], work: (scope: CallScope) => Promise<T>): Promise<T>;
  /** A part of the call that commits by itself, with records of its own. Outside a call it is plain work. */
  runStep<T>(action: string, work: () => Promise<T>): Promise<T>;
  /** Has the present call write one more record, before those that it has. Throws outside a call. */
  add(record: CallRecord): void;
  /** Tells the present call what it will show once. Outside a call it does nothing. */
  noteSecret(secret: string): void;
  /** At the end of a transaction, before its commit. Gives the scope whose records it wrote, to be marked after the commit. */
  finish(query: Query, result: unknown): Promise<CallScope | null>;
}

function createCallScopes(): CallScopes {
  const storage = new AsyncLocalStorage<CallScope>();
  let openCount = 0;

  async function run<T>(records: readonly CallRecord[], work: (scope: CallScope) => Promise<T>): Promise<T> {
    const scope: CallScope = { records: [...records], secret: null, isRecorded: false, isOver: false };
    openCount++;
    try {
      return await storage.run(scope, () => work(scope));
    } finally {
      scope.isOver = true;
      // Up to Node 22 an enabled storage slows down every promise of the process: between calls there is none.
      if (--openCount === 0) storage.disable();
    }
  }

  return {
    run,
    runStep: async (action, work) => {
      const scope = storage.getStore();
      if (!scope) return await work();
      return await run(
        scope.records.flatMap((record) => record.forStep(action) ?? []),
        work,
      );
    },
    add: (record) => {
      const scope = storage.getStore();
      if (!scope) throw new Error('A record of a call, outside of every call.');
      scope.records.unshift(record);
    },
    noteSecret: (secret) => {
      const scope = storage.getStore();
      if (scope) scope.secret = secret;
    },
    finish: async (query, result) => {
      const scope = storage.getStore();
      if (!scope || scope.isRecorded || scope.isOver || !hasChanged(result)) return null;
      for (const record of scope.records) await record.write(query, result, scope);
      return scope;
    },
  };
}

/** One for the process, since a call goes through all rooms. */
export const callScopes: CallScopes = createCallScopes();

/** How the transactions of the stores tell: null, undefined, false, 0 or an empty list says that nothing of the call's was done. */
function hasChanged(result: unknown): boolean {
  return Array.isArray(result) ? result.length > 0 : Boolean(result);
}
