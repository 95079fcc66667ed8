import type { ApiKeyScope } from '../generated/prisma/client.ts';
import type { PlannedSynchronization } from '../sync/cycle-plan.ts';
import type { CycleCounts } from '../sync/cycle-store.ts';
import type { LoginStatus } from '../sync/synchronization-status.ts';
import { createLoader, type Loader } from './loader.ts';
import type { Services } from './services.ts';

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
  /** Of a subscription to events: the last one that was executed. */
  progress: { position: bigint | null };
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
}

/** A context of its own per operation: what the loaders have read is never seen by the next one. */
export function createContext({ services, prisma }: ContextSource, facts: RequestFacts): Context {
  const { viewer, requestId } = facts;
  const { clientId } = viewer;
  return {
    viewer,
    requestId,
    progress: { position: null },
    services,
    prisma,
    loaders: {
      loginStatus: createLoader(async (ids) => {
        const rows = await services.synchronization.listStatus(clientId, ids);
        return new Map(rows.map((row) => [row.bankLoginId, row]));
      }),
      plannedSynchronization: createLoader((ids) => services.plan.planFor(ids)),
      cycleCounts: createLoader((ids) => services.cycles.countUsersOfCycles(ids, clientId)),
    },
  };
}
