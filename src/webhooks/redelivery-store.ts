import { lowestIdAt } from '../domain/ids.ts';
import type { Page } from '../domain/page.ts';
import { DeliveryStatus, type WebhookDelivery } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';

/** Deliveries as clients see and repeat them, each for its own client only. */
export interface RedeliveryStore {
  find(clientId: string, id: string): Promise<WebhookDelivery | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<WebhookDelivery[]>;
  /** Of all of the client's endpoints, the newest event first. */
  listOfClient(clientId: string, filter: DeliveryFilter, page: Page): Promise<WebhookDelivery[]>;
  findByEvent(clientId: string, endpointId: string, eventId: string): Promise<WebhookDelivery | null>;
  /** The same page of each of the client's endpoints, newest first; an endpoint without deliveries is left out. */
  list(clientId: string, endpointIds: readonly string[], page: DeliveryPage): Promise<Map<string, WebhookDelivery[]>>;
  /** Makes the delivery due now, with the whole schedule before it; false while an attempt is being made. */
  repeat(clientId: string, id: string, now: Date): Promise<boolean>;
  /**
   * Makes due what the endpoint has not accepted of the client's events, `limit` of them after a position, in their order:
   * those that it has no delivery of, those that failed, those that wait for a retry.
   */
  recover(query: RecoverQuery): Promise<{ count: number; last: bigint | null }>;
  /** All since then has been recovered: what the endpoint missed need not be kept for it any longer. */
  forgetMissed(query: Pick<RecoverQuery, 'clientId' | 'endpointId' | 'since' | 'until'>): Promise<void>;
}

export interface DeliveryPage extends Page {
  /** Null: whatever it is. */
  status: WebhookDelivery['status'] | null;
}

export interface DeliveryFilter {
  endpointId: string | null;
  eventId: string | null;
  status: WebhookDelivery['status'] | null;
  /** Of events that occurred then or later. */
  since: Date | null;
}

export interface RecoverQuery {
  clientId: string;
  endpointId: string;
  since: Date;
  /** Events before this moment, so that those which come meanwhile are left to the ordinary path. */
  until: Date;
  after: bigint;
  limit: number;
}

const columns = Prisma.sql`d.id, d.client_id AS "clientId", d.endpoint_id AS "endpointId", d.event_id AS "eventId",
  d.bank_login_id AS "bankLoginId", d.position, d.status::text AS status, d.attempt_count AS "attemptCount",
  d.next_attempt_at AS "nextAttemptAt", d.claimed_until AS "claimedUntil", d.fencing_token AS "fencingToken",
  d.created_at AS "createdAt", d.delivered_at AS "deliveredAt", d.attempts`;

export function createRedeliveryStore(database: Database): RedeliveryStore {
  const { prisma } = database;
  return {
    find: (clientId, id) => prisma.webhookDelivery.findFirst({ where: { id, clientId } }),
    listByIds: (clientId, ids) => prisma.webhookDelivery.findMany({ where: { id: { in: [...ids] }, clientId } }),
    listOfClient: (clientId, filter, page) => listOfClient(database, clientId, { filter, page }),
    findByEvent: (clientId, endpointId, eventId) =>
      prisma.webhookDelivery.findFirst({ where: { clientId, endpointId, eventId } }),
    async list(clientId, endpointIds, { status, ...page }) {
      const rows = await database.query<WebhookDelivery>(Prisma.sql`
        SELECT page.* FROM unnest(${[...endpointIds]}::text[]) AS wanted(id)
        CROSS JOIN LATERAL (${pageOfEndpointSql(clientId, status, page)}) AS page`);
      const pages = new Map<string, WebhookDelivery[]>();
      for (const row of rows) {
        const page = pages.get(row.endpointId);
        if (page) page.push(row);
        else pages.set(row.endpointId, [row]);
      }
      return pages;
    },
    repeat: async (clientId, id, now) => {
      const repeat = Prisma.sql`
        UPDATE webhook_deliveries SET status = 'PENDING', next_attempt_at = ${now}::timestamptz, claimed_until = NULL,
          attempt_count = CASE status WHEN 'PENDING' THEN attempt_count ELSE 0 END
        WHERE id = ${id} AND client_id = ${clientId} AND (claimed_until IS NULL OR claimed_until <= now())
        RETURNING id`;
      return await database.atomically(async (query) => (await query(repeat)).length > 0);
    },
    recover: async (query) => {
      let last: bigint | null = null;
      const count = await database.atomically(async (run) => {
        const [row] = await run<{ count: bigint; last: bigint | null }>(recoverStatement(query));
        last = row?.last ?? null;
        return Number(row?.count ?? 0);
      });
      return { count, last };
    },
    forgetMissed: async ({ clientId, endpointId, since, until }) => {
      await prisma.webhookEndpoint.updateMany({
        where: { id: endpointId, clientId, missedSince: { gte: since }, missedUntil: { lte: until } },
        data: { missedSince: null, missedUntil: null },
      });
    },
  };
}

// The index is by endpoint, status and id: each status is read from it in order, and the newest of all are taken. As bounds of whole
// rows, since by equalities the planner takes the order of the primary key and reads through everybody's. Of the endpoint `wanted.id`.
function pageOfEndpointSql(
  clientId: string,
  status: WebhookDelivery['status'] | null,
  { after, before, backward = false, limit }: Page,
): Prisma.Sql {
  const statuses = status === null ? Object.values(DeliveryStatus) : [status];
  const direction = backward ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  return Prisma.sql`
    SELECT of_status.* FROM unnest(${statuses}::text[]::"DeliveryStatus"[]) AS s(status) CROSS JOIN LATERAL (
      SELECT ${columns} FROM webhook_deliveries d
      WHERE (d.endpoint_id, d.status) >= (wanted.id, s.status) AND (d.endpoint_id, d.status) <= (wanted.id, s.status)
        ${after === null ? Prisma.empty : Prisma.sql`AND (d.endpoint_id, d.status, d.id) < (wanted.id, s.status, ${after})`}
        ${before == null ? Prisma.empty : Prisma.sql`AND (d.endpoint_id, d.status, d.id) > (wanted.id, s.status, ${before})`}
        AND d.client_id = ${clientId}
      ORDER BY d.endpoint_id ${direction}, d.status ${direction}, d.id ${direction} LIMIT ${limit}::int) AS of_status
    ORDER BY id ${direction} LIMIT ${limit}::int`;
}

function listOfClient(
  database: Database,
  clientId: string,
  { filter, page }: { filter: DeliveryFilter; page: Page },
): Promise<WebhookDelivery[]> {
  const { endpointId, eventId, status, since } = filter;
  const direction = page.backward ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  // The id of a delivery begins with the time of its event.
  const oldest = since === null ? null : lowestIdAt('webhookDelivery', since);
  const bounded = { ...page, before: oldest !== null && oldest > (page.before ?? '') ? oldest : (page.before ?? null) };
  if (eventId === null) {
    return database.query<WebhookDelivery>(Prisma.sql`
      SELECT page.* FROM webhook_endpoints AS wanted
      CROSS JOIN LATERAL (${pageOfEndpointSql(clientId, status, bounded)}) AS page
      WHERE wanted.client_id = ${clientId} ${endpointId === null ? Prisma.empty : Prisma.sql`AND wanted.id = ${endpointId}`}
      ORDER BY page.id ${direction} LIMIT ${page.limit}::int`);
  }
  // One of each endpoint at most.
  return database.query<WebhookDelivery>(Prisma.sql`
    SELECT * FROM (SELECT ${columns} FROM webhook_deliveries d WHERE d.event_id = ${eventId} AND d.client_id = ${clientId}
      ${endpointId === null ? Prisma.empty : Prisma.sql`AND d.endpoint_id = ${endpointId}`}) AS of_event
    WHERE true ${status === null ? Prisma.empty : Prisma.sql`AND status = ${status}`}
      ${page.after === null ? Prisma.empty : Prisma.sql`AND id < ${page.after}`}
      ${bounded.before === null ? Prisma.empty : Prisma.sql`AND id > ${bounded.before}`}
    ORDER BY id ${direction} LIMIT ${page.limit}::int`);
}

// Due since the event itself, so that the oldest goes first. The lock passes over an event that is just being removed.
function recoverStatement({ clientId, endpointId, since, until, after, limit }: RecoverQuery): Prisma.Sql {
  return Prisma.sql`
  WITH missed AS (
    SELECT e.*, w.id AS receiver_id
    FROM events e JOIN webhook_endpoints w ON w.client_id = e.client_id AND w.id = ${endpointId}
    WHERE e.client_id = ${clientId} AND e.position > ${after} AND e.occurred_at >= ${since}::timestamptz
      AND e.occurred_at <= ${until}::timestamptz
      AND CASE e.type
        WHEN 'WEBHOOK_TEST' THEN e.endpoint_id = w.id
        WHEN 'WEBHOOK_ENDPOINT_DISABLED' THEN e.endpoint_id IS DISTINCT FROM w.id
          AND (cardinality(w.types) = 0 OR e.type = ANY (w.types))
        ELSE cardinality(w.types) = 0 OR e.type = ANY (w.types)
      END
    ORDER BY e.position LIMIT ${limit}
    FOR KEY SHARE OF e
  ), made AS (
    INSERT INTO webhook_deliveries AS d
      (id, client_id, endpoint_id, event_id, bank_login_id, position, next_attempt_at, created_at)
    SELECT 'whd_' || substr(m.id, 5, 10) || substr(md5(m.id || m.receiver_id), 1, 16),
      m.client_id, m.receiver_id, m.id, m.bank_login_id, m.position, m.occurred_at, ${until}::timestamptz
    FROM missed m
    ON CONFLICT (event_id, endpoint_id) DO UPDATE
      SET status = 'PENDING', attempt_count = 0, claimed_until = NULL, next_attempt_at = excluded.next_attempt_at
      WHERE d.delivered_at IS NULL AND (d.claimed_until IS NULL OR d.claimed_until <= now())
        AND d.next_attempt_at IS DISTINCT FROM excluded.next_attempt_at
    RETURNING 1
  )
  SELECT (SELECT count(*) FROM made) AS count, (SELECT max(position) FROM missed) AS last`;
}
