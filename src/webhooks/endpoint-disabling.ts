import type { Clock } from '../domain/clock.ts';
import type { EventLog } from '../events/event-log.ts';
import type { DeliveryLog } from './delivery-log.ts';
import type { EndpointStore } from './endpoint-store.ts';

export interface DisablingDeps {
  store: EndpointStore;
  eventLog: EventLog;
  clock: Clock;
  log: DeliveryLog;
}

/** Disables an endpoint and says so to the client's other endpoints and subscribers; does nothing when it is disabled already. */
export type DisableEndpoint = (endpoint: { clientId: string; id: string }, reason: string) => Promise<void>;

export function createDisableEndpoint({ store, eventLog, clock, log }: DisablingDeps): DisableEndpoint {
  return async ({ clientId, id }, reason) => {
    const isDisabled = await eventLog.commit(async (tx, append) => {
      const now = clock.now();
      const url = await store.disable(tx, { clientId, id, reason, now });
      if (url === null) return false;
      append({
        clientId,
        type: 'WEBHOOK_ENDPOINT_DISABLED',
        endpointId: id,
        occurredAt: now,
        data: { endpoint: { id, url }, reason },
      });
      return true;
    });
    if (isDisabled) log.warn({ endpointId: id, clientId, reason }, 'webhook endpoint disabled');
  };
}
