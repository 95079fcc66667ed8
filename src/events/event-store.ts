import { newId } from '../domain/ids.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { CursorExpired } from './event-cursor.ts';
import type { EventRecord, NewEvent } from './event-record.ts';
import { clientCtes, eventCtes, lockHeadsSql, type NamedEvent } from './event-writing.ts';
import type { EventFilter } from './subscriber-index.ts';

export interface EventQuery extends EventFilter {
  clientId: string;
  /** Exclusive. */
  after?: bigint;
  /** Exclusive. */
  before?: bigint;
  limit: number;
  /** @default 'oldest-first' */
  order?: 'oldest-first' | 'newest-first';
}

export interface EventPage {
  records: EventRecord[];
  /** Whether the log had nothing more when it was read. */
  complete: boolean;
}

export interface LogExtent {
  head: bigint;
  /** All that is kept lies behind it. */
  removedThrough: bigint;
}

export interface EventStore {
  /**
   * Writes the events, each client's in the order given, with their deliveries; holds the clients' logs until the commit.
   * Returns each client's last position.
   */
  append(tx: Transaction, events: readonly NamedEvent[]): Promise<Map<string, bigint>>;
  /** The same for one event, as CTEs of a greater statement. */
  appendCtes(event: NamedEvent, condition: Prisma.Sql): Prisma.Sql;
  /** Throws CursorExpired where `after` lies before the beginning of the log. */
  read(query: EventQuery): Promise<EventRecord[]>;
  /**
   * The next events after a position, as many as can well be held in memory, but one at least. Throws CursorExpired where some of
   * them have been removed for their age.
   */
  readPage(filter: EventFilter & { clientId: string }, after: bigint): Promise<EventPage>;
  /** Where the client's log stands, and where it begins for its readers. */
  extent(clientId: string): Promise<LogExtent>;
  /** The position behind which the first event lies that occurred then or later; the head where there is none. */
  positionBefore(clientId: string, since: Date): Promise<bigint>;
  /** Null for an event that is not in the client's log. */
  findPosition(clientId: string, id: string): Promise<bigint | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<EventRecord[]>;
  /** The last position of the client's log; 0 while it is empty. */
  head(clientId: string): Promise<bigint>;
  heads(clientIds: readonly string[]): Promise<Map<string, bigint>>;
}

export const pageSize = 200;
// Of what the database keeps, which is compressed to a fraction of what it becomes in memory.
const pageBytes = 1024 * 1024;

const columns = Prisma.sql`id, client_id AS "clientId", position, type::text AS type, occurred_at AS "occurredAt",
  user_id AS "userId", bank_login_id AS "bankLoginId", cycle_id AS "cycleId", endpoint_id AS "endpointId", data`;

/**
 * `fanOutSql` is the statement that makes the deliveries: it reads the CTE `new_event`, whose columns are those of the table.
 * It comes from above, since the log knows of no webhooks.
 */
export function createEventStore(database: Database, fanOutSql: Prisma.Sql): EventStore {
  return {
    async append(tx, events) {
      const clientIds = [...new Set(events.map(({ clientId }) => clientId))].sort();
      if (clientIds.length === 0) return new Map();
      if (clientIds.length > 1) await tx.$queryRaw(lockHeadsSql(clientIds));
      const rows = await tx.$queryRaw<HeadRow[]>(Prisma.sql`
        WITH ${eventCtes(events, fanOutSql)} SELECT client_id, position FROM event_head`);
      const heads = toHeads(rows);
      const lost = clientIds.find((clientId) => !heads.has(clientId));
      if (lost) throw new Error(`The client ${lost} has no event log.`);
      return heads;
    },
    appendCtes: (event, condition) => clientCtes(event, condition, fanOutSql),
    async read(query) {
      const { clientId, after } = query;
      const rows = await database.query<EventRecord & Removed>(readStatement(query));
      if (after !== undefined) await refuseExpired(database, { clientId, after }, rows[0]);
      return rows.map(({ removedThrough: _, ...record }) => record);
    },
    async readPage(filter, after) {
      const { clientId } = filter;
      const rows = await database.query<EventRecord & Removed & { found: number }>(Prisma.sql`
        SELECT ${columns}, found, ${removedThrough(clientId)} AS "removedThrough" FROM (
          SELECT *, count(*) OVER ()::int AS found,
            sum(pg_column_size(data)) OVER (ORDER BY position) - pg_column_size(data) AS bytes_before
          FROM (SELECT * FROM events WHERE ${toCondition({ ...filter, after })} ORDER BY position LIMIT ${pageSize}::int) AS next
        ) AS measured WHERE bytes_before < ${pageBytes}::int ORDER BY position`);
      await refuseExpired(database, { clientId, after }, rows[0]);
      const found = rows[0]?.found ?? 0;
      return {
        records: rows.map(({ found: _, removedThrough: __, ...record }) => record),
        complete: found < pageSize && rows.length === found,
      };
    },
    listByIds: (clientId, ids) =>
      database.query<EventRecord>(Prisma.sql`
        SELECT ${columns} FROM events WHERE client_id = ${clientId} AND id = ANY(${[...ids]}::text[])`),
    async extent(clientId) {
      const [extent] = await database.query<LogExtent>(Prisma.sql`
        SELECT position AS head, removed_through AS "removedThrough" FROM event_heads WHERE client_id = ${clientId}`);
      return extent ?? { head: 0n, removedThrough: 0n };
    },
    async positionBefore(clientId, since) {
      const [found] = await database.query<{ position: bigint }>(positionBeforeSql(clientId, since));
      return found?.position ?? 0n;
    },
    async findPosition(clientId, id) {
      const [event] = await database.query<{ position: bigint }>(Prisma.sql`
        SELECT position FROM events WHERE id = ${id} AND client_id = ${clientId}`);
      return event?.position ?? null;
    },
    head: async (clientId) => (await readHeads(database, [clientId])).get(clientId) ?? 0n,
    heads: (clientIds) => readHeads(database, clientIds),
  };
}

interface HeadRow {
  client_id: string;
  position: bigint;
}

async function readHeads(database: Database, clientIds: readonly string[]): Promise<Map<string, bigint>> {
  return toHeads(
    await database.query<HeadRow>(Prisma.sql`
      SELECT client_id, position FROM event_heads WHERE client_id = ANY(${[...clientIds]}::text[])`),
  );
}

interface Removed {
  removedThrough: bigint;
}

// Where nothing was found it is asked after the reading, so that a removal in between does not go unnoticed.
async function refuseExpired(
  database: Database,
  { clientId, after }: { clientId: string; after: bigint },
  found: Removed | undefined,
): Promise<void> {
  const [head] = found
    ? [found]
    : await database.query<Removed>(Prisma.sql`SELECT ${removedThrough(clientId)} AS "removedThrough"`);
  if (head && head.removedThrough > after) throw new CursorExpired(head.removedThrough);
}

function toHeads(rows: readonly HeadRow[]): Map<string, bigint> {
  return new Map(rows.map((row) => [row.client_id, row.position]));
}

function readStatement(query: EventQuery): Prisma.Sql {
  const { clientId, types, userId, bankLoginId, limit } = query;
  const selected = Prisma.sql`${columns}, ${removedThrough(clientId)} AS "removedThrough"`;
  const direction = query.order === 'newest-first' ? Prisma.sql`DESC` : Prisma.empty;
  const order = Prisma.sql`ORDER BY position ${direction} LIMIT ${limit}::int`;
  if (types === undefined || userId !== undefined || bankLoginId !== undefined) {
    return Prisma.sql`SELECT ${selected} FROM events WHERE ${toCondition(query)} ${order}`;
  }
  // Each type in the order of its index: in the order of the log, all that lies between rare ones would be read. As bounds of
  // whole rows, since by equalities the planner takes the order of the log all the same.
  const { before = lastPosition } = query;
  const after = query.after === undefined ? removedThrough(clientId) : Prisma.sql`${query.after}::bigint`;
  return Prisma.sql`
    SELECT ${selected} FROM unnest(${[...types]}::text[]::"EventType"[]) AS wanted(of_type) CROSS JOIN LATERAL (
      SELECT * FROM events WHERE (client_id, type, position) > (${clientId}, wanted.of_type, ${after})
        AND (client_id, type, position) < (${clientId}, wanted.of_type, ${before}::bigint)
      ORDER BY client_id ${direction}, type ${direction}, position ${direction} LIMIT ${limit}::int) AS of_type ${order}`;
}

/** By how much an event may lie behind one that occurred later: clocks of processes differ, and statements take their time. */
const disorderMs = 60_000;

// The log is in the order of time but for that much: halved until the place is found, by some twenty looks into the index of positions.
function positionBeforeSql(clientId: string, since: Date): Prisma.Sql {
  const earlier = new Date(since.getTime() - disorderMs);
  return Prisma.sql`
    WITH RECURSIVE bounds(low, high) AS (
      SELECT removed_through, position FROM event_heads WHERE client_id = ${clientId}
      UNION ALL
      SELECT CASE WHEN next.occurred_at < ${earlier} THEN next.position ELSE low END,
        CASE WHEN next.occurred_at < ${earlier} THEN high ELSE (low + high) / 2 END
      FROM bounds LEFT JOIN LATERAL (
        SELECT position, occurred_at FROM events
        WHERE client_id = ${clientId} AND position > (low + high) / 2 AND position <= high ORDER BY position LIMIT 1) AS next ON true
      WHERE low < high)
    SELECT coalesce(
      (SELECT position - 1 FROM events WHERE client_id = ${clientId} AND position > (SELECT max(low) FROM bounds)
        AND occurred_at >= ${since} ORDER BY position LIMIT 1),
      (SELECT position FROM event_heads WHERE client_id = ${clientId}), 0) AS position`;
}

const lastPosition = 2n ** 63n - 1n;

function toCondition(query: Omit<EventQuery, 'limit' | 'order'>): Prisma.Sql {
  const { clientId, after, before, userId, bankLoginId, types } = query;
  return Prisma.sql`client_id = ${clientId}
    AND position > ${after === undefined ? removedThrough(clientId) : Prisma.sql`${after}`}
    ${before === undefined ? Prisma.empty : Prisma.sql`AND position < ${before}`}
    ${userId === undefined ? Prisma.empty : Prisma.sql`AND user_id = ${userId}`}
    ${bankLoginId === undefined ? Prisma.empty : Prisma.sql`AND bank_login_id = ${bankLoginId}`}
    ${types === undefined ? Prisma.empty : Prisma.sql`AND type::text = ANY(${[...types]}::text[])`}`;
}

// Where the log begins for its readers.
function removedThrough(clientId: string): Prisma.Sql {
  return Prisma.sql`coalesce((SELECT removed_through FROM event_heads WHERE client_id = ${clientId}), 0)`;
}

export function withId(event: NewEvent): NamedEvent {
  return { ...event, id: event.id ?? newId('event', event.occurredAt) };
}
