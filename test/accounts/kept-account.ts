import type { FetchedTransaction, StoredTransaction } from '../../src/accounts/bank-transaction.ts';
import type { RemovedTransaction } from '../../src/accounts/removed-transaction.ts';
import { toRecognisedValues } from '../../src/accounts/transaction-face.ts';
import {
  type Merge,
  type Merged,
  mergeTransactions,
  type TransactionReading,
} from '../../src/accounts/transaction-merge.ts';

/** A reply that says everything since the beginning of 2026, to an account that holds nothing; what is given replaces the rest. */
export function givenMerge(given: Partial<Merge> = {}): Merge {
  let count = 0;
  return {
    stored: [],
    removed: [],
    fetched: [],
    from: '2026-01-01',
    complete: true,
    coversPending: true,
    now: new Date('2026-03-10T04:00:00Z'),
    newId: () => `txn_${count++}`,
    ...given,
  };
}

/** An account as it is kept: what every reply makes of it. */
export interface KeptAccount {
  readonly stored: readonly StoredTransaction[];
  /** Merges a reply of the time that the account's clock shows. */
  take(fetched: FetchedTransaction[], reading?: Partial<TransactionReading>): Merged;
  /** Lets time pass, and takes the same again: what is missing from both is removed. */
  takeTwice(fetched: FetchedTransaction[], reading?: Partial<TransactionReading>): Merged;
  wait(hours: number): void;
}

export function keepAccount(stored: readonly StoredTransaction[] = [], now = '2026-03-10T04:00:00Z'): KeptAccount {
  let kept = [...stored];
  let removed: RemovedTransaction[] = [];
  let atMs = Date.parse(now);
  let count = 0;
  const account: KeptAccount = {
    get stored() {
      return kept;
    },
    wait(hours) {
      atMs += hours * 3_600_000;
    },
    take(fetched, reading) {
      const at = new Date(atMs);
      const newId = () => `txn_${++count}`;
      const merged = mergeTransactions(givenMerge({ stored: kept, removed, fetched, now: at, newId, ...reading }));
      const updated = new Map(merged.updated.map((transaction) => [transaction.id, transaction]));
      const removedIds = new Set(merged.removed.map(({ id }) => id));
      const toMissingSince = ({ id, missingSince }: StoredTransaction): Date | null => {
        if (merged.foundIds.includes(id)) return null;
        return merged.missedIds.includes(id) ? at : missingSince;
      };
      kept = kept
        .filter(({ id }) => !removedIds.has(id))
        .map(
          (transaction) => updated.get(transaction.id) ?? { ...transaction, missingSince: toMissingSince(transaction) },
        )
        .concat(merged.added);
      removed = removed
        .filter(({ id }) => !merged.restoredIds.includes(id))
        .concat(merged.removed.map((each) => ({ ...toRecognisedValues(each), id: each.id, removedAt: at })));
      return merged;
    },
    takeTwice(fetched, reading) {
      account.take(fetched, reading);
      account.wait(12);
      return account.take(fetched, reading);
    },
  };
  return account;
}
