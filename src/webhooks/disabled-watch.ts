import type { DeliveryLog } from './delivery-log.ts';
import type { DeliveryStore } from './delivery-store.ts';
import type { HeldDeliveries } from './held-deliveries.ts';

/** Gives back what this process holds for endpoints that have been disabled meanwhile, by whatever process. */
export interface DisabledWatch {
  /** Something has happened that may have been that. Never rejects. */
  look(): void;
}

export interface DisabledWatchDeps {
  store: Pick<DeliveryStore, 'listDisabled'>;
  held: Pick<HeldDeliveries, 'counts' | 'release'>;
  log: DeliveryLog;
}

// Under load events come all the time: they are looked after together.
const pauseMs = 50;

export function createDisabledWatch({ store, held, log }: DisabledWatchDeps): DisabledWatch {
  let timer: NodeJS.Timeout | null = null;
  let again = false;

  async function check(): Promise<void> {
    const endpointIds = [...held.counts().keys()];
    if (endpointIds.length === 0) return;
    for (const id of await store.listDisabled(endpointIds)) held.release(id);
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
      log.error({ err: error }, 'disabled webhook endpoints could not be looked for');
    });
  }

  return { look };
}
