import type { EventType } from '../generated/prisma/enums.ts';

const user = { id: 'usr_01kkbm2a3v8q5t9w7x1y2z3a4b', externalId: 'ada' };
const bankLogin = { id: 'login_01kkbm2c4d5e6f7g8h9j0k1m2n', bank: { id: 'bank_sandbox', name: 'Sandbox Bank' } };
const accounts = [
  {
    account: {
      id: 'acc_01kkbm2d5e6f7g8h9j0k1m2n3p',
      kind: 'CASH',
      iban: 'DE89370400440532013000',
      bic: 'COBADEFFXXX',
      name: 'Main account',
      ownerName: 'Ada Example',
      currency: 'EUR',
      product: 'Girokonto',
      type: 'CACC',
      usage: 'PRIV',
      state: 'AVAILABLE',
    },
    balances: [
      {
        type: 'interimAvailable',
        amount: { amount: '1234.56', currency: 'EUR' },
        creditLimitIncluded: false,
        referenceDate: '2026-03-10',
        lastChangedAt: '2026-03-10T08:41:07.000Z',
        observedAt: '2026-03-10T10:00:00.000Z',
      },
    ],
    newTransactions: [
      {
        id: 'txn_01kkbm2e6f7g8h9j0k1m2n3p4q',
        accountId: 'acc_01kkbm2d5e6f7g8h9j0k1m2n3p',
        status: 'BOOKED',
        amount: { amount: '-12.50', currency: 'EUR' },
        bookingDate: '2026-03-10',
        valueDate: '2026-03-10',
        transactionDate: '2026-03-09',
        bookedAt: '2026-03-10T06:12:30.000Z',
        counterpartyName: 'Café am Markt',
        counterpartyIban: null,
        counterpartyAccount: { iban: null, bban: null, maskedPan: '410000xxxxxx1234', other: null },
        remittanceInformation: 'Kartenzahlung',
        additionalInformation: 'KARTENZAHLUNG 09.03. 14:05',
        endToEndId: null,
        bankTransactionCode: 'PMNT-CCRD-POSD',
        proprietaryBankTransactionCode: '106',
        merchantCategoryCode: '5814',
        balanceAfter: { amount: '1234.56', currency: 'EUR' },
        originalAmount: { amount: '-11.90', currency: 'CHF' },
        exchangeRate: '1.0504',
        bankTransactionId: '2026-03-10-0042',
        otherFields: { terminalId: '65012345' },
        firstSeenAt: '2026-03-10T10:00:00.000Z',
        updatedAt: '2026-03-10T10:00:00.000Z',
      },
    ],
    updatedTransactions: [],
    removedTransactionIds: [],
    problem: null,
    skippedRows: 0,
  },
];

/** One example payload per type: shown by the API, emitted with the schemas, checked against them by a test. */
export const eventExamples: Record<EventType, unknown> = {
  BANK_LOGIN_CONNECTED: { user, bankLogin, accounts },
  BANK_LOGIN_SYNCHRONIZED: { user, bankLogin, trigger: 'SCHEDULER', sequence: 7, accounts },
  BANK_LOGIN_SYNCHRONIZATION_FAILED: {
    user,
    bankLogin,
    trigger: 'SCHEDULER',
    errorCode: 'BANK_UNAVAILABLE',
    errorMessage: 'The bank did not answer; it is tried again in the next cycle.',
  },
  BANK_LOGIN_SCA_REQUIRED: { user, bankLogin, reason: 'CONSENT_EXPIRED' },
  BANK_LOGIN_DELETED: { userId: user.id, bankLoginId: bankLogin.id },
  CONSENT_EXPIRING: { user, bankLogin, validUntil: '2026-03-24', daysLeft: 14 },
  CONSENT_EXPIRED: { user, bankLogin, validUntil: '2026-03-09' },
  USER_DELETED: { userId: user.id, externalId: null },
  SYNCHRONIZATION_CYCLE_COMPLETED: {
    cycle: {
      id: 'cyc_01kkbm2f7g8h9j0k1m2n3p4q5r',
      opensAt: '2026-03-10T04:00:00.000Z',
      closesAt: '2026-03-10T16:00:00.000Z',
      status: 'COMPLETED',
      startedAt: '2026-03-10T04:00:00.012Z',
      finishedAt: '2026-03-10T04:21:45.300Z',
      usersEnrolled: 1000,
      usersSynchronized: 997,
      usersFailed: 2,
      usersSkipped: 1,
    },
  },
  WEBHOOK_ENDPOINT_DISABLED: {
    endpoint: { id: 'whe_01kkbm2g8h9j0k1m2n3p4q5r6s', url: 'https://receiver.example/webhooks' },
    reason: 'Every delivery has failed for 5 days.',
  },
  WEBHOOK_TEST: { message: 'This is a test.' },
};
