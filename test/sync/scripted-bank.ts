import type { BankDirectory } from '../../src/banking/bank-directory.ts';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import type { BankAccount, BankConsentStatus, BankPort, DataAccess } from '../../src/banking/bank-port.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { type BalanceValues, balanceFields } from '../../src/domain/balance-fields.ts';
import { NotFound } from '../../src/domain/errors.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { type FetchedTransaction, transactionFields } from '../../src/domain/transaction-fields.ts';

export interface BankCall {
  operation: 'listAccounts' | 'readBalances' | 'listTransactions';
  resourceId: string;
  consentId: string;
  psuIpAddress: string | null;
  dateFrom: string | null;
}

/** A bank that says what the test has put into it, and remembers what it was asked. */
export interface ScriptedBank extends BankDirectory {
  readonly calls: BankCall[];
  accounts: BankAccount[];
  balances: BalanceValues[];
  /** By resource id; one array is a page. */
  pages: Map<string, FetchedTransaction[][]>;
  /** What it says of every consent when it is asked; null: it knows none. */
  consentStatus: BankConsentStatus | null;
  /** Called before each answer with data: may throw, or wait. */
  beforeAnswer: (call: BankCall, access: DataAccess) => unknown;
}

export function bankAccount(given: Partial<BankAccount> = {}): BankAccount {
  return {
    resourceId: 'r1',
    ...absentValues(accountFields),
    kind: 'CASH',
    state: 'AVAILABLE',
    iban: 'DE02120300000000202051',
    otherIdentification: null,
    currency: 'EUR',
    name: 'Giro',
    ownerName: 'Anna',
    balances: null,
    ...given,
  };
}

export function bankTransaction(given: Partial<FetchedTransaction> = {}): FetchedTransaction {
  return {
    ...absentValues(transactionFields),
    status: 'BOOKED',
    bankTransactionId: 'b1',
    amount: { amount: '-3.20', currency: 'EUR' },
    bookingDate: '2026-03-09',
    valueDate: '2026-03-09',
    counterpartyName: 'Coffee Bar',
    remittanceInformation: 'Thank you',
    ...given,
  };
}

/** Waits for the signal, as a bank that does not answer makes one wait. */
export function silence({ signal }: DataAccess): Promise<never> {
  return new Promise((_, reject) => {
    if (signal?.aborted) reject(signal.reason);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}

/** The bank of all logins that `bank_test` has. */
export function createScriptedBank(): ScriptedBank {
  async function answer(
    operation: BankCall['operation'],
    access: DataAccess,
    { resourceId = '', dateFrom = null }: { resourceId?: string; dateFrom?: string | null } = {},
  ): Promise<void> {
    const { psu } = access;
    const consentId = access.credentials.text;
    const call = { operation, resourceId, consentId, psuIpAddress: psu?.ipAddress ?? null, dateFrom };
    bank.calls.push(call);
    await bank.beforeAnswer(call, access);
  }
  const port = {
    async getConsent() {
      if (bank.consentStatus === null) throw new BankFailure('CONSENT_INVALID', 'There is no such consent.');
      return { status: bank.consentStatus, recurring: true, validUntil: '2026-06-08', frequencyPerDay: 4 };
    },
    async listAccounts(access: DataAccess) {
      await answer('listAccounts', access);
      return { accounts: bank.accounts, faults: [], complete: true };
    },
    async readBalances({ resourceId }: BankAccount, access: DataAccess) {
      await answer('readBalances', access, { resourceId });
      return { balances: bank.balances, faults: [] };
    },
    async *listTransactions({ resourceId }: BankAccount, { dateFrom }: { dateFrom: string }, access: DataAccess) {
      await answer('listTransactions', access, { resourceId, dateFrom });
      for (const transactions of bank.pages.get(resourceId) ?? []) {
        yield { transactions, faults: [], coversPending: true };
      }
    },
  } as unknown as BankPort;
  const bank: ScriptedBank = {
    calls: [],
    accounts: [bankAccount()],
    balances: [
      {
        ...absentValues(balanceFields),
        type: 'expected',
        amount: { amount: '100.00', currency: 'EUR' },
        referenceDate: '2026-03-10',
      },
    ],
    pages: new Map([['r1', [[bankTransaction()]]]]),
    consentStatus: null,
    beforeAnswer: () => {},
    get(bankId) {
      if (bankId !== 'bank_test') throw new NotFound('bank', bankId);
      return port;
    },
    entry: () => {
      throw new Error('not needed');
    },
    list: () => [],
    close: async () => {},
  };
  return bank;
}
