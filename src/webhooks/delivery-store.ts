import type { EventRecord } from '../events/event-record.ts';
import { type Database, Prisma } from '../storage/database.ts';
import {
  type ClaimedDeliveryRow,
  type ClaimedEndpointRow,
  type ClaimRequest,
  type ClaimRow,
  claimStatement,
  dueStatement,
} from './claim-statement.ts';
import type { SignatureAlgorithm } from './signing.ts';
import type { WebhookMethod } from './webhook-method.ts';

/** An endpoint as the claim found it. */
export interface ClaimedEndpoint {
  id: string;
  clientId: string;
  url: string;
  method: WebhookMethod;
  sealedHeaders: string | null;
  signatureAlgorithm: SignatureAlgorithm;
  sealedSecrets: string;
  document: string | null;
  rateLimit: number | null;
  /** With a rate limit: in how many milliseconds the first of these deliveries may be sent; each other one a place later. */
  paceMs: number | null;
  isFailing: boolean;
}

/** An event whose data is not read yet. */
export interface ClaimedEvent extends Omit<EventRecord, 'data'> {
  /** JSON; null when it is too large to come with a claim: `loadEventData`. */
  data: string | null;
}

/** A delivery that this process alone may send, until its lease runs out. */
export interface ClaimedDelivery {
  id: string;
  fencingToken: number;
  /** Attempts made so far in this run. */
  attemptCount: number;
  bankLoginId: string | null;
  endpoint: ClaimedEndpoint;
  event: ClaimedEvent;
}

export interface Claim {
  deliveries: ClaimedDelivery[];
  /** Endpoints that have more: to be claimed at once, or when what is being sent has been dealt with. */
  claimable: Set<string>;
  waiting: Set<string>;
}

export interface DuePage {
  endpointIds: string[];
  /** When the next thing becomes due at an endpoint of this page. */
  nextDueAt: Date | null;
  /** Where the next page begins; null after the last. */
  next: string | null;
}

export interface DeliveryStore {
  /** Takes due deliveries: fairly over endpoints and clients; of a login only when none is being sent, and in the log's order. */
  claim(request: ClaimRequest): Promise<Claim>;
  /** Enabled endpoints with something due, in pages by id. */
  findDue(query: { now: Date; after: string; limit: number }): Promise<DuePage>;
  /** Those of the endpoints that have been disabled or deleted. */
  listClosed(endpointIds: readonly string[]): Promise<string[]>;
  /** Those of the deliveries that are no more. */
  listErased(deliveryIds: readonly string[]): Promise<string[]>;
  /** An event's data as JSON; null when the event has been erased. */
  loadEventData(eventId: string): Promise<string | null>;
}

export function createDeliveryStore(database: Database): DeliveryStore {
  return {
    async claim(request) {
      return toClaim(await database.query<ClaimRow>(claimStatement(request)));
    },
    async findDue(query) {
      const rows = await database.query<{ endpoint_id: string; due: boolean; next_due_at: Date | null }>(
        dueStatement(query),
      );
      const times = rows.flatMap((row) => (row.next_due_at ? [row.next_due_at.getTime()] : []));
      return {
        endpointIds: rows.filter((row) => row.due).map((row) => row.endpoint_id),
        nextDueAt: times.length === 0 ? null : new Date(Math.min(...times)),
        next: rows.length < query.limit ? null : (rows.at(-1)?.endpoint_id ?? null),
      };
    },
    async listClosed(endpointIds) {
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT held.id FROM unnest(${[...endpointIds]}::text[]) AS held (id)
        WHERE NOT EXISTS (SELECT FROM webhook_endpoints w WHERE w.id = held.id AND w.status = 'ENABLED')`);
      return rows.map(({ id }) => id);
    },
    async listErased(deliveryIds) {
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT held.id FROM unnest(${[...deliveryIds]}::text[]) AS held (id)
        WHERE NOT EXISTS (SELECT FROM webhook_deliveries d WHERE d.id = held.id)`);
      return rows.map(({ id }) => id);
    },
    async loadEventData(eventId) {
      const rows = await database.query<{ data: string }>(
        Prisma.sql`SELECT data::text AS data FROM events WHERE id = ${eventId}`,
      );
      return rows[0]?.data ?? null;
    },
  };
}

function toClaim(rows: readonly ClaimRow[]): Claim {
  const claim: Claim = { deliveries: [], claimable: new Set(), waiting: new Set() };
  const endpoints = new Map<string, ClaimedEndpoint>();
  const events = new Map<string, ClaimedEvent>();
  for (const row of rows) {
    if (row.id === null) {
      if (row.has_claimable) claim.claimable.add(row.endpoint_id);
      else if (row.has_more) claim.waiting.add(row.endpoint_id);
      if (row.endpoint) endpoints.set(row.endpoint_id, toEndpoint(row.endpoint_id, row.endpoint));
    } else if (row.event_type) events.set(row.event_id, toEvent(row, row.event_type));
  }
  for (const row of rows) {
    if (row.id === null) continue;
    const endpoint = endpoints.get(row.endpoint_id);
    const event = events.get(row.event_id);
    if (!endpoint || !event) continue;
    claim.deliveries.push({
      id: row.id,
      fencingToken: row.fencing_token,
      attemptCount: row.attempt_count,
      bankLoginId: row.bank_login_id,
      endpoint,
      event,
    });
  }
  claim.deliveries.sort((a, b) => Number(a.event.position - b.event.position));
  return claim;
}

function toEndpoint(id: string, row: NonNullable<ClaimedEndpointRow['endpoint']>): ClaimedEndpoint {
  return {
    id,
    clientId: row.client_id,
    url: row.url,
    method: row.method,
    sealedHeaders: row.headers,
    signatureAlgorithm: row.signature_algorithm,
    sealedSecrets: row.secrets,
    document: row.document,
    rateLimit: row.rate_limit,
    paceMs: row.pace_ms,
    isFailing: row.failing_since !== null,
  };
}

function toEvent(row: ClaimedDeliveryRow, type: EventRecord['type']): ClaimedEvent {
  return {
    id: row.event_id,
    clientId: row.event_client_id,
    type,
    position: row.event_position,
    occurredAt: row.event_occurred_at,
    userId: row.event_user_id,
    bankLoginId: row.bank_login_id,
    cycleId: row.event_cycle_id,
    endpointId: row.event_endpoint_id,
    data: row.event_data,
  };
}
