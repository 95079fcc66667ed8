import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';
import { isSame, revise } from './transaction-comparison.ts';
import { identify, toFingerprint, toReferenceIdentity } from './transaction-identity.ts';

export interface Merge {
  /** Of one account: all that could be meant by the reply. */
  stored: readonly StoredTransaction[];
  fetched: readonly FetchedTransaction[];
  /** The first day that the bank was asked for, YYYY-MM-DD; null: nothing can be called withdrawn. */
  from: string | null;
  newId: () => string;
}

export interface Merged {
  added: StoredTransaction[];
  updated: StoredTransaction[];
  removedIds: string[];
  /** How many of the reply's transactions were stored just so. */
  unchangedCount: number;
}

/**
 * Merges a bank's reply into what is stored of one account. Merging the same reply again changes nothing; a pending
 * transaction that is booked stays one, with its id; what the bank no longer sends within the days asked for is removed.
 */
export function mergeTransactions({ stored, fetched, from, newId }: Merge): Merged {
  const unmatchedFetched = identify(fetched);
  const unmatchedStored = new Map(stored.map((transaction) => [transaction.identity, transaction]));
  const pairs: Pair[] = [];
  const pair = (identity: string, given: FetchedTransaction, kept: StoredTransaction): void => {
    unmatchedFetched.delete(identity);
    unmatchedStored.delete(kept.identity);
    pairs.push({ identity, given, kept });
  };

  for (const [identity, given] of [...unmatchedFetched]) {
    const kept = unmatchedStored.get(identity);
    // A transaction that was booked does not become pending again: banks repeat the announcement for a while.
    if (kept) pair(identity, given.status === 'PENDING' && kept.status === 'BOOKED' ? kept : given, kept);
  }
  matchByReference(unmatchedFetched, unmatchedStored, pair);
  matchByContent(unmatchedFetched, unmatchedStored, pair);
  matchBookedToPending(unmatchedFetched, unmatchedStored, pair);

  const updated = pairs.flatMap(({ identity, given, kept }) => {
    const revised = revise(kept, given, identity);
    return isSame(kept, revised) ? [] : [revised];
  });
  return {
    added: [...unmatchedFetched].map(([identity, given]) => ({ ...given, identity, id: newId() })),
    updated,
    removedIds: [...unmatchedStored.values()].filter((kept) => isWithdrawn(kept, from)).map((kept) => kept.id),
    unchangedCount: pairs.length - updated.length,
  };
}

interface Pair {
  identity: string;
  given: FetchedTransaction;
  kept: StoredTransaction;
}

type Fetched = Map<string, FetchedTransaction>;
type Stored = Map<string, StoredTransaction>;
type OnPair = (identity: string, given: FetchedTransaction, kept: StoredTransaction) => void;

// A pending one often has a reference only, and gets its bankTransactionId when it is booked.
function matchByReference(fetched: Fetched, stored: Stored, pair: OnPair): void {
  for (const [identity, given] of [...fetched]) {
    if (!given.bankTransactionId || !given.entryReference) continue;
    const kept = stored.get(toReferenceIdentity(given.entryReference));
    if (kept && kept.amount.amount === given.amount.amount) pair(identity, given, kept);
  }
}

// The bank has begun to send ids, or sends others since the consent was renewed.
function matchByContent(fetched: Fetched, stored: Stored, pair: OnPair): void {
  const byContent = groupBy(stored.values(), (kept) => `${kept.status}:${toFingerprint(kept)}`);
  for (const [identity, given] of [...fetched]) {
    const kept = byContent.get(`${given.status}:${toFingerprint(given)}`)?.shift();
    if (kept) pair(identity, given, kept);
  }
}

function matchBookedToPending(fetched: Fetched, stored: Stored, pair: OnPair): void {
  const pending = [...stored.values()].filter((kept) => kept.status === 'PENDING');
  const byAmount = groupBy(pending, toAmountKey);
  if (byAmount.size === 0) return;
  const candidates = [...fetched].flatMap(([identity, given]) =>
    given.status === 'BOOKED'
      ? (byAmount.get(toAmountKey(given)) ?? []).map((kept) => ({
          identity,
          given,
          kept,
          likeness: likenessOf(kept, given),
        }))
      : [],
  );
  // The best first, lest one that is like it takes the place of the payment itself. Of equals the newest: what was announced
  // lately is booked lately, and old history may hold payments that look alike.
  candidates.sort(
    (a, b) => b.likeness - a.likeness || (b.given.bookingDate ?? '').localeCompare(a.given.bookingDate ?? ''),
  );
  for (const { identity, given, kept, likeness } of candidates) {
    if (likeness > 0 && fetched.has(identity) && stored.has(kept.identity)) pair(identity, given, kept);
  }
}

function toAmountKey({ amount: { amount, currency } }: StoredTransaction | FetchedTransaction): string {
  return `${amount} ${currency}`;
}

function groupBy<T>(values: Iterable<T>, toKey: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(toKey(value));
    if (group) group.push(value);
    else groups.set(toKey(value), [value]);
  }
  return groups;
}

/** Of two of the same amount; 0: not the same payment. What one side leaves open speaks neither for nor against. */
function likenessOf(kept: StoredTransaction, given: FetchedTransaction): number {
  let likeness = 0;
  for (const field of ['counterpartyName', 'counterpartyIban', 'remittanceInformation', 'endToEndId'] as const) {
    if (kept[field] === null || given[field] === null) continue;
    if (kept[field] === given[field]) likeness += 1;
    else if (field === 'endToEndId' || field === 'counterpartyIban') return 0;
  }
  return likeness;
}

// Whether a booked one without a date lies within the days asked for is unknown: it stays.
function isWithdrawn(kept: StoredTransaction, from: string | null): boolean {
  if (from === null) return false;
  return kept.status === 'PENDING' || (kept.bookingDate !== null && kept.bookingDate >= from);
}
