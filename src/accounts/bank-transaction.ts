import type { TransactionValues } from '../domain/transaction-fields.ts';

export type { FetchedTransaction } from '../domain/transaction-fields.ts';

/** What is kept of a transaction. */
export interface StoredTransaction extends TransactionValues {
  id: string;
  /** What recognises it when the bank sends it again; see transaction-identity.ts. */
  identity: string;
}

/** As read from the store. */
export interface KeptTransaction extends StoredTransaction {
  firstSeenAt: string;
}
