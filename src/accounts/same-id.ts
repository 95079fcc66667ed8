import type { RecognisedValues } from './transaction-face.ts';
import {
  canBeAnnouncementOf,
  daysBetween,
  hasSameTexts,
  isSameAmount,
  isSameSide,
  toPendingDay,
} from './transaction-likeness.ts';

/** Banks use ids again, and give payments that recur the same one each time. */
const sameIdForDays = 14;

/** Of two with one id. Some banks number the rows of each reply: the texts must agree, until it is known that no other is like it. */
export function isSurelyNamed(given: RecognisedValues, known: RecognisedValues, today: string): boolean {
  if (!isSameAmount(given, known) || !hasSameTexts(given, known)) return false;
  if (known.status === 'PENDING') return true;
  if (given.status === 'PENDING') return isEcho(given, known, today);
  return daysBetween(given.bookingDate, known.bookingDate) === 0;
}

/** Of two with one id, where nothing else is known to be like either. */
export function isNamed(given: RecognisedValues, known: RecognisedValues, today: string): boolean {
  if (known.status === 'PENDING' && given.status === 'BOOKED') return isSameSide(given, known);
  if (known.status === 'BOOKED' && given.status === 'PENDING') return isEcho(given, known, today);
  return isSameAmount(given, known) && daysBetween(given.bookingDate, known.bookingDate) <= sameIdForDays;
}

// Banks go on announcing for a while what they have booked.
function isEcho(given: RecognisedValues, known: RecognisedValues, today: string): boolean {
  const day = toPendingDay(given);
  return (
    isSameSide(given, known) &&
    canBeAnnouncementOf(given, known) &&
    daysBetween(known.bookingDate, day ?? today) <= sameIdForDays
  );
}

/** Of two with one id: the same day, and another amount. */
export function isCorrected(given: RecognisedValues, known: RecognisedValues): boolean {
  return given.status === known.status && given.bookingDate === known.bookingDate && isSameSide(given, known);
}
