import { type Balance, balanceFields } from '../domain/balance-fields.ts';
import { isSameByTable } from '../domain/field-table.ts';

/** Of the balances given those that are new or differ from the stored one of the same type and currency in a field that is compared. */
export function findChangedBalances(stored: readonly Balance[], given: readonly Balance[]): Balance[] {
  const byKey = new Map(stored.map((balance) => [toKey(balance), balance]));
  return given.filter((balance) => {
    const before = byKey.get(toKey(balance));
    return !before || !isSameByTable(balanceFields, before, balance);
  });
}

function toKey({ type, amount }: Balance): string {
  return `${type} ${amount.currency}`;
}
