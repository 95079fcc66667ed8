import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';

/** Counts the operations of every key, over HTTP and sockets together. Each process counts for itself. */
export interface RequestRate {
  /** The seconds to wait, or null when one more may go on. */
  take(keyId: string): Promise<number | null>;
}

/** Null: no limit. */
export function createRequestRate(perMinute: number | null): RequestRate {
  if (perMinute === null) return { take: async () => null };
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return {
    take: async (keyId) => {
      try {
        await limiter.consume(keyId);
        return null;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        throw refused;
      }
    },
  };
}

/** As HTTP and sockets tell it. */
export function rateLimited(seconds: number): { code: string; message: string } {
  return {
    code: 'RATE_LIMITED',
    message: `This key has made more requests than it may in a minute. Try again in ${seconds} s.`,
  };
}
