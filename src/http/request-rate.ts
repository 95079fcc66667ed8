import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import type { ProcessorBudget } from './processor-budget.ts';

/** Takes so many from a client's share of the present minute; rejects with a RateLimiterRes when it does not have them. */
export interface RequestCounts {
  consume(clientId: string, count: number): Promise<unknown>;
}

/** Counts the operations of every client, over HTTP and sockets and with all of its keys together. */
export interface RequestRate {
  /** The refusal, or null when one more may go on. */
  take(clientId: string): Promise<RateRefusal | null>;
}

/** As HTTP and sockets tell it. */
export interface RateRefusal {
  code: 'RATE_LIMITED';
  message: string;
  retryAfterSeconds: number;
}

export interface RequestRateOptions {
  /** Null: no limit. */
  perMinute: number | null;
  budget: Pick<ProcessorBudget, 'waitSeconds'>;
  /** @default this process counts for itself */
  counts?: RequestCounts | undefined;
}

export function createRequestRate({ perMinute, budget, counts: shared }: RequestRateOptions): RequestRate {
  const counts = perMinute === null ? null : (shared ?? new RateLimiterMemory({ points: perMinute, duration: 60 }));
  // What is counted elsewhere is taken a second's worth at a time: a process asks there once in so many operations.
  const step = shared ? Math.max(1, Math.floor((perMinute ?? 0) / 60)) : 1;
  const taken = new Map<string, number>();

  async function count(clientId: string): Promise<number | null> {
    if (counts === null) return null;
    const left = taken.get(clientId) ?? 0;
    if (left > 0) {
      taken.set(clientId, left - 1);
      return null;
    }
    try {
      await counts.consume(clientId, step);
      taken.set(clientId, (taken.get(clientId) ?? 0) + step - 1);
      return null;
    } catch (refused) {
      if (refused instanceof RateLimiterRes) return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
      throw refused;
    }
  }

  return {
    take: async (clientId) => {
      const owing = budget.waitSeconds(clientId);
      if (owing !== null) return refuse('has taken more of the processor than its share', owing);
      const seconds = await count(clientId);
      return seconds === null ? null : refuse('has made more requests than it may in a minute', seconds);
    },
  };
}

function refuse(reason: string, seconds: number): RateRefusal {
  const message = `This client ${reason}. Try again in ${seconds} s.`;
  return { code: 'RATE_LIMITED', message, retryAfterSeconds: seconds };
}
