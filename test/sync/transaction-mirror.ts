import { expect } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import type { ChangePlace } from '../../src/accounts/transaction-change-store.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';

/** A client's copy of its transactions, which follows the list of changes. */
export interface TransactionMirror {
  /** Reads one page; false when there was nothing more. */
  readPage(first: number): Promise<boolean>;
  readAll(first: number): Promise<void>;
  /** As a process that is killed: what it has stored since it last noted its cursor it will read again. */
  noteCursor(): void;
  kill(): void;
  /** As on BANK_LOGIN_DELETED. */
  forgetLogin(bankLoginId: string): void;
  /** Whether the copy is what the store has, to the last field. */
  expectExact(): Promise<void>;
}

export function createTransactionMirror(database: Database, clientId: string): TransactionMirror {
  const accounts = createAccountStore(database);
  const copy = new Map<string, { bankLoginId: string; text: string }>();
  let cursor: ChangePlace | null = null;
  let noted: ChangePlace | null = null;

  async function readPage(first: number): Promise<boolean> {
    const { changes, goOnAfter } = await accounts.listChanges(clientId, {}, { after: cursor, limit: first });
    for (const { place, kind, transaction } of changes) {
      expect(kind === 'REMOVED').toBe(transaction === null);
      const { bankLoginId } = place;
      if (transaction) copy.set(transaction.id, { bankLoginId, text: toText({ ...transaction, sortDate: undefined }) });
      else copy.delete(place.of.transactionId);
    }
    cursor = goOnAfter ?? changes.at(-1)?.place ?? cursor;
    return changes.length === first || goOnAfter !== null;
  }

  return {
    readPage,
    async readAll(first) {
      while (await readPage(first));
    },
    noteCursor() {
      noted = cursor;
    },
    kill() {
      cursor = noted;
    },
    forgetLogin(bankLoginId) {
      for (const [id, row] of copy) if (row.bankLoginId === bankLoginId) copy.delete(id);
    },
    async expectExact() {
      const rows = await database.query<{ id: string }>(
        Prisma.sql`SELECT id FROM transactions WHERE client_id = ${clientId} ORDER BY id COLLATE "C"`,
      );
      const ids = rows.map(({ id }) => id);
      const kept = new Map((await accounts.listTransactionsByIds(clientId, ids)).map((each) => [each.id, each]));
      const expected = ids.map((id) => toText({ ...kept.get(id), sortDate: undefined }));
      expect([...copy].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, { text }]) => text)).toEqual(expected);
    },
  };
}

function toText(value: object): string {
  return JSON.stringify(value);
}
