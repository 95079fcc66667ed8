import { BankFailure } from '../bank-failure.ts';
import type { BankLearnings } from '../bank-learnings.ts';

/** How many calls of one reading are in flight at once. */
export interface CallGate {
  /**
   * Makes the call when its turn has come. Calls with the same signal belong to one reading. Where the bank refuses a call that was not
   * alone, it is made once more alone; when that succeeds, this bank is read serially from then on.
   */
  run<T>(signal: AbortSignal | undefined, call: () => Promise<T>): Promise<T>;
}

const fact = 'parallel-calls';

export function createCallGate(parallelCalls: number, learnt: BankLearnings): CallGate {
  const readings = new WeakMap<AbortSignal, Reading>();

  async function open(signal: AbortSignal | undefined): Promise<Reading> {
    const found = signal && readings.get(signal);
    if (found) return found;
    const limit = (await learnt.get(fact)) === 'refused' ? 1 : parallelCalls;
    // Another call of the same reading may have come first.
    const reading = (signal && readings.get(signal)) ?? createReading(limit);
    if (signal) readings.set(signal, reading);
    return reading;
  }

  return {
    async run(signal, call) {
      const reading = await open(signal);
      const refusal = await reading.inTurn(call).then(
        (result) => ({ result }),
        (error: unknown) => {
          if (error instanceof Overlapping && reading.mayRetry && refusesParallelCalls(error.cause)) return null;
          throw error instanceof Overlapping ? error.cause : error;
        },
      );
      if (refusal) return refusal.result;
      return await retryAlone(reading, call);
    },
  };

  async function retryAlone<T>(reading: Reading, call: () => Promise<T>): Promise<T> {
    reading.most = 1;
    try {
      const result = await reading.inTurn(call);
      await learnt.put(fact, 'refused');
      return result;
    } catch (error) {
      // It was not that: the others are not tried a second time.
      reading.mayRetry = false;
      throw error instanceof Overlapping ? error.cause : error;
    }
  }
}

/** A call that failed while others were under way. */
class Overlapping extends Error {}

interface Reading {
  mayRetry: boolean;
  /** Calls in flight. */
  most: number;
  inTurn<T>(call: () => Promise<T>): Promise<T>;
}

function createReading(most: number): Reading {
  const waiting: (() => void)[] = [];
  const running = new Set<{ overlaps: boolean }>();
  const reading: Reading = {
    mayRetry: true,
    most,
    async inTurn(call) {
      while (running.size >= reading.most) await new Promise<void>((resolve) => waiting.push(resolve));
      const turn = { overlaps: running.size > 0 };
      for (const other of running) other.overlaps = true;
      running.add(turn);
      try {
        return await call();
      } catch (error) {
        throw turn.overlaps ? new Overlapping('not alone', { cause: error }) : error;
      } finally {
        running.delete(turn);
        for (const wake of waiting.splice(0)) wake();
      }
    },
  };
  return reading;
}

/** A limit of the rate or of what goes on at once; ACCESS_EXCEEDED is the day's allowance, which nobody gets around. */
function refusesParallelCalls(error: unknown): boolean {
  if (!(error instanceof BankFailure)) return false;
  const { httpStatus, messageCode } = error.details;
  return httpStatus === 409 || httpStatus === 503 || (httpStatus === 429 && messageCode !== 'ACCESS_EXCEEDED');
}
