import type { Database, Prisma, Transaction } from '../storage/database.ts';
import { createEventFeeds, type EventFeed, type FeedOptions } from './event-feed.ts';
import { createEventReconciliation, type EventReconciliation } from './event-reconciliation-store.ts';
import type { EventRecord, NewEvent } from './event-record.ts';
import type { EventSignal } from './event-signal.ts';
import { createEventStore, type EventQuery, type LogExtent, withId } from './event-store.ts';
import { createEventStreams, type StreamQuery } from './event-stream.ts';
import { createEventTail, type EventTail } from './event-tail.ts';
import type { NamedEvent } from './event-writing.ts';

/** Takes an event to be written at the end of the transaction; returns the event's id. */
export type AppendEvent = (event: NewEvent) => string;

/**
 * The log of everything that clients are told of: one order per client, the order of commit (invariant 2). Webhooks,
 * subscriptions and queries all read from it (invariant 3).
 */
export interface EventLog extends EventReconciliation {
  /**
   * Runs `work` in one transaction with the events that it appends and their deliveries: all or nothing (invariant 1).
   * After the commit the readers of the log are woken.
   */
  commit<T>(work: (tx: Transaction, append: AppendEvent) => Promise<T>): Promise<T>;
  /**
   * For a hot path that writes everything in one statement: the CTEs `event_head`, `new_event` and `new_delivery`, to stand
   * behind a WITH. The event is written only where `condition`, which may read earlier CTEs, holds. Once the statement has
   * committed, call `committed` with `new_event`'s position.
   */
  appendCtes(event: NewEvent & { id: string }, condition: Prisma.Sql): Prisma.Sql;
  committed(clientId: string, position: bigint): void;
  read(query: EventQuery): Promise<EventRecord[]>;
  /** Null for an event that is not the client's. */
  find(clientId: string, id: string): Promise<EventRecord | null>;
  /** Where the client's log stands, and for how many days events are kept. */
  extent(clientId: string): Promise<LogExtent & { retentionDays: number }>;
  /** The position behind which the first event lies that occurred then or later; the head where there is none. */
  positionBefore(clientId: string, since: Date): Promise<bigint>;
  /** Where an event stands in the client's log; null for one that is not in it. */
  findPosition(clientId: string, id: string): Promise<bigint | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<EventRecord[]>;
  head(clientId: string): Promise<bigint>;
  /**
   * What lies after `after`, then what comes, without gap or repeat; with null, what comes from now on. Throws InvalidInput where
   * `after` is beyond the end of the log.
   */
  stream(query: StreamQuery): AsyncIterable<EventRecord>;
  /** The same for many at once, who share what is made of each event. Ends with its last follower. */
  openFeed<Value>(options: FeedOptions<Value>): EventFeed<Value>;
  readonly tail: EventTail;
  close(): void;
}

export interface EventLogDeps {
  database: Database;
  signal: EventSignal;
  /** Makes the deliveries of the events in the CTE `new_event`. */
  fanOutSql: Prisma.Sql;
  /** For how long events are kept. @default 90 */
  retentionDays?: number;
  /** A reading for live subscribers failed; it is tried again. */
  onError?: (error: Error) => void;
}

export function createEventLog({ database, signal, fanOutSql, retentionDays = 90, onError }: EventLogDeps): EventLog {
  const store = createEventStore(database, fanOutSql);
  const tail = createEventTail({ store, signal, ...(onError && { onError }) });
  const openStream = createEventStreams({ store, tail });
  const openFeed = createEventFeeds({ store, stream: openStream });
  return {
    async commit(work) {
      const { result, heads } = await database.transaction(
        async (tx) => {
          const events = createAppender();
          const outcome = await work(tx, events.append);
          return { result: outcome, heads: await store.append(tx, events.finish()) };
        },
        ({ result: outcome }) => outcome,
      );
      for (const [clientId, position] of heads) signal.publish(clientId, position);
      return result;
    },
    appendCtes: store.appendCtes,
    committed: (clientId, position) => signal.publish(clientId, position),
    ...createEventReconciliation(database),
    read: (query) => store.read(query),
    find: async (clientId, id) => (await store.listByIds(clientId, [id]))[0] ?? null,
    extent: async (clientId) => ({ ...(await store.extent(clientId)), retentionDays }),
    positionBefore: store.positionBefore,
    findPosition: store.findPosition,
    listByIds: store.listByIds,
    head: (clientId) => store.head(clientId),
    stream: (query) => openStream(query),
    openFeed,
    tail,
    close: () => tail.close(),
  };
}

function createAppender(): { append: AppendEvent; finish(): NamedEvent[] } {
  const events: NamedEvent[] = [];
  let finished = false;
  return {
    append(event) {
      if (finished) throw new Error('An event came after the end of its transaction: wait for all work.');
      const named = withId(event);
      events.push(named);
      return named.id;
    },
    finish() {
      finished = true;
      return events;
    },
  };
}
