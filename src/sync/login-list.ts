import type { Clock } from '../domain/clock.ts';
import type { Page, ScannedPage } from '../domain/page.ts';
import type { LoginFilter, LoginListStore } from './login-list-store.ts';
import type { SynchronizationBlock } from './synchronization-block.ts';
import type { SynchronizationStatuses } from './synchronization-status.ts';

export interface LoginList {
  /** Ids of the client's logins, oldest first. A page may be short, where more are to be looked at than one question may. */
  listLogins(clientId: string, filter: LoginFilter, page: Page): Promise<ScannedPage<string, string>>;
}

export interface LoginListDeps {
  clock: Clock;
  store: LoginListStore;
  statuses: Pick<SynchronizationStatuses, 'listStatus'>;
}

/** Whose blocks one question works out, and how many at a time. */
const checked = { most: 2_000, batch: 500 } as const;

export function createLoginList({ clock, store, statuses }: LoginListDeps): LoginList {
  async function keepBlocked(clientId: string, ids: readonly string[], blockedBy: SynchronizationBlock) {
    const rows = await statuses.listStatus(clientId, ids);
    return rows.filter((row) => row.blockedBy === blockedBy).map(({ bankLoginId }) => bankLoginId);
  }

  /** What blocks a login is decided in one place, of which the store knows an outline. */
  async function listBlocked(
    clientId: string,
    { blockedBy, ...filter }: LoginFilter & { blockedBy: SynchronizationBlock },
    page: Page,
  ): Promise<ScannedPage<string, string>> {
    const rows: string[] = [];
    let place: string | null = null;
    for (let count = 0; count < checked.most; count += checked.batch) {
      const next: Page = { ...page, ...(place !== null && (page.backward ? { before: place } : { after: place })) };
      const batch = await store.list(
        clientId,
        { ...filter, blockedBy },
        { ...next, limit: checked.batch, now: clock.now() },
      );
      rows.push(...(await keepBlocked(clientId, batch.rows, blockedBy)));
      if (rows.length >= page.limit) return { rows: rows.slice(0, page.limit), scannedTo: null };
      place = batch.scannedTo ?? (batch.rows.length === checked.batch ? (batch.rows.at(-1) ?? null) : null);
      if (place === null) return { rows, scannedTo: null };
    }
    return { rows, scannedTo: place };
  }

  return {
    listLogins: (clientId, filter, page) => {
      const { blockedBy } = filter;
      if (blockedBy !== null) return listBlocked(clientId, { ...filter, blockedBy }, page);
      return store.list(clientId, filter, { ...page, now: clock.now() });
    },
  };
}
