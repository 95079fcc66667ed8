import type { Money as MoneyValue } from '../../domain/money.ts';
import { builder } from '../builder.ts';

export const Money = builder.objectRef<MoneyValue>('Money').implement({
  description: 'An exact amount of money.',
  fields: (t) => ({
    amount: t.expose('amount', { type: 'Decimal', description: 'Negative for money going out.' }),
    currency: t.exposeString('currency', { description: 'ISO 4217.' }),
  }),
});
