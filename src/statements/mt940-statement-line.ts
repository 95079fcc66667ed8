import { UnreadableValue } from './statement-reading.ts';
import {
  type Direction,
  parseDecimal,
  toCalendarDay,
  toCurrency,
  toDecimal,
  toReference,
  toText,
} from './written-values.ts';

/** Field `:61:`. */
export interface StatementLine {
  valueDate: string | null;
  /** The entry date with its year; the value date where the bank leaves it out, as the standard has it. */
  entryDate: string | null;
  direction: Direction;
  /** `RC`, `RD`: it takes an earlier entry back. */
  isReversal: boolean;
  /** `EC`, `ED` of MT942: it is only expected. */
  isExpected: boolean;
  /** Unsigned. */
  amount: string;
  /** `NTRF`, `N062` … */
  transactionType: string | null;
  /** The account owner's reference. */
  customerReference: string | null;
  /** The account servicing institution's reference, behind `//`. */
  bankReference: string | null;
  /** From the supplementary details, `/OCMT/`. */
  original: { amount: string; currency: string } | null;
  /** From the supplementary details, `/EXCH/`. */
  exchangeRate: string | null;
  /** Other supplementary details. */
  supplement: string | null;
}

const linePattern =
  /^(\d{6})(\d{4})?([ER]?[CD])([A-Z])?(\d{1,30}(?:[.,]\d{0,30})?|[.,]\d{1,30})([A-Z][A-Z0-9]{3})?(.*)$/;

/** Throws UnreadableValue where the mark or the amount cannot be read; a date that no calendar has is absent. */
export function parseStatementLine(value: string): StatementLine {
  const [first = '', ...rest] = value.split('\n');
  const match = linePattern.exec(first.trim());
  if (!match) throw new UnreadableValue('', 'malformed_statement_line');
  const [, valueDay = '', entryDay, mark = '', , amount, transactionType = null, references = ''] = match;
  const valueDate = toShortDate(valueDay);
  const divider = references.indexOf('//');
  const customerReference = divider < 0 ? references : references.slice(0, divider);
  return {
    valueDate,
    entryDate: entryDay ? toEntryDate(entryDay, valueDate) : valueDate,
    ...toSide(mark),
    amount: parseDecimal(amount, 'amount'),
    transactionType,
    customerReference: /^(?:KREF|EREF|PREF|MARF)\+?$/.test(customerReference.trim())
      ? null
      : toReference(customerReference),
    bankReference: divider < 0 ? null : toReference(references.slice(divider + 2)),
    ...toSupplement(rest.join(' ')),
  };
}

/** A reversal of a credit takes money away, and one of a debit gives it back. */
function toSide(mark: string): Pick<StatementLine, 'direction' | 'isReversal' | 'isExpected'> {
  const isReversal = mark.startsWith('R');
  const isCredit = mark.endsWith('C') !== isReversal;
  return { direction: isCredit ? 'credit' : 'debit', isReversal, isExpected: mark.startsWith('E') };
}

/** YYMMDD. The standard's century: 80 to 99 are of the last one. */
export function toShortDate(written: string): string | null {
  const [year = 0, month = 0, day = 0] = [0, 2, 4].map((start) => Number(written.slice(start, start + 2)));
  return /^\d{6}$/.test(written) ? toCalendarDay(year + (year < 80 ? 2000 : 1900), month, day) : null;
}

/** MMDD, in the year that brings it nearest to the value date: an entry of 2 January may be valued on 31 December. */
function toEntryDate(written: string, valueDate: string | null): string | null {
  if (!valueDate) return null;
  const year = Number(valueDate.slice(0, 4));
  const [month, day] = [Number(written.slice(0, 2)), Number(written.slice(2))];
  const distance = (date: string) => Math.abs(Date.parse(date) - Date.parse(valueDate));
  return [year - 1, year, year + 1]
    .map((candidate) => toCalendarDay(candidate, month, day))
    .filter((date) => date !== null)
    .reduce<string | null>((best, date) => (best === null || distance(date) < distance(best) ? date : best), null);
}

/** `/OCMT/USD12,50//EXCH/1,0865/`: the amount and the rate; what is neither is kept as text. */
function toSupplement(written: string): Pick<StatementLine, 'original' | 'exchangeRate' | 'supplement'> {
  const [, currency, amount] = /\/OCMT\/([A-Z]{3})([\d.,]{1,20})/.exec(written) ?? [];
  const [, rate] = /\/EXCH\/([\d.,]{1,20})/.exec(written) ?? [];
  const [decimal, code] = [toDecimal(amount), toCurrency(currency)];
  return {
    original: decimal && code ? { amount: decimal, currency: code } : null,
    exchangeRate: toDecimal(rate, 10),
    supplement: decimal || rate ? null : toText(written),
  };
}
