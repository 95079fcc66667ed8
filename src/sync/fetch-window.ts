const dayMs = 86_400_000;

/** Without an SCA that is minutes old, banks give 90 days at most (RTS Art. 10a(1)); one less, since a bank's day may begin before ours. */
const safeDays = 89;
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
  const isFresh = attended && now.getTime() - authorisedAt.getTime() <= freshScaMs;
  const earliest = isFresh ? daysBefore(now, deepDays) : safeWindowStart(now);
  if (lastBookingDate === null) return earliest;
  // Some banks book ahead: what lies in the future says nothing about what has been seen.
  const seen = lastBookingDate < daysBefore(now, 0) ? new Date(`${lastBookingDate}T00:00:00Z`) : now;
  const overlapping = daysBefore(seen, overlapDays);
  if (overlapping > earliest) return overlapping;
  return earliest;
}

/** The day that banks accept without a fresh SCA. */
export function safeWindowStart(now: Date): string {
  return daysBefore(now, safeDays);
}

function daysBefore(date: Date, days: number): string {
  return new Date(date.getTime() - days * dayMs).toISOString().slice(0, 10);
}
