import type { FetchedTransaction, StoredTransaction } from './bank-transaction.ts';
import { identify, toFingerprint } from './transaction-identity.ts';

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
  matchByContent(unmatchedFetched, unmatchedStored, pair);
  matchBookedToPending(unmatchedFetched, unmatchedStored, pair);

  return {
    added: [...unmatchedFetched].map(([identity, given]) => ({ ...given, identity, id: newId() })),
    updated: pairs.flatMap(({ identity, given, kept }) => {
      const revised = revise(kept, given, identity);
      return isSame(kept, revised) ? [] : [revised];
    }),
    removedIds: [...unmatchedStored.values()].filter((kept) => isWithdrawn(kept, from)).map((kept) => kept.id),
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

// The bank has begun to send ids, or sends others since the consent was renewed.
function matchByContent(fetched: Fetched, stored: Stored, pair: OnPair): void {
  const byContent = new Map<string, StoredTransaction[]>();
  for (const kept of stored.values()) {
    const content = `${kept.status}:${toFingerprint(kept)}`;
    byContent.set(content, [...(byContent.get(content) ?? []), kept]);
  }
  for (const [identity, given] of [...fetched]) {
    const kept = byContent.get(`${given.status}:${toFingerprint(given)}`)?.shift();
    if (kept) pair(identity, given, kept);
  }
}

function matchBookedToPending(fetched: Fetched, stored: Stored, pair: OnPair): void {
  const pending = [...stored.values()].filter((kept) => kept.status === 'PENDING');
  if (pending.length === 0) return;
  for (const [identity, given] of [...fetched]) {
    if (given.status !== 'BOOKED') continue;
    const candidates = pending
      .filter((kept) => stored.has(kept.identity))
      .map((kept) => ({ kept, likeness: likenessOf(kept, given) }))
      .sort((a, b) => b.likeness - a.likeness);
    const [best] = candidates;
    if (best && best.likeness > 0) pair(identity, given, best.kept);
  }
}

/** 0: not the same payment. What one side leaves open speaks neither for nor against. */
function likenessOf(kept: StoredTransaction, given: FetchedTransaction): number {
  if (kept.amount.amount !== given.amount.amount || kept.amount.currency !== given.amount.currency) return 0;
  let likeness = 0;
  for (const field of ['counterpartyName', 'counterpartyIban', 'remittanceInformation', 'endToEndId'] as const) {
    if (kept[field] === null || given[field] === null) continue;
    if (kept[field] === given[field]) likeness += 1;
    else if (field === 'endToEndId' || field === 'counterpartyIban') return 0;
  }
  return likeness;
}

const texts = [
  'valueDate',
  'counterpartyName',
  'counterpartyIban',
  'remittanceInformation',
  'endToEndId',
  'bankTransactionCode',
  'transactionId',
  'entryReference',
] as const;

// A bank that leaves out today what it told yesterday has not taken it back.
function revise(kept: StoredTransaction, given: FetchedTransaction, identity: string): StoredTransaction {
  const revised: StoredTransaction = { ...kept, ...given, id: kept.id, identity };
  for (const field of texts) revised[field] = given[field] ?? kept[field];
  revised.bookingDate = given.bookingDate ?? (given.status === kept.status ? kept.bookingDate : null);
  return revised;
}

function isSame(kept: StoredTransaction, revised: StoredTransaction): boolean {
  return (
    kept.identity === revised.identity &&
    kept.status === revised.status &&
    kept.bookingDate === revised.bookingDate &&
    kept.amount.amount === revised.amount.amount &&
    kept.amount.currency === revised.amount.currency &&
    texts.every((field) => kept[field] === revised[field])
  );
}

// The day itself is left alone: where a bank's day begins is not agreed upon.
function isWithdrawn(kept: StoredTransaction, from: string | null): boolean {
  if (from === null) return false;
  return kept.status === 'PENDING' || (kept.bookingDate !== null && kept.bookingDate > from);
}
