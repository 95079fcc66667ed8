import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Page } from '../domain/page.ts';
import type { AppendEvent, EventLog } from '../events/event-log.ts';
import type { Transaction } from '../storage/database.ts';
import type { CycleLaneStore } from './cycle-lane-store.ts';
import { nextSlot, type Slot, slotAt } from './cycle-slots.ts';
import { type CycleCounts, type CycleRecord, type CycleStore, noUsers } from './cycle-store.ts';
import { toFailureEvent } from './failure-event.ts';
import type { SynchronizationQueue } from './synchronization-queue.ts';

/** The twice-daily cycles. The ledger in the database decides what is due; whoever asks, and how often, changes nothing. */
export interface Cycles {
  /** Opens an extra cycle now. Throws Conflict CYCLE_RUNNING while one is running. */
  runExtraCycle(): Promise<CycleRecord>;
  /**
   * Brings the ledger up to date: closes a cycle whose window is over, opens the one that is due (late, when it was missed),
   * completes what is done and puts every lane that nobody works on back into the queue.
   */
  reconcile(): Promise<void>;
  /** To be called when a lane is finished: completes the cycle with the last one. */
  completeIfDone(cycleId: string): Promise<void>;
  findRunning(): Promise<CycleRecord | null>;
  /** In no order. */
  listByIds(ids: readonly string[]): Promise<CycleRecord[]>;
  list(page: Page): Promise<CycleRecord[]>;
  countUsersOfCycles(cycleIds: readonly string[], clientId: string): Promise<Map<string, CycleCounts>>;
  nextOpensAt(): Date;
}

export interface CyclesDeps {
  clock: Clock;
  store: CycleStore;
  lanes: CycleLaneStore;
  eventLog: EventLog;
  queue: SynchronizationQueue;
  laneCount: number;
}

const entriesAtOnce = 200;

export function createCycles({ clock, store, lanes, eventLog, queue, laneCount }: CyclesDeps): Cycles {
  async function open(slot: Slot, kind: CycleRecord['kind']): Promise<CycleRecord | null> {
    const opened = await store.open(slot, kind, { laneCount, now: clock.now() });
    if (!opened) return null;
    for (let lane = 0; lane < opened.laneCount; lane++) await queue.enqueueLane(opened.cycle.id, lane);
    return opened.cycle;
  }

  async function complete(cycle: Pick<CycleRecord, 'id'>, evenUnfinished: 'yes' | 'no'): Promise<void> {
    if (evenUnfinished === 'yes') {
      await lanes.closeLanes(cycle.id);
      // In small transactions, for a bank that was down all the time has failed all its users.
      while ((await eventLog.commit((tx, append) => giveUpRetries(tx, append, cycle.id))) === entriesAtOnce);
    }
    await eventLog.commit(async (tx, append) => {
      const now = clock.now();
      if (evenUnfinished === 'yes') {
        await giveUpRetries(tx, append, cycle.id);
        await store.skipRest(tx, cycle.id, now);
      }
      if (!(await store.complete(tx, cycle.id, { now, evenUnfinished }))) return;
      await appendManifests(tx, cycle.id, { now, append });
    });
  }

  // Receivers are told of a failure when it is final: here, since the other try never came.
  async function giveUpRetries(tx: Transaction, append: AppendEvent, cycleId: string): Promise<number> {
    const now = clock.now();
    const { entryCount, logins } = await store.giveUpRetries(tx, cycleId, { now, limit: entriesAtOnce });
    for (const { code, ...login } of logins) {
      append(toFailureEvent(login, { code, trigger: 'SCHEDULER', cycleId, now }));
    }
    return entryCount;
  }

  async function appendManifests(
    tx: Transaction,
    cycleId: string,
    { now, append }: { now: Date; append: AppendEvent },
  ): Promise<void> {
    const cycle = await store.getForManifest(tx, cycleId);
    for (const [clientId, counts] of await store.countByClient(tx, cycleId)) {
      append({
        clientId,
        type: 'SYNCHRONIZATION_CYCLE_COMPLETED',
        cycleId,
        occurredAt: now,
        data: {
          cycle: {
            id: cycle.id,
            status: 'COMPLETED',
            opensAt: cycle.opensAt.toISOString(),
            closesAt: cycle.closesAt.toISOString(),
            startedAt: cycle.startedAt.toISOString(),
            finishedAt: now.toISOString(),
            ...noUsers,
            ...counts,
          },
        },
      });
    }
  }

  return {
    async runExtraCycle() {
      const now = clock.now();
      // It ends where the next scheduled one begins, so that cycles never overlap.
      const opened = await open({ opensAt: now, closesAt: slotAt(now).closesAt }, 'EXTRA');
      if (opened) return opened;
      throw new Conflict('CYCLE_RUNNING', 'A synchronization cycle is running; start another when it has finished.');
    },
    async reconcile() {
      const now = clock.now();
      const running = await store.findRunning();
      if (running) await complete(running, running.closesAt <= now ? 'yes' : 'no');
      const slot = slotAt(now);
      if (!(await store.findBySlot(slot.opensAt)) && (await open(slot, 'SCHEDULED'))) return;
      for (const { cycleId, lane } of await lanes.listIdleLanes(now)) await queue.enqueueLane(cycleId, lane);
    },
    completeIfDone: (cycleId) => complete({ id: cycleId }, 'no'),
    findRunning: () => store.findRunning(),
    listByIds: (ids) => store.listByIds(ids),
    list: (page) => store.list(page),
    countUsersOfCycles: (cycleIds, clientId) => store.countUsersOfCycles(cycleIds, clientId),
    nextOpensAt: () => nextSlot(clock.now()).opensAt,
  };
}
