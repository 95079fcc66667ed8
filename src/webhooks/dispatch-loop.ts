import type { Clock } from '../domain/clock.ts';
import { claimedAtOnce, endpointsAtOnce, pollMs } from './delivery-limits.ts';
import type { DeliveryLog } from './delivery-log.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { LaneDeps } from './endpoint-lane.ts';
import { createHeldDeliveries } from './held-deliveries.ts';
import { createHeldWatch } from './held-watch.ts';
import { createInterruptibleSleep } from './interruptible-sleep.ts';

export interface DispatchLoop {
  /** This client's log has grown. */
  noteEvents(clientId: string): void;
  /** Deliveries of these endpoints have been recorded, one each time that an endpoint is named. */
  letGo(endpointIds: readonly string[]): void;
  start(): void;
  stop(): Promise<void>;
  drain(): Promise<void>;
}

export interface LoopDeps extends LaneDeps {
  store: DeliveryStore;
  clock: Clock;
  log: DeliveryLog;
}

const duePageSize = 500;
const contendedMs = 10;

/**
 * Decides what to claim next. `ready` are the endpoints that may have something to claim, looked at in turn, and `clients`
 * those whose log has grown; `later` are the endpoints that have more, but must first be rid of something held for them.
 */
export function createDispatchLoop(deps: LoopDeps): DispatchLoop {
  const { store, clock, log } = deps;
  const held = createHeldDeliveries(deps);
  const heldWatch = createHeldWatch({ store, held, log });
  const sleeper = createInterruptibleSleep();
  const ready = new Set<string>();
  const later = new Set<string>();
  const clients = new Set<string>();
  // Endpoints let go while a claim was under way: it may not have seen that.
  let letGoMeanwhile = new Set<string>();
  let running: Promise<void> | null = null;
  let isStopping = false;

  const canClaim = () => (ready.size > 0 || clients.size > 0) && held.room() > 0;

  async function claim(): Promise<number> {
    const endpointIds = take(ready, endpointsAtOnce);
    const clientIds = take(clients, endpointsAtOnce);
    letGoMeanwhile = new Set();
    const claimedAtMs = performance.now();
    const limit = Math.min(claimedAtOnce, held.room());
    const request = { now: clock.now(), endpointIds, clientIds, held: held.heldCounts(), limit };
    const { deliveries, claimable, waiting } = await store.claim(request);
    for (const id of claimable) ready.add(id);
    held.add(deliveries, claimedAtMs);
    for (const id of waiting) {
      const isFreeAgain = letGoMeanwhile.has(id) && held.isWaitingForMore(id);
      (isFreeAgain ? ready : later).add(id);
    }
    // Another session has all of it locked, for as long as a claim takes or an erasure.
    if (deliveries.length === 0 && claimable.size > 0) await sleeper.sleep(contendedMs);
    return deliveries.length;
  }

  async function findDue(): Promise<number> {
    let waitMs = pollMs;
    heldWatch.look();
    for (let after: string | null = ''; after !== null; ) {
      const now = clock.now();
      const page: Awaited<ReturnType<DeliveryStore['findDue']>> = await store.findDue({
        now,
        after,
        limit: duePageSize,
      });
      for (const id of page.endpointIds) ready.add(id);
      if (page.nextDueAt) waitMs = Math.min(waitMs, Math.max(1, page.nextDueAt.getTime() - now.getTime()));
      after = page.next;
    }
    return waitMs;
  }

  async function run(): Promise<void> {
    let pollAtMs = performance.now();
    while (!isStopping) {
      try {
        if (performance.now() >= pollAtMs) pollAtMs = performance.now() + (await findDue());
        if (canClaim()) await claim();
        else await sleeper.sleep(Math.max(0, pollAtMs - performance.now()));
      } catch (error) {
        // The database is away: what was to be claimed is found again by the next poll.
        log.error({ err: error }, 'webhook deliveries could not be claimed');
        pollAtMs = performance.now() + pollMs;
        await sleeper.sleep(pollMs);
      }
    }
  }

  async function untilEmpty(): Promise<void> {
    while (!held.isEmpty()) await sleeper.sleep(pollMs);
  }

  return {
    noteEvents(clientId) {
      clients.add(clientId);
      heldWatch.look();
      sleeper.wake();
    },
    letGo(endpointIds) {
      for (const id of endpointIds) {
        held.letGo(id);
        letGoMeanwhile.add(id);
        if (held.isWaitingForMore(id) && later.delete(id)) ready.add(id);
      }
      sleeper.wake();
    },
    start() {
      isStopping = false;
      running = run();
    },
    async stop() {
      isStopping = true;
      sleeper.wake();
      await running;
      held.release();
      await untilEmpty();
      running = null;
    },
    async drain() {
      if (running) throw new Error('A dispatcher that was started is not drained.');
      for (let claimedCount = 1; claimedCount > 0; ) {
        claimedCount = 0;
        await findDue();
        while (canClaim() || !held.isEmpty()) {
          if (canClaim()) claimedCount += await claim();
          else await sleeper.sleep(pollMs);
        }
      }
    },
  };
}

function take(set: Set<string>, count: number): string[] {
  const taken: string[] = [];
  for (const item of set) {
    if (taken.length === count) break;
    set.delete(item);
    taken.push(item);
  }
  return taken;
}
