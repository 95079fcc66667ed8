import type { EventRecord } from '../events/event-record.ts';
import { Prisma } from '../storage/database.ts';
import {
  claimedPerLogin,
  heldPerEndpointAtFirst,
  heldPerEndpointWhileFailing,
  inlineEventBytes,
  leaseSeconds,
  pacedAheadSeconds,
  seenAheadSeconds,
} from './delivery-limits.ts';
import type { SignatureAlgorithm } from './signing.ts';
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

/** What a claim returns: endpoints with something due, then what was claimed of them. */
export type ClaimRow = ClaimedEndpointRow | ClaimedDeliveryRow;

export interface ClaimedEndpointRow {
  id: null;
  endpoint_id: string;
  /** There is more that could be claimed at once. */
  has_claimable: boolean;
  /** There is more that waits for what is being sent. */
  has_more: boolean;
  /** Null when nothing of it was claimed. */
  endpoint: {
    client_id: string;
    url: string;
    method: WebhookMethod;
    headers: string | null;
    signature_algorithm: SignatureAlgorithm;
    secrets: string;
    document: string | null;
    rate_limit: number | null;
    failing_since: string | null;
    /** With a rate limit: in how many milliseconds the first of what was claimed has its place. */
    pace_ms: number | null;
  } | null;
}

export interface ClaimedDeliveryRow {
  id: string;
  endpoint_id: string;
  event_id: string;
  bank_login_id: string | null;
  fencing_token: number;
  attempt_count: number;
  /** Null, as the data, where another row of the same event has it: what belongs to an event comes once. */
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
 * Another process, whose clock is ahead or which claims at the same time, may take a delivery of the same login that is due a
 * moment later. So the window reaches a little further: what is claimed there makes its login busy, and what is not is locked
 * with the rest.
 *
 * Nobody waits for the disk here: the result, which is written later, takes the claim with it. Were the server to lose one,
 * the delivery would be made twice, as whenever a process is lost.
 *
 * An endpoint with a rate limit is claimed for as far as its next places in time reach, which are taken with the claim: so the
 * limit holds for all processes together.
 *
 * Rows are kept narrow until they are claimed, and are neither sorted nor grouped once they have their events: that is what
 * most of the time would go to. They are found again by their place in the table, which holds for as long as the statement does;
 * one that another session has changed meanwhile has another place, and so is missed. The planner believes that next to nothing
 * is pending, and cannot know how few rows a CTE gives: `= ANY (ARRAY (…))` and `status::text`, which no index has, keep it from
 * reading the index of what is pending a second time.
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
      greatest(2 * ${request.limit}::int / count(*) OVER (), 16)::int AS share,
      (row_number() OVER (ORDER BY w.client_id))::int AS number, (rank() OVER (ORDER BY w.client_id))::int AS client_number
    FROM webhook_endpoints w LEFT JOIN held h ON h.endpoint_id = w.id
    WHERE (w.id = ANY (${request.endpointIds}::text[]) OR w.client_id = ANY (${request.clientIds}::text[]))
      AND w.status = 'ENABLED' AND (w.paused_until IS NULL OR w.paused_until <= ${request.now}::timestamptz)
      AND (w.rate_limit IS NULL OR w.paced_until IS NULL
        OR w.paced_until <= now() + make_interval(secs => ${pacedAheadSeconds}))
  ), due AS MATERIALIZED (
    SELECT e.number, e.client_number, least(e.free, e.share)::int AS room, d.*
    FROM endpoint e CROSS JOIN LATERAL (
      SELECT d.ctid AS row, coalesce(d.bank_login_id, d.id) COLLATE "C" AS login, d.position, d.next_attempt_at,
        coalesce(d.claimed_until > now(), false) AS claimed, d.next_attempt_at > ${request.now}::timestamptz AS early
      FROM webhook_deliveries d
      WHERE d.endpoint_id = e.id AND d.status = 'PENDING'
        AND d.next_attempt_at <= ${request.now}::timestamptz + make_interval(secs => ${seenAheadSeconds})
      ORDER BY d.next_attempt_at, d.position
      LIMIT e.held + greatest(least(e.free, e.share), 0) + 32
    ) d
  ), placed AS (
    SELECT row, number, client_number, room, login, position, next_attempt_at,
      row_number() OVER (PARTITION BY number, login ORDER BY position) AS place
    FROM due
    WHERE NOT claimed AND NOT early AND (number, login) NOT IN (SELECT number, login FROM due WHERE claimed)
  ), ranked AS (
    SELECT row, number, client_number, room, login, next_attempt_at,
      row_number() OVER (PARTITION BY number ORDER BY place, next_attempt_at, position) AS turn
    FROM placed WHERE place <= ${claimedPerLogin}
  ), wanted AS MATERIALIZED (
    SELECT row, number, login FROM ranked WHERE turn <= room
    ORDER BY row_number() OVER (PARTITION BY client_number ORDER BY turn), next_attempt_at
    LIMIT ${request.limit}
  ), guarded AS MATERIALIZED (
    SELECT row, number, login FROM wanted
    UNION ALL
    SELECT row, number, login FROM due
    WHERE early AND NOT claimed AND (number, login) IN (SELECT number, login FROM wanted)
  ), locked AS MATERIALIZED (
    SELECT d.ctid AS row FROM webhook_deliveries d
    WHERE d.ctid = ANY (ARRAY (SELECT row FROM guarded))
      AND d.status::text = 'PENDING' AND (d.claimed_until IS NULL OR d.claimed_until <= now())
    FOR UPDATE SKIP LOCKED
  ), missed AS (
    SELECT number, login FROM guarded WHERE row NOT IN (SELECT row FROM locked)
  ), claimed AS (
    UPDATE webhook_deliveries d
    SET claimed_until = now() + make_interval(secs => ${leaseSeconds}), fencing_token = d.fencing_token + 1
    WHERE d.ctid = ANY (ARRAY (SELECT row FROM wanted WHERE (number, login) NOT IN (SELECT number, login FROM missed)))
    RETURNING d.id, d.endpoint_id, d.event_id, d.bank_login_id, d.fencing_token, d.attempt_count
  ), taken AS (
    SELECT endpoint_id, count(*) AS count FROM claimed GROUP BY endpoint_id
  ), paced AS (
    SELECT t.endpoint_id, t.count FROM taken t JOIN endpoint e ON e.id = t.endpoint_id WHERE e.rate_limit IS NOT NULL
  ), paced_endpoint AS (
    SELECT id FROM webhook_endpoints WHERE id = ANY (ARRAY (SELECT endpoint_id FROM paced)) ORDER BY id FOR NO KEY UPDATE
  ), pace AS (
    UPDATE webhook_endpoints w
    SET paced_until = greatest(w.paced_until, now()) + p.count * interval '1 second' / w.rate_limit
    FROM paced p WHERE w.id = p.endpoint_id AND w.id = ANY (ARRAY (SELECT id FROM paced_endpoint))
    RETURNING w.id,
      (extract(epoch FROM w.paced_until - p.count * interval '1 second' / w.rate_limit - now()) * 1000)::float8 AS pace_ms
  ), seen AS (
    SELECT number, count(*) FILTER (WHERE NOT claimed AND NOT early) AS unclaimed FROM due GROUP BY number
  ), free AS (
    SELECT number, count(*) AS claimable FROM ranked WHERE turn <= room GROUP BY number
  )
  SELECT NULL AS id, w.id AS endpoint_id, coalesce(f.claimable, 0) > coalesce(t.count, 0) AS has_claimable,
    s.unclaimed > coalesce(t.count, 0) AS has_more,
    CASE WHEN t.count > 0
      THEN json_build_object('client_id', w.client_id, 'url', w.url, 'method', w.method, 'headers', w.headers,
        'signature_algorithm', w.signature_algorithm,
        'secrets', w.secrets, 'document', w.document, 'rate_limit', w.rate_limit, 'failing_since', w.failing_since,
        'pace_ms', (SELECT pace_ms FROM pace WHERE pace.id = w.id))
    END AS endpoint,
    NULL AS event_id, NULL AS bank_login_id, NULL AS fencing_token, NULL AS attempt_count, NULL AS event_type,
    NULL AS event_position, NULL AS event_occurred_at, NULL AS event_user_id, NULL AS event_cycle_id,
    NULL AS event_endpoint_id, NULL AS event_client_id, NULL AS event_data
  FROM seen s
  JOIN endpoint w ON w.number = s.number
  LEFT JOIN free f ON f.number = s.number
  LEFT JOIN taken t ON t.endpoint_id = w.id
  UNION ALL
  SELECT c.id, c.endpoint_id, NULL, NULL, NULL, c.event_id, c.bank_login_id, c.fencing_token, c.attempt_count,
    CASE WHEN c.is_first THEN e.type END, e.position, e.occurred_at, e.user_id, e.cycle_id, e.endpoint_id, e.client_id,
    CASE WHEN c.is_first AND pg_column_size(e.data) <= ${inlineEventBytes} THEN e.data::text END
  FROM (
    SELECT *, id IN (SELECT min(id) FROM claimed GROUP BY event_id) AS is_first FROM claimed
  ) c
  JOIN events e ON e.id = c.event_id`;
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
