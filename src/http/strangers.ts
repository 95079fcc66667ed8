import type { IncomingMessage } from 'node:http';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { toNetwork } from './connection-limits.ts';
import { readAddress } from './pages/page-request.ts';

/** Counts what comes without a valid key, by the address that it comes from; behind a proxy of ours, by the one that it tells. */
export interface Strangers {
  /** The seconds to wait, or null when one more may be answered. */
  take(request: IncomingMessage): Promise<number | null>;
}

/** Null: any number. Those with a valid key are not concerned, so that nobody locks others out behind a shared address. */
export function createStrangers(perMinute: number | null): Strangers {
  if (perMinute === null) return { take: async () => null };
  const limiter = new RateLimiterMemory({ points: perMinute, duration: 60 });
  return {
    take: async (request) => {
      try {
        await limiter.consume(toNetwork(readAddress(request)));
        return null;
      } catch (refused) {
        if (refused instanceof RateLimiterRes) return Math.max(1, Math.ceil(refused.msBeforeNext / 1000));
        throw refused;
      }
    },
  };
}
