import type { TransactionValues } from '../domain/transaction-fields.ts';

/** What payments are told apart by. Removed transactions are kept with these alone. */
export const recognisedFields = [
  'status',
  'amount',
  'bookingDate',
  'valueDate',
  'transactionDate',
  'counterpartyName',
  'counterpartyIban',
  'remittanceInformation',
  'additionalInformation',
  'structuredReference',
  'endToEndId',
  'mandateId',
  'bankTransactionId',
  'entryReference',
] as const satisfies readonly (keyof TransactionValues)[];

export type RecognisedValues = Pick<TransactionValues, (typeof recognisedFields)[number]>;

export function toRecognisedValues(values: RecognisedValues): RecognisedValues {
  return Object.fromEntries(recognisedFields.map((field) => [field, values[field]])) as RecognisedValues;
}

const placeholder =
  /^\s*(?:no[nt]?[\s_-]*(?:provided|available|specified|known|ref|reference)|none|null|undefined|unknown|n\/?a|[\s0.*_/-]*)\s*$/i;

/** An id without the blanks around it; null for what banks put where they have none: NOTPROVIDED, NONREF, 0, blanks. */
export function toMeaningfulId(id: string | null): string | null {
  if (id === null) return null;
  // Nearly all ids begin otherwise: the pattern would cost more than all else that is done with them.
  const first = id.charCodeAt(0);
  const isLikely = (first > 48 && first < 58) || (first > 97 && first < 110) || (first > 65 && first < 78);
  if (isLikely) return id.charCodeAt(id.length - 1) > 32 ? id : id.trim();
  return placeholder.test(id) ? null : id.trim();
}

const day = '(?:0?[1-9]|[12]\\d|3[01])';
const month = '(?:0?[1-9]|1[0-2])';
const timeOfDay = '[0-2]?\\d:[0-5]\\d(?::[0-5]\\d)?';
const dates = new RegExp(
  `(?<!\\d)(?:(?:19|20)\\d\\d-${month}-${day}(?:T${timeOfDay})?|20\\d\\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\\d|3[01])|` +
    `${day}\\.${month}\\.(?:\\d{4}|\\d\\d)?|${day}[/-]${month}[/-](?:\\d{4}|\\d\\d)|${timeOfDay})(?!\\d)`,
  'g',
);

/** A text without dates and times of day, punctuation, blanks and case; null where that leaves nothing. */
export function toPlainText(text: string | null): string | null {
  if (text === null) return null;
  const plain = text.normalize('NFKC').replace(dates, ' ').toLowerCase();
  return plain.replace(/[^\p{L}\p{N}]+/gu, '') || null;
}

/** The texts that tell one payment from another, plain; see `toPlainText`. */
export interface PlainTexts {
  counterpartyName: string | null;
  counterpartyIban: string | null;
  remittanceInformation: string | null;
  endToEndId: string | null;
}

export function toPlainTexts(values: RecognisedValues): PlainTexts {
  return {
    counterpartyName: toPlainText(values.counterpartyName),
    counterpartyIban: toPlainText(values.counterpartyIban),
    remittanceInformation: toPlainText(values.remittanceInformation),
    // Its dates are its own: a payer numbers orders by them.
    endToEndId: toMeaningfulId(values.endToEndId)?.toLowerCase() ?? null,
  };
}

const separator = '\u0001';

// A pending one has no date of its own that would last.
function toHead({ status, bookingDate, amount }: RecognisedValues): string {
  const bookedOn = status === 'BOOKED' ? bookingDate : null;
  return `${status}${separator}${bookedOn}${separator}${amount.amount}${separator}${amount.currency}`;
}

/** Equal for transactions that say the same, letter by letter, of everything but the bank's ids. */
export function toFace(values: RecognisedValues): string {
  const { counterpartyName, counterpartyIban, remittanceInformation, endToEndId } = values;
  return [toHead(values), counterpartyName, counterpartyIban, remittanceInformation, endToEndId].join(separator);
}

/** Equal for transactions that say the same of everything, the bank's ids and all dates included. */
export function toWholeFace(values: RecognisedValues): string {
  const { valueDate, transactionDate, structuredReference, entryReference, bankTransactionId } = values;
  const rest = [valueDate, transactionDate, structuredReference, entryReference, bankTransactionId];
  return [toFace(values), ...rest].join(separator);
}

/** As `toFace`, but equal too where only dates, blanks and case within the texts differ. */
export function toPlainFace(values: RecognisedValues, texts: PlainTexts): string {
  return [toHead(values), ...Object.values(texts)].join(separator);
}

const cardNumber =
  /(?:karte|kartennr|kartennummer|card|pan|girocard|visa|mastercard|debitk)[^\d*x]{0,12}([\d*x]{0,15}\d{4})(?!\d)|[*x]{2,}\s?(\d{4})(?!\d)/i;

/** The last four digits of the card that paid, where a text names it. */
export function findCard({ remittanceInformation, additionalInformation }: RecognisedValues): string | null {
  const [, named, masked] = cardNumber.exec(`${remittanceInformation ?? ''} ${additionalInformation ?? ''}`) ?? [];
  return (named ?? masked)?.slice(-4) ?? null;
}

/** Whether the payer's text is one that no other payment is likely to have: an invoice's or a customer's number is in it. */
export function isNumbered({ remittanceInformation }: RecognisedValues): boolean {
  return /\d/.test(toPlainText(remittanceInformation?.replace(cardNumber, ' ') ?? null) ?? '');
}
