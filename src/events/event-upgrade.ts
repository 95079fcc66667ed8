import type { SynchronizedAccountData } from './event-catalogue.ts';

/**
 * Accounts of an event with the fields that every row has by now. What was written before release 0.2.0 says neither when its balances
 * were observed nor when its transactions were first seen: by this event, as far as it can be told.
 */
export function withRecordFields(
  accounts: readonly SynchronizedAccountData[],
  occurredAt: Date,
): readonly SynchronizedAccountData[] {
  if (accounts.every(({ skippedRows }) => skippedRows !== undefined)) return accounts;
  const at = occurredAt.toISOString();
  const seen = { firstSeenAt: at, updatedAt: at };
  return accounts.map((account) => ({
    ...account,
    balances: account.balances.map((balance) => ({ ...balance, observedAt: at })),
    newTransactions: account.newTransactions.map((transaction) => ({ ...transaction, ...seen })),
    updatedTransactions: account.updatedTransactions.map((transaction) => ({ ...transaction, ...seen })),
  }));
}
