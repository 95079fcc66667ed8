import { Prisma } from '../storage/database.ts';
import { eventBounds, toKeptData } from './event-bounds.ts';
import type { NewEvent } from './event-record.ts';

export type NamedEvent = NewEvent & { id: string };

/**
 * The CTEs `event_head`, `new_event` and `new_delivery` for the events of a transaction. Taking `event_heads` is what makes
 * position the order of commit: the row stays locked until then (invariant 2).
 */
export function eventCtes(events: readonly NamedEvent[], fanOutSql: Prisma.Sql): Prisma.Sql {
  const counts = new Map<string, number>();
  const given = events.map((event) => {
    const ordinal = (counts.get(event.clientId) ?? 0) + 1;
    counts.set(event.clientId, ordinal);
    return toGiven(event, ordinal);
  });
  const grown = [...counts].map(([client_id, count]) => ({ client_id, count }));
  return Prisma.sql`
    event_head AS (
      UPDATE event_heads SET position = event_heads.position + grown.count
      FROM jsonb_to_recordset(${JSON.stringify(grown)}::jsonb) AS grown (client_id text, count int)
      WHERE event_heads.client_id = grown.client_id
      RETURNING event_heads.client_id, event_heads.position, event_heads.position - grown.count AS base),
    given_event AS (
      SELECT * FROM json_to_recordset(${toJson(given)}::json) AS given (id text, client_id text, ordinal int,
        type text, occurred_at timestamptz, user_id text, bank_login_id text, cycle_id text, endpoint_id text, data json)),
    ${insertCtes(fanOutSql)}`;
}

/** The same for one event in a statement that writes more, where `condition` holds. */
export function clientCtes(event: NamedEvent, condition: Prisma.Sql, fanOutSql: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    event_head AS (
      UPDATE event_heads SET position = position + 1 WHERE client_id = ${event.clientId} AND ${condition}
      RETURNING client_id, position, position - 1 AS base),
    given_event AS (
      SELECT ${event.id}::text AS id, ${event.clientId}::text AS client_id, 1 AS ordinal, ${event.type}::text AS type,
        ${event.occurredAt}::timestamptz AS occurred_at, ${event.userId ?? null}::text AS user_id,
        ${event.bankLoginId ?? null}::text AS bank_login_id, ${event.cycleId ?? null}::text AS cycle_id,
        ${event.endpointId ?? null}::text AS endpoint_id, ${toDataJson(event.data)}::json AS data),
    ${insertCtes(fanOutSql)}`;
}

/** Takes several logs in the order of their clients' ids, so that two transactions never wait for each other. */
export function lockHeadsSql(clientIds: readonly string[]): Prisma.Sql {
  return Prisma.sql`
    SELECT client_id FROM event_heads WHERE client_id = ANY(${[...clientIds]}::text[]) ORDER BY client_id FOR UPDATE`;
}

function insertCtes(fanOutSql: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    new_event AS (
      INSERT INTO events (id, client_id, position, type, occurred_at, user_id, bank_login_id, cycle_id, endpoint_id, data)
      SELECT given.id, given.client_id, event_head.base + given.ordinal, given.type::"EventType", given.occurred_at,
        given.user_id, given.bank_login_id, given.cycle_id, given.endpoint_id, given.data
      FROM event_head JOIN given_event AS given ON given.client_id = event_head.client_id
      RETURNING *),
    new_delivery AS (${fanOutSql})`;
}

function toGiven(event: NamedEvent, ordinal: number): Record<string, unknown> {
  return {
    id: event.id,
    client_id: event.clientId,
    ordinal,
    type: event.type,
    occurred_at: event.occurredAt,
    user_id: event.userId ?? null,
    bank_login_id: event.bankLoginId ?? null,
    cycle_id: event.cycleId ?? null,
    endpoint_id: event.endpointId ?? null,
    data: toKeptData(event.data),
  };
}

/** Nearly all data is far from its bounds, and is written once. */
function toDataJson(data: object): string {
  const json = toJson(data);
  return json.length <= eventBounds.charactersKept ? json : toJson(toKeptData(data));
}

/**
 * As JSON that PostgreSQL can read. It has no place for NUL and half surrogate pairs, which a bank may send or a cut through an emoji
 * leave over; rather than lose the event, each becomes a replacement character.
 */
function toJson(value: unknown): string {
  const json = JSON.stringify(value);
  if (!json.includes('\\u')) return json;
  // An escaped backslash is taken first, so that what follows it is not taken for an escape.
  return json.replace(/\\\\|\\u(?:0000|d[89a-f][0-9a-f]{2})/g, (found) => (found === '\\\\' ? found : '\ufffd'));
}
