const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;

/** What lies before each attempt, counted from the one before it; the example schedule of Standard Webhooks. */
export const attemptDelaysMs: readonly number[] = [
  0,
  5 * second,
  5 * minute,
  30 * minute,
  2 * hour,
  5 * hour,
  10 * hour,
  14 * hour,
  20 * hour,
  24 * hour,
];

const jitter = 0.2;

export interface FailedAttempt {
  /** Attempts made so far in this run, the failed one included. */
  attemptCount: number;
  failedAt: Date;
  /** What the receiver asked for; null when it did not. */
  retryAfterMs: number | null;
  /** From 0 to below 1. */
  random: number;
}

/**
 * When to try again, or null after the last attempt. The delay lies within 20 % of the schedule's; a Retry-After is honoured
 * between the schedule's delay and twice that.
 */
export function nextAttemptAt({ attemptCount, failedAt, retryAfterMs, random }: FailedAttempt): Date | null {
  const baseMs = attemptDelaysMs[attemptCount];
  if (baseMs === undefined) return null;
  const delayMs =
    retryAfterMs === null
      ? baseMs * (1 - jitter + 2 * jitter * random)
      : Math.min(Math.max(retryAfterMs, baseMs), 2 * baseMs);
  return new Date(failedAt.getTime() + Math.round(delayMs));
}

const shortestPauseMs = 5 * second;
const longestPauseMs = hour;

/**
 * How long to leave an endpoint alone that is overloaded (429, 502, 503, 504) or asks for it: as long as its Retry-After
 * says, but not longer than twice the failed delivery's own delay nor an hour, so that one header cannot silence it. Null: no pause.
 */
export function endpointPauseMs(failure: {
  responseStatus: number | null;
  attemptCount: number;
  retryAfterMs: number | null;
}): number | null {
  const overloaded = [429, 502, 503, 504].includes(failure.responseStatus ?? 0);
  if (!overloaded && failure.retryAfterMs === null) return null;
  const baseMs = attemptDelaysMs[failure.attemptCount] ?? longestPauseMs;
  const askedMs = Math.min(failure.retryAfterMs ?? 0, 2 * baseMs, longestPauseMs);
  return Math.max(askedMs, shortestPauseMs);
}

/** Reads a Retry-After header, seconds or an HTTP date, as milliseconds from now; null when it is neither. */
export function parseRetryAfter(value: string | null | undefined, now: Date): number | null {
  const text = value?.trim();
  if (!text) return null;
  if (/^\d+$/.test(text)) return Number(text) * second;
  // Date.parse alone also takes what is no HTTP date, such as "-5" or "1.5".
  if (!/^[A-Z][a-z]{2,8}[ ,]/.test(text)) return null;
  const time = Date.parse(text);
  return Number.isNaN(time) ? null : Math.max(0, time - now.getTime());
}
