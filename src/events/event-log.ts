import type { Database, Prisma, Transaction } from '../storage/database.ts';
import type { EventRecord, NewEvent } from './event-record.ts';
import type { EventSignal } from './event-signal.ts';
import { createEventStore, type EventQuery, withId } from './event-store.ts';
import { createEventTail, type EventTail, type StreamQuery } from './event-tail.ts';

/** Takes an event to be written at the end of the transaction; returns the event's id. */
export type AppendEvent = (event: NewEvent) => string;

/**
 * The log of everything that clients are told of: one order per client, the order of commit (invariant 2). Webhooks,
 * subscriptions and queries all read from it (invariant 3).
 */
export interface EventLog {
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
  head(clientId: string): Promise<bigint>;
  /** What lies after `after`, then what comes, without gap or repeat; with null, what comes from now on. Throws SlowConsumer. */
  stream(query: StreamQuery): AsyncIterable<EventRecord>;
  readonly tail: EventTail;
  close(): void;
}

export interface EventLogDeps {
  database: Database;
  signal: EventSignal;
  /** Makes the deliveries of the events in the CTE `new_event`. */
  fanOutSql: Prisma.Sql;
}

export function createEventLog({ database, signal, fanOutSql }: EventLogDeps): EventLog {
  const store = createEventStore(database, fanOutSql);
  const tail = createEventTail({ store, signal });
  return {
    async commit(work) {
      const { result, positions } = await database.transaction(async (tx) => {
        const events: Array<NewEvent & { id: string }> = [];
        const outcome = await work(tx, (event) => {
          const named = withId(event);
          events.push(named);
          return named.id;
        });
        return { result: outcome, positions: await appendAll(tx, events) };
      });
      for (const [clientId, position] of positions) signal.publish(clientId, position);
      return result;
    },
    appendCtes: store.appendCtes,
    committed: (clientId, position) => signal.publish(clientId, position),
    read: (query) => store.read(query),
    find: (clientId, id) => store.find(clientId, id),
    head: (clientId) => store.head(clientId),
    stream: (query) => tail.stream(query),
    tail,
    close: () => tail.close(),
  };

  // In the order of the clients' ids: two transactions that take several logs take them in the same order.
  async function appendAll(
    tx: Transaction,
    events: ReadonlyArray<NewEvent & { id: string }>,
  ): Promise<Map<string, bigint>> {
    const positions = new Map<string, bigint>();
    for (const clientId of [...new Set(events.map((event) => event.clientId))].sort()) {
      const ofClient = events.filter((event) => event.clientId === clientId);
      positions.set(clientId, await store.append(tx, clientId, ofClient));
    }
    return positions;
  }
}
