import type { TransactionValues } from '../domain/transaction-fields.ts';

export type { FetchedTransaction } from '../domain/transaction-fields.ts';

/** What is kept of a transaction. */
export interface StoredTransaction extends TransactionValues {
  id: string;
  /** What recognises it when the bank sends it again; see transaction-identity.ts. */
  identity: string;
  /** Since a synchronization that should have found it and did not; null while the bank tells of it. */
  missingSince: Date | null;
}

/** As read from the store. */
export interface KeptTransaction extends StoredTransaction {
  firstSeenAt: string;
}
