import type { Database } from '../storage/database.ts';
import { createRetentionStore } from './retention-store.ts';

/** What one step removes at most: an event may carry a megabyte. */
const stepLimits = { events: 200, clients: 100 };

/**
 * Removes events from before this time with their bodies and deliveries, in small steps; gives how many each step removed. Never
 * removed: an event that an endpoint has yet to be delivered, or has missed while it was disabled; of that, attempts made before go.
 */
export async function* removeOldEvents(
  database: Database,
  before: Date,
  limits: typeof stepLimits = stepLimits,
): AsyncGenerator<number> {
  const store = createRetentionStore(database);
  for (let lastClient: string | null = ''; lastClient !== null; ) {
    const clientIds: string[] = await store.listClients(before, lastClient, limits.clients);
    for (const clientId of clientIds) {
      for (let after: bigint | null = 0n; after !== null; ) {
        const step: { removedCount: number; next: bigint | null } = await store.removeEvents({
          ...{ clientId, before, after },
          limit: limits.events,
        });
        after = step.next;
        yield step.removedCount;
      }
    }
    lastClient = clientIds.at(-1) ?? null;
  }
}
