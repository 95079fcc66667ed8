import type { BalanceValues } from '../domain/balance-fields.ts';
import { AppError } from '../domain/errors.ts';
import type { ReadingFault } from '../domain/reading-fault.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';

/** What a file of statements says, whatever its format. */
export interface StatementReading {
  /** In the file's order: one per `Stmt`, `Rpt` or `Ntfctn` of camt, one per message of MT940. */
  statements: Statement[];
  /** What was left out and why: rows, balances, accounts. The first thousand; paths and kinds only. */
  faults: ReadingFault[];
  /** How many rows were left out: a true count, however many faults are listed. */
  skippedRows: number;
  /** False: the file breaks off or is damaged between its rows, so that what is not in it may yet exist. */
  complete: boolean;
}

export type StatementFormat = 'camt.052' | 'camt.053' | 'camt.054' | 'mt940' | 'mt942';

export interface Statement {
  format: StatementFormat;
  account: StatementAccount;
  /**
   * In the file's order. Types have the Berlin Group's names: openingBooked, closingBooked, closingAvailable,
   * forwardAvailable …; the balances between the pages of one statement are interimBooked.
   */
  balances: BalanceValues[];
  transactions: FetchedTransaction[];
}

/** By what the file names the account; all null where it names none. */
export interface StatementAccount {
  iban: string | null;
  /** The national account number; for Germany the 18 digits of bank code and account number. */
  bban: string | null;
  /** As written, where it is neither. */
  other: string | null;
  currency: string | null;
}

export type RefusalReason = 'not_a_statement' | 'doctype' | 'too_large' | 'too_deep' | 'too_many_statements';

const refusals: Readonly<Record<RefusalReason, string>> = {
  not_a_statement: 'it is no account statement in camt.052, camt.053, camt.054, MT940 or MT942',
  doctype: 'it has a document type declaration, which no bank statement has and which could declare entities',
  too_large: 'it is larger than a statement may be; ask for a shorter period',
  too_deep: 'its elements are nested deeper than those of any statement',
  too_many_statements: 'it has more statements than one file may have; ask for a shorter period',
};

/** A text of which nothing can be used. Thrown by every reader, and the only error that any of them throws. */
export class StatementError extends AppError {
  readonly reason: RefusalReason;
  constructor(reason: RefusalReason) {
    super('UNREADABLE_STATEMENT', `The file cannot be read: ${refusals[reason]}.`, { details: { reason } });
    this.reason = reason;
  }
}

/** Two years of a busy account in camt have 30 million characters. */
export const maxTextLength = 64 * 1024 * 1024;
/** A message a day for two years, for each of a dozen accounts. */
export const maxStatementCount = 10_000;
/** More would cost more memory than the rows they stand for. */
const maxFaultCount = 1_000;

/** A file with more unreadable rows is not read to its end: each costs more time than one that is read. */
const maxSkippedRowCount = 50_000;

/** A value without which its row, balance or account cannot be used. Never leaves the readers. */
export class UnreadableValue extends Error {
  readonly kind: string;
  readonly field: string;
  constructor(field: string, kind: string) {
    super(`${field}: ${kind}`);
    this.field = field;
    this.kind = kind;
  }
}

export function createReading() {
  const reading: StatementReading = { statements: [], faults: [], skippedRows: 0, complete: true };
  const detach = createDetacher();

  function note(path: string, kind: string): void {
    if (reading.faults.length < maxFaultCount) reading.faults.push({ path, kind });
  }

  /** What `read` gives; null when it came upon a value that cannot be read, which is then noted. */
  function attempt<T>(path: string, read: () => T): T | null {
    try {
      return read();
    } catch (error) {
      if (!(error instanceof UnreadableValue)) throw error;
      note(error.field ? `${path}.${error.field}` : path, error.kind);
      return null;
    }
  }

  return {
    reading,
    note,
    attempt,

    /**
     * As `attempt`, for the rows of one entry, which join the statement's. `read` throws before its first row or not at
     * all.
     */
    attemptRows(path: string, { transactions }: Statement, read: () => Iterable<FetchedTransaction>): void {
      const isHopeless = reading.skippedRows >= maxSkippedRowCount;
      if (isHopeless) reading.complete = false;
      const rows = isHopeless ? null : attempt(path, read);
      if (!rows) reading.skippedRows++;
      for (const row of rows ?? []) transactions.push(detach(row));
    },

    openStatement(format: StatementFormat): Statement {
      if (reading.statements.length >= maxStatementCount) throw new StatementError('too_many_statements');
      const account = { iban: null, bban: null, other: null, currency: null };
      const statement: Statement = { format, account, balances: [], transactions: [] };
      reading.statements.push(statement);
      return statement;
    },
  };
}

/** Names, accounts and booking texts come again and again: so many are kept once for all rows. */
const maxSharedTextCount = 20_000;

/**
 * Gives rows strings of their own. What V8 cuts out of a text goes on holding the whole text, and costs more than a
 * copy where it is short: by this the rows of an MT940 take a third of the memory.
 */
function createDetacher() {
  const shared = new Map<string, string>();

  return (row: FetchedTransaction): FetchedTransaction => {
    const detached: FetchedTransaction = JSON.parse(JSON.stringify(row));
    for (const name of repeatedFields) detached[name] = share(detached[name]);
    if (detached.counterpartyAccount) detached.counterpartyAccount.iban = detached.counterpartyIban;
    return detached;
  };

  function share(text: string | null): string | null {
    if (text === null) return null;
    const known = shared.get(text);
    if (known === undefined && shared.size < maxSharedTextCount) shared.set(text, text);
    return known ?? text;
  }
}

const repeatedFields = [
  'counterpartyName',
  'counterpartyIban',
  'counterpartyBic',
  'additionalInformation',
  'bankTransactionCode',
  'proprietaryBankTransactionCode',
  'creditorId',
  'mandateId',
] as const;

export type ReadingInProgress = ReturnType<typeof createReading>;
