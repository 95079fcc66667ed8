import type { Clock } from '../domain/clock.ts';

/** Banks that did not answer several times in a row: a cycle does not ask them a thousand times. Kept by each process for itself. */
export interface BankOutages {
  /** Whether to leave the bank in peace for now. */
  isPassedOver(bankId: string): boolean;
  noteFailure(bankId: string): void;
  noteAnswer(bankId: string): void;
}

const failuresBeforePause = 5;
const shortestPauseMs = 5 * 60_000;
const longestPauseMs = 30 * 60_000;

/** After a pause one login tries the bank; when that fails too, the next pause is twice as long. */
export function createBankOutages(clock: Clock): BankOutages {
  const outages = new Map<string, { failures: number; pausedUntilMs: number }>();
  return {
    isPassedOver: (bankId) => (outages.get(bankId)?.pausedUntilMs ?? 0) > clock.now().getTime(),
    noteFailure(bankId) {
      const failures = (outages.get(bankId)?.failures ?? 0) + 1;
      const pauseMs = Math.min(shortestPauseMs * 2 ** (failures - failuresBeforePause), longestPauseMs);
      const pausedUntilMs = failures < failuresBeforePause ? 0 : clock.now().getTime() + pauseMs;
      outages.set(bankId, { failures, pausedUntilMs });
    },
    noteAnswer: (bankId) => void outages.delete(bankId),
  };
}
