import type { FetchedTransaction } from '../../src/accounts/bank-transaction.ts';

/** A booked transaction as a bank sends it; what is given replaces the rest. */
export function givenTransaction(given: Partial<FetchedTransaction> = {}): FetchedTransaction {
  return {
    status: 'BOOKED',
    transactionId: null,
    entryReference: null,
    amount: { amount: '-3.20', currency: 'EUR' },
    bookingDate: '2026-03-09',
    valueDate: '2026-03-09',
    counterpartyName: 'Coffee Bar',
    counterpartyIban: null,
    remittanceInformation: 'Thank you',
    endToEndId: null,
    bankTransactionCode: null,
    ...given,
  };
}

export function givenPending(given: Partial<FetchedTransaction> = {}): FetchedTransaction {
  return givenTransaction({ status: 'PENDING', bookingDate: null, valueDate: null, ...given });
}
