import type { RecognisedValues } from './transaction-face.ts';

/** What is remembered of a transaction that the bank no longer tells of: enough to give it its id again when it does. */
export interface RemovedTransaction extends RecognisedValues {
  id: string;
  removedAt: Date;
}
