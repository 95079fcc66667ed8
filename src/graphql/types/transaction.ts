import type { TransactionData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';
import { Money } from './money.ts';

export const TransactionStatus = builder.enumType('TransactionStatus', {
  description: 'Whether a transaction is final.',
  values: {
    BOOKED: { description: 'Booked by the bank: final.' },
    PENDING: { description: 'Announced: it may still change or vanish.' },
  } as const,
});

export const Transaction = builder.objectRef<TransactionData>('Transaction').implement({
  description: 'Money that came in or went out. Read only.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `txn_`; stays the same when a pending transaction is booked.' }),
    status: t.expose('status', { type: TransactionStatus, description: 'Whether it is final.' }),
    amount: t.expose('amount', { type: Money, description: 'How much; negative for money going out.' }),
    bookingDate: t.expose('bookingDate', {
      type: 'Date',
      nullable: true,
      description: 'The day on which it was booked; null while it is pending.',
    }),
    valueDate: t.expose('valueDate', {
      type: 'Date',
      nullable: true,
      description: 'The day from which it counts for interest.',
    }),
    counterpartyName: t.exposeString('counterpartyName', { nullable: true, description: 'Who paid, or was paid.' }),
    counterpartyIban: t.exposeString('counterpartyIban', { nullable: true, description: "The counterparty's IBAN." }),
    remittanceInformation: t.exposeString('remittanceInformation', {
      nullable: true,
      description: 'What the payer wrote.',
    }),
    endToEndId: t.exposeString('endToEndId', { nullable: true, description: "The payer's own reference." }),
    bankTransactionCode: t.exposeString('bankTransactionCode', {
      nullable: true,
      description: 'The kind of transaction (ISO 20022: PMNT-RCDT-ESCT).',
    }),
  }),
});

export const TransactionConnection = builder.connectionObject(
  { type: Transaction, name: 'TransactionConnection', description: 'A page of transactions.' },
  { name: 'TransactionEdge', description: 'A transaction in a page.' },
);
