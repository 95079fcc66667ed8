import { isSameByTable, isSameValue } from '../domain/field-table.ts';
import { transactionFields } from '../domain/transaction-fields.ts';
import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';

const optionalFields = Object.entries(transactionFields).flatMap(([name, { nullable }]) =>
  nullable ? [name as OptionalField] : [],
);
type OptionalField = {
  [Name in keyof FetchedTransaction]: null extends FetchedTransaction[Name] ? Name : never;
}[keyof FetchedTransaction];

/**
 * What is stored, as the bank's new word makes it. What the bank leaves out today and told yesterday it has not taken back; but the day of
 * booking belongs to the status.
 */
export function revise(kept: StoredTransaction, given: FetchedTransaction, identity: string): StoredTransaction {
  const revised: StoredTransaction = { ...kept, ...given, id: kept.id, identity, missingSince: null };
  for (const name of optionalFields) {
    if (given[name] === null && kept[name] !== null) Object.assign(revised, { [name]: kept[name] });
  }
  revised.bookingDate = given.bookingDate ?? (given.status === kept.status ? kept.bookingDate : null);
  return revised;
}

const comparedFields = (Object.keys(transactionFields) as (keyof FetchedTransaction)[]).filter(
  (name) => transactionFields[name].compared,
);

/** Whether the bank's word changes nothing of what is stored: nearly always so, and told without making the revised row. */
export function saysNothingNew(kept: StoredTransaction, given: FetchedTransaction): boolean {
  return comparedFields.every(
    (name) => given[name] === null || isSameValue(transactionFields[name].kind, given[name], kept[name]),
  );
}

/** Whether no compared field has changed. The identity is internal: a change of it alone is no change for clients. */
export function isSame(kept: StoredTransaction, revised: StoredTransaction): boolean {
  return isSameByTable(transactionFields, kept, revised);
}
