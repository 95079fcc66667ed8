import type { Clock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import type { EventLog } from '../events/event-log.ts';
import { type ErasedUser, eraseLogin, eraseUser } from './erasure-store.ts';

export interface ErasureReceipt extends ErasedUser {
  id: string;
}

/** Deletion to the end: rows, events, deliveries and bodies here, the consent at the bank; told by an event (invariant 14). */
export interface ErasureService {
  deleteBankLogin(clientId: string, id: string): Promise<void>;
  deleteUser(clientId: string, id: string): Promise<ErasureReceipt>;
}

export function createErasure({ clock, eventLog }: { clock: Clock; eventLog: EventLog }): ErasureService {
  return {
    async deleteBankLogin(clientId, id) {
      const found = await eventLog.commit((tx, append) => eraseLogin(tx, append, { clientId, id, now: clock.now() }));
      if (!found) throw new NotFound('bank login', id);
    },
    async deleteUser(clientId, id) {
      const erased = await eventLog.commit((tx, append) => eraseUser(tx, append, { clientId, id, now: clock.now() }));
      if (!erased) throw new NotFound('user', id);
      return { id, ...erased };
    },
  };
}
