import type { DeliveryLog } from './delivery-log.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { HeldDeliveries } from './held-deliveries.ts';

/**
 * Gives back what this process holds for endpoints that have been disabled or deleted meanwhile, by whatever process, and what
 * has been erased: of a user who is erased nothing more is to be sent (invariant 14).
 */
export interface HeldWatch {
  /** Something has happened that may have been that. Never rejects. */
  look(): void;
}

export interface HeldWatchDeps {
  store: Pick<DeliveryStore, 'listClosed' | 'listErased'>;
  held: Pick<HeldDeliveries, 'counts' | 'release' | 'listWaiting' | 'drop'>;
  log: DeliveryLog;
}

// Under load events come all the time: they are looked after together.
const pauseMs = 50;
// What is held may be a lot, and is looked up one by one.
const erasedEveryMs = 500;

export function createHeldWatch({ store, held, log }: HeldWatchDeps): HeldWatch {
  let timer: NodeJS.Timeout | null = null;
  let again = false;
  let erasedLookedAtMs = Number.NEGATIVE_INFINITY;

  async function check(): Promise<void> {
    const endpointIds = [...held.counts().keys()];
    if (endpointIds.length === 0) return;
    for (const id of await store.listClosed(endpointIds)) held.release(id);
    if (performance.now() - erasedLookedAtMs < erasedEveryMs) return;
    erasedLookedAtMs = performance.now();
    const waiting = held.listWaiting();
    if (waiting.length > 0) held.drop(new Set(await store.listErased(waiting)));
  }

  function look(): void {
    again = timer !== null;
    if (again) return;
    timer = setTimeout(() => {
      timer = null;
      if (again) look();
    }, pauseMs);
    timer.unref();
    check().catch((error: unknown) => {
      // The next look comes with the next poll.
      log.error({ err: error }, 'what is held of webhook deliveries could not be looked after');
    });
  }

  return { look };
}
