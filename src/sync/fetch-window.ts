const dayMs = 86_400_000;

/** Without an SCA that is minutes old, banks give 90 days at most (RTS Art. 10a(1)). */
const unattendedDays = 90;
/** Right after the SCA older history may be asked for; domain practice: within five minutes. */
const freshScaMs = 5 * 60_000;
const deepDays = 730;
/** Banks book late and correct: some days before the newest booking are read again. */
const overlapDays = 7;

/** The earliest day to ask for: history once, while the SCA is fresh; later only what can be new. YYYY-MM-DD. */
export function windowStart(given: {
  now: Date;
  /** The end user is there. */
  attended: boolean;
  authorisedAt: Date;
  /** Of the newest booked transaction seen in this account; null when it is new to us. */
  lastBookingDate: string | null;
}): string {
  const { now, attended, authorisedAt, lastBookingDate } = given;
  const ninetyDays = daysBefore(now, unattendedDays);
  if (lastBookingDate === null) {
    const fresh = attended && now.getTime() - authorisedAt.getTime() <= freshScaMs;
    return fresh ? daysBefore(now, deepDays) : ninetyDays;
  }
  const overlapping = daysBefore(new Date(`${lastBookingDate}T00:00:00Z`), overlapDays);
  if (overlapping < ninetyDays) return ninetyDays;
  return overlapping;
}

/** The day that banks accept without a fresh SCA. */
export function safeWindowStart(now: Date): string {
  return daysBefore(now, unattendedDays);
}

function daysBefore(date: Date, days: number): string {
  return new Date(date.getTime() - days * dayMs).toISOString().slice(0, 10);
}
