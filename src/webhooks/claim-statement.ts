import type { EventRecord } from '../events/event-record.ts';
import { Prisma } from '../storage/database.ts';
import {
  claimedPerLogin,
  heldPerEndpointAtFirst,
  heldPerEndpointWhileFailing,
  inlineEventBytes,
  leaseSeconds,
  pacedAheadSeconds,
} from './delivery-limits.ts';
import type { WebhookMethod } from './webhook-method.ts';

export interface ClaimRequest {
  now: Date;
  /** Look at these endpoints, and at all endpoints of these clients. */
  endpointIds: readonly string[];
  clientIds: readonly string[];
  /** Deliveries that this process holds already, and how many it may hold, by endpoint; others may have some at first. */
  held: ReadonlyMap<string, HeldCount>;
  limit: number;
}

export interface HeldCount {
  count: number;
  most: number;
}

/** A claimed delivery, or an endpoint of which none was claimed. What belongs to an endpoint or an event comes once. */
export interface ClaimRow {
  endpoint_id: string;
  /** There is more that could be claimed at once. */
  has_claimable: boolean;
  /** There is more that waits for what is being sent. */
  has_more: boolean;
  id: string | null;
  event_id: string;
  bank_login_id: string | null;
  fencing_token: number;
  attempt_count: number;
  endpoint: {
    client_id: string;
    url: string;
    method: WebhookMethod;
    headers: string | null;
    secrets: string;
    document: string | null;
    rate_limit: number | null;
    failing_since: string | null;
    /** With a rate limit: in how many milliseconds the first of what was claimed has its place. */
    pace_ms: number | null;
  } | null;
  event_type: EventRecord['type'] | null;
  event_position: bigint;
  event_occurred_at: Date;
  event_user_id: string | null;
  event_cycle_id: string | null;
  event_endpoint_id: string | null;
  event_client_id: string;
  event_data: string | null;
}

/**
 * Claims in one statement. A window of what is due is read per endpoint, in the order of the index. Out of it, logins of
 * which something is being sent are left alone; of the others the first few deliveries are taken, in order, all of them or
 * none. The batch is filled in turns: over the logins of an endpoint, then over the endpoints of a client, then over clients.
 *
 * Nobody waits for the disk here: the result, which is written later, takes the claim with it. Were the server to lose one,
 * the delivery would be made twice, as whenever a process is lost.
 *
 * An endpoint with a rate limit is claimed for as far as its next places in time reach, which are taken with the claim: so the
 * limit holds for all processes together.
 *
 * The planner believes that next to nothing is pending, and cannot know how few rows a CTE gives. `= ANY (ARRAY (…))` and
 * `status::text`, which no index has, keep it on the primary keys.
 */
export function claimStatement(request: ClaimRequest): Prisma.Sql {
  const held = [...request.held.values()];
  return Prisma.sql`
  WITH held AS (
    SELECT * FROM unnest(${[...request.held.keys()]}::text[], ${held.map(({ count }) => count)}::int[],
      ${held.map(({ most }) => most)}::int[]) AS h (endpoint_id, held, most)
  ), endpoint AS MATERIALIZED (
    SELECT w.*, set_config('synchronous_commit', 'off', true), coalesce(h.held, 0) AS held, least(
        CASE WHEN w.failing_since IS NULL THEN coalesce(h.most, ${heldPerEndpointAtFirst}::int)
          ELSE ${heldPerEndpointWhileFailing}::int END,
        w.rate_limit) - coalesce(h.held, 0) AS free,
      greatest(2 * ${request.limit}::int / count(*) OVER (), 16)::int AS share
    FROM webhook_endpoints w LEFT JOIN held h ON h.endpoint_id = w.id
    WHERE (w.id = ANY (${request.endpointIds}::text[]) OR w.client_id = ANY (${request.clientIds}::text[]))
      AND w.status = 'ENABLED' AND (w.paused_until IS NULL OR w.paused_until <= ${request.now}::timestamptz)
      AND (w.rate_limit IS NULL OR w.paced_until IS NULL
        OR w.paced_until <= now() + make_interval(secs => ${pacedAheadSeconds}))
  ), due AS MATERIALIZED (
    SELECT e.id AS endpoint_id, e.client_id, least(e.free, e.share) AS room, d.*, coalesce(d.bank_login_id, d.id) AS login
    FROM endpoint e CROSS JOIN LATERAL (
      SELECT d.id, d.bank_login_id, d.position, d.next_attempt_at, coalesce(d.claimed_until > now(), false) AS claimed
      FROM webhook_deliveries d
      WHERE d.endpoint_id = e.id AND d.status = 'PENDING' AND d.next_attempt_at <= ${request.now}::timestamptz
      ORDER BY d.next_attempt_at, d.position
      LIMIT e.held + greatest(least(e.free, e.share), 0) + 32
    ) d
  ), placed AS (
    SELECT due.*, row_number() OVER (PARTITION BY endpoint_id, login ORDER BY position) AS place
    FROM due
    WHERE NOT claimed AND (endpoint_id, login) NOT IN (SELECT endpoint_id, login FROM due WHERE claimed)
  ), ranked AS (
    SELECT *, row_number() OVER (PARTITION BY endpoint_id ORDER BY place, next_attempt_at, position) AS turn
    FROM placed WHERE place <= ${claimedPerLogin}
  ), wanted AS MATERIALIZED (
    SELECT id, endpoint_id, login FROM ranked WHERE turn <= room
    ORDER BY row_number() OVER (PARTITION BY client_id ORDER BY turn), next_attempt_at
    LIMIT ${request.limit}
  ), locked AS MATERIALIZED (
    SELECT d.id FROM webhook_deliveries d
    WHERE d.id = ANY (ARRAY (SELECT id FROM wanted))
      AND d.status::text = 'PENDING' AND (d.claimed_until IS NULL OR d.claimed_until <= now())
    FOR UPDATE SKIP LOCKED
  ), granted AS (
    SELECT id FROM (
      SELECT id, bool_and(id IN (SELECT id FROM locked)) OVER (PARTITION BY endpoint_id, login) AS is_whole FROM wanted
    ) w WHERE is_whole
  ), claimed AS (
    UPDATE webhook_deliveries d
    SET claimed_until = now() + make_interval(secs => ${leaseSeconds}), fencing_token = d.fencing_token + 1
    WHERE d.id = ANY (ARRAY (SELECT id FROM granted))
    RETURNING d.id, d.endpoint_id, d.event_id, d.bank_login_id, d.position, d.fencing_token, d.attempt_count
  ), paced AS (
    SELECT c.endpoint_id, count(*) AS count FROM claimed c JOIN endpoint e ON e.id = c.endpoint_id
    WHERE e.rate_limit IS NOT NULL GROUP BY c.endpoint_id
  ), paced_endpoint AS (
    SELECT id FROM webhook_endpoints WHERE id = ANY (ARRAY (SELECT endpoint_id FROM paced)) ORDER BY id FOR NO KEY UPDATE
  ), pace AS (
    UPDATE webhook_endpoints w
    SET paced_until = greatest(w.paced_until, now()) + p.count * interval '1 second' / w.rate_limit
    FROM paced p WHERE w.id = p.endpoint_id AND w.id = ANY (ARRAY (SELECT id FROM paced_endpoint))
    RETURNING w.id,
      (extract(epoch FROM w.paced_until - p.count * interval '1 second' / w.rate_limit - now()) * 1000)::float8 AS pace_ms
  ), seen AS (
    SELECT endpoint_id, count(*) FILTER (WHERE NOT claimed) AS unclaimed FROM due GROUP BY endpoint_id
  ), free AS (
    SELECT endpoint_id, count(*) AS claimable FROM ranked WHERE turn <= room GROUP BY endpoint_id
  )
  SELECT c.id, s.endpoint_id, c.event_id, c.bank_login_id, c.fencing_token, c.attempt_count,
    s.unclaimed > count(c.id) OVER of_endpoint AS has_more,
    coalesce(f.claimable, 0) > count(c.id) OVER of_endpoint AS has_claimable,
    CASE WHEN c.id IS NOT NULL AND row_number() OVER of_endpoint = 1
      THEN json_build_object('client_id', w.client_id, 'url', w.url, 'method', w.method, 'headers', w.headers,
        'secrets', w.secrets, 'document', w.document, 'rate_limit', w.rate_limit, 'failing_since', w.failing_since,
        'pace_ms', (SELECT pace_ms FROM pace WHERE pace.id = w.id))
    END AS endpoint,
    CASE WHEN row_number() OVER first_of_event = 1 THEN e.type END AS event_type,
    e.position AS event_position, e.occurred_at AS event_occurred_at, e.user_id AS event_user_id,
    e.cycle_id AS event_cycle_id, e.endpoint_id AS event_endpoint_id, e.client_id AS event_client_id,
    CASE WHEN row_number() OVER first_of_event = 1 AND pg_column_size(e.data) <= ${inlineEventBytes}
      THEN e.data::text END AS event_data
  FROM seen s
  JOIN endpoint w ON w.id = s.endpoint_id
  LEFT JOIN free f ON f.endpoint_id = s.endpoint_id
  LEFT JOIN claimed c ON c.endpoint_id = s.endpoint_id
  LEFT JOIN events e ON e.id = c.event_id
  WINDOW of_endpoint AS (PARTITION BY s.endpoint_id), first_of_event AS (PARTITION BY c.event_id)
  ORDER BY c.position`;
}

/** A page of the endpoints that have something pending, by jumping through the index from one endpoint to the next. */
export function dueStatement({ now, after, limit }: { now: Date; after: string; limit: number }): Prisma.Sql {
  return Prisma.sql`
  WITH RECURSIVE pending (endpoint_id, number) AS (
    (SELECT endpoint_id, 1 FROM webhook_deliveries WHERE status = 'PENDING' AND endpoint_id > ${after}
      ORDER BY endpoint_id LIMIT 1)
    UNION ALL
    SELECT n.endpoint_id, p.number + 1
    FROM pending p CROSS JOIN LATERAL (
      SELECT d.endpoint_id FROM webhook_deliveries d WHERE d.status = 'PENDING' AND d.endpoint_id > p.endpoint_id
      ORDER BY d.endpoint_id LIMIT 1) n
    WHERE p.number < ${limit}
  )
  SELECT p.endpoint_id,
    w.status = 'ENABLED' AND (w.paused_until IS NULL OR w.paused_until <= ${now}::timestamptz) AND EXISTS (
      SELECT 1 FROM webhook_deliveries d
      WHERE d.endpoint_id = p.endpoint_id AND d.status = 'PENDING' AND d.next_attempt_at <= ${now}::timestamptz
        AND (d.claimed_until IS NULL OR d.claimed_until <= now())) AS due,
    CASE WHEN w.status = 'DISABLED' THEN NULL WHEN w.paused_until > ${now}::timestamptz THEN w.paused_until ELSE (
      SELECT min(d.next_attempt_at) FROM webhook_deliveries d
      WHERE d.endpoint_id = p.endpoint_id AND d.status = 'PENDING' AND d.next_attempt_at > ${now}::timestamptz)
    END AS next_due_at
  FROM pending p JOIN webhook_endpoints w ON w.id = p.endpoint_id
  ORDER BY p.endpoint_id`;
}
