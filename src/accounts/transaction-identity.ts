import { createHash } from 'node:crypto';
import type { FetchedTransaction } from './bank-transaction.ts';
import { type RecognisedValues, toMeaningfulId, toPlainFace, toPlainTexts, toWholeFace } from './transaction-face.ts';
import { canBeAnnouncementOf } from './transaction-likeness.ts';

/** A payment as one reply tells of it. */
export interface Payment {
  values: FetchedTransaction;
  /** The bank's ids as identities, as far as each names one payment in this reply; the better first. */
  names: string[];
}

/**
 * The payments of one account's reply. Rows that say one id are one payment, told by the last of them, and rather by a booked one than by
 * an announcement. An id that rows of different content share names none of them: it is a placeholder, or a whole order's or statement's.
 */
export function toPayments(fetched: readonly FetchedTransaction[]): Payment[] {
  const payments = fetched.map((values) => ({ values, names: toNames(values) }));
  const told = new Set<string>();
  let nameCount = 0;
  for (const { names } of payments) {
    for (const name of names) told.add(name);
    nameCount += names.length;
  }
  return told.size === nameCount ? payments : joinNamesakes(payments);
}

function joinNamesakes(rows: readonly Payment[]): Payment[] {
  const shared = findSharedNames(rows);
  const payments: Payment[] = [];
  const byName = new Map<string, Payment>();
  for (const { values, names: all } of rows) {
    const names = all.filter((name) => !shared.has(name));
    const known = names.map((name) => byName.get(name)).find((payment) => payment !== undefined);
    if (known && values.status === 'PENDING' && known.values.status === 'BOOKED') continue;
    const payment = known ?? { values, names };
    if (known) Object.assign(known, { values, names: [...new Set([...names, ...known.names])] });
    else payments.push(payment);
    for (const name of payment.names) byName.set(name, payment);
  }
  return payments;
}

function findSharedNames(rows: readonly Payment[]): Set<string> {
  const shared = new Set<string>();
  const firsts = new Map<string, FetchedTransaction>();
  for (const { values, names } of rows) {
    for (const name of names) {
      const key = `${values.status} ${name}`;
      const first = firsts.get(key);
      if (!first) firsts.set(key, values);
      else if (!saysTheSame(first, values)) shared.add(name);
      const pending = firsts.get(`PENDING ${name}`);
      const booked = firsts.get(`BOOKED ${name}`);
      if (pending && booked && !canBeAnnouncementOf(pending, booked)) shared.add(name);
    }
  }
  return shared;
}

function saysTheSame(a: FetchedTransaction, b: FetchedTransaction): boolean {
  if (toWholeFace(a) === toWholeFace(b)) return true;
  if (toMeaningfulId(a.bankTransactionId) !== toMeaningfulId(b.bankTransactionId)) return false;
  return toPlainFace(a, toPlainTexts(a)) === toPlainFace(b, toPlainTexts(b));
}

/** By the bank's id of the transaction, or by its reference of the entry. */
export type NameKind = 't' | 'e';

/** The identities that the bank's own ids may have given to what is stored of a transaction; the better first. */
export function toNames(values: RecognisedValues): string[] {
  const [id, reference] = [toNameOf('t', values), toNameOf('e', values)];
  if (id === undefined) return reference === undefined ? [] : [reference];
  return reference === undefined ? [id] : [id, reference];
}

const longestName = 500;

export function toNameOf(kind: NameKind, { bankTransactionId, entryReference }: RecognisedValues): string | undefined {
  const id = toMeaningfulId(kind === 't' ? bankTransactionId : entryReference);
  if (id === null) return undefined;
  if (id.length <= longestName) return `${kind}:${id}`;
  // An index takes texts of some 2,700 bytes.
  return `${kind}#:${createHash('sha256').update(id).digest('base64url')}`;
}

/** Gives identities that nothing has which is stored or has just been given one. */
export interface Identities {
  /** For a transaction that was not known: a name that is free, else one made of its own id. */
  toNew(names: readonly string[], id: string): string;
  /** For one that is kept: the bank's present id for it where that is free, else what it has. */
  toKept(names: readonly string[], identity: string): string;
}

/**
 * `taken`: of all that is stored and could be meant by the reply, which all holders of its names are among. What is given up or removed
 * now is not given away by the same statement: its changes have no order, and the unique key is checked row by row.
 */
export function createIdentities(taken: () => Iterable<string>): Identities {
  let all: Set<string> | undefined;
  const used = (): Set<string> => {
    all ??= new Set(taken());
    return all;
  };
  const take = (identity: string): string => {
    used().add(identity);
    return identity;
  };
  return {
    toNew: (names, id) => take(names.find((name) => !used().has(name)) ?? `n:${id}`),
    toKept(names, identity) {
      const [best] = names;
      return best === undefined || names.includes(identity) || used().has(best) ? identity : take(best);
    },
  };
}
