import type { SynchronizedAccountData } from './event-catalogue.ts';

/** What an event holds, and what a message about it carries: nobody has to take more at once. The rest is in the list of changes. */
export const eventBounds = {
  /** Rows of each list of an account that an event keeps. */
  rowsKept: 500,
  /** Ids of removed transactions are short: there are so many for each row of the other lists. */
  removedIdsPerRow: 5,
  /** Characters of its data as JSON that an event keeps: of each list fewer rows are kept then. */
  charactersKept: 512 * 1024,
  /** Rows of each list of an account that a message carries, unless it is asked for more or fewer. */
  rowsShown: 100,
  /** Bytes of a message: a WebSocket frame, a server-sent event, a webhook's body. */
  messageBytes: 1024 * 1024,
} as const;

/** How many rows the lists of an account really had, whatever is left of them. */
export interface ChangeCounts {
  newTransactionCount: number;
  updatedTransactionCount: number;
  removedTransactionCount: number;
}

export function countChanges(account: SynchronizedAccountData): ChangeCounts {
  return {
    newTransactionCount: account.newTransactionCount ?? account.newTransactions.length,
    updatedTransactionCount: account.updatedTransactionCount ?? account.updatedTransactions.length,
    removedTransactionCount: account.removedTransactionCount ?? account.removedTransactionIds.length,
  };
}

/** The account with so many rows of each list at most; with its counts and `truncated` where that leaves something out. */
export function cutAccount(account: SynchronizedAccountData, rows: number): SynchronizedAccountData {
  const { newTransactions, updatedTransactions, removedTransactionIds } = account;
  const removed = removedTransactionIds.slice(0, rows * eventBounds.removedIdsPerRow);
  const isWhole = removed.length === removedTransactionIds.length;
  if (isWhole && newTransactions.length <= rows && updatedTransactions.length <= rows) return account;
  return {
    ...account,
    newTransactions: newTransactions.slice(0, rows),
    updatedTransactions: updatedTransactions.slice(0, rows),
    removedTransactionIds: removed,
    ...countChanges(account),
    truncated: true,
  };
}

/** Half of the rows that went before, again and again, and none in the end: the most that fits. */
export function* fewerRows(most: number): Generator<number> {
  for (let rows = most; rows > 0; rows = Math.floor(rows / 2)) yield rows;
  yield 0;
}

/** Data of an event as it is kept. Given back as it is where it is within the bounds. */
export function toKeptData<Data extends object>(data: Data): Data {
  if (!hasAccounts(data)) return data;
  for (const rows of fewerRows(eventBounds.rowsKept)) {
    const kept = { ...data, accounts: data.accounts.map((account) => cutAccount(account, rows)) };
    if (rows === 0 || JSON.stringify(kept).length <= eventBounds.charactersKept) return kept;
  }
  return data;
}

export function hasAccounts(data: object): data is { accounts: SynchronizedAccountData[] } {
  return 'accounts' in data && Array.isArray(data.accounts);
}
