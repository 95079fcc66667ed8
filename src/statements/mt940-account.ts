import type { BalanceValues } from '../domain/balance-fields.ts';
import { toShortDate } from './mt940-statement-line.ts';
import { type StatementAccount, UnreadableValue } from './statement-reading.ts';
import { hasValidCheckDigits, parseDecimal, toCurrency, toIban, toSignedMoney, toText } from './written-values.ts';

/** The Berlin Group's names for the balances; those ending in M are between the pages of one statement. */
const balanceTypes: Readonly<Record<string, string>> = {
  '60F': 'openingBooked',
  '60M': 'interimBooked',
  '62F': 'closingBooked',
  '62M': 'interimBooked',
  '64': 'closingAvailable',
  '65': 'forwardAvailable',
};

export function isBalanceTag(tag: string): boolean {
  return tag in balanceTypes;
}

/** `C261120EUR1234,56`. Throws UnreadableValue; a date that no calendar has is absent. */
export function toMt940Balance(tag: string, value: string): BalanceValues {
  const match = /^([CD])(\d{6})([A-Za-z]{3})([\d.,]{1,40})$/.exec(value.replace(/\s/g, ''));
  const [, mark, day = '', code, amount] = match ?? [];
  const currency = toCurrency(code);
  if (!currency) throw new UnreadableValue('', 'malformed_balance');
  return {
    type: balanceTypes[tag] ?? tag,
    amount: toSignedMoney(parseDecimal(amount, 'amount'), currency, mark === 'C' ? 'credit' : 'debit'),
    creditLimitIncluded: null,
    referenceDate: toShortDate(day),
    lastChangedAt: null,
  };
}

/** The currency of a balance or of a floor limit (`EURD0,`), even where the rest cannot be read. */
export function findCurrency(value: string): string | null {
  return toCurrency(/^(?:[CD]?\d{0,6})([A-Z]{3})/.exec(value.trim())?.[1]);
}

/**
 * `:25:`: an IBAN, `BIC/IBAN`, a German `bank code/account number`, or anything else, with or without the currency
 * behind it.
 */
export function toMt940Account(value: string): Omit<StatementAccount, 'currency'> & { currency: string | null } {
  const written = value.split('\n')[0]?.trim().replace(/^\//, '') ?? '';
  const withCurrency = /^(.{5,40}?)\s?([A-Z]{3})$/.exec(written);
  const iban = findIban(written);
  if (iban) return { iban, bban: null, other: null, currency: null };
  const currency = toCurrency(withCurrency?.[2]);
  const name = withCurrency?.[1] ?? written;
  const ibanBefore = findIban(name);
  if (ibanBefore) return { iban: ibanBefore, bban: null, other: null, currency };
  const german = /^(\d{8})\/(\d{1,10})$/.exec(name);
  if (german) return { iban: null, bban: `${german[1]}${german[2]?.padStart(10, '0')}`, other: null, currency };
  return { iban: null, bban: null, other: toText(name), currency };
}

/** Its check digits tell an IBAN from one with a currency behind it. */
function findIban(name: string): string | null {
  const ibans = name.split('/').map(toIban);
  return ibans.find((iban) => iban !== null && hasValidCheckDigits(iban)) ?? null;
}
