import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';
import { isConfirmed } from './confirmed-absence.ts';
import type { RemovedTransaction } from './removed-transaction.ts';
import { isSame, revise, saysNothingNew } from './transaction-comparison.ts';
import { createIdentities, type Identities, type Payment, toNames, toPayments } from './transaction-identity.ts';
import { isSameAmount } from './transaction-likeness.ts';
import { recognise } from './transaction-recognition.ts';

/** What a bank said of one account's transactions, and what it could have said. */
export interface TransactionReading {
  fetched: readonly FetchedTransaction[];
  /** The first day that the bank was asked for, YYYY-MM-DD; null: nothing can be called missing. */
  from: string | null;
  /** Whether all rows and pages were read. */
  complete: boolean;
  /** Whether pending ones would be in it. */
  coversPending: boolean;
}

export interface Merge extends TransactionReading {
  /** Of one account: all that could be meant by the reply. */
  stored: readonly StoredTransaction[];
  /** Of the account, removed within the last year. */
  removed: readonly RemovedTransaction[];
  now: Date;
  newId: () => string;
}

export interface Merged {
  /** New to the account, or back after their removal under the ids that they had. */
  added: StoredTransaction[];
  updated: StoredTransaction[];
  removed: StoredTransaction[];
  /** Of those added that were removed before. */
  restoredIds: string[];
  /** Left out by the bank for the first time: kept as they are. */
  missedIds: string[];
  /** Neither changed nor missing any more. */
  foundIds: string[];
  /** How many of the reply's transactions were stored just so. */
  unchangedCount: number;
}

/** What is announced has no lasting content: one that was removed longer ago is not recognised by it. */
const announcementsRememberedMs = 14 * 24 * 3_600_000;

/**
 * Merges a bank's reply into what is stored of one account. Merging the same reply again changes nothing; a pending transaction that is
 * booked stays one, with its id; what the bank leaves out is removed when a second synchronization, hours after the first, confirms it.
 */
export function mergeTransactions(merge: Merge): Merged {
  const { stored, removed, now, newId } = merge;
  const today = toDay(now);
  const payments = toPayments(merge.fetched);
  const isLeftOut = (kept: StoredTransaction): boolean => isMissing(kept, merge);
  const { pairs, fresh, missing } = recognise({
    payments,
    known: stored,
    today,
    isLeftOut,
    tellsAnnouncements: merge.coversPending,
  });
  const identities = createIdentities(() => stored.map(({ identity }) => identity));

  const updated: StoredTransaction[] = [];
  const foundIds: string[] = [];
  for (const { payment, known } of pairs) {
    const revised = toRevised(known, payment, identities);
    if (revised !== known && !isSame(known, revised)) updated.push(revised);
    else if (known.missingSince !== null) foundIds.push(known.id);
  }

  const back = findRemoved(fresh, { removed, now });
  const leftOut = missing.filter(isLeftOut);
  return {
    added: fresh.map((payment) => {
      const id = back.get(payment) ?? newId();
      return { id, identity: identities.toNew(payment.names, id), missingSince: null, ...payment.values };
    }),
    updated,
    removed: leftOut.filter(({ missingSince }) => isConfirmed(missingSince, now)),
    restoredIds: [...back.values()],
    missedIds: leftOut.filter(({ missingSince }) => missingSince === null).map(({ id }) => id),
    foundIds,
    unchangedCount: pairs.length - updated.length,
  };
}

// A transaction that was booked does not become pending again: banks repeat the announcement for a while.
function toRevised(kept: StoredTransaction, { values, names }: Payment, identities: Identities): StoredTransaction {
  if (values.status === 'PENDING' && kept.status === 'BOOKED') return kept;
  if (saysNothingNew(kept, values)) return kept;
  return revise(kept, values, identities.toKept(names, kept.identity));
}

/** By payment, the id that it had before it was removed. */
function findRemoved(
  fresh: readonly Payment[],
  { removed, now }: Pick<Merge, 'removed' | 'now'>,
): Map<Payment, string> {
  if (fresh.length === 0 || removed.length === 0) return new Map();
  const isLasting = ({ status, removedAt }: RemovedTransaction): boolean =>
    status === 'BOOKED' || now.getTime() - removedAt.getTime() <= announcementsRememberedMs;
  const request = { today: toDay(now), isLeftOut: () => false, tellsAnnouncements: true };
  const { pairs, fresh: others } = recognise({ ...request, payments: fresh, known: removed.filter(isLasting) });
  const ids = new Map(pairs.map(({ payment, known: { id } }) => [payment, id]));
  const byName = new Map(removed.flatMap((known) => toNames(known).map((name) => [name, known] as const)));
  for (const payment of others) {
    const known = payment.names.map((name) => byName.get(name)).find((named) => named && !isLasting(named));
    if (known && isSameAmount(known, payment.values)) {
      ids.set(payment, known.id);
      for (const name of toNames(known)) byName.delete(name);
    }
  }
  return ids;
}

function toDay(time: Date): string {
  return time.toISOString().slice(0, 10);
}

// A bank that filters by value date leaves out what it was asked for by its booking date: the earliest day counts. Whether a booked one
// without a date lies within the days asked for is unknown: it stays.
function isMissing(kept: StoredTransaction, { from, complete, coversPending }: TransactionReading): boolean {
  if (from === null || !complete) return false;
  if (kept.status === 'PENDING') return coversPending;
  const { bookingDate, valueDate, transactionDate } = kept;
  if (bookingDate === null) return false;
  return [bookingDate, valueDate, transactionDate].every((day) => day === null || day > from);
}
