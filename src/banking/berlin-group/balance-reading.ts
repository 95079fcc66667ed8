import type { BalanceValues } from '../../domain/balance-fields.ts';
import { formatAmount } from '../../domain/money.ts';
import type { ReadingFault } from '../../domain/reading-fault.ts';
import {
  isRecord,
  readDecimal,
  splitAmount,
  toBoolean,
  toCurrency,
  toDate,
  toList,
  toText,
  toTime,
} from './json-values.ts';

export interface BalanceContext {
  /** Of the account; null where it has several. */
  currency: string | null;
  /** What is owed is written without a minus. */
  isReversed: boolean;
}

/** The balances of a list that can be read; paths begin with `balances`. */
export function readBalances(
  replies: unknown,
  context: BalanceContext,
): { balances: BalanceValues[]; faults: ReadingFault[] } {
  const balances: BalanceValues[] = [];
  const faults: ReadingFault[] = [];
  toList(replies).forEach((reply, index) => {
    const read = readBalance(reply, context);
    if ('kind' in read)
      faults.push({ path: [`balances.${index}`, read.field].filter(Boolean).join('.'), kind: read.kind });
    else balances.push(read);
  });
  return { balances, faults };
}

/** `{ balanceType, balanceAmount: { amount, currency } }`, or the same without the inner object. */
function readBalance(reply: unknown, context: BalanceContext): BalanceValues | { field: string; kind: string } {
  if (!isRecord(reply)) return { field: '', kind: 'not_an_object' };
  const type = toText(reply.balanceType) ?? toText(reply.type);
  if (type === null) return { field: 'balanceType', kind: 'missing' };
  const written = splitAmount(reply.balanceAmount ?? reply.amount);
  const read = readDecimal(written.amount);
  if (typeof read === 'string') return { field: 'balanceAmount', kind: read };
  const currency = toCurrency(written.currency) ?? toCurrency(reply.currency) ?? context.currency;
  if (currency === null) return { field: 'balanceAmount.currency', kind: 'missing' };
  const isDebit = read.isSigned
    ? read.decimal.startsWith('-') !== context.isReversed
    : isIndicatedDebit(reply.creditDebitIndicator, context);
  const digits = read.decimal.replace('-', '');
  return {
    type,
    amount: { amount: formatAmount(isDebit ? `-${digits}` : digits, currency), currency },
    creditLimitIncluded: toBoolean(reply.creditLimitIncluded),
    referenceDate: toDate(reply.referenceDate) ?? toDate(reply.referenceDateTime),
    lastChangedAt: toTime(reply.lastChangeDateTime) ?? toTime(reply.lastChangedDateTime),
  };
}

function isIndicatedDebit(indicator: unknown, { isReversed }: BalanceContext): boolean {
  const word = toText(indicator)?.toUpperCase();
  return word ? /^(DBIT|DEBIT|D)$/.test(word) : isReversed;
}
