import type { TransactionScope } from '../../accounts/transaction-search-store.ts';
import { badInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { cursorByPair, pageArguments, readScannedConnection } from '../connections.ts';
import { accountSearchCost, assumedListLength, maximumAccountIds, scanCost } from '../limits.ts';
import { isCalendarDate } from '../scalars.ts';
import { wantedFields } from './account.ts';
import { TransactionStatus } from './table-fields.ts';
import { TransactionConnection } from './transaction.ts';

const TransactionFilter = builder.inputType('TransactionFilter', {
  description: 'Which transactions: those that fulfil everything that is given.',
  fields: (t) => ({
    userId: t.id({ description: 'Of this user.' }),
    bankLoginId: t.id({ description: 'Of this bank login.' }),
    accountIds: t.idList({ description: `Of these accounts: ${maximumAccountIds} at most.` }),
    status: t.field({ type: TransactionStatus, description: 'Only booked, or only pending ones.' }),
    bookedFrom: t.field({ type: 'Date', description: 'Booked on this day or later.' }),
    bookedTo: t.field({ type: 'Date', description: 'Booked on this day or earlier.' }),
    amountFrom: t.field({ type: 'Decimal', description: 'Of this amount or more; what went out is below zero.' }),
    amountTo: t.field({ type: 'Decimal', description: 'Of this amount or less.' }),
    search: t.string({
      description: 'Part of the counterparty name, the counterparty IBAN or the remittance information, in any case.',
    }),
    updatedSince: t.field({ type: 'DateTime', description: 'Seen first, or changed, then or later.' }),
  }),
});

type FilterInput = typeof TransactionFilter.$inferInput | null | undefined;

builder.queryField('transactions', (t) =>
  t.field({
    type: TransactionConnection,
    description: [
      'Your transactions across accounts, newest first. With `userId`, `bankLoginId` or `accountIds` those accounts are read until the',
      'page is full. Without them a page looks at some thousand transactions for what fits: it may be short, even empty, while `hasNextPage`',
      'says that more follow. What gets another day in between may be met twice or not at all; `transactions` of an account does neither.',
    ].join('\n'),
    args: { filter: t.arg({ type: TransactionFilter, description: 'Left out: all.' }), ...pageArguments },
    extensions: { argumentsCost: searchCost },
    resolve: (_root, { filter, ...args }, { services, viewer }, { fieldNodes, fragments }) => {
      const scope = toScope(filter);
      if ((scope.accountIds?.length ?? 0) > maximumAccountIds) {
        throw badInput(`\`accountIds\` must be ${maximumAccountIds} at most.`);
      }
      const fields = wantedFields(fieldNodes, fragments);
      return readScannedConnection(args, {
        ...cursor,
        cursorOfKey: cursor.cursorOf,
        read: (page) => {
          services.audit.noteRead(viewer);
          return services.accounts.searchTransactions(viewer.clientId, {
            ...page,
            fields,
            scope,
            filter: toContent(filter),
          });
        },
      });
    },
  }),
);

const byPair = cursorByPair('sortDate', 'id');
const cursor = {
  cursorOf: byPair.cursorOf,
  keyOf: (text: string) => {
    const key = byPair.keyOf(text);
    return key && isCalendarDate(key.sortDate) ? key : null;
  },
};

function toScope(filter: FilterInput): TransactionScope {
  return {
    userId: filter?.userId ?? null,
    bankLoginId: filter?.bankLoginId ?? null,
    accountIds: filter?.accountIds ?? null,
  };
}

function toContent(filter: FilterInput) {
  return {
    status: filter?.status ?? null,
    bookedFrom: filter?.bookedFrom ?? null,
    bookedTo: filter?.bookedTo ?? null,
    search: filter?.search ?? null,
    amountFrom: filter?.amountFrom ?? null,
    amountTo: filter?.amountTo ?? null,
    updatedSince: filter?.updatedSince ?? null,
  };
}

/** Days are served by the index; for everything else rows are read. */
function searchCost({ filter }: { filter?: FilterInput }): number {
  const { bookedFrom: _, bookedTo: __, ...content } = toContent(filter);
  const { userId, bankLoginId, accountIds } = toScope(filter);
  if (Object.values(content).every((value) => value === null)) return 0;
  if (accountIds !== null) return accountIds.length * accountSearchCost;
  if (bankLoginId !== null) return assumedListLength * accountSearchCost;
  return userId === null ? scanCost : assumedListLength ** 2 * accountSearchCost;
}
