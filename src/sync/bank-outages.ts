import type { Clock } from '../domain/clock.ts';

/** Banks that did not answer for several logins in a row: a cycle does not ask them a thousand times. Kept by each process for itself. */
export interface BankOutages {
  /** Until when to leave the bank in peace; null when it may be asked. */
  passedOverUntil(bankId: string): Date | null;
  noteFailure(bankId: string, bankLoginId: string): void;
  noteAnswer(bankId: string): void;
}

interface Outage {
  /** One login that keeps failing says little of its bank, and no client can stop a bank for the others by trying again. */
  logins: Set<string>;
  pauseCount: number;
  pausedUntilMs: number;
}

const loginsBeforePause = 5;
const shortestPauseMs = 5 * 60_000;
const longestPauseMs = 30 * 60_000;

/** After a pause one login tries the bank; when that fails too, the next pause is twice as long. */
export function createBankOutages(clock: Clock): BankOutages {
  const outages = new Map<string, Outage>();
  return {
    passedOverUntil(bankId) {
      const pausedUntilMs = outages.get(bankId)?.pausedUntilMs ?? 0;
      return pausedUntilMs > clock.now().getTime() ? new Date(pausedUntilMs) : null;
    },
    noteFailure(bankId, bankLoginId) {
      const outage = outages.get(bankId) ?? { logins: new Set(), pauseCount: 0, pausedUntilMs: 0 };
      outages.set(bankId, outage);
      if (outage.logins.size < loginsBeforePause) outage.logins.add(bankLoginId);
      const nowMs = clock.now().getTime();
      if (outage.logins.size < loginsBeforePause || outage.pausedUntilMs > nowMs) return;
      outage.pausedUntilMs = nowMs + Math.min(shortestPauseMs * 2 ** outage.pauseCount, longestPauseMs);
      outage.pauseCount++;
    },
    noteAnswer: (bankId) => void outages.delete(bankId),
  };
}
