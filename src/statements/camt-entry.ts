import { absentValues, type JsonObject } from '../domain/field-table.ts';
import { formatAmount, type Money } from '../domain/money.ts';
import { type FetchedTransaction, transactionFields } from '../domain/transaction-fields.ts';
import { readAmount, readDirection, toBoolean } from './camt-account.ts';
import {
  type CamtDetail,
  toBankTransactionCode,
  toExchangeRate,
  toOriginalAmount,
  toOtherFields,
} from './camt-detail.ts';
import type { CamtDetails } from './camt-detail-list.ts';
import { addDecimals } from './decimal-sum.ts';
import { type Statement, UnreadableValue } from './statement-reading.ts';
import { type Direction, toDate, toReference, toSignedMoney, toText, toTime } from './written-values.ts';
import { findElement, findText, type XmlElement } from './xml-scan.ts';

const absent = absentValues(transactionFields);

interface Entry {
  element: XmlElement;
  details: CamtDetails;
  statement: Pick<Statement, 'format' | 'account'>;
}

/** None for an entry that is no money; several for one that stands for several payments. Throws UnreadableValue. */
export function toCamtRows({ element, details, statement }: Entry): Iterable<FetchedTransaction> {
  const status = readStatus(element, statement.format);
  if (status === 'information') return [];
  const { account } = statement;
  const { amount, currency } = readAmount(element, account.currency);
  const direction = readDirection(element);
  const money = toSignedMoney(amount, currency, direction);
  const isReversal = toBoolean(findText(element, 'RvslInd')) ?? false;
  const common = { ...absent, status, ...toDates(element, status), ...toEntryCodes(element) };
  const entry = { element, common, money, direction, isReversal, ownIban: account.iban };

  if (details.length > 1 && addUp(details, entry)) return toBatchRows(entry, details);
  const [detail = null] = details.length === 1 ? details : [];
  return [toRow(entry, detail)];
}

interface EntryRow {
  element: XmlElement;
  common: FetchedTransactionOfEntry;
  money: Money;
  direction: Direction;
  isReversal: boolean;
  ownIban: string | null;
}
type FetchedTransactionOfEntry = Omit<FetchedTransaction, 'amount'>;

/**
 * One row for the entry, with what its only detail says. Of several that do not add up nothing can be told of the
 * whole.
 */
function toRow(entry: EntryRow, detail: CamtDetail | null): FetchedTransaction {
  const { element, common, money } = entry;
  const amounts = findElement(element, 'AmtDtls');
  const original = toOriginalAmount(amounts) ?? detail?.original ?? null;
  const otherFields = { ...detail?.otherFields, ...toEntryOtherFields(element, common.status) };
  return {
    ...common,
    amount: money,
    exchangeRate: toExchangeRate(amounts),
    entryReference: toReference(findText(element, 'NtryRef')),
    ...detail?.values,
    bankTransactionId: toReference(findText(element, 'AcctSvcrRef')) ?? detail?.values.bankTransactionId ?? null,
    ...(detail && toCounterparty(entry, detail, entry.direction)),
    originalAmount: toOriginalMoney(original, money, entry.direction),
    additionalInformation: joinDistinct(common.additionalInformation, detail?.values.additionalInformation),
    otherFields: Object.keys(otherFields).length > 0 ? otherFields : null,
  };
}

/**
 * One row for each detail. The entry's own references are told beside: as the id of several payments they would make
 * one of them.
 */
function* toBatchRows(entry: EntryRow, details: CamtDetails): Generator<FetchedTransaction> {
  const { element, common } = entry;
  const haveOwnIds = haveDistinctIds(details);
  const shared: JsonObject = toEntryOtherFields(element, common.status);
  const references = { entryReference: findText(element, 'NtryRef'), batchReference: findText(element, 'AcctSvcrRef') };
  for (const [name, reference] of Object.entries(references)) {
    const text = toReference(reference);
    if (text) shared[name] = text;
  }
  for (const detail of details) {
    const direction = detail.direction ?? entry.direction;
    const money = toSignedMoney(detail.amount ?? '', entry.money.currency, direction);
    yield {
      ...common,
      ...detail.values,
      amount: money,
      bankTransactionId: haveOwnIds ? (detail.values.bankTransactionId ?? null) : null,
      ...toCounterparty(entry, detail, direction),
      originalAmount: toOriginalMoney(detail.original, money, direction),
      additionalInformation: joinDistinct(common.additionalInformation, detail.values.additionalInformation),
      otherFields: { ...detail.otherFields, ...shared, batchSize: details.length },
    };
  }
}

function haveDistinctIds(details: CamtDetails): boolean {
  const ids = new Set<string>();
  for (const { values } of details) if (values.bankTransactionId) ids.add(values.bankTransactionId);
  return ids.size === details.length;
}

/** Whether all details have amounts, in the entry's currency, that add up to the entry's. */
function addUp(details: CamtDetails, { money, direction: entryDirection }: EntryRow): boolean {
  const amounts: string[] = [];
  for (const { amount, currency, direction } of details) {
    if (!amount || (currency ?? money.currency) !== money.currency) return false;
    amounts.push(toSignedMoney(amount, money.currency, direction ?? entryDirection).amount);
  }
  return formatAmount(addDecimals(amounts), money.currency) === money.amount;
}

/**
 * The other side: whoever is not the account itself by IBAN; else who paid, of money that came in, and who was paid, of
 * money that went out. In a reversal the parties keep the roles of the payment that is taken back.
 */
function toCounterparty({ isReversal, ownIban }: EntryRow, { debtor, creditor }: CamtDetail, direction: Direction) {
  const byRole = (direction === 'credit') !== isReversal ? debtor : creditor;
  const otherRole = byRole === debtor ? creditor : debtor;
  const isOwn = (party: CamtDetail['debtor']) => ownIban !== null && party.account?.iban === ownIban;
  const party = isOwn(byRole) && !isOwn(otherRole) ? otherRole : byRole;
  return {
    counterpartyName: party.name ?? party.ultimateName,
    counterpartyIban: party.account?.iban ?? null,
    counterpartyAccount: party.account,
    counterpartyBic: party.bic,
    ultimateCounterpartyName: party.ultimateName,
  };
}

/**
 * `BOOK`, plain or as `Cd`. What will be booked (`PDNG`, `FUTR`) is pending. A statement has booked entries alone, so
 * it may leave it out.
 */
function readStatus(element: XmlElement, format: Statement['format']): FetchedTransaction['status'] | 'information' {
  const status = findElement(element, 'Sts');
  const code = findText(status, 'Cd') ?? findText(status, 'Prtry') ?? findText(element, 'Sts');
  switch (code) {
    case 'BOOK':
      return 'BOOKED';
    case 'PDNG':
    case 'FUTR':
      return 'PENDING';
    case 'INFO':
      return 'information';
    case null:
      if (format === 'camt.053') return 'BOOKED';
      throw new UnreadableValue('Sts', 'status_missing');
    default:
      throw new UnreadableValue('Sts', 'unknown_status');
  }
}

function toDates(element: XmlElement, status: FetchedTransaction['status']) {
  const booking = findElement(element, 'BookgDt');
  const value = findElement(element, 'ValDt');
  const isBooked = status === 'BOOKED';
  return {
    bookingDate: isBooked ? toDate(findText(booking, 'Dt') ?? findText(booking, 'DtTm')) : null,
    valueDate: toDate(findText(value, 'Dt') ?? findText(value, 'DtTm')),
    bookedAt: isBooked ? toTime(findText(booking, 'DtTm')) : null,
  };
}

function toEntryCodes(element: XmlElement) {
  return {
    bankTransactionCode: toBankTransactionCode(element),
    proprietaryBankTransactionCode: toText(findText(element, 'BkTxCd', 'Prtry', 'Cd')),
    additionalInformation: toText(findText(element, 'AddtlNtryInf')),
  };
}

/** With a booking day that is only expected, and a time of booking whose zone the bank does not say. */
function toEntryOtherFields(element: XmlElement, status: FetchedTransaction['status']): JsonObject {
  const fields = toOtherFields(element);
  const booking = findElement(element, 'BookgDt');
  const time = findText(booking, 'DtTm');
  const expected = status === 'PENDING' ? toDate(findText(booking, 'Dt') ?? time) : null;
  if (expected) fields.expectedBookingDate = expected;
  else if (time && !toTime(time)) fields.bookingDateTime = time.slice(0, 40);
  const batch = findElement(element, 'NtryDtls', 'Btch');
  for (const [name, text] of [
    ['batchMessageId', toReference(findText(batch, 'MsgId'))],
    ['batchPaymentInformationId', toReference(findText(batch, 'PmtInfId'))],
    ['numberOfTransactions', toText(findText(batch, 'NbOfTxs'))],
  ] as const) {
    if (text) fields[name] = text;
  }
  return fields;
}

/** Only where it is in another currency: else it says what the amount says. */
function toOriginalMoney(original: CamtDetail['original'], { currency }: Money, direction: Direction): Money | null {
  if (!original || original.currency === currency) return null;
  return toSignedMoney(original.amount, original.currency, direction);
}

function joinDistinct(first: string | null, second: string | null | undefined): string | null {
  return first && second && first !== second ? `${first} ${second}` : (first ?? second ?? null);
}
