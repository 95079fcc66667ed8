import type { GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import type { TransactionFilter, TransactionPage } from '../../accounts/account-store.ts';
import { NotFound } from '../../domain/errors.ts';
import type { BalanceData } from '../../events/event-catalogue.ts';
import type { Account as AccountRow } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { type PageArguments, pageArguments, readConnection, toPage } from '../connections.ts';
import type { Context } from '../context.ts';
import { accountSearchCost } from '../limits.ts';
import { findArguments } from '../look-ahead.ts';
import { transactionCursor } from '../transaction-cursor.ts';
import { Balance } from './money.ts';
import { Transaction, TransactionConnection, TransactionStatus } from './transaction.ts';

export const Account = builder.prismaObject('Account', {
  description: 'An account at the bank, as the last synchronization left it. Read only.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `acc_`; stays the same when the consent is renewed.' }),
    bankLogin: t.relation('bankLogin', { description: 'The login that the account came with.' }),
    iban: t.exposeString('iban', { nullable: true, description: 'The IBAN, where the account has one.' }),
    name: t.exposeString('name', { nullable: true, description: 'What the bank or the end user calls the account.' }),
    ownerName: t.exposeString('ownerName', {
      nullable: true,
      description: 'Whose account it is, where the bank says so.',
    }),
    currency: t.exposeString('currency', { description: 'ISO 4217.' }),
    product: t.exposeString('product', { nullable: true, description: "The bank's name for this kind of account." }),
    balances: t.field({
      type: [Balance],
      description: 'The balances that the bank gave last.',
      // Written by one store only, from values that the bank port has parsed.
      resolve: (account) => account.balances as unknown as BalanceData[],
    }),
    transactions: t.field({
      type: TransactionConnection,
      description: 'The transactions of the account, newest first.',
      args: {
        status: t.arg({ type: TransactionStatus, description: 'Only booked, or only pending ones.' }),
        bookedFrom: t.arg({ type: 'Date', description: 'Booked on this day or later.' }),
        bookedTo: t.arg({ type: 'Date', description: 'Booked on this day or earlier.' }),
        search: t.arg.string({
          description:
            'Part of the counterparty name, the counterparty IBAN or the remittance information, in any case. Reads through the account; days narrow it.',
        }),
        ...pageArguments,
      },
      extensions: { searchCost: accountSearchCost },
      resolve: (account, args, { loaders }) =>
        readConnection(args, {
          ...transactionCursor,
          read: (page) => loaders.transactions.load(account.id, { filter: toFilter(args), ...page }),
        }),
    }),
  }),
});

builder.objectField(Transaction, 'account', (t) =>
  t.field({
    type: Account,
    description: 'The account that it belongs to.',
    resolve: async ({ accountId }, _args, { loaders }) => {
      const account = await loaders.account.load(accountId);
      if (!account) throw new NotFound('account', accountId);
      return account;
    },
  }),
);

type TransactionArguments = PageArguments & { [Name in keyof TransactionFilter]?: TransactionFilter[Name] | undefined };

function toFilter({ status, bookedFrom, bookedTo, search }: TransactionArguments): TransactionFilter {
  return {
    status: status ?? null,
    bookedFrom: bookedFrom ?? null,
    bookedTo: bookedTo ?? null,
    search: search ?? null,
  };
}

/** The account, and in the same statement the page of its transactions that is asked for with it. */
export async function readAccount(
  id: string,
  { loaders }: Context,
  info: GraphQLResolveInfo,
): Promise<AccountRow | null> {
  const page = findTransactionPage(info);
  if (!page) return await loaders.account.load(id);
  const [account] = await loaders.accountWithTransactions.load(id, page);
  return account ?? null;
}

function findTransactionPage(info: GraphQLResolveInfo): TransactionPage | null {
  const type = info.schema.getType('Account') as GraphQLObjectType;
  const args = findArguments(info, type, 'transactions') as TransactionArguments | null;
  try {
    return args && { filter: toFilter(args), ...toPage(args, transactionCursor.keyOf) };
  } catch {
    // The field itself tells what is wrong with its page.
    return null;
  }
}
