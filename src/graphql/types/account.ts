import type { FieldNode, GraphQLObjectType, GraphQLResolveInfo } from 'graphql';
import type { AccountProblem as Problem } from '../../accounts/bank-data-ctes.ts';
import type { TransactionFilter, TransactionPage } from '../../accounts/transaction-page.ts';
import { accountFields } from '../../domain/account-fields.ts';
import type { Balance as BalanceRow } from '../../domain/balance-fields.ts';
import { NotFound } from '../../domain/errors.ts';
import { type TransactionField, transactionTable } from '../../domain/transaction-fields.ts';
import type { Account as AccountRow } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { cursorByNumber, type PageArguments, pageArguments, readConnection, toPage } from '../connections.ts';
import type { Context } from '../context.ts';
import { accountSearchCost } from '../limits.ts';
import { findInnerField } from '../look-ahead.ts';
import { findRowFields } from '../selected-fields.ts';
import { transactionCursor } from '../transaction-cursor.ts';
import { AccountProblem } from './account-problem.ts';
import { Balance, BalanceConnection } from './balance.ts';
import { TransactionStatus, tableFields } from './table-fields.ts';
import { Transaction, TransactionConnection } from './transaction.ts';

const AccountState = builder.enumType('AccountState', {
  description: 'Whether the bank still has an account.',
  values: {
    AVAILABLE: { description: 'It can be read.' },
    BLOCKED: { description: 'The bank lists it, and lets nothing be done with it.' },
    GONE: { description: 'The bank does not list it any more; what is stored of it stays.' },
  } as const,
});

export const Account = builder.prismaObject('Account', {
  description: 'An account at the bank, as the last synchronization left it. Read only.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `acc_`; stays the same when the consent is renewed.' }),
    bankLogin: t.relation('bankLogin', { description: 'The login that the account came with.' }),
    state: t.expose('state', { type: AccountState, description: 'Whether the bank still has it.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was first seen.' }),
    lastSynchronization: t.expose('lastSynchronization', {
      type: 'DateTime',
      nullable: true,
      description: 'End of the last synchronization that brought this account whole.',
    }),
    problem: t.field({
      type: AccountProblem,
      nullable: true,
      description: 'What the last synchronization could not read of it; null when it was whole.',
      // Written by one store only, which has checked it.
      resolve: (account) => account.problem as unknown as Problem | null,
    }),
    balances: t.field({
      type: [Balance],
      description: 'The balances that the bank gave last.',
      // Written by one store only, from values that the bank port has parsed.
      resolve: (account) => account.balances as unknown as BalanceRow[],
    }),
    balanceHistory: t.field({
      type: BalanceConnection,
      description: 'A row per change of a balance, newest first.',
      args: { type: t.arg.string({ description: 'Of this type of balance only.' }), ...pageArguments },
      resolve: (account, args, { loaders }) =>
        readConnection(args, {
          ...cursorByNumber,
          read: (page) => loaders.balanceHistory.load(account.id, { type: args.type ?? null, ...page }),
        }),
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
      resolve: (account, args, { loaders }, { fieldNodes, fragments }) => {
        const [fields, filter] = [wantedFields(fieldNodes, fragments), toFilter(args)];
        return readConnection(args, {
          ...transactionCursor,
          read: (page) => loaders.transactions.load(account.id, { fields, filter, ...page }),
        });
      },
    }),
  }),
});

builder.objectFields(Account, (t) => tableFields(t, accountFields));

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
  const found = findInnerField(info, type, 'transactions');
  if (!found) return null;
  const args = found.args as TransactionArguments;
  try {
    const fields = wantedFields([found.node], info.fragments);
    return { fields, filter: toFilter(args), ...toPage(args, transactionCursor.keyOf) };
  } catch {
    // The field itself tells what is wrong with its page.
    return null;
  }
}

export function wantedFields(
  nodes: readonly FieldNode[],
  fragments: GraphQLResolveInfo['fragments'],
): TransactionField[] {
  return findRowFields(nodes, fragments).filter((name): name is TransactionField =>
    Object.hasOwn(transactionTable, name),
  );
}
