/** An exact amount: `amount` is a decimal string, negative for money going out, never a float. */
export interface Money {
  amount: string;
  currency: string;
}

const minorUnitsByCurrency = new Map<string, number>();

/** Digits after the point that ISO 4217 gives the currency: 2 for EUR, 0 for JPY, 3 for BHD; 2 for a code it does not know. */
export function minorUnits(currency: string): number {
  let digits = minorUnitsByCurrency.get(currency);
  if (digits === undefined) {
    digits = /^[A-Z]{3}$/.test(currency)
      ? (new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions().maximumFractionDigits ?? 2)
      : 2;
    minorUnitsByCurrency.set(currency, digits);
  }
  return digits;
}

const decimalPattern = /^-?\d+(?:\.\d+)?$/;
const [minus, zero] = ['-', '0'].map((character) => character.charCodeAt(0));

/**
 * The one way an amount is written everywhere: no leading zeros, no plus sign, no minus on zero, at least the currency's
 * minor units after the point and no further trailing zeros. Throws a RangeError for what is not a plain decimal.
 */
export function formatAmount(decimal: string, currency: string): string {
  if (!decimalPattern.test(decimal)) throw new RangeError('not a plain decimal number');
  const digits = minorUnits(currency);
  const isNegative = decimal.charCodeAt(0) === minus;
  const dot = decimal.indexOf('.');
  const point = dot < 0 ? decimal.length : dot;
  let start = isNegative ? 1 : 0;
  while (start < point - 1 && decimal.charCodeAt(start) === zero) start++;
  let end = decimal.length;
  while (end - point - 1 > digits && decimal.charCodeAt(end - 1) === zero) end--;
  const fractionLength = Math.max(end - point - 1, 0);
  // Nearly always one piece of what was given: a page has a hundred amounts.
  const written =
    fractionLength >= digits
      ? decimal.slice(start, fractionLength > 0 ? end : point)
      : `${decimal.slice(start, point)}.${decimal.slice(point + 1, end).padEnd(digits, '0')}`;
  return isNegative && /[1-9]/.test(decimal) ? `-${written}` : written;
}
