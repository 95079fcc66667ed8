import { newId } from '../domain/ids.ts';
import type { EventType } from '../generated/prisma/enums.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import type { EventRecord, NewEvent } from './event-record.ts';

export interface EventQuery {
  clientId: string;
  /** Exclusive. */
  after?: bigint;
  /** Exclusive. */
  before?: bigint;
  types?: readonly EventType[];
  userId?: string;
  bankLoginId?: string;
  limit: number;
  /** @default 'oldest-first' */
  order?: 'oldest-first' | 'newest-first';
}

export interface EventStore {
  /** Writes the events of one client, in order, with their deliveries; takes the client's log until the commit. Returns the last position. */
  append(tx: Transaction, clientId: string, events: ReadonlyArray<NewEvent & { id: string }>): Promise<bigint>;
  /** The same for one event, as CTEs of a greater statement. */
  appendCtes(event: NewEvent & { id: string }, condition: Prisma.Sql): Prisma.Sql;
  read(query: EventQuery): Promise<EventRecord[]>;
  find(clientId: string, id: string): Promise<EventRecord | null>;
  /** The last position of the client's log; 0 while it is empty. */
  head(clientId: string): Promise<bigint>;
  heads(clientIds: readonly string[]): Promise<Map<string, bigint>>;
}

const columns = Prisma.sql`id, client_id AS "clientId", position, type::text AS type, occurred_at AS "occurredAt",
  user_id AS "userId", bank_login_id AS "bankLoginId", cycle_id AS "cycleId", endpoint_id AS "endpointId", data`;

/**
 * `fanOutSql` is the statement that makes the deliveries: it reads the CTE `new_event`, whose columns are those of the table.
 * It comes from above, since the log knows of no webhooks.
 */
export function createEventStore(database: Database, fanOutSql: Prisma.Sql): EventStore {
  const ctes = (rows: Prisma.Sql, count: number, clientId: string, condition: Prisma.Sql): Prisma.Sql => Prisma.sql`
    event_head AS (
      UPDATE event_heads SET position = position + ${count}::int WHERE client_id = ${clientId} AND ${condition}
      RETURNING position - ${count}::int AS base),
    new_event AS (
      INSERT INTO events (id, client_id, position, type, occurred_at, user_id, bank_login_id, cycle_id, endpoint_id, data)
      SELECT given.id, ${clientId}, event_head.base + given.ordinal, given.type::"EventType", given.occurred_at, given.user_id,
        given.bank_login_id, given.cycle_id, given.endpoint_id, given.data
      FROM event_head CROSS JOIN (${rows}) AS given
      RETURNING *),
    new_delivery AS (${fanOutSql})`;

  return {
    async append(tx, clientId, events) {
      const rows = events.map((event, i) => toRow(event, i + 1));
      const [row] = await tx.$queryRaw<Array<{ last: bigint }>>(Prisma.sql`
        WITH ${ctes(Prisma.join(rows, ' UNION ALL '), events.length, clientId, Prisma.sql`true`)}
        SELECT base + ${events.length}::int AS last FROM event_head`);
      if (!row) throw new Error(`The client ${clientId} has no event log.`);
      return row.last;
    },
    appendCtes: (event, condition) => ctes(toRow(event, 1), 1, event.clientId, condition),
    async read(query) {
      const descending = query.order === 'newest-first';
      return await database.query<EventRecord>(Prisma.sql`
        SELECT ${columns} FROM events WHERE client_id = ${query.clientId}
          ${query.after === undefined ? Prisma.empty : Prisma.sql`AND position > ${query.after}`}
          ${query.before === undefined ? Prisma.empty : Prisma.sql`AND position < ${query.before}`}
          ${query.userId === undefined ? Prisma.empty : Prisma.sql`AND user_id = ${query.userId}`}
          ${query.bankLoginId === undefined ? Prisma.empty : Prisma.sql`AND bank_login_id = ${query.bankLoginId}`}
          ${query.types === undefined ? Prisma.empty : Prisma.sql`AND type::text = ANY(${[...query.types]}::text[])`}
        ORDER BY position ${descending ? Prisma.sql`DESC` : Prisma.empty} LIMIT ${query.limit}::int`);
    },
    async find(clientId, id) {
      const [row] = await database.query<EventRecord>(Prisma.sql`
        SELECT ${columns} FROM events WHERE client_id = ${clientId} AND id = ${id}`);
      return row ?? null;
    },
    head: async (clientId) => (await readHeads(database, [clientId])).get(clientId) ?? 0n,
    heads: (clientIds) => readHeads(database, clientIds),
  };
}

async function readHeads(database: Database, clientIds: readonly string[]): Promise<Map<string, bigint>> {
  const rows = await database.query<{ client_id: string; position: bigint }>(Prisma.sql`
    SELECT client_id, position FROM event_heads WHERE client_id = ANY(${[...clientIds]}::text[])`);
  return new Map(rows.map((row) => [row.client_id, row.position]));
}

function toRow(event: NewEvent & { id: string }, ordinal: number): Prisma.Sql {
  return Prisma.sql`SELECT ${event.id}::text AS id, ${ordinal}::int AS ordinal, ${event.type}::text AS type,
    ${event.occurredAt}::timestamptz AS occurred_at, ${event.userId ?? null}::text AS user_id,
    ${event.bankLoginId ?? null}::text AS bank_login_id, ${event.cycleId ?? null}::text AS cycle_id,
    ${event.endpointId ?? null}::text AS endpoint_id, ${JSON.stringify(event.data)}::jsonb AS data`;
}

export function withId(event: NewEvent): NewEvent & { id: string } {
  return { ...event, id: event.id ?? newId('event', event.occurredAt) };
}
