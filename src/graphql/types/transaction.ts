import { transactionTable } from '../../domain/transaction-fields.ts';
import type { TransactionData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';
import { tableFields } from './table-fields.ts';

export const Transaction = builder.objectRef<TransactionData>('Transaction').implement({
  description: 'Money that came in or went out. Read only.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `txn_`; stays the same when a pending transaction is booked.' }),
    ...tableFields(t, transactionTable),
  }),
});

export const TransactionConnection = builder.connectionObject(
  { type: Transaction, name: 'TransactionConnection', description: 'A page of transactions.' },
  { name: 'TransactionEdge', description: 'A transaction in a page.' },
);
