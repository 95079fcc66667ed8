import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import type { BankLearnings } from '../bank-learnings.ts';

const fact = 'history-days';
/** What every bank gives (RTS Art. 10a(1)), give or take a day. */
const lawfulDays = 90;
const dayMs = 86_400_000;

export interface HistoryLimitDeps {
  entry: Pick<BankEntry, 'historyDays'>;
  clock: Clock;
  learnt: BankLearnings;
}

/** How far back the bank gives transactions: by its entry, else as far as it did after it had refused more. */
export function createHistoryLimit({ entry, clock, learnt }: HistoryLimitDeps) {
  /** By account, the day that was refused. */
  const refused = new Map<string, string>();

  const daysAgo = (days: number) => new Date(clock.now().getTime() - days * dayMs).toISOString().slice(0, 10);

  return {
    /** The day itself, or the earliest that the bank gives. */
    async latest(dateFrom: string): Promise<string> {
      const days = entry.historyDays ?? Number((await learnt.get(fact)) ?? Number.NaN);
      if (!Number.isInteger(days) || days <= 0) return dateFrom;
      const earliest = daysAgo(days);
      return earliest > dateFrom ? earliest : dateFrom;
    },

    /** What was refused for its period, and given for a shorter one, is not asked for again. */
    async watch<T>(resourceId: string, dateFrom: string, ask: () => Promise<T>): Promise<T> {
      const before = refused.get(resourceId);
      try {
        const given = await ask();
        refused.delete(resourceId);
        const days = daysUntilNow(dateFrom);
        // A week's reading after a refusal says nothing of what would have been given.
        if (before !== undefined && before < daysAgo(lawfulDays) && days >= lawfulDays - 10 && days <= lawfulDays) {
          await learnt.put(fact, String(days));
        }
        return given;
      } catch (error) {
        if (error instanceof BankFailure && error.concernsPeriod) refused.set(resourceId, dateFrom);
        throw error;
      }
    },
  };

  function daysUntilNow(date: string): number {
    return Math.max(1, Math.floor((clock.now().getTime() - Date.parse(`${date}T00:00:00Z`)) / dayMs));
  }
}
