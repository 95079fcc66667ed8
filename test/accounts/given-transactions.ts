import type { AccountChange } from '../../src/accounts/bank-data-store.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { type FetchedTransaction, transactionFields } from '../../src/domain/transaction-fields.ts';

/** A booked transaction as a bank sends it; what is given replaces the rest. */
export function givenTransaction(given: Partial<FetchedTransaction> = {}): FetchedTransaction {
  return {
    ...absentValues(transactionFields),
    status: 'BOOKED',
    amount: { amount: '-3.20', currency: 'EUR' },
    bookingDate: '2026-03-09',
    valueDate: '2026-03-09',
    counterpartyName: 'Coffee Bar',
    remittanceInformation: 'Thank you',
    ...given,
  };
}

export function givenPending(given: Partial<FetchedTransaction> = {}): FetchedTransaction {
  return givenTransaction({ status: 'PENDING', bookingDate: null, valueDate: null, ...given });
}

/** An account as a synchronization leaves it, nothing of its transactions changed; what is given replaces the rest. */
export function givenChange(given: Partial<AccountChange> = {}): AccountChange {
  return {
    id: 'acc_1',
    resourceId: 'r1',
    identification: 'DE1',
    ...absentValues(accountFields),
    kind: 'CASH',
    state: 'AVAILABLE',
    iban: 'DE1',
    name: 'Giro',
    ownerName: 'Anna',
    currency: 'EUR',
    balances: [],
    changedBalances: [],
    problem: null,
    lastBookingDate: null,
    added: [],
    updated: [],
    removed: [],
    restoredIds: [],
    missedIds: [],
    foundIds: [],
    ...given,
  };
}
