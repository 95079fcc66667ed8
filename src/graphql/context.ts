import { changePage, eventRowsPerAnswer } from './limits.ts';
import { createLoaders, type Loaders } from './loaders.ts';
import type { Services } from './services.ts';
import type { Viewer } from './viewer.ts';

export { auditedClient, type Viewer } from './viewer.ts';

/** What Pothos' Prisma plugin asks of a client; the typed one would slow down type checking. */
export interface RelationReader {
  $connect: () => Promise<void>;
}

/** What every resolver gets. There is always a viewer: the doors refuse a request without a valid key. */
export interface Context {
  viewer: Viewer;
  requestId: string;
  /** Whence the request came, as far as it is known. */
  ipAddress: string | null;
  services: Services;
  /** For relations only, which Pothos reads in batches; root fields go through the services. */
  prisma: RelationReader;
  loaders: Loaders;
  eventRows: EventRows;
  /** Of a subscription to events: the last one that was handed out, or the one that it begins behind. */
  progress: Progress;
  /** Of a subscription to events: where its door says that it begins. */
  beginning: Beginning;
  /** Of a door that takes events as text, the same for many, rather than each subscriber's results. */
  sink?: PayloadSink;
}

/** Rows of lists in events that an answer still has place for. */
export interface EventRows {
  /** Of each list of an account. */
  perList: number;
  /** Of all together. */
  left: number;
}

export interface Progress {
  position: bigint | null;
}

export interface Beginning {
  /** Whatever the operation says: the door has been told by the client's own library what came last. */
  resumeAfter: bigint | null;
  /** Where the operation says nothing, so that the client can be told where it begins. Null: with what comes. */
  head: bigint | null;
}

export interface PayloadSink {
  /** Takes an ExecutionResult as JSON; `isMore`: the next one follows at once. False: no more until `onReady` is called. */
  send(payload: string, isMore: boolean): boolean;
  onReady: () => void;
}

export interface ContextSource {
  services: Services;
  prisma: RelationReader;
}

export interface RequestFacts {
  viewer: Viewer;
  requestId: string;
  ipAddress?: string | null;
}

/** A context of its own per operation: what the loaders have read is never seen by the next one. */
export function createContext({ services, prisma }: ContextSource, facts: RequestFacts): Context {
  const { viewer, requestId, ipAddress = null } = facts;
  return {
    viewer,
    requestId,
    ipAddress,
    eventRows: { perList: changePage.maximumFirst, left: eventRowsPerAnswer },
    progress: { position: null },
    beginning: { resumeAfter: null, head: null },
    services,
    prisma,
    loaders: createLoaders({ services, viewer }),
  };
}
