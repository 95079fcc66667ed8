import type { BalanceValues } from '../domain/balance-fields.ts';
import { type StatementAccount, UnreadableValue } from './statement-reading.ts';
import {
  type Direction,
  parseDecimal,
  toCurrency,
  toDate,
  toIban,
  toSignedMoney,
  toText,
  toTime,
} from './written-values.ts';
import { findElement, findText, type XmlElement } from './xml-scan.ts';

/** ISO 20022 balance codes and the Berlin Group's names for them. */
const balanceTypes: ReadonlyMap<string, string> = new Map([
  ['OPBD', 'openingBooked'],
  ['PRCD', 'previouslyClosedBooked'],
  ['CLBD', 'closingBooked'],
  ['ITBD', 'interimBooked'],
  ['OPAV', 'openingAvailable'],
  ['CLAV', 'closingAvailable'],
  ['ITAV', 'interimAvailable'],
  ['FWAV', 'forwardAvailable'],
  ['XPCD', 'expected'],
  ['INFO', 'information'],
]);

export function toCamtAccount(element: XmlElement): StatementAccount {
  const id = findElement(element, 'Id');
  const other = toText(findText(id, 'Othr', 'Id') ?? findText(id, 'PrtryAcct', 'Id') ?? findText(id, 'UPIC'));
  const isBban = findText(id, 'Othr', 'SchmeNm', 'Cd') === 'BBAN';
  return {
    iban: toIban(findText(id, 'IBAN')),
    bban: toText(findText(id, 'BBAN')) ?? (isBban ? other : null),
    other: isBban ? null : other,
    currency: toCurrency(findText(element, 'Ccy')),
  };
}

/** Throws UnreadableValue for one without type, amount or side. */
export function toCamtBalance(element: XmlElement, accountCurrency: string | null): BalanceValues {
  const day = findElement(element, 'Dt');
  const { amount, currency } = readAmount(element, accountCurrency);
  return {
    type: toBalanceType(element),
    amount: toSignedMoney(amount, currency, readDirection(element)),
    creditLimitIncluded: toBoolean(findText(element, 'CdtLine', 'Incl')),
    referenceDate: toDate(findText(day, 'Dt') ?? findText(day, 'DtTm')),
    lastChangedAt: toTime(findText(day, 'DtTm')),
  };
}

/** `OPBD` and `CLBD` with the sub-type `INTM` are those between the pages of a statement. */
function toBalanceType(element: XmlElement): string {
  const code = findText(element, 'Tp', 'CdOrPrtry', 'Cd');
  const isBetweenPages = findText(element, 'Tp', 'SubTp', 'Cd') === 'INTM';
  if (isBetweenPages && (code === 'OPBD' || code === 'CLBD')) return 'interimBooked';
  const type = code ? (balanceTypes.get(code) ?? toText(code)) : toText(findText(element, 'Tp', 'CdOrPrtry', 'Prtry'));
  if (!type) throw new UnreadableValue('Tp', 'type_missing');
  return type;
}

/** `Amt` with its currency, else the account's. Throws UnreadableValue. */
export function readAmount(element: XmlElement, accountCurrency: string | null): { amount: string; currency: string } {
  const amount = parseDecimal(findText(element, 'Amt'), 'Amt');
  const currency = toCurrency(findElement(element, 'Amt')?.currency) ?? accountCurrency;
  if (!currency) throw new UnreadableValue('Amt.Ccy', 'currency_missing');
  return { amount, currency };
}

/** Throws UnreadableValue: a side is never guessed. */
export function readDirection(element: XmlElement): Direction {
  const direction = toDirection(findText(element, 'CdtDbtInd'));
  if (!direction) throw new UnreadableValue('CdtDbtInd', 'direction_missing');
  return direction;
}

export function toDirection(indicator: string | null): Direction | null {
  if (indicator === 'CRDT') return 'credit';
  return indicator === 'DBIT' ? 'debit' : null;
}

export function toBoolean(written: string | null): boolean | null {
  if (written === 'true' || written === '1') return true;
  return written === 'false' || written === '0' ? false : null;
}
