import { describe, expect, test } from 'vitest';
import { readMt940 } from '../../src/statements/mt940.ts';
import { StatementError } from '../../src/statements/statement-reading.ts';
import { mt940Of, rowsOf } from './statement-files.ts';

const lines: [promise: string, line: string, expected: object][] = [
  ['credit', '2611201120C1,50NTRFNONREF', { amount: { amount: '1.50', currency: 'EUR' } }],
  ['debit', '2611201120D1,50NTRFNONREF', { amount: { amount: '-1.50' } }],
  [
    'a credit taken back',
    '2611201120RC1,50NTRFNONREF',
    { amount: { amount: '-1.50' }, otherFields: { reversal: true } },
  ],
  ['a debit given back', '2611201120RD1,50NTRFNONREF', { amount: { amount: '1.50' }, otherFields: { reversal: true } }],
  ['a funds code behind the mark', '2611201120DR1,50NTRFNONREF', { amount: { amount: '-1.50' } }],
  ['an amount without decimals', '2611201120C15,NTRFNONREF', { amount: { amount: '15.00' } }],
  ['an amount with a point', '2611201120C15.5NTRFNONREF', { amount: { amount: '15.50' } }],
  ['an amount that begins with the comma', '2611201120C,5NTRFNONREF', { amount: { amount: '0.50' } }],
  [
    'no entry date: it is the value date',
    '261120C1,NTRFNONREF',
    { bookingDate: '2026-11-20', valueDate: '2026-11-20' },
  ],
  [
    'an entry in the year after its value',
    '2612310102C1,NTRFNONREF',
    { bookingDate: '2027-01-02', valueDate: '2026-12-31' },
  ],
  [
    'an entry in the year before its value',
    '2701021231C1,NTRFNONREF',
    { bookingDate: '2026-12-31', valueDate: '2027-01-02' },
  ],
  ['an entry on a leap day', '2803010229C1,NTRFNONREF', { bookingDate: '2028-02-29', valueDate: '2028-03-01' }],
  ['the last century', '9912311231C1,NTRFNONREF', { bookingDate: '1999-12-31' }],
  ['a day that no calendar has', '2602300230C1,NTRFNONREF', { bookingDate: null, valueDate: null }],
  ['zeros for a day', '0000000000C1,NTRFNONREF', { bookingDate: null, valueDate: null }],
  ['the type of the transaction', '2611201120C1,NMSCNONREF', { proprietaryBankTransactionCode: 'NMSC' }],
  ['no type', '2611201120C1,', { proprietaryBankTransactionCode: null }],
  ['no reference', '2611201120C1,NTRFNONREF//NONREF', { bankTransactionId: null, otherFields: null }],
  ['where the reference is elsewhere', '2611201120C1,NTRFKREF+', { otherFields: null }],
  [
    'the references of both sides',
    '2611201120C1,NTRFOWN-1//BANK-1',
    { bankTransactionId: 'BANK-1', otherFields: { customerReference: 'OWN-1' } },
  ],
  [
    'what was asked for in another currency',
    '2611201120D10,86NTRFNONREF//B\n/OCMT/USD12,50//EXCH/1,151012/',
    { originalAmount: { amount: '-12.50', currency: 'USD' }, exchangeRate: '1.151012', otherFields: null },
  ],
  [
    'other supplementary details',
    '2611201120C1,NTRFNONREF\nABHOLER 7',
    { otherFields: { supplementaryDetails: 'ABHOLER 7' } },
  ],
];
test.each(lines)('reads a statement line with %s', (_promise, line, expected) => {
  const reading = readMt940(mt940Of(`:61:${line}`));
  expect(reading).toMatchObject({ faults: [], skippedRows: 0, complete: true });
  expect(rowsOf(reading)).toHaveLength(1);
  expect(rowsOf(reading)[0]).toMatchObject({ status: 'BOOKED', ...expected });
});

const unreadable: [promise: string, line: string, kind: string][] = [
  ['no mark', '26112011201,50NTRFNONREF', 'malformed_statement_line'],
  ['no amount', '2611201120CNTRFNONREF', 'malformed_statement_line'],
  ['letters for a day', 'YYMMDD1120C1,NTRFNONREF', 'malformed_statement_line'],
  ['more decimals than are kept', '2611201120C1,00001NTRFNONREF', 'too_many_decimals'],
  ['more money than there is', '2611201120C1234567890123456,NTRFNONREF', 'too_large'],
  ['nothing', '', 'malformed_statement_line'],
];
test.each(unreadable)(
  'a statement line with %s is left out and told, and the others are read',
  (_promise, line, kind) => {
    const good = ':61:2611201120C1,50NTRFNONREF\n:86:166?20SVWZ+good';
    const reading = readMt940(mt940Of(`${good}\n:61:${line}\n:86:166?20SVWZ+bad\n${good}`));
    expect(rowsOf(reading).map(({ remittanceInformation }) => remittanceInformation)).toEqual(['good', 'good']);
    const path = kind.startsWith('too_') ? 'statements.0.entries.1.:61:.amount' : 'statements.0.entries.1.:61:';
    expect(reading).toMatchObject({ skippedRows: 1, faults: [{ path, kind }] });
  },
);

const accounts: [written: string, expected: object][] = [
  ['DE89370400440532013000', { iban: 'DE89370400440532013000' }],
  ['DE89 3704 0044 0532 0130 00', { iban: 'DE89370400440532013000' }],
  ['NL69INGB0123456789EUR', { iban: 'NL69INGB0123456789', currency: 'EUR' }],
  ['NL69INGB0123456789 EUR', { iban: 'NL69INGB0123456789', currency: 'EUR' }],
  ['COBADEFFXXX/DE89370400440532013000', { iban: 'DE89370400440532013000' }],
  ['/DE89370400440532013000', { iban: 'DE89370400440532013000' }],
  ['37040044/532013000', { bban: '370400440532013000' }],
  ['37040044/0532013000EUR', { bban: '370400440532013000', currency: 'EUR' }],
  ['12345678901', { other: '12345678901' }],
];
test.each(accounts)('the account %s', (written, expected) => {
  const text = mt940Of(':61:2611201120C1,NTRFNONREF').replace(':25:DE89370400440532013000', `:25:${written}`);
  const account = readMt940(text).statements[0]?.account;
  expect(account).toEqual({ iban: null, bban: null, other: null, currency: 'EUR', ...expected });
});

describe('messages', () => {
  const message = mt940Of(':61:2611201120C1,NTRFNONREF\n:86:166?20SVWZ+x');

  test.each([
    ['CRLF', (text: string) => text.replaceAll('\n', '\r\n')],
    ['CR', (text: string) => text.replaceAll('\n', '\r')],
    ['no end', (text: string) => text.replace('-\n', '')],
    ['blocks', (text: string) => `{1:F01X}{2:I940XN}{4:\n${text.replace('-\n', '-}{5:{CHK:1}}\n')}`],
    ['blocks on the line of the first field', (text: string) => `{1:F01X}{2:I940XN}{4:${text.replace('-\n', '-}')}`],
    ['lines before the first field', (text: string) => `ABNANL2A\n940\nABNANL2A\n${text}`],
    ['no reference of its own', (text: string) => text.replace(':20:1\n', '')],
  ])('with %s are told apart', (_name, write) => {
    const reading = readMt940(write(message) + write(message));
    expect(reading).toMatchObject({ faults: [], complete: true });
    expect(reading.statements).toHaveLength(2);
    expect(rowsOf(reading).map(({ remittanceInformation }) => remittanceInformation)).toEqual(['x', 'x']);
  });

  test('that lack their closing balance may have been cut off', () => {
    const reading = readMt940(message.slice(0, message.indexOf(':62F:')));
    expect(reading).toMatchObject({
      complete: false,
      skippedRows: 0,
      faults: [{ path: 'statements.0.:62F:', kind: 'closing_balance_missing' }],
    });
    expect(rowsOf(reading)).toHaveLength(1);
  });

  test('information on the statement belongs to no payment', () => {
    const reading = readMt940(message.replace('-\n', ':86:from the bank\n-\n'));
    expect(rowsOf(reading)[0]).toMatchObject({ remittanceInformation: 'x', additionalInformation: null });
  });

  test('information before the first payment is not its own', () => {
    const reading = readMt940(message.replace(':61:', ':86:from the bank\n:61:').replace('166?20SVWZ+x', 'x'));
    expect(rowsOf(reading)[0]).toMatchObject({ remittanceInformation: 'x' });
  });

  test('with an opening balance are booked, though they have a floor limit too', () => {
    const reading = readMt940(message.replace(':61:', ':34F:EURD0,\n:61:'));
    expect(reading.statements).toMatchObject([{ format: 'mt940', transactions: [{ status: 'BOOKED' }] }]);
  });

  test('a balance that cannot be read is told, and its currency is used if it can be', () => {
    const reading = readMt940(message.replace(':60F:C261119EUR0,00', ':60F:C261119EURxx'));
    expect(reading.faults).toEqual([{ path: 'statements.0.:60F:', kind: 'malformed_balance' }]);
    expect(rowsOf(reading)[0]).toMatchObject({ amount: { amount: '1.00', currency: 'EUR' }, status: 'BOOKED' });
  });

  test('rows without any currency are told', () => {
    const reading = readMt940(message.replace(':60F:C261119EUR0,00', ':60F:'));
    expect(reading.faults).toContainEqual({ path: 'statements.0.entries.0.:61:', kind: 'currency_missing' });
  });

  test.each(['', 'hello', ':20:1\n:32A:261120EUR1,\n:59:X', '<a/>', '{"booked":[]}'])('%j is no statement', (text) => {
    expect(() => readMt940(text)).toThrow(StatementError);
  });
});
