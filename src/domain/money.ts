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

const decimalPattern = /^(-?)0*(\d+)(?:\.(\d+))?$/;

/**
 * The one way an amount is written everywhere: no leading zeros, no plus sign, no minus on zero, at least the currency's
 * minor units after the point and no further trailing zeros. Throws a RangeError for what is not a plain decimal.
 */
export function formatAmount(decimal: string, currency: string): string {
  const match = decimalPattern.exec(decimal);
  if (!match) throw new RangeError('not a plain decimal number');
  const [, sign = '', integer = '0', fraction = ''] = match;
  const digits = minorUnits(currency);
  let end = fraction.length;
  while (end > digits && fraction[end - 1] === '0') end--;
  const trimmed = fraction.slice(0, end).padEnd(digits, '0');
  return `${/[1-9]/.test(decimal) ? sign : ''}${integer}${trimmed && `.${trimmed}`}`;
}
