import type { Clock } from '../domain/clock.ts';
import type { CyclePlanStore } from './cycle-plan-store.ts';
import { nextSlot } from './cycle-slots.ts';

/** When a user is synchronized next, as far as anyone can tell: no fixed time is guaranteed. */
export interface PlannedSynchronization {
  cycleOpensAt: Date;
  /**
   * In the order of enrolment, 1 for the user whose turn comes first; before a cycle opens, users count whom it will leave out. Null
   * for a user whom the next cycle will not bring data for.
   */
  position: number | null;
  /** Follows from the position and the pace of recent cycles. */
  estimatedAt: Date | null;
}

export interface CyclePlan {
  /** Users that are not recurring are left out of the answer. */
  planFor(userIds: readonly string[]): Promise<Map<string, PlannedSynchronization>>;
}

export interface CyclePlanDeps {
  clock: Clock;
  store: CyclePlanStore;
  laneCount: number;
}

// Until cycles have been measured: a bank that answers in good time.
const assumedPaceMs = 1_000;

export function createCyclePlan({ clock, store, laneCount }: CyclePlanDeps): CyclePlan {
  // A completed cycle does not change: its entries are counted once.
  let triedByCycle = new Map<string, number>();

  /** Milliseconds that a user took in its lane, over the recent cycles. */
  async function measurePace(): Promise<number> {
    const cycles = await store.listRecentCycles();
    const counts = new Map<string, number>();
    for (const { id } of cycles) counts.set(id, triedByCycle.get(id) ?? (await store.countTried(id)));
    triedByCycle = counts;
    const laneMs = cycles.reduce((sum, { ms, laneCount: lanes }) => sum + ms * lanes, 0);
    const tried = [...counts.values()].reduce((sum, count) => sum + count, 0);
    return tried === 0 ? assumedPaceMs : laneMs / tried;
  }

  return {
    async planFor(userIds) {
      const now = clock.now();
      const paceMs = await measurePace();
      const plans = new Map<string, PlannedSynchronization>();
      for (const row of await store.listPositionsAhead(userIds, now)) {
        plans.set(row.userId, {
          cycleOpensAt: nextSlot(now).opensAt,
          position: row.eligible ? row.ahead + 1 : null,
          estimatedAt: row.eligible
            ? new Date(nextSlot(now).opensAt.getTime() + (row.ahead * paceMs) / laneCount)
            : null,
        });
      }
      for (const row of await store.listPositionsInRunningCycle(userIds)) {
        plans.set(row.userId, {
          cycleOpensAt: row.opensAt,
          position: row.ahead + 1,
          estimatedAt: new Date(Math.max(now.getTime() + row.ahead * paceMs, row.notBefore?.getTime() ?? 0)),
        });
      }
      return plans;
    },
  };
}
