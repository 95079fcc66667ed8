import { expect, test } from 'vitest';
import { readMt940 } from '../../src/statements/mt940.ts';
import { mt940Of, present, rowsOf } from './statement-files.ts';

const read = (information: string, mark = 'D') =>
  rowsOf(readMt940(mt940Of(`:61:2611201120${mark}1,00NTRFNONREF\n:86:${information}`)))[0];

/** As banks do it: 27 characters in each subfield. */
const subfields = (text: string) => (text.match(/.{1,27}/g) ?? []).map((piece, i) => `?${20 + i}${piece}`).join('');

const german: [promise: string, information: string, expected: object][] = [
  [
    'booking text and prima nota',
    '020?00ONLINE-UEBERWEISUNG?10931',
    {
      additionalInformation: 'ONLINE-UEBERWEISUNG',
      proprietaryBankTransactionCode: 'NTRF+020+931',
    },
  ],
  ['no business transaction code', '?00MIETE?20Nov', { additionalInformation: 'MIETE', remittanceInformation: 'Nov' }],
  ['text without tags', '020?20Miete?21November', { remittanceInformation: 'Miete November' }],
  ['purpose that goes on in ?60', '020?29Wohnung 4?60Hinterhaus', { remittanceInformation: 'Wohnung 4 Hinterhaus' }],
  [
    'a word that is cut by the width of a subfield',
    `020${subfields('SVWZ+Mitgliedsbeitrag 2026 fuer das ganze Jahr')}`,
    {
      remittanceInformation: 'Mitgliedsbeitrag 2026 fuer das ganze Jahr',
    },
  ],
  [
    'a tag that is cut by the width of a subfield',
    `020${subfields('SVWZ+Beitrag 2026 hhhhhhh EREF+R-1 MREF+M-1')}`,
    {
      remittanceInformation: 'Beitrag 2026 hhhhhhh',
      endToEndId: 'R-1',
      mandateId: 'M-1',
    },
  ],
  ['a subfield’s code that is cut by a line', '020?2\n0SVWZ+a?2\n1b', { remittanceInformation: 'a b' }],
  [
    'all tags',
    '105?20EREF+E1?21KREF+K1?22MREF+M1?23CRED+DE98ZZZ09999999999?24DEBT+D1?25SVWZ+text?26ABWA+A?27ABWE+B',
    {
      endToEndId: 'E1',
      mandateId: 'M1',
      creditorId: 'DE98ZZZ09999999999',
      remittanceInformation: 'text',
      ultimateCounterpartyName: 'B',
      otherFields: { customerReference: 'K1', debtorId: 'D1', ultimateOwnName: 'A' },
    },
  ],
  [
    'a tag that comes twice: the first, but all of the text',
    '020?20EREF+E1?21EREF+E2?22SVWZ+a?23SVWZ+b',
    { endToEndId: 'E1', remittanceInformation: 'a b' },
  ],
  [
    'account and bank among the tags',
    '020?20IBAN+DE89 3704 0044 0532?21 0130 00?22BIC+COBADEFFXXX',
    {
      counterpartyIban: 'DE89370400440532013000',
      counterpartyBic: 'COBADEFFXXX',
      remittanceInformation: null,
    },
  ],
  [
    'tags as the cooperative banks write them',
    '020?20EREF: E1?21SVWZ: Rechnung 1',
    {
      endToEndId: 'E1',
      remittanceInformation: 'Rechnung 1',
    },
  ],
  ['text before the first tag', '020?20Danke?21EREF+E1', { remittanceInformation: 'Danke', endToEndId: 'E1' }],
  ['a word that ends like a tag', '020?20SVWZ+ARABIC+Kurs', { remittanceInformation: 'ARABIC+Kurs' }],
  ['a question mark in the text', '020?20SVWZ+Wann? 12?21 Uhr', { remittanceInformation: 'Wann? 12 Uhr' }],
  [
    'bank code and account number',
    '020?3037040044?31532013000',
    {
      counterpartyIban: null,
      counterpartyAccount: { iban: null, bban: '532013000', maskedPan: null, other: null },
      counterpartyBic: null,
      otherFields: { counterpartyBankCode: '37040044' },
    },
  ],
  ['a name in two subfields', '020?32Anna?33Beispiel', { counterpartyName: 'Anna Beispiel' }],
  [
    'another separator',
    '020>00TRANSFER>20SVWZ+x>32Jan',
    {
      additionalInformation: 'TRANSFER',
      remittanceInformation: 'x',
      counterpartyName: 'Jan',
    },
  ],
];
test.each(german)('the German form: %s', (_promise, information, expected) => {
  expect(read(information)).toMatchObject(expected);
});

test('who the payer stands for is the counterparty’s, of money that comes in', () => {
  expect(read('166?20SVWZ+x?21ABWA+Payer?22ABWE+Payee', 'C')).toMatchObject({
    ultimateCounterpartyName: 'Payer',
    otherFields: { ultimateOwnName: 'Payee' },
  });
});

const codewords: [promise: string, information: string, mark: string, expected: object][] = [
  [
    'all of a transfer',
    '/TRTP/SEPA OVERBOEKING/IBAN/NL20INGB0001234567/BIC/INGBNL2A/NAME/J. Bos/REMI/Huur/EREF/E1',
    'D',
    {
      additionalInformation: 'SEPA OVERBOEKING',
      counterpartyIban: 'NL20INGB0001234567',
      counterpartyBic: 'INGBNL2A',
      counterpartyName: 'J. Bos',
      remittanceInformation: 'Huur',
      endToEndId: 'E1',
    },
  ],
  [
    'who ordered, of money that comes in',
    '/EREF/E1/ORDP//NAME/Ordering BV//BENM//NAME/Me/REMI/x',
    'C',
    { counterpartyName: 'Ordering BV' },
  ],
  [
    'who was to have it, of money that goes out',
    '/EREF/E1/ORDP//NAME/Me/BENM//NAME/You BV/REMI/x',
    'D',
    { counterpartyName: 'You BV' },
  ],
  [
    'who stands behind',
    '/EREF/E1/BENM//NAME/You BV/ULTC//NAME/Behind BV/REMI/x',
    'D',
    { ultimateCounterpartyName: 'Behind BV' },
  ],
  [
    'a direct debit',
    '/MARF/M1//CSID/NL32ZZZ999999991234//REMI/USTD//Nov/',
    'D',
    {
      mandateId: 'M1',
      creditorId: 'NL32ZZZ999999991234',
      remittanceInformation: 'Nov',
    },
  ],
  [
    'a slash in the text',
    '/REMI/12/11 en 13/11/PURP/CD/SALA/',
    'D',
    { remittanceInformation: '12/11 en 13/11', purposeCode: 'SALA' },
  ],
  ['why it came back', '/RTRN/MS03//REMI/x', 'C', { otherFields: { returnReason: 'MS03' } }],
  [
    'a word that is cut by the width of a line',
    `/EREF/NOTPROVIDED/REMI/${'a'.repeat(42)}\nbbb`,
    'D',
    {
      endToEndId: null,
      remittanceInformation: `${'a'.repeat(42)}bbb`,
    },
  ],
];
test.each(codewords)('codewords: %s', (_promise, information, mark, expected) => {
  expect(read(information, mark)).toMatchObject(expected);
});

test('anything else is text', () => {
  expect(present(read('Overføring 1234\nTil Kari  Nordmann'))).toEqual({
    status: 'BOOKED',
    amount: { amount: '-1.00', currency: 'EUR' },
    bookingDate: '2026-11-20',
    valueDate: '2026-11-20',
    proprietaryBankTransactionCode: 'NTRF',
    remittanceInformation: 'Overføring 1234 Til Kari Nordmann',
  });
});
