import { findCard, isNumbered, type PlainTexts, type RecognisedValues, toPlainTexts } from './transaction-face.ts';

/** A transaction with its plain texts at hand. */
export interface Described<T extends RecognisedValues = RecognisedValues> {
  values: T;
  texts: PlainTexts;
}

/** Plain texts are made when they are first asked for: most transactions are recognised before. */
export function toDescribed<T extends RecognisedValues>(values: T): Described<T> {
  let texts: PlainTexts | undefined;
  return {
    values,
    get texts() {
      texts ??= toPlainTexts(values);
      return texts;
    },
  };
}

const dayMs = 86_400_000;

/** Days between two calendar days; 0 where one is open. */
export function daysBetween(a: string | null, b: string | null): number {
  return a === null || b === null || a === b ? 0 : Math.abs(Date.parse(a) - Date.parse(b)) / dayMs;
}

export function isSameAmount(a: RecognisedValues, b: RecognisedValues): boolean {
  return a.amount.amount === b.amount.amount && a.amount.currency === b.amount.currency;
}

/** Both go out, or both come in, in one currency. */
export function isSameSide(a: RecognisedValues, b: RecognisedValues): boolean {
  return a.amount.amount.startsWith('-') === b.amount.amount.startsWith('-') && a.amount.currency === b.amount.currency;
}

/** The day that a pending one names, of whatever kind. */
export function toPendingDay({ transactionDate, bookingDate, valueDate }: RecognisedValues): string | null {
  return transactionDate ?? bookingDate ?? valueDate;
}

/**
 * How many texts of two agree; 0: not the same payment. What one side leaves open speaks neither for nor against. Names and remittance
 * information may be written otherwise when a payment is booked; an account or the payer's own reference may not.
 */
export function toLikeness({ texts: a }: Described, { texts: b }: Described): number {
  if (differs(a.endToEndId, b.endToEndId) || differs(a.counterpartyIban, b.counterpartyIban)) return 0;
  const agreed = [
    a.endToEndId !== null && a.endToEndId === b.endToEndId,
    a.counterpartyIban !== null && a.counterpartyIban === b.counterpartyIban,
    isAlike(a.counterpartyName, b.counterpartyName),
    isAlike(a.remittanceInformation, b.remittanceInformation),
  ];
  return agreed.filter(Boolean).length;
}

/** Whether no text of one says otherwise than the other's. */
export function isCompatible({ texts: a }: Described, { texts: b }: Described): boolean {
  return (
    !differs(a.endToEndId, b.endToEndId) &&
    !differs(a.counterpartyIban, b.counterpartyIban) &&
    (a.counterpartyName === null || b.counterpartyName === null || isAlike(a.counterpartyName, b.counterpartyName)) &&
    (a.remittanceInformation === null ||
      b.remittanceInformation === null ||
      isAlike(a.remittanceInformation, b.remittanceInformation))
  );
}

/** Whether the one says nothing that the other does not say too. */
export function isContained({ texts: less }: Described, { texts: more }: Described): boolean {
  return (Object.keys(less) as (keyof PlainTexts)[]).every((name) => less[name] === null || less[name] === more[name]);
}

/** Whether two with one id say nothing that contradicts. Nearly always they say the same, letter by letter. */
export function hasSameTexts(given: RecognisedValues, known: RecognisedValues): boolean {
  const { counterpartyName: name, remittanceInformation: text } = given;
  const saysNothingElse =
    (name === null || name === known.counterpartyName) && (text === null || text === known.remittanceInformation);
  return saysNothingElse || isCompatible(toDescribed(given), toDescribed(known));
}

/** Of two with one id: an announcement in other words that names other days, or one after the booking, is another payment's. */
export function canBeAnnouncementOf(pending: RecognisedValues, booked: RecognisedValues): boolean {
  const day = toPendingDay(pending);
  const isLater = day !== null && booked.bookingDate !== null && day > booked.bookingDate;
  const isOfOtherDays =
    differs(pending.valueDate, booked.valueDate) || differs(pending.transactionDate, booked.transactionDate);
  return !(isLater || isOfOtherDays) || hasSameTexts(pending, booked);
}

function differs(a: string | null, b: string | null): boolean {
  return a !== null && b !== null && a !== b;
}

const shortestBeginning = 5;

// Banks cut texts, and put more behind them. What ends within a number is another number: invoice 1 is not the beginning of invoice 10.
function isAlike(a: string | null, b: string | null): boolean {
  if (a === null || b === null) return false;
  if (a === b) return true;
  const [shorter, longer] = a.length < b.length ? [a, b] : [b, a];
  const isWithinNumber = /\d$/.test(shorter) && /^\d/.test(longer.slice(shorter.length));
  return shorter.length >= shortestBeginning && longer.startsWith(shorter) && !isWithinNumber;
}

/** How long a booked transaction's announcement may go on beside it. */
const announcedForDays = 5;

/**
 * Whether a bank that shows both announces with the one what it has booked with the other. Equal texts alone would make one of two equal
 * coffees: it takes a day that both name, the payer's own reference, or a text with a number in it.
 */
export function isAnnouncementOf(pending: Described, booked: Described, today: string): boolean {
  const [p, b] = [pending.values, booked.values];
  if (!isSameAmount(p, b) || !isCompatible(pending, booked) || toLikeness(pending, booked) === 0) return false;
  if (p.transactionDate !== null && b.transactionDate !== null && p.transactionDate !== b.transactionDate) return false;
  const isNear = daysBetween(b.bookingDate, toPendingDay(p) ?? today) <= announcedForDays;
  if (isNear && pending.texts.endToEndId !== null && booked.texts.endToEndId !== null) return true;
  const announcedOn = [p.transactionDate, p.valueDate, p.bookingDate].filter((day) => day !== null);
  if (announcedOn.length === 0) return isNear && isNumbered(p);
  return announcedOn.some((day) => [b.transactionDate, b.valueDate, b.bookingDate].includes(day));
}

/** How long it takes at most until what a card has reserved is booked. */
const reservedForDays = 14;

/**
 * Whether a card payment was announced with another amount than it was booked with, as for fuel and hotels: of the same merchant, within
 * days, by the same card where both name one. A transfer names accounts, references or mandates, and never changes its amount.
 */
export function isCardPaymentOf(pending: Described, booked: Described): boolean {
  const [p, b] = [pending.values, booked.values];
  const merchant = pending.texts.counterpartyName;
  if (merchant === null || merchant !== booked.texts.counterpartyName || !isSameSide(p, b)) return false;
  const isTransfer = [p, b].some(({ counterpartyIban, mandateId }) => counterpartyIban !== null || mandateId !== null);
  if (isTransfer || pending.texts.endToEndId !== null || booked.texts.endToEndId !== null) return false;
  const [reservedBy, paidBy] = [findCard(p), findCard(b)];
  if (reservedBy !== null && paidBy !== null && reservedBy !== paidBy) return false;
  return daysBetween(toPendingDay(p), b.bookingDate) <= reservedForDays;
}
