import type { StatementContent } from './camt-writer.ts';
import type { Row } from './rows.ts';

/** Of a subfield of :86:, by the German banks' rules (DFÜ-Abkommen, annex 3). */
const subfieldLength = 27;

/**
 * A statement by SWIFT's MT940 with German :86: subfields, of the booked rows as the plain bank has them. Balances follow from what the
 * rows say that the account held after them, and are 0 where they do not.
 */
export function writeMt940({ account, booked, now }: StatementContent): string {
  const first = booked[0];
  const last = booked.at(-1);
  const today = toShortDate(now.toISOString());
  const opening = first ? toAfter(first) - toCents(first.transactionAmount.amount) : 0;
  const lines = [
    ':20:STARTUMSE',
    `:25:${account.iban.slice(4, 12)}/${account.iban.slice(12)}${account.currency}`,
    ':28C:00000/001',
    `:60F:${toBalance(opening, toShortDate(first?.bookingDate) ?? today ?? '', account.currency)}`,
    ...booked.flatMap(toEntry),
    `:62F:${toBalance(last ? toAfter(last) : 0, today ?? '', account.currency)}`,
    '-',
  ];
  return `${lines.join('\r\n')}\r\n`;
}

function toEntry(row: Row): string[] {
  const cents = toCents(row.transactionAmount.amount);
  const booked = toShortDate(row.bookingDate) ?? '';
  const reference = String(row.entryReference ?? row.transactionId ?? '')
    .replaceAll('-', '')
    .slice(0, 16);
  const mark = cents < 0 ? 'D' : 'C';
  return [
    `:61:${toShortDate(row.valueDate) ?? booked}${booked.slice(2)}${mark}R${toDecimal(cents)}NTRFNONREF${reference ? `//${reference}` : ''}`,
    ...fold(`:86:${toPurpose(row, cents < 0 ? 'creditor' : 'debtor')}`),
  ];
}

function toPurpose(row: Row, side: 'creditor' | 'debtor'): string {
  const account = row[`${side}Account`] as { iban: string } | undefined;
  const references = [
    ['EREF', row.endToEndId],
    ['MREF', row.mandateId],
    ['CRED', row.creditorId],
    ['SVWZ', row.remittanceInformationUnstructured ?? row.transactionDetails],
  ].flatMap(([name, value]) => split(value === undefined ? '' : `${name}+${value}`));
  const names = split(String(row[`${side}Name`] ?? row.cardAcceptorName ?? ''));
  const numbers = [...Array(10).keys()].map((number) => 20 + number).concat([60, 61, 62, 63]);
  return [
    row.proprietaryBankTransactionCode ?? '999',
    `?00${row.additionalInformation ?? 'BUCHUNG'}`,
    ...references.map((text, index) => `?${numbers[index]}${text}`),
    ...(row[`${side}Agent`] ? [`?30${row[`${side}Agent`]}`] : []),
    ...(account ? [`?31${account.iban}`] : []),
    ...names.slice(0, 2).map((text, index) => `?${32 + index}${text}`),
  ].join('');
}

function split(text: string): string[] {
  return text.match(new RegExp(`.{1,${subfieldLength}}`, 'g')) ?? [];
}

/** Lines of at most 65 characters. */
function fold(text: string): string[] {
  return text.match(/.{1,65}/g) ?? [];
}

function toAfter(row: Row): number {
  const after = row.balanceAfterTransaction as { balanceAmount: { amount: string } } | undefined;
  return after ? toCents(after.balanceAmount.amount) : 0;
}

function toCents(amount: string | number): number {
  return Math.round(Number(amount) * 100);
}

function toBalance(cents: number, day: string, currency: string): string {
  return `${cents < 0 ? 'D' : 'C'}${day}${currency}${toDecimal(cents)}`;
}

/** Without its sign. */
function toDecimal(cents: number): string {
  return (Math.abs(cents) / 100).toFixed(2).replace('.', ',');
}

/** YYMMDD */
function toShortDate(day: string | undefined): string | null {
  return day ? day.slice(2, 10).replaceAll('-', '') : null;
}
