import { describe, expect, test } from 'vitest';
import type { FetchedTransaction } from '../../../src/domain/transaction-fields.ts';
import { givenAccount } from '../fake-bank.ts';
import { booked, otherIban, ownIban, readRow, readRows } from './bank-habits.ts';

const eur = (amount: unknown) => ({ transactionAmount: { amount, currency: 'EUR' } });

describe('an amount is read exactly, however it is written', () => {
  test.each<[written: unknown, amount: string]>([
    [46.97, '46.97'],
    [-46.9, '-46.90'],
    [12, '12.00'],
    [0, '0.00'],
    ['+46.97', '46.97'],
    ['46,97', '46.97'],
    ['-46,97', '-46.97'],
    ['.50', '0.50'],
    ['-.5', '-0.50'],
    ['1E+2', '100.00'],
    ['1.5e1', '15.00'],
    ['1 234.50', '1234.50'],
    [' -12.30 ', '-12.30'],
    ['1.234,56', '1234.56'],
    ['1,234.56', '1234.56'],
    ['1.234.567,89', '1234567.89'],
    ['12.30-', '-12.30'],
    ['\u221212.30', '-12.30'],
    ['12.3456', '12.3456'],
    ['12.340000', '12.34'],
    ['0012.30', '12.30'],
    ['-0.00', '0.00'],
  ])('%j is %s', async (written, amount) => {
    expect((await readRow(eur(written))).amount).toEqual({ amount, currency: 'EUR' });
  });

  test('numbers of more digits than a double has keep them', async () => {
    const raw =
      '{"transactions":{"booked":[{"transactionId":123456789012345678901,"transactionAmount":{"amount":123456789012345.67,"currency":"EUR"}}]}}';
    const { rows } = await readRows([{ raw }]);
    expect(rows).toMatchObject([
      { bankTransactionId: '123456789012345678901', amount: { amount: '123456789012345.67' } },
    ]);
  });

  test.each([[null], [''], ['abc'], ['1,234'], ['12..3'], ['1'.repeat(17)], [{}], [[]], [true], ['--5']])(
    '%j is no amount: the row is left out and told',
    async (written) => {
      const { rows, pages } = await readRows([booked(eur(written), eur('1.00'))]);
      expect(rows).toHaveLength(1);
      expect(pages[0]?.faults).toEqual([{ path: 'transactions.booked.0.transactionAmount', kind: expect.any(String) }]);
      expect(pages[0]?.skippedRows).toBe(1);
    },
  );

  test('an amount without an object around it', async () => {
    const row = await readRow({ transactionAmount: '-5.00', currency: 'chf' });
    expect(row).toMatchObject({ amount: { amount: '-5.00', currency: 'CHF' }, otherFields: null });
  });
});

describe('the direction: a sign counts; else the indicator; else whose IBAN is the account’s own', () => {
  const own = { iban: ownIban };
  const other = { iban: otherIban };
  test.each<[what: string, row: object, amount: string]>([
    ['DBIT without a sign', { ...eur('5.00'), creditDebitIndicator: 'DBIT' }, '-5.00'],
    ['CRDT without a sign', { ...eur('5.00'), creditDebitIndicator: 'CRDT' }, '5.00'],
    ['a minus beside DBIT', { ...eur('-5.00'), creditDebitIndicator: 'DBIT' }, '-5.00'],
    ['a minus beside CRDT', { ...eur('-5.00'), creditDebitIndicator: 'CRDT' }, '-5.00'],
    ['a plus beside DBIT', { ...eur('+5.00'), creditDebitIndicator: 'DBIT' }, '5.00'],
    ['the own account as debtor', { ...eur('5.00'), debtorAccount: own, creditorAccount: other }, '-5.00'],
    ['the own account as creditor', { ...eur('5.00'), debtorAccount: other, creditorAccount: own }, '5.00'],
    ['the own account as both', { ...eur('5.00'), debtorAccount: own, creditorAccount: own }, '5.00'],
    ['a plus, and the own account as debtor', { ...eur('+5.00'), debtorAccount: own }, '5.00'],
    ['DBIT as a number', { ...eur(5), creditDebitIndicator: 'DBIT' }, '-5.00'],
    [
      'CRDT, and the own account as debtor',
      { ...eur('5.00'), creditDebitIndicator: 'CRDT', debtorAccount: own },
      '5.00',
    ],
  ])('%s', async (_what, row, amount) => {
    expect((await readRow(row)).amount.amount).toBe(amount);
  });

  test.each<[what: string, kind: 'CARD' | 'CASH', amountSign: 'reversed' | 'as-sent', amount: string]>([
    ['reversed on a card account, where the entry says so', 'CARD', 'reversed', '-5.00'],
    ['as sent on a card account without that', 'CARD', 'as-sent', '5.00'],
    ['as sent on any other account', 'CASH', 'reversed', '5.00'],
  ])('%s', async (_what, kind, amountSign, amount) => {
    const row = await readRow(eur('5.00'), { account: givenAccount({ kind }), entry: { amountSign } });
    expect(row.amount.amount).toBe(amount);
  });
});

describe('a currency', () => {
  test.each<[what: string, amount: object, currency: string]>([
    ['in lower case', { amount: '1.00', currency: 'eur' }, 'EUR'],
    ['missing: the account’s', { amount: '1.00' }, 'CHF'],
    ['empty: the account’s', { amount: '1.00', currency: '' }, 'CHF'],
  ])('%s', async (_what, transactionAmount, currency) => {
    const row = await readRow({ transactionAmount }, { account: givenAccount({ currency: 'CHF' }) });
    expect(row.amount.currency).toBe(currency);
  });

  test('missing in a row of an account of several: that row is left out', async () => {
    const rows = [
      { transactionAmount: { amount: '1.00' } },
      { transactionAmount: { amount: '2.00', currency: 'USD' } },
    ];
    const read = await readRows([booked(...rows)], { account: givenAccount({ currency: 'XXX' }) });
    expect(read.rows).toMatchObject([{ amount: { amount: '2.00', currency: 'USD' } }]);
    expect(read.pages[0]?.faults).toEqual([
      { path: 'transactions.booked.0.transactionAmount.currency', kind: 'missing' },
    ]);
  });
});

describe('a date', () => {
  test.each<[written: unknown, day: string | null]>([
    ['2026-11-20', '2026-11-20'],
    ['2026-11-20T23:30:00+01:00', '2026-11-20'],
    ['2026-11-20T23:30:00Z', '2026-11-20'],
    ['2026-11-20T23:30:00', '2026-11-20'],
    ['20.11.2026', '2026-11-20'],
    ['1.2.2026', '2026-02-01'],
    ['20261120', '2026-11-20'],
    [20261120, '2026-11-20'],
    ['2026/11/20', '2026-11-20'],
    ['0000-00-00', null],
    ['2023-02-30', null],
    ['2023-13-01', null],
    ['0001-01-01', null],
    ['', null],
    [null, null],
    ['soon', null],
    [{}, null],
  ])('%j is %s', async (written, day) => {
    const row = await readRow({ bookingDate: written, valueDate: written, transactionDate: written });
    expect(row).toMatchObject({ bookingDate: day, valueDate: day, transactionDate: day });
  });

  test('an impossible one costs no row and leaves nothing behind; an unknown one is kept', async () => {
    expect((await readRow({ bookingDate: '0000-00-00' })).otherFields).toBeNull();
    expect((await readRow({ bookingDate: 'soon' })).otherFields).toEqual({ bookingDate: 'soon' });
  });

  test.each<[what: string, row: object, expected: Partial<FetchedTransaction>]>([
    [
      'bookingDateTime alone',
      { bookingDateTime: '2026-03-01T00:30:00+02:00' },
      { bookingDate: '2026-03-01', bookedAt: '2026-02-28T22:30:00.000Z' },
    ],
    [
      'a bookingDate with time',
      { bookingDate: '2026-03-01T08:15:30.5Z' },
      { bookingDate: '2026-03-01', bookedAt: '2026-03-01T08:15:30.500Z' },
    ],
    ['valueDateTime alone', { valueDateTime: '2026-03-02T10:00:00Z' }, { valueDate: '2026-03-02', bookedAt: null }],
    [
      'a time without a zone',
      { bookingDateTime: '2026-03-01T08:15:00' },
      { bookingDate: '2026-03-01', bookedAt: null },
    ],
    [
      'both',
      { bookingDate: '2026-03-02', bookingDateTime: '2026-03-01T23:59:00Z' },
      { bookingDate: '2026-03-02', bookedAt: '2026-03-01T23:59:00.000Z' },
    ],
    ['of a card’s use', { acceptorTransactionDateTime: '2026-03-01T08:00:00Z' }, { transactionDate: '2026-03-01' }],
  ])('with time: %s', async (_what, row, expected) => {
    expect(await readRow(row)).toMatchObject(expected);
  });
});

describe('texts, ids and codes are taken as what they mean', () => {
  test.each<[what: string, row: object, expected: Partial<FetchedTransaction>]>([
    [
      'ids as numbers',
      { transactionId: 4711, entryReference: 12 },
      { bankTransactionId: '4711', entryReference: '12' },
    ],
    ['a name as a number', { debtorName: 1847 }, { counterpartyName: '1847' }],
    [
      'codes as numbers',
      { proprietaryBankTransactionCode: 166, purposeCode: 5 },
      { proprietaryBankTransactionCode: '166', purposeCode: '5' },
    ],
    [
      'lines where a text is meant',
      { remittanceInformationUnstructured: ['Rent', 'March'] },
      { remittanceInformation: 'Rent March' },
    ],
    [
      'a text where lines are meant',
      { remittanceInformationUnstructuredArray: 'Rent March' },
      { remittanceInformation: 'Rent March' },
    ],
    [
      'lines in objects',
      { remittanceInformationUnstructuredArray: [{ content: 'Rent' }, 'March'] },
      { remittanceInformation: 'Rent March' },
    ],
    ['a list of additional lines', { additionalInformation: ['a', 'b'] }, { additionalInformation: 'a b' }],
    [
      'a reference as an object',
      { remittanceInformationStructured: { reference: 'RF18539007547034' } },
      { structuredReference: 'RF18539007547034', remittanceInformation: 'RF18539007547034' },
    ],
    [
      'a reference beside a text',
      { remittanceInformationStructured: 'RF18', remittanceInformationUnstructured: 'Invoice' },
      { structuredReference: 'RF18', remittanceInformation: 'Invoice' },
    ],
    ['an account as a text', { debtorAccount: otherIban }, { counterpartyIban: otherIban }],
    [
      'an account as a number',
      { debtorAccount: { bban: 1234567 } },
      { counterpartyIban: null, counterpartyAccount: { iban: null, bban: '1234567', maskedPan: null, other: null } },
    ],
    ['an agent as an object', { debtorAgent: { bicfi: 'agfbfrcc' } }, { counterpartyBic: 'AGFBFRCC' }],
    ['a name in an object', { debtor: { name: 'Arbeitgeber AG' } }, { counterpartyName: 'Arbeitgeber AG' }],
    [
      'html entities',
      { debtorName: 'M&uuml;ller &amp; S&#246;hne &lt;KG&gt;' },
      { counterpartyName: 'Müller & Söhne <KG>' },
    ],
    ['entities, decoded once', { debtorName: '&amp;amp;' }, { counterpartyName: '&amp;' }],
    ['an ampersand that begins none', { debtorName: 'H&M, a&not b' }, { counterpartyName: 'H&M, a&not b' }],
    [
      'escapes',
      { debtorName: 'M\\u00fcller, M\\U00FCller, M\\U000000fcller' },
      { counterpartyName: 'Müller, Müller, Müller' },
    ],
    [
      'doubled blanks and lines',
      { remittanceInformationUnstructured: ' Rent   March\r\n\t2026 ' },
      { remittanceInformation: 'Rent March 2026' },
    ],
    ['what PostgreSQL refuses', { debtorName: 'A\0B\ud800' }, { counterpartyName: 'AB\ufffd' }],
    [
      'a text that is none',
      { debtorName: { a: 1 }, endToEndId: [[]], mandateId: true },
      { counterpartyName: null, endToEndId: null, mandateId: null },
    ],
  ])('%s', async (_what, row, expected) => {
    expect(await readRow(row)).toMatchObject(expected);
  });
});

describe('every field of the table is filled', () => {
  test('of an account’s transaction', async () => {
    const row = await readRow({
      transactionId: 't-1',
      entryReference: 'e-1',
      endToEndId: 'e2e',
      mandateId: 'M-1',
      creditorId: 'DE98ZZZ09999999999',
      bookingDate: '2026-03-01',
      valueDate: '2026-03-02',
      transactionAmount: { amount: '-11.00', currency: 'EUR' },
      currencyExchange: [
        {
          sourceCurrency: 'USD',
          exchangeRate: '1.0909',
          unitCurrency: 'EUR',
          targetCurrency: 'EUR',
          quotationDate: '2026-03-01',
        },
      ],
      creditorName: 'Shop Inc.',
      creditorAccount: { iban: otherIban },
      creditorAgent: 'AGFBFRCC',
      ultimateCreditor: 'Behind It',
      debtorName: 'Anna',
      debtorAccount: { iban: ownIban },
      ultimateDebtor: 'Anna’s club',
      remittanceInformationUnstructured: 'Invoice 12',
      additionalInformation: 'by phone',
      purposeCode: 'GDDS',
      bankTransactionCode: 'PMNT-ICDT-STDO',
      proprietaryBankTransactionCode: '116',
      balanceAfterTransaction: { balanceType: 'interimBooked', balanceAmount: { amount: '89.00', currency: 'EUR' } },
      batchIndicator: false,
      checkId: 'C-9',
      _links: { transactionDetails: { href: '/x' } },
    });
    expect(row).toEqual({
      status: 'BOOKED',
      amount: { amount: '-11.00', currency: 'EUR' },
      bookingDate: '2026-03-01',
      valueDate: '2026-03-02',
      transactionDate: null,
      bookedAt: null,
      counterpartyName: 'Shop Inc.',
      counterpartyIban: otherIban,
      counterpartyAccount: { iban: otherIban, bban: null, maskedPan: null, other: null },
      counterpartyBic: 'AGFBFRCC',
      ultimateCounterpartyName: 'Behind It',
      remittanceInformation: 'Invoice 12',
      structuredReference: null,
      additionalInformation: 'by phone',
      endToEndId: 'e2e',
      mandateId: 'M-1',
      creditorId: 'DE98ZZZ09999999999',
      bankTransactionCode: 'PMNT-ICDT-STDO',
      proprietaryBankTransactionCode: '116',
      purposeCode: 'GDDS',
      merchantCategoryCode: null,
      balanceAfter: { amount: '89.00', currency: 'EUR' },
      originalAmount: null,
      exchangeRate: '1.0909',
      bankTransactionId: 't-1',
      entryReference: 'e-1',
      otherFields: {
        currencyExchange: [
          {
            sourceCurrency: 'USD',
            exchangeRate: '1.0909',
            unitCurrency: 'EUR',
            targetCurrency: 'EUR',
            quotationDate: '2026-03-01',
          },
        ],
        ultimateDebtor: 'Anna’s club',
        batchIndicator: false,
        checkId: 'C-9',
      },
    });
  });

  test('of a card’s transaction', async () => {
    const row = await readRow(
      {
        cardTransactionId: 'c-1',
        transactionDate: '2026-02-28',
        bookingDate: '2026-03-01',
        transactionAmount: { amount: '-11.00', currency: 'EUR' },
        originalAmount: { amount: '-12.00', currency: 'USD' },
        currencyExchange: { exchangeRate: 1.0909 },
        markupFee: { amount: '-0.20', currency: 'EUR' },
        cardAcceptorId: '9876',
        merchantCategoryCode: '5411',
        maskedPAN: '123456xxxxxx1234',
        transactionDetails: 'GROCER NEW YORK',
      },
      { account: givenAccount({ kind: 'CARD' }) },
    );
    expect(row).toMatchObject({
      bankTransactionId: 'c-1',
      transactionDate: '2026-02-28',
      amount: { amount: '-11.00', currency: 'EUR' },
      originalAmount: { amount: '-12.00', currency: 'USD' },
      exchangeRate: '1.0909',
      merchantCategoryCode: '5411',
      remittanceInformation: 'GROCER NEW YORK',
      otherFields: {
        markupFee: { amount: '-0.20', currency: 'EUR' },
        cardAcceptorId: '9876',
        maskedPAN: '123456xxxxxx1234',
      },
    });
  });

  test('of the single detail of an entry, where the entry does not say it itself', async () => {
    const detail = {
      endToEndId: 'e2e',
      mandateId: 'M-1',
      debtorName: 'Payer',
      checkId: 'C-1',
      remittanceInformationUnstructured: 'inner',
    };
    for (const entryDetails of [[detail], detail, { transactionDetails: [detail] }]) {
      const row = await readRow({ remittanceInformationUnstructured: 'outer', entryDetails });
      expect(row).toMatchObject({
        endToEndId: 'e2e',
        mandateId: 'M-1',
        counterpartyName: 'Payer',
        remittanceInformation: 'outer',
        otherFields: { entryDetails: { checkId: 'C-1' } },
      });
    }
  });

  test('a batch stays one row, and its details are kept', async () => {
    const entryDetails = [{ endToEndId: 'a' }, { endToEndId: 'b' }];
    expect(await readRow({ batchIndicator: true, entryDetails })).toMatchObject({
      endToEndId: null,
      otherFields: { batchIndicator: true, entryDetails },
    });
  });

  test('what has no field is kept within bounds, and no card’s whole number', async () => {
    const deep = { a: { b: { c: { d: { e: { f: 1 } } } } } };
    const { otherFields } = await readRow({
      deep,
      pan: '5409050000001234',
      long: 'x'.repeat(9_000),
      __proto__: { a: 1 },
      links: [],
    });
    expect(otherFields).toMatchObject({ pan: '************1234' });
    expect(JSON.stringify(otherFields).length).toBeLessThan(9_000);
    const many = Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`field${n}`, 'y'.repeat(400)]));
    expect(JSON.stringify((await readRow(many)).otherFields).length).toBeLessThan(9_000);
  });
});

describe('the other side', () => {
  test.each<[what: string, row: object, expected: Partial<FetchedTransaction>]>([
    [
      'is never the account’s owner, whichever way the sides are filled in',
      {
        ...eur('-5.00'),
        creditorName: 'Anna',
        creditorAccount: { iban: ownIban },
        debtorName: 'Shop',
        debtorAccount: { iban: otherIban },
      },
      { counterpartyName: 'Shop', counterpartyIban: otherIban },
    ],
    [
      'is the one that has an account, where the other is empty',
      { ...eur('5.00'), creditorName: 'Shop', creditorAccount: { iban: otherIban } },
      { counterpartyName: 'Shop', counterpartyIban: otherIban },
    ],
    [
      'is not the owner where only the owner is named',
      { ...eur('5.00'), creditorName: 'Anna', creditorAccount: { iban: ownIban } },
      { counterpartyName: null, counterpartyIban: null },
    ],
    [
      'has a masked card number',
      { ...eur('-5.00'), creditorAccount: { pan: '5409050000001234' } },
      { counterpartyAccount: { iban: null, bban: null, maskedPan: '************1234', other: null } },
    ],
  ])('%s', async (_what, row, expected) => {
    expect(await readRow(row)).toMatchObject(expected);
  });
});
