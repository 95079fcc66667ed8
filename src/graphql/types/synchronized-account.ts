import { NotFound } from '../../domain/errors.ts';
import type { SynchronizedAccountData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';
import { assumedChanges } from '../limits.ts';
import { Account } from './account.ts';
import { AccountProblem } from './account-problem.ts';
import { Balance } from './balance.ts';
import { Transaction } from './transaction.ts';

export const SynchronizedAccount = builder.objectRef<SynchronizedAccountData>('SynchronizedAccount').implement({
  description: 'An account as this synchronization left it, with what changed since the one before.',
  fields: (t) => ({
    account: t.field({
      type: Account,
      description: 'The account, as it is now.',
      resolve: async ({ account }, _args, { loaders }) => {
        const row = await loaders.account.load(account.id);
        if (!row) throw new NotFound('account', account.id);
        return row;
      },
    }),
    balances: t.expose('balances', { type: [Balance], description: 'The balances that the bank gave.' }),
    newTransactions: t.expose('newTransactions', {
      type: [Transaction],
      description: 'Transactions seen for the first time, as they were then.',
      extensions: { listLength: assumedChanges.newTransactions },
    }),
    updatedTransactions: t.expose('updatedTransactions', {
      type: [Transaction],
      description: 'Transactions that have changed, such as pending ones that were booked, as they were then.',
      extensions: { listLength: assumedChanges.updatedTransactions },
    }),
    removedTransactionIds: t.field({
      type: ['ID'],
      description: 'Pending transactions that the bank has withdrawn.',
      extensions: { listLength: assumedChanges.removedTransactionIds },
      resolve: ({ removedTransactionIds }) => removedTransactionIds,
    }),
    problem: t.field({
      type: AccountProblem,
      nullable: true,
      description: 'What this synchronization could not read of the account; null when it was read whole.',
      resolve: ({ problem }) => problem ?? null,
    }),
    skippedRows: t.int({
      description: "Rows of the bank's reply that could not be read.",
      resolve: ({ skippedRows }) => skippedRows ?? 0,
    }),
  }),
});
