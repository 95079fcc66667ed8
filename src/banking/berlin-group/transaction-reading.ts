import { absentValues, type JsonObject } from '../../domain/field-table.ts';
import { formatAmount, type Money } from '../../domain/money.ts';
import { type FetchedTransaction, transactionFields } from '../../domain/transaction-fields.ts';
import { toCounterparty } from './counterparty.ts';
import {
  isRecord,
  type JsonRecord,
  readDecimal,
  splitAmount,
  toCurrency,
  toDate,
  toDecimal,
  toIban,
  toList,
  toMoney,
  toNamedText,
  toText,
  toTime,
  type WrittenDecimal,
} from './json-values.ts';
import { createFieldTaker, type FieldTaker } from './other-fields.ts';

/** What the rows of an account are read against. */
export interface RowContext {
  /** Of the account; null where it has several. */
  currency: string | null;
  iban: string | null;
  /** Amounts of debits are written without a minus, and credits with one. */
  isReversed: boolean;
}

/** A row that cannot be used, and why: never leaves the readers. */
export class UnreadableRow extends Error {
  readonly field: string;
  readonly kind: string;
  constructor(field: string, kind: string) {
    super(`${field}: ${kind}`);
    this.field = field;
    this.kind = kind;
  }
}

const absent = absentValues(transactionFields);

/**
 * One row of a bank's JSON, of an account or a card. What is not as it should be is as if it were absent, but for the amount: without one
 * there is no transaction. Throws UnreadableRow.
 */
export function readTransaction(
  row: unknown,
  status: FetchedTransaction['status'],
  context: RowContext,
): FetchedTransaction {
  if (!isRecord(row)) throw new UnreadableRow('', 'not_an_object');
  const fields = createFieldTaker(row);
  const amount = readAmount(fields, row, context);
  const read = {
    ...absent,
    status,
    amount,
    ...readDates(fields),
    ...readTexts(fields),
    ...readCardFields(fields, amount),
    bankTransactionId: fields.take(toText, 'transactionId', 'cardTransactionId'),
    entryReference: fields.take(toText, 'entryReference'),
    balanceAfter: readBalanceAfter(fields, amount.currency),
    ...toCounterparty(fields, amount, context),
  };
  const details = readSingleDetail(row);
  if (!details) return { ...read, otherFields: fields.rest() };
  fields.take(toList, 'entryDetails');
  return fillGaps(read, details, { context, others: fields.rest() });
}

/** The rule: a sign counts; else the indicator; else whose IBAN is the account's own. */
function readAmount(fields: FieldTaker, row: JsonRecord, context: RowContext): Money {
  const [given] = fields.take(toGiven, 'transactionAmount', 'amount', 'instructedAmount') ?? [];
  const written = splitAmount(given);
  const read = readDecimal(written.amount);
  if (typeof read === 'string') throw new UnreadableRow('transactionAmount', read);
  const named = toCurrency(written.currency);
  const currency = named ?? fields.take(toCurrency, 'currency') ?? context.currency;
  if (currency === null) throw new UnreadableRow('transactionAmount.currency', 'missing');
  const indicated =
    fields.take(toIndicator, 'creditDebitIndicator', 'creditDebitIndicatorCode', 'creditDebitCode') ??
    (isRecord(given) ? toIndicator(given.creditDebitIndicator) : null);
  const digits = read.decimal.replace('-', '');
  return {
    amount: formatAmount(isDebit(read, { indicated, row, context }) ? `-${digits}` : digits, currency),
    currency,
  };
}

function toGiven(value: unknown): readonly unknown[] | null {
  const given = toList(value);
  return given.length > 0 ? given : null;
}

function isDebit(
  read: WrittenDecimal,
  { indicated, row, context }: { indicated: 'debit' | 'credit' | null; row: JsonRecord; context: RowContext },
): boolean {
  if (read.isSigned) return read.decimal.startsWith('-') !== context.isReversed;
  if (indicated !== null) return indicated === 'debit';
  return isOwnDebit(row, context) || context.isReversed;
}

function toIndicator(value: unknown): 'debit' | 'credit' | null {
  const word = toText(value)?.toUpperCase() ?? '';
  if (/^(DBIT|DEBIT|D|S|DR)$/.test(word)) return 'debit';
  return /^(CRDT|CREDIT|C|H|CR)$/.test(word) ? 'credit' : null;
}

function isOwnDebit(row: JsonRecord, { iban }: RowContext): boolean {
  if (iban === null) return false;
  const ibanOf = (value: unknown) => toIban(isRecord(value) ? value.iban : value);
  return ibanOf(row.debtorAccount) === iban && ibanOf(row.creditorAccount) !== iban;
}

function readDates(fields: FieldTaker) {
  const bookedAt =
    fields.take(toTime, 'bookingDateTime', 'bookedAt') ?? fields.look((value) => toTime(value), 'bookingDate');
  return {
    bookedAt,
    bookingDate: fields.take(toDate, 'bookingDate') ?? fields.look(toDate, 'bookingDateTime', 'bookedAt'),
    valueDate: fields.take(toDate, 'valueDate') ?? fields.look(toDate, 'valueDateTime'),
    transactionDate:
      fields.take(toDate, 'transactionDate') ??
      fields.look(toDate, 'acceptorTransactionDateTime', 'transactionDateTime'),
  };
}

function readTexts(fields: FieldTaker) {
  const unstructured = fields.take(
    toRemittance,
    'remittanceInformationUnstructuredArray',
    'remittanceInformationUnstructured',
    'remittanceInformation',
    'transactionDetails',
  );
  // The array has the single one in it, or is it: it is kept once.
  fields.take((value) => (toRemittance(value) === unstructured ? true : null), 'remittanceInformationUnstructured');
  const structured = fields.take(
    toStructured,
    'remittanceInformationStructured',
    'remittanceInformationStructuredArray',
  );
  return {
    remittanceInformation: unstructured ?? structured,
    structuredReference: structured,
    additionalInformation: fields.take(toText, 'additionalInformation', 'additionalTransactionInformation'),
    endToEndId: fields.take(toText, 'endToEndId', 'endToEndIdentification'),
    mandateId: fields.take(toText, 'mandateId', 'mandateReference'),
    creditorId: fields.take(toText, 'creditorId', 'creditorIdentification'),
    purposeCode: fields.take((value) => toNamedText(value, 'code', 'proprietary'), 'purposeCode', 'purpose'),
    bankTransactionCode: fields.take(toTransactionCode, 'bankTransactionCode'),
    proprietaryBankTransactionCode: fields.take(
      (value) => toNamedText(value, 'code', 'name'),
      'proprietaryBankTransactionCode',
      'proprietaryTransactionCode',
    ),
  };
}

function toRemittance(value: unknown): string | null {
  const lines = toList(value).map((line) => toNamedText(line, 'content', 'text', 'unstructured', 'remittance'));
  return toText(lines.filter((line) => line !== null));
}

/** A plain text since 1.3.11; `{ reference }` before; a list of either. */
function toStructured(value: unknown): string | null {
  const references = toList(value).map((item) => toNamedText(item, 'reference', 'creditorReference', 'content'));
  return toText(references.filter((reference) => reference !== null));
}

/** PMNT-RCDT-ESCT, also where it comes in its three parts. */
function toTransactionCode(value: unknown): string | null {
  if (!isRecord(value)) return toText(value);
  const domain = isRecord(value.domain) ? value.domain : value;
  const family = isRecord(domain.family) ? domain.family : domain;
  const parts = [
    toNamedText(domain.code ?? value.domain, 'code'),
    toNamedText(isRecord(domain.family) ? family.code : (domain.familyCode ?? domain.family), 'code'),
    toNamedText(family.subFamilyCode ?? family.subFamily, 'code'),
  ];
  return parts.every((part) => part !== null) ? parts.join('-') : toNamedText(value, 'code', 'content');
}

function readCardFields(fields: FieldTaker, amount: Money) {
  return {
    merchantCategoryCode: fields.take(
      (value) => toNamedText(value, 'code', 'categoryCode'),
      'merchantCategoryCode',
      'mcc',
    ),
    originalAmount: fields.take((value) => toMoney(value, null), 'originalAmount', 'originalTransactionAmount'),
    exchangeRate: fields.take(toDecimal, 'exchangeRate') ?? fields.look(toRate(amount.currency), 'currencyExchange'),
  };
}

/** The rate alone: currencies and the day of its quotation have no field and stay among the others. */
function toRate(currency: string) {
  return (value: unknown): string | null => {
    const rates = toList(value).filter(isRecord);
    const own = rates.find((rate) => toCurrency(rate.targetCurrency) === currency) ?? rates[0];
    return own ? toDecimal(own.exchangeRate ?? own.rate) : toDecimal(value);
  };
}

function readBalanceAfter(fields: FieldTaker, currency: string): Money | null {
  return fields.take(
    (value) => {
      const given = isRecord(value) && value.balanceAmount !== undefined ? value.balanceAmount : value;
      const money = toMoney(given, currency);
      if (!money || money.amount.startsWith('-') || !isRecord(value)) return money;
      const isDebit = toIndicator(value.creditDebitIndicator) === 'debit';
      return isDebit ? { ...money, amount: formatAmount(`-${money.amount}`, money.currency) } : money;
    },
    'balanceAfterTransaction',
    'balanceAfter',
    'balanceAfterBooking',
  );
}

/** A row's details, where they are of one payment; those of a batch are many, and stay among the other fields. */
function readSingleDetail(row: JsonRecord): JsonRecord | null {
  const given = row.entryDetails;
  const details = toList(isRecord(given) && given.transactionDetails !== undefined ? given.transactionDetails : given);
  const [only] = details;
  return details.length === 1 && isRecord(only) ? only : null;
}

function fillGaps(
  read: Omit<FetchedTransaction, 'otherFields'>,
  details: JsonRecord,
  { context, others }: { context: RowContext; others: JsonObject | null },
): FetchedTransaction {
  const fields = createFieldTaker(details);
  const filled = {
    ...readTexts(fields),
    ...readCardFields(fields, read.amount),
    ...toCounterparty(fields, read.amount, context),
  };
  const gaps = Object.entries(filled).filter(([name]) => read[name as keyof typeof read] === null);
  const rest = fields.rest();
  return {
    ...read,
    ...Object.fromEntries(gaps),
    otherFields: rest ? { ...others, entryDetails: rest } : others,
  };
}
