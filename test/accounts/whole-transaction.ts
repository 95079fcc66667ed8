import { type Field, isEnumField } from '../../src/domain/field-table.ts';
import { type FetchedTransaction, transactionFields } from '../../src/domain/transaction-fields.ts';

/** A value of the field's kind; another one for another number. */
export function givenValue(name: string, field: Field, n: number): unknown {
  if (isEnumField(field)) return field.values[n % field.values.length];
  switch (field.kind) {
    case 'text':
      return `${name} "${n}", \\ (Zürich)`;
    case 'date':
      return `2026-02-${String((n % 28) + 1).padStart(2, '0')}`;
    case 'time':
      return `2026-02-01T10:11:12.${String(n % 1000).padStart(3, '0')}Z`;
    case 'decimal':
      return `1.${String(n).padStart(6, '0')}`;
    case 'boolean':
      return n % 2 === 0;
    case 'money':
      return { amount: `-${n}.1234`, currency: 'CHF' };
    case 'identification':
      return { iban: null, bban: `1, "${n}"`, maskedPan: null, other: null };
    case 'json':
      return { n, deep: ['(a)', null, { b: 'ü"' }] };
  }
}

/** A booked transaction of which every field is set. */
export function wholeTransaction(n = 1): FetchedTransaction {
  const values = Object.entries(transactionFields).map(([name, field], index) => [
    name,
    givenValue(name, field, n + index),
  ]);
  return { ...(Object.fromEntries(values) as FetchedTransaction), status: 'BOOKED' };
}
