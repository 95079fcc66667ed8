import { formatAmount, type Money } from '../domain/money.ts';
import { UnreadableValue } from './statement-reading.ts';

/** Longer texts are cut: no format has such, and a row is not to be lost for one. */
export const maxTextFieldLength = 4_000;

const untidy = /[\p{Cc}\p{Cs}]|[^\S ]|\s\s|^\s|\s$/u;
const untidyRuns = /[\p{Cc}\p{Cs}\s]+/gu;

/**
 * Without control characters and halves of characters, which PostgreSQL refuses, and with single blanks; null when
 * nothing is left.
 */
export function toText(written: string | null | undefined): string | null {
  if (!written) return null;
  const text = written.length > maxTextFieldLength ? written.slice(0, maxTextFieldLength) : written;
  return (untidy.test(text) ? text.replace(untidyRuns, ' ').trim() : text) || null;
}

/** Words that banks write where there is no reference. */
const placeholders = new Set(['NOTPROVIDED', 'NOT PROVIDED', 'NONREF', 'NOREF', 'NONE']);

/** A reference, or null where the bank wrote that there is none. */
export function toReference(written: string | null | undefined): string | null {
  const text = toText(written);
  return text === null || placeholders.has(text.toUpperCase()) || /^[-0.]+$/.test(text) ? null : text;
}

const decimalPattern = /^([+-]?)(\d{0,30})(?:[.,](\d{0,30}))?$/;

/**
 * A plain decimal with a point, without leading zeros, and with as many digits as columns hold: 15 before the point and
 * 4 after it. Nothing is rounded: what has more cannot be read. Throws UnreadableValue.
 */
export function parseDecimal(written: string | null | undefined, field: string): string {
  const { decimal, fault } = readDecimal(written, 4);
  if (decimal === null) throw new UnreadableValue(field, fault);
  return decimal;
}

/** As `parseDecimal`; null for what cannot be read or is not there. */
export function toDecimal(written: string | null | undefined, maxFraction = 4): string | null {
  return written ? readDecimal(written, maxFraction).decimal : null;
}

type DecimalReading = { decimal: string; fault?: never } | { decimal: null; fault: string };

function readDecimal(written: string | null | undefined, maxFraction: number): DecimalReading {
  if (!written) return { decimal: null, fault: 'amount_missing' };
  const match = decimalPattern.exec(written.replace(/\s/g, ''));
  const [, sign, whole = '', fraction = ''] = match ?? [];
  if (!match || whole + fraction === '') return { decimal: null, fault: 'not_a_decimal' };
  const digits = whole.replace(/^0+/, '') || '0';
  const decimals = fraction.replace(/0+$/, '');
  if (digits.length > 15) return { decimal: null, fault: 'too_large' };
  if (decimals.length > maxFraction) return { decimal: null, fault: 'too_many_decimals' };
  return { decimal: `${sign === '-' ? '-' : ''}${digits}${decimals ? `.${decimals}` : ''}` };
}

export type Direction = 'credit' | 'debit';

/** What is written unsigned gets its sign by the direction; a minus that is written counts by itself. */
export function toSignedMoney(decimal: string, currency: string, direction: Direction): Money {
  const signed = direction === 'debit' && !decimal.startsWith('-') ? `-${decimal}` : decimal;
  return { amount: formatAmount(signed, currency), currency };
}

/** An ISO 4217 code in upper case; null when it is none. */
export function toCurrency(written: string | null | undefined): string | null {
  const code = written?.trim().toUpperCase();
  return code && /^[A-Z]{3}$/.test(code) ? code : null;
}

const datePattern = /^(\d{4})-(\d{2})-(\d{2})(?!\d)/;
const timePattern = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2})$/;

/** The day as written, of a date or a date with time; null for one that no calendar has (0000-00-00, 2026-02-30). */
export function toDate(written: string | null | undefined): string | null {
  const match = datePattern.exec(written?.trim() ?? '');
  return match ? toCalendarDay(Number(match[1]), Number(match[2]), Number(match[3])) : null;
}

/** A moment in UTC; null without a zone, since nobody knows then which moment is meant. */
export function toTime(written: string | null | undefined): string | null {
  const text = written?.trim() ?? '';
  if (!timePattern.test(text) || !toDate(text)) return null;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

/** YYYY-MM-DD; null for a day that no calendar has, or that is before banks kept files. */
export function toCalendarDay(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1900 ? date.toISOString().slice(0, 10) : null;
}

/** Groups of four taken together, in upper case; null when it does not have an IBAN's shape. */
export function toIban(written: string | null | undefined): string | null {
  const compact = written?.replace(/\s/g, '').toUpperCase() ?? '';
  return /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact) ? compact : null;
}

/** Null when it does not have a BIC's shape. */
export function toBic(written: string | null | undefined): string | null {
  const compact = written?.replace(/\s/g, '').toUpperCase() ?? '';
  return /^[A-Z]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(compact) ? compact : null;
}

/** Whether the two check digits fit (ISO 7064, mod 97). */
export function hasValidCheckDigits(iban: string): boolean {
  let remainder = 0;
  for (const character of iban.slice(4) + iban.slice(0, 4)) {
    const value = Number.parseInt(character, 36);
    remainder = (remainder * (value > 9 ? 100 : 10) + value) % 97;
  }
  return remainder === 1;
}
