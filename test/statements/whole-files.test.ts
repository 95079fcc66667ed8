import { describe, expect, test } from 'vitest';
import { addDecimals } from '../../src/statements/decimal-sum.ts';
import { readStatement } from '../../src/statements/read-statement.ts';
import { present, readStatementFile, rowsOf, statementFileNames } from './statement-files.ts';

const read = (name: (typeof statementFileNames)[number]) => readStatement(readStatementFile(name));

test.each(statementFileNames)('%s is read whole', (name) => {
  expect(read(name)).toMatchObject({ faults: [], skippedRows: 0, complete: true });
});

const opening = new Set(['openingBooked', 'previouslyClosedBooked', 'interimBooked']);
const closing = new Set(['closingBooked', 'interimBooked']);

test.each(statementFileNames.filter((name) => !name.includes('mt942')))(
  'the rows of %s lead from balance to balance',
  (name) => {
    for (const { balances, transactions } of read(name).statements) {
      const first = balances.find(({ type }) => opening.has(type))?.amount;
      const last = balances.findLast(({ type }) => closing.has(type))?.amount;
      const booked = transactions.filter(({ status }) => status === 'BOOKED').map(({ amount }) => amount.amount);
      expect(Number(addDecimals([first?.amount ?? '', ...booked]))).toBe(Number(last?.amount));
      expect(first).not.toBe(last);
    }
  },
);

describe('a German camt.053', () => {
  const rows = rowsOf(read('german-camt053-v02.xml'));

  test('gives all that a credit transfer says', () => {
    expect(present(rows[0])).toEqual({
      status: 'BOOKED',
      amount: { amount: '500.00', currency: 'EUR' },
      bookingDate: '2026-11-20',
      valueDate: '2026-11-20',
      counterpartyName: 'Müller & Söhne GmbH',
      counterpartyIban: 'DE75512108001245126199',
      counterpartyAccount: { iban: 'DE75512108001245126199', bban: null, maskedPan: null, other: null },
      counterpartyBic: 'SOGEDEFFXXX',
      ultimateCounterpartyName: 'Hausverwaltung Nord',
      remittanceInformation: 'Rechnung 2026-0815 Fenster und Tueren',
      additionalInformation: 'GUTSCHR. UEBERWEISUNG',
      endToEndId: 'RG-2026-0815',
      bankTransactionCode: 'PMNT-RCDT-ESCT',
      proprietaryBankTransactionCode: 'NTRF+166+9310',
      purposeCode: 'GDSV',
      bankTransactionId: '2026112010000001000',
    });
  });

  test('names the creditor of a direct debit with its scheme, and no reference where there is none', () => {
    expect(rows[1]).toMatchObject({
      amount: { amount: '-89.90' },
      counterpartyName: 'Stadtwerke',
      mandateId: 'M-4711',
      creditorId: 'DE98ZZZ09999999999',
      endToEndId: null,
    });
  });

  test('names the payer whose payment is taken back, not the account owner', () => {
    expect(rows[2]).toMatchObject({
      amount: { amount: '-23.91' },
      counterpartyName: 'Karla Kundin',
      counterpartyIban: 'DE27100777770209299700',
      otherFields: { returnReason: 'AC04', reversal: true },
    });
  });
});

test('an Austrian camt.053 with prefixes and wrappers gives the same fields, with exchange and time', () => {
  const [statement] = read('austrian-camt053-v08.xml').statements;
  expect(statement?.account).toEqual({ iban: 'AT611904300234573201', bban: null, other: null, currency: 'EUR' });
  expect(statement?.balances.map(present)).toEqual([
    {
      type: 'openingBooked',
      amount: { amount: '-50.00', currency: 'EUR' },
      creditLimitIncluded: false,
      referenceDate: '2026-11-20',
    },
    {
      type: 'closingBooked',
      amount: { amount: '-157.35', currency: 'EUR' },
      referenceDate: '2026-11-20',
      lastChangedAt: '2026-11-20T18:59:00.000Z',
    },
  ]);
  expect(present(statement?.transactions[0])).toEqual({
    status: 'BOOKED',
    amount: { amount: '-107.35', currency: 'EUR' },
    bookingDate: '2026-11-20',
    bookedAt: '2026-11-20T08:15:30.000Z',
    valueDate: '2026-11-21',
    transactionDate: '2026-11-19',
    counterpartyName: 'Bergbahnen Zermatt',
    counterpartyAccount: { iban: null, bban: null, maskedPan: null, other: '30-123-9' },
    counterpartyBic: 'POFICHBEXXX',
    ultimateCounterpartyName: 'Skipass AG',
    structuredReference: 'RF18539007547034',
    additionalInformation: 'Kartenzahlung Bankomat 4711',
    endToEndId: 'E2E-AT',
    bankTransactionCode: 'PMNT-CCRD-POSD',
    originalAmount: { amount: '-100.00', currency: 'CHF' },
    exchangeRate: '1.0735',
    bankTransactionId: '201112611234AB',
    entryReference: '1',
    otherFields: { uetr: '8a562c67-ca16-48ba-b074-65581be6f001' },
  });
});

test('a Dutch batch is a row for each payment where their amounts add up, else one row', () => {
  const rows = rowsOf(read('dutch-camt053-batch.xml'));
  expect(rows.map(({ amount, endToEndId }) => [amount.amount, endToEndId])).toEqual([
    ['20.25', 'A1'],
    ['40.25', 'B2'],
    ['-40.00', null],
  ]);
  // The entry's own references would make one payment of them.
  expect(rows[0]).toMatchObject({ bankTransactionId: null, entryReference: null });
  expect(rows[0]?.otherFields).toEqual({
    batchPaymentInformationId: 'INCASSO-11',
    numberOfTransactions: '2',
    entryReference: '7',
    batchReference: 'BATCH-1',
    batchSize: 2,
  });
  expect(rows[2]).toMatchObject({ entryReference: '8', additionalInformation: 'Salarissen' });
});

test('a Nordic camt.052 in an envelope tells booked from pending, and leaves out what is only information', () => {
  const [statement] = read('nordic-camt052-v06.xml').statements;
  expect(statement).toMatchObject({
    format: 'camt.052',
    account: { iban: null, bban: '12345678901', currency: 'NOK' },
  });
  expect(statement?.balances.map(({ type }) => type)).toEqual(['openingBooked', 'interimBooked', 'DISP']);
  expect(
    statement?.transactions.map(({ status, amount, bookingDate }) => [status, amount.amount, bookingDate]),
  ).toEqual([
    ['BOOKED', '51.50', '2026-11-20'],
    ['PENDING', '-20.00', null],
  ]);
});

describe('a German MT940', () => {
  const [statement] = read('german-mt940.sta').statements;

  test('gives the same rows as the camt.053 of the same day', () => {
    const sides = (name: 'german-mt940.sta' | 'german-camt053-v02.xml') =>
      rowsOf(read(name)).map(({ amount, bookingDate, mandateId }) => [amount, bookingDate, mandateId ?? null]);
    expect(sides('german-mt940.sta').slice(0, 2)).toEqual(sides('german-camt053-v02.xml').slice(0, 2));
  });

  test('gives the account as 18 digits, and balances by the names of the Berlin Group', () => {
    expect(statement?.account).toEqual({ iban: null, bban: '370400440532013000', other: null, currency: 'EUR' });
    expect(statement?.balances.map(({ type, amount, referenceDate }) => [type, amount.amount, referenceDate])).toEqual([
      ['openingBooked', '1000.00', '2026-11-19'],
      ['closingBooked', '1386.19', '2026-11-20'],
      ['closingAvailable', '1300.00', '2026-11-20'],
      ['forwardAvailable', '1200.00', '2026-11-21'],
    ]);
  });

  test('puts together what lines and subfields have cut', () => {
    expect(present(statement?.transactions[0])).toEqual({
      status: 'BOOKED',
      amount: { amount: '500.00', currency: 'EUR' },
      bookingDate: '2026-11-20',
      valueDate: '2026-11-20',
      counterpartyName: 'Mueller und Soehne Handelsgesellschaft mbH',
      counterpartyIban: 'DE75512108001245126199',
      counterpartyAccount: { iban: 'DE75512108001245126199', bban: null, maskedPan: null, other: null },
      counterpartyBic: 'SOGEDEFFXXX',
      remittanceInformation: 'Rechnung 2026-0815 Fenster und Tueren',
      additionalInformation: 'GUTSCHR. UEBERWEISUNG',
      endToEndId: 'RG-2026-0815-XXXXXXX-YYYYYYYY',
      proprietaryBankTransactionCode: 'N166+166+9310',
      bankTransactionId: '2026112010000001',
    });
  });

  test('keeps bank code, account number and return code where there is no IBAN', () => {
    expect(statement?.transactions[2]).toMatchObject({
      amount: { amount: '-23.91' },
      counterpartyAccount: { iban: null, bban: '0209299700' },
      otherFields: { counterpartyBankCode: '10077777', returnCode: '914', reversal: true },
    });
  });
});

test('a Dutch MT940 of several messages in blocks is read by its codewords', () => {
  const { statements } = read('dutch-mt940.sta');
  expect(statements.map(({ account }) => account.iban)).toEqual(['NL69INGB0123456789', 'NL69INGB0123456789']);
  const rows = statements.flatMap(({ transactions }) => transactions);
  expect(rows[0]).toMatchObject({
    counterpartyName: 'ING BANK NV INZAKE WEB',
    counterpartyIban: 'NL32INGB0000012345',
    counterpartyBic: 'INGBNL2A',
    endToEndId: 'EV12341REP1231456T1234',
    remittanceInformation: 'EV10REP1000000T1000',
  });
  expect(rows[1]).toMatchObject({
    mandateId: 'CCOVGENERATE5',
    creditorId: 'NL32ZZZ999999991234',
    structuredReference: '9001123412341234',
    remittanceInformation: null,
  });
  expect(rows[2]).toMatchObject({
    amount: { amount: '0.50' },
    counterpartyName: 'P. Postma',
    remittanceInformation: 'Lunch 12/11',
    additionalInformation: 'SEPA OVERBOEKING',
    endToEndId: null,
  });
});

test('rows of an MT942 are pending, with the day on which they are expected to be booked', () => {
  const [statement] = read('german-mt942.sta').statements;
  expect(statement).toMatchObject({ format: 'mt942', account: { currency: 'EUR' }, balances: [] });
  expect(
    statement?.transactions.map(({ status, amount, bookingDate, otherFields }) => [
      status,
      amount.amount,
      bookingDate,
      otherFields,
    ]),
  ).toEqual([
    ['PENDING', '-12.50', null, { expectedBookingDate: '2026-11-20' }],
    ['PENDING', '7.00', null, { expected: true, expectedBookingDate: '2026-11-23' }],
  ]);
});
