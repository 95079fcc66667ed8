import type { AccountIdentification } from '../../domain/field-table.ts';
import { formatAmount, type Money } from '../../domain/money.ts';
import { decodeText } from './json-text.ts';

/*
 * What a value of a bank's JSON means, however it is written. Null: it is not there, or cannot be what it stands for.
 */

export type JsonRecord = Readonly<Record<string, unknown>>;

export function isRecord(value: unknown): value is JsonRecord {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A list, where one thing alone is a list of one. */
export function toList(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  return value === null || value === undefined || value === '' ? [] : [value];
}

/** Ids, names and codes may be numbers, and a text may be a list of its lines. */
export function toText(value: unknown): string | null {
  if (typeof value === 'string') return decodeText(value);
  if (typeof value === 'number') return Number.isFinite(value) ? plainDecimal(String(value)) : null;
  if (typeof value === 'bigint') return String(value);
  if (!Array.isArray(value)) return null;
  const lines = value.map((line) => (Array.isArray(line) ? null : toText(line))).filter((line) => line !== null);
  return lines.length > 0 ? decodeText(lines.join(' ')) : null;
}

/** A text, or what an object around it calls by one of these names. */
export function toNamedText(value: unknown, ...names: string[]): string | null {
  if (!isRecord(value)) return toText(value);
  for (const name of names) {
    const text = toText(value[name]);
    if (text !== null) return text;
  }
  return null;
}

export function toBoolean(value: unknown): boolean | null {
  if (typeof value === 'boolean') return value;
  const word = toText(value)?.toLowerCase();
  if (word === 'true' || word === '1') return true;
  return word === 'false' || word === '0' ? false : null;
}

const datePatterns = [
  /^(?<year>\d{4})-(?<month>\d{2})-(?<day>\d{2})(?!\d)/,
  /^(?<year>\d{4})(?<month>\d{2})(?<day>\d{2})(?!\d)/,
  /^(?<year>\d{4})\/(?<month>\d{2})\/(?<day>\d{2})(?!\d)/,
  /^(?<day>\d{1,2})\.(?<month>\d{1,2})\.(?<year>\d{4})(?!\d)/,
];

/** The calendar day as written, of a date or of a date with time. */
export function toDate(value: unknown): string | null {
  const text = toText(value);
  if (text === null) return null;
  for (const pattern of datePatterns) {
    const { year, month, day } = pattern.exec(text)?.groups ?? {};
    if (year && month && day) return toCalendarDay(Number(year), Number(month), Number(day));
  }
  return null;
}

/** Null for a day that no calendar has (0000-00-00, 2023-02-30), or that is before banks kept files. */
function toCalendarDay(year: number, month: number, day: number): string | null {
  const date = new Date(Date.UTC(year, month - 1, day));
  const exists = date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  return exists && year >= 1900 ? date.toISOString().slice(0, 10) : null;
}

const timePattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?)\d*(Z|[+-]\d{2}(?::?\d{2})?)$/i;

/** A moment in UTC with milliseconds; null without a zone, since nobody knows then which moment is meant. */
export function toTime(value: unknown): string | null {
  const [, day, time, zone = ''] = timePattern.exec(toText(value) ?? '') ?? [];
  if (!day || toDate(day) === null) return null;
  const offset = zone.toUpperCase() === 'Z' ? 'Z' : `${zone.slice(0, 3)}:${zone.slice(3).replace(':', '') || '00'}`;
  const moment = new Date(`${day}T${time}${offset}`);
  return Number.isNaN(moment.getTime()) ? null : moment.toISOString();
}

const maxWholeDigits = 15;
/** More than any currency has, and than any rate is quoted with. */
const maxFractionDigits = 12;
const numberPattern = /^([+-]?)(\d*)(?:\.(\d*))?(?:e([+-]?\d{1,2}))?$/i;

/** A plain decimal: without exponent, leading zeros and zeros at its end. */
function plainDecimal(written: string): string | null {
  const [, sign, whole = '', fraction = '', exponent = '0'] = numberPattern.exec(written) ?? [];
  if (sign === undefined || whole + fraction === '') return null;
  const shift = Number(exponent);
  const digits = whole + fraction;
  const point = whole.length + shift;
  const padded = point < 0 ? '0'.repeat(-point) + digits : digits.padEnd(point, '0');
  const at = Math.max(point, 0);
  const integer = padded.slice(0, at).replace(/^0+/, '') || '0';
  const decimals = padded.slice(at).replace(/0+$/, '');
  return `${sign === '-' ? '-' : ''}${integer}${decimals ? `.${decimals}` : ''}`;
}

/** Why a value is no amount: a kind of reading fault. */
export type AmountFault = 'missing' | 'not_a_decimal' | 'too_many_digits';

export interface WrittenDecimal {
  /** Plain, with a minus where one was written. */
  decimal: string;
  /** Whether a sign was written, be it plus or minus. */
  isSigned: boolean;
}

/**
 * An exact decimal: numbers, `+46.97`, `46,97`, `1.234,56`, `.50`, `1E+2`, blanks in between. Nothing is rounded: what has more digits than
 * any amount has is a fault.
 */
export function readDecimal(value: unknown): WrittenDecimal | AmountFault {
  const text = typeof value === 'number' ? String(value) : toText(value);
  if (text === null) return 'missing';
  const compact = text.replace(/[\s\u00a0\u202f']/g, '').replace(/^[\u2212\u2013]/, '-');
  // A minus behind the figure is how mainframes print it.
  const leading = /^[\d.,]+-$/.test(compact) ? `-${compact.slice(0, -1)}` : compact;
  const decimal = plainDecimal(withPoint(leading));
  if (decimal === null) return 'not_a_decimal';
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  if (whole.length > maxWholeDigits || fraction.length > maxFractionDigits) return 'too_many_digits';
  return { decimal: /[1-9]/.test(decimal) ? decimal : decimal.replace('-', ''), isSigned: /^[+-]/.test(leading) };
}

// The mark that comes last is the decimal one, unless it comes more than once.
function withPoint(text: string): string {
  const comma = text.lastIndexOf(',');
  const point = text.lastIndexOf('.');
  if (comma < 0) return /\..*\./.test(text) ? groupsOfThree(text, '.') : text;
  if (point > comma) return groupsOfThree(text.slice(0, point), ',') + text.slice(point);
  // A thousand and more, or three decimals: nobody can tell.
  if (/^[+-]?[1-9]\d{0,2},\d{3}$/.test(text)) return text;
  const whole = groupsOfThree(text.slice(0, comma), '.');
  return whole.includes(',') ? groupsOfThree(text, ',') : `${whole}.${text.slice(comma + 1)}`;
}

/** Without the marks between groups; as it was where there are others than groups of three. */
function groupsOfThree(text: string, mark: ',' | '.'): string {
  const pattern = mark === ',' ? /^[+-]?\d{1,3}(,\d{3})+$/ : /^[+-]?\d{1,3}(\.\d{3})+$/;
  return pattern.test(text) ? text.replaceAll(mark, '') : text;
}

export function toDecimal(value: unknown): string | null {
  const read = readDecimal(value);
  return typeof read === 'string' ? null : read.decimal;
}

/** An ISO 4217 code in upper case. */
export function toCurrency(value: unknown): string | null {
  const code = toText(value)?.toUpperCase();
  return code && /^[A-Z]{3}$/.test(code) ? code : null;
}

/** `{ amount, currency }`, or the amount alone, or around it what an amount is called elsewhere. */
export function splitAmount(value: unknown): { amount: unknown; currency: unknown } {
  if (!isRecord(value)) return { amount: value, currency: null };
  return { amount: value.amount ?? value.value ?? value.content, currency: value.currency ?? value.currencyCode };
}

/** Of a value that may be absent; `currency` where it names none. */
export function toMoney(value: unknown, currency: string | null): Money | null {
  const written = splitAmount(value);
  const decimal = toDecimal(written.amount);
  const code = toCurrency(written.currency) ?? currency;
  return decimal === null || code === null ? null : { amount: formatAmount(decimal, code), currency: code };
}

/** Printed in groups of four at some banks. Null when it does not have an IBAN's shape. */
export function toIban(value: unknown): string | null {
  const compact = toText(value)?.replace(/\s/g, '').toUpperCase() ?? '';
  return /^[A-Z]{2}\d{2}[A-Z0-9]{11,30}$/.test(compact) ? compact : null;
}

/** A BIC, plain or in an object around it. */
export function toBic(value: unknown): string | null {
  const compact = toNamedText(value, 'bicfi', 'bicFi', 'bic', 'BIC', 'BICFI')?.replace(/\s/g, '').toUpperCase() ?? '';
  return /^[A-Z0-9]{4}[A-Z]{2}[A-Z0-9]{2}(?:[A-Z0-9]{3})?$/.test(compact) ? compact : null;
}

/** With all digits but the last four masked, whatever the bank left open. */
export function toMaskedPan(value: unknown): string | null {
  const compact = toText(value)?.replace(/[\s-]/g, '') ?? '';
  if (compact === '') return null;
  return (
    compact.slice(0, -4).replace(/\d/g, (digit, index) => (isShown(compact, index) ? digit : '*')) + compact.slice(-4)
  );
}

// The issuer's six digits name no card; banks that mask show them.
function isShown(pan: string, index: number): boolean {
  return index < 6 && /[^\d]/.test(pan.slice(6, -4));
}

/** How an account is named: by an object, or by its IBAN or number alone. */
export function toIdentification(value: unknown): AccountIdentification | null {
  const given: JsonRecord = isRecord(value) ? value : { iban: value };
  const iban = toIban(given.iban);
  const identification = {
    iban,
    bban: toText(given.bban),
    maskedPan: toMaskedPan(given.maskedPan ?? given.maskedPAN ?? given.pan),
    other:
      toNamedText(given.other, 'identification', 'id') ??
      toText(given.msisdn) ??
      toText(given.identification) ??
      (iban === null ? toText(given.iban) : null),
  };
  return Object.values(identification).some((name) => name !== null) ? identification : null;
}
