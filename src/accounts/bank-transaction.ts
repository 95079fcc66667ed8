import type { Money } from '../domain/money.ts';

/** What a bank says of a transaction, and what is kept of it. Dates are YYYY-MM-DD. */
export interface TransactionFields {
  status: 'BOOKED' | 'PENDING';
  amount: Money;
  bookingDate: string | null;
  valueDate: string | null;
  counterpartyName: string | null;
  counterpartyIban: string | null;
  remittanceInformation: string | null;
  endToEndId: string | null;
  bankTransactionCode: string | null;
}

export interface FetchedTransaction extends TransactionFields {
  transactionId: string | null;
  entryReference: string | null;
}

export interface StoredTransaction extends FetchedTransaction {
  id: string;
  /** What recognises it when the bank sends it again; see transaction-identity.ts. */
  identity: string;
}
