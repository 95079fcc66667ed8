import type { BankDirectory } from '../../src/banking/bank-directory.ts';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import type {
  BankAccount,
  BankBalance,
  BankConsentStatus,
  BankPort,
  BankTransaction,
  DataAccess,
} from '../../src/banking/bank-port.ts';
import { NotFound } from '../../src/domain/errors.ts';

export interface BankCall {
  operation: 'listAccounts' | 'getBalances' | 'listTransactions';
  resourceId: string;
  consentId: string;
  psuIpAddress: string | null;
  dateFrom: string | null;
}

/** A bank that says what the test has put into it, and remembers what it was asked. */
export interface ScriptedBank extends BankDirectory {
  readonly calls: BankCall[];
  accounts: BankAccount[];
  balances: BankBalance[];
  /** By resource id; one array is a page. */
  pages: Map<string, BankTransaction[][]>;
  /** What it says of every consent when it is asked; null: it knows none. */
  consentStatus: BankConsentStatus | null;
  /** Called before each answer with data: may throw, or wait. */
  beforeAnswer: (call: BankCall, access: DataAccess) => unknown;
}

export function bankAccount(given: Partial<BankAccount> = {}): BankAccount {
  return {
    resourceId: 'r1',
    iban: 'DE02120300000000202051',
    otherIdentification: null,
    currency: 'EUR',
    name: 'Giro',
    ownerName: 'Anna',
    product: null,
    balances: null,
    ...given,
  };
}

export function bankTransaction(given: Partial<BankTransaction> = {}): BankTransaction {
  return {
    status: 'BOOKED',
    transactionId: 'b1',
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
      return bank.accounts;
    },
    async getBalances(resourceId: string, access: DataAccess) {
      await answer('getBalances', access, { resourceId });
      return bank.balances;
    },
    async *listTransactions(resourceId: string, { dateFrom }: { dateFrom: string }, access: DataAccess) {
      await answer('listTransactions', access, { resourceId, dateFrom });
      for (const page of bank.pages.get(resourceId) ?? []) yield page;
    },
  } as unknown as BankPort;
  const bank: ScriptedBank = {
    calls: [],
    accounts: [bankAccount()],
    balances: [{ type: 'expected', amount: { amount: '100.00', currency: 'EUR' }, referenceDate: '2026-03-10' }],
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
