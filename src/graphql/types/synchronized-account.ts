import { NotFound } from '../../domain/errors.ts';
import { countChanges } from '../../events/event-bounds.ts';
import { builder } from '../builder.ts';
import { toCount } from '../connections.ts';
import type { ShownAccount } from '../event-rows.ts';
import { assumedChanges, changePage } from '../limits.ts';
import { Account } from './account.ts';
import { AccountProblem } from './account-problem.ts';
import { Balance } from './balance.ts';
import { Transaction } from './transaction.ts';

const firstArgument = builder.args((arg) => ({
  first: arg.int({
    defaultValue: changePage.defaultFirst,
    description: `How many at most: 0 to ${changePage.maximumFirst}. The counts say how many there were.`,
  }),
}));

const firstOf = ({ first }: { first?: number | null | undefined }) =>
  toCount('first', first ?? changePage.defaultFirst, changePage.maximumFirst);

export const SynchronizedAccount = builder.objectRef<ShownAccount>('SynchronizedAccount').implement({
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
    newTransactions: t.field({
      type: [Transaction],
      args: firstArgument,
      description: 'Transactions seen for the first time, as they were then.',
      extensions: { listLength: assumedChanges.newTransactions },
      resolve: ({ newTransactions }, args) => newTransactions.slice(0, firstOf(args)),
    }),
    updatedTransactions: t.field({
      type: [Transaction],
      args: firstArgument,
      description: 'Transactions that have changed, such as pending ones that were booked, as they were then.',
      extensions: { listLength: assumedChanges.updatedTransactions },
      resolve: ({ updatedTransactions }, args) => updatedTransactions.slice(0, firstOf(args)),
    }),
    removedTransactionIds: t.field({
      type: ['ID'],
      description: 'Pending transactions that the bank has withdrawn.',
      extensions: { listLength: assumedChanges.removedTransactionIds },
      resolve: ({ removedTransactionIds }) => removedTransactionIds,
    }),
    newTransactionCount: t.int({
      description: 'How many transactions were seen for the first time, whatever of them is listed.',
      resolve: (account) => countChanges(account).newTransactionCount,
    }),
    updatedTransactionCount: t.int({
      description: 'How many transactions have changed, whatever of them is listed.',
      resolve: (account) => countChanges(account).updatedTransactionCount,
    }),
    removedTransactionCount: t.int({
      description: 'How many transactions were withdrawn, whatever of them is listed.',
      resolve: (account) => countChanges(account).removedTransactionCount,
    }),
    truncated: t.boolean({
      description:
        'A list that is asked for here has fewer rows than there were: `Query.transactionChanges(eventId:)` has the rest.',
      resolve: ({ isCut }) => isCut,
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
