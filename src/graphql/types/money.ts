import type { Money as MoneyValue } from '../../domain/money.ts';
import type { BalanceData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';

export const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An exact amount of money.',
  fields: (t) => ({
    amount: t.expose('amount', { type: 'Decimal', description: 'Negative for money going out.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217.' }),
  }),
});

export const Balance = builder.objectRef<BalanceData>('Balance').implement({
  description: 'What an account held, by one way of counting.',
  fields: (t) => ({
    type: t.exposeString('type', {
      description: "The Berlin Group's balance type: closingBooked, expected, interimAvailable …",
    }),
    amount: t.expose('amount', { type: Money, description: 'How much.' }),
    referenceDate: t.expose('referenceDate', {
      type: 'Date',
      nullable: true,
      description: 'The day that the balance is of; null when the bank does not say.',
    }),
  }),
});
