import type { AuditStore } from './audit-store.ts';

const stepLimit = 1_000;

/** Removes entries from before this time, in small steps; gives how many each step removed. What is left of a chain verifies still. */
export async function* removeOldAuditEntries(
  store: AuditStore,
  before: Date,
  limit = stepLimit,
): AsyncGenerator<number> {
  for (const { id } of await store.listChains()) {
    for (let count = limit; count === limit; ) {
      count = await store.removeBefore(id, before, limit);
      yield count;
    }
  }
}
