import type { BalanceValues } from '../../domain/balance-fields.ts';
import type { ReadingFault } from '../../domain/reading-fault.ts';
import type { FetchedTransaction } from '../../domain/transaction-fields.ts';

/** What a file of camt or MT940 says. */
export interface StatementFile {
  statements: {
    format: string;
    account: { iban: string | null; currency: string | null };
    balances: BalanceValues[];
    transactions: FetchedTransaction[];
  }[];
  faults: ReadingFault[];
  skippedRows: number;
  /** False: the file breaks off, so that what is not in it may yet exist. */
  complete: boolean;
}

/** Throws when nothing of the text can be used. */
export type ReadStatement = (content: string) => StatementFile;

/** Until the readers are there. */
export const readStatement: ReadStatement = () => {
  throw Object.assign(new Error('no reader'), { code: 'UNREADABLE_STATEMENT', details: { reason: 'no_reader' } });
};
