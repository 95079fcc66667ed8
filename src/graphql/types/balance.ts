import { balanceFields, balanceRecordFields } from '../../domain/balance-fields.ts';
import type { BalanceData } from '../../events/event-catalogue.ts';
import { builder } from '../builder.ts';
import { tableFields } from './table-fields.ts';

export const Balance = builder.objectRef<BalanceData>('Balance').implement({
  description: 'What an account held, by one way of counting.',
  fields: (t) => tableFields(t, { ...balanceFields, ...balanceRecordFields }),
});

export const BalanceConnection = builder.connectionObject(
  { type: Balance, name: 'BalanceConnection', description: 'A page of balances.' },
  { name: 'BalanceEdge', description: 'A balance in a page.' },
);
