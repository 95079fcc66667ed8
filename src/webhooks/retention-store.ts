import { type Database, Prisma } from '../storage/database.ts';

export interface RemovalRequest {
  clientId: string;
  /** What happened before this is old. */
  before: Date;
  /** Exclusive: a position in the client's log. */
  after: bigint;
  limit: number;
}

export interface RetentionStore {
  /** Clients whose log begins with an old event, in pages by id. */
  listClients(before: Date, after: string, limit: number): Promise<string[]>;
  /**
   * Of the next events of a client's log, removes those that are old and done, with their deliveries; of the others that are old, the
   * old attempts. `next`: how far it has come; null when no old event lies behind that.
   */
  removeEvents(request: RemovalRequest): Promise<{ removedCount: number; next: bigint | null }>;
}

export function createRetentionStore(database: Database): RetentionStore {
  return {
    async listClients(before, after, limit) {
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT h.client_id AS id FROM event_heads h CROSS JOIN LATERAL (
          SELECT e.occurred_at FROM events e WHERE e.client_id = h.client_id ORDER BY e.position LIMIT 1) first
        WHERE h.client_id > ${after} AND first.occurred_at < ${before}::timestamptz
        ORDER BY h.client_id LIMIT ${limit}::int`);
      return rows.map(({ id }) => id);
    },
    removeEvents: (request) => removeEvents(database, request),
  };
}

interface PageRow {
  id: string;
  position: bigint;
  is_done: boolean;
}

/**
 * Locks the events first, which keeps recoverDeliveries from making new deliveries of them, and then their deliveries, which
 * keeps redeliver from making them due: what it sees after that stays so until the commit.
 */
async function removeEvents(
  database: Database,
  { clientId, before, after, limit }: RemovalRequest,
): Promise<{ removedCount: number; next: bigint | null }> {
  return await database.transaction(async (tx) => {
    const page = await tx.$queryRaw<PageRow[]>(pageStatement({ clientId, before, after, limit }));
    const doneIds = page.filter((event) => event.is_done).map(({ id }) => id);
    const locked = await tx.$queryRaw<{ id: string; position: bigint }[]>(Prisma.sql`
      SELECT id, position FROM events WHERE id = ANY (${doneIds}::text[]) ORDER BY position FOR UPDATE SKIP LOCKED`);
    const deliveries = await tx.$queryRaw<{ event_id: string; is_done: boolean }[]>(Prisma.sql`
      SELECT d.event_id, ${isDelivered(before)} AS is_done FROM webhook_deliveries d
      WHERE d.event_id = ANY (${locked.map(({ id }) => id)}::text[]) ORDER BY d.position FOR UPDATE`);
    const busy = new Set(deliveries.filter((delivery) => !delivery.is_done).map((delivery) => delivery.event_id));
    const removed = locked.filter(({ id }) => !busy.has(id));
    const last = removed.at(-1);
    if (last) {
      await tx.$executeRaw`DELETE FROM events WHERE id = ANY (${removed.map(({ id }) => id)}::text[])`;
      await tx.$executeRaw`
        UPDATE event_heads SET removed_through = greatest(removed_through, ${last.position})
        WHERE client_id = ${clientId}`;
    }
    const removedIds = new Set(removed.map(({ id }) => id));
    const keptIds = page.flatMap(({ id }) => (removedIds.has(id) ? [] : [id]));
    if (keptIds.length > 0) await tx.$executeRaw(attemptsStatement(keptIds, before));
    return { removedCount: removed.length, next: page.length < limit ? null : (page.at(-1)?.position ?? null) };
  });
}

/** What is just being delivered is left for the next time. */
function attemptsStatement(eventIds: readonly string[], before: Date): Prisma.Sql {
  return Prisma.sql`
  WITH old AS (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.event_id = ANY (${[...eventIds]}::text[]) AND (d.attempts -> 0 ->> 'startedAt')::timestamptz < ${before}::timestamptz
    FOR NO KEY UPDATE SKIP LOCKED
  )
  UPDATE webhook_deliveries d SET attempts = (
    SELECT coalesce(jsonb_agg(a.attempt ORDER BY a.number), '[]')
    FROM jsonb_array_elements(d.attempts) WITH ORDINALITY AS a (attempt, number)
    WHERE (a.attempt ->> 'startedAt')::timestamptz >= ${before}::timestamptz)
  FROM old WHERE d.id = old.id`;
}

/** Accepted once, long ago, and not asked for again. */
function isDelivered(before: Date): Prisma.Sql {
  return Prisma.sql`(d.delivered_at < ${before}::timestamptz AND d.status <> 'PENDING')`;
}

// An event's time is taken before its place in the log is: the page ends at the first that is not old, so that the log is
// removed from its beginning on. The hour makes up for the same at an endpoint's own times.
function pageStatement({ clientId, before, after, limit }: RemovalRequest): Prisma.Sql {
  return Prisma.sql`
  WITH page AS MATERIALIZED (
    SELECT id, position, type, occurred_at, endpoint_id FROM events
    WHERE client_id = ${clientId} AND position > ${after}::bigint ORDER BY position LIMIT ${limit}::int
  ), endpoint AS MATERIALIZED (
    SELECT id, types, missed_since - interval '1 hour' AS missed_since,
      coalesce(missed_until + interval '1 hour', 'infinity') AS missed_until
    FROM webhook_endpoints
    WHERE client_id = ${clientId} AND (missed_until IS NULL OR missed_until >= ${before}::timestamptz)
      AND missed_since IS NOT NULL
  )
  SELECT p.id, p.position,
    NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = p.id AND NOT coalesce(${isDelivered(before)}, false))
    AND NOT EXISTS (
      SELECT 1 FROM endpoint w
      WHERE p.occurred_at BETWEEN w.missed_since AND w.missed_until AND (cardinality(w.types) = 0 OR p.type = ANY (w.types))
        AND p.type <> 'WEBHOOK_TEST' AND w.id IS DISTINCT FROM p.endpoint_id
        AND NOT EXISTS (SELECT 1 FROM webhook_deliveries d WHERE d.event_id = p.id AND d.endpoint_id = w.id)
    ) AS is_done
  FROM page p
  WHERE p.position < coalesce(
    (SELECT min(position) FROM page WHERE occurred_at >= ${before}::timestamptz), 9223372036854775807)
  ORDER BY p.position`;
}
