import { endpointPauseMs, nextAttemptAt, parseRetryAfter } from './retry-schedule.ts';

/** What a receiver answered, or why it did not. */
export interface AttemptResult {
  responseStatus: number | null;
  /** As the header says it. */
  retryAfter: string | null;
  responseBody: string | null;
  error: string | null;
  durationMs: number;
}

/** What follows from an attempt, for the delivery and for its endpoint. */
export interface AttemptVerdict {
  outcome: 'delivered' | 'retry' | 'failed';
  nextAttemptAt: Date | null;
  /** The endpoint asked to be left alone, or is overloaded. */
  pausedUntil: Date | null;
  /** 410: the endpoint wants no more webhooks. */
  isGone: boolean;
}

/** Only a 2xx is a success. `attemptCount` counts this attempt. */
export function judgeAttempt(
  result: AttemptResult,
  { attemptCount, now, random }: { attemptCount: number; now: Date; random: number },
): AttemptVerdict {
  const { responseStatus } = result;
  if (responseStatus !== null && responseStatus >= 200 && responseStatus < 300 && result.error === null) {
    return { outcome: 'delivered', nextAttemptAt: null, pausedUntil: null, isGone: false };
  }
  const retryAfterMs = parseRetryAfter(result.retryAfter, now);
  const next = nextAttemptAt({ attemptCount, failedAt: now, retryAfterMs, random });
  const pauseMs = endpointPauseMs({ responseStatus, attemptCount, retryAfterMs });
  return {
    outcome: next === null ? 'failed' : 'retry',
    nextAttemptAt: next,
    pausedUntil: pauseMs === null ? null : new Date(now.getTime() + pauseMs),
    isGone: responseStatus === 410,
  };
}
