import { NotFound } from '../../domain/errors.ts';
import type { BalanceData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';
import { cursorByPair, pageArguments, readConnection } from '../connections.ts';
import { accountSearchCost } from '../limits.ts';
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
      resolve: (account, args, { loaders }) => {
        const filter = {
          status: args.status ?? null,
          bookedFrom: args.bookedFrom ?? null,
          bookedTo: args.bookedTo ?? null,
          search: args.search ?? null,
        };
        return readConnection(args, {
          ...cursorByPair('sortDate', 'id'),
          read: (page) => loaders.transactions.load(account.id, { filter, ...page }),
        });
      },
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
