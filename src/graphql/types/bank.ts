import { builder } from '../builder.ts';
import { cursorByPair, pageArguments, readConnection } from '../connections.ts';

export const Bank = builder.prismaObject('Bank', {
  description: 'A bank that end users can connect.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `bank_`; chosen by the operator.' }),
    name: t.exposeString('name', { description: 'What the bank calls itself.' }),
    bic: t.exposeString('bic', { nullable: true, description: 'The BIC (ISO 9362).' }),
    bankCode: t.exposeString('bankCode', {
      nullable: true,
      description: 'The national bank code: Bankleitzahl, sort code.',
    }),
    country: t.exposeString('country', { description: 'ISO 3166-1 alpha-2.' }),
  }),
});

const BankConnection = builder.connectionObject(
  { type: Bank, name: 'BankConnection', description: 'A page of banks.' },
  { name: 'BankEdge', description: 'A bank in a page.' },
);

builder.queryField('banks', (t) =>
  t.field({
    type: BankConnection,
    description: 'Banks that can be connected, by name; searched by name, BIC or bank code.',
    args: {
      search: t.arg.string({ description: 'Part of the name, or the beginning of the BIC or bank code.' }),
      ...pageArguments,
    },
    resolve: (_root, args, { services }) =>
      readConnection(args, {
        ...cursorByPair('name', 'id'),
        read: (page) => services.banks.list(args.search ?? null, page),
      }),
  }),
);
