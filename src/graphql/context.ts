import type { ApiKeyScope } from '../generated/prisma/client.ts';
import { createLoader, type Loader } from './loader.ts';
import type { CycleCounts, LoginStatus, PlannedSynchronization, Services } from './services.ts';

/** Who asks: the holder of a key. */
export interface Viewer {
  clientId: string;
  keyId: string;
  scopes: readonly ApiKeyScope[];
  expiresAt: Date | null;
}

/** What Pothos' Prisma plugin asks of a client; the typed one would slow down type checking. */
export interface RelationReader {
  $connect: () => Promise<void>;
}

/** What every resolver gets. There is always a viewer: the doors refuse a request without a valid key. */
export interface Context {
  viewer: Viewer;
  requestId: string;
  services: Services;
  /** For relations only, which Pothos reads in batches; root fields go through the services. */
  prisma: RelationReader;
  loaders: Loaders;
  /** Aborted when the request, the socket or the key's validity ends. */
  ended: AbortSignal;
}

export interface Loaders {
  loginStatus: Loader<string, LoginStatus>;
  plannedSynchronization: Loader<string, PlannedSynchronization>;
  cycleCounts: Loader<string, CycleCounts>;
}

export interface ContextSource {
  services: Services;
  prisma: RelationReader;
}

export interface RequestFacts {
  viewer: Viewer;
  requestId: string;
  ended: AbortSignal;
}

/** A context of its own per operation: what the loaders have read is never seen by the next one. */
export function createContext({ services, prisma }: ContextSource, facts: RequestFacts): Context {
  const { viewer, requestId, ended } = facts;
  const { clientId } = viewer;
  return {
    viewer,
    requestId,
    ended,
    services,
    prisma,
    loaders: {
      loginStatus: createLoader(async (ids) => {
        const rows = await services.synchronization.listStatus(clientId, ids);
        return new Map(rows.map((row) => [row.bankLoginId, row]));
      }),
      plannedSynchronization: createLoader((ids) => services.synchronization.planNext(clientId, ids)),
      cycleCounts: createLoader((ids) => services.cycles.countUsers(clientId, ids)),
    },
  };
}
