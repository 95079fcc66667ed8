import { cutAccount, eventBounds, fewerRows, hasAccounts } from '../events/event-bounds.ts';
import { eventNames } from '../events/event-catalogue.ts';
import { toCursor } from '../events/event-cursor.ts';
import { type EventRecord, toEventHead } from '../events/event-record.ts';
import { cachedBodyBytes, maximumBodyBytes } from './delivery-limits.ts';
import type { ClaimedEvent } from './delivery-store.ts';
import type { DocumentRunner } from './document-runner.ts';

/** The bytes of a webhook, or why there are none. */
export type Payload = { body: Buffer } | { error: string };

export interface Payloads {
  /** The body for an endpoint of this client with this document (null: the event as the API returns it). Neither throws nor rejects. */
  payloadFor(event: ClaimedEvent, document: string | null): Payload | Promise<Payload>;
}

export interface PayloadDeps {
  loadEventData(eventId: string): Promise<string | null>;
  documents: DocumentRunner;
}

/** Makes each body once and keeps the latest for the other endpoints that take the same event. */
export function createPayloads({ loadEventData, documents }: PayloadDeps): Payloads {
  // In two generations: a Map from which the oldest are deleted one by one is walked through more slowly each time.
  let kept = new Map<string, Payload | Promise<Payload>>();
  let keptBefore: typeof kept = new Map();
  let keptBytes = 0;

  function count(key: string, made: Payload): void {
    if ('error' in made) {
      // What failed is tried anew by the next attempt.
      kept.delete(key);
      keptBefore.delete(key);
      return;
    }
    keptBytes += made.body.length;
    if (keptBytes < cachedBodyBytes / 2) return;
    keptBefore = kept;
    kept = new Map();
    keptBytes = 0;
  }

  return {
    payloadFor(event, document) {
      const key = document === null ? event.id : `${event.id} ${document}`;
      const known = kept.get(key) ?? keptBefore.get(key);
      if (known) return known;
      const payload = makePayload(event, document, { loadEventData, documents });
      kept.set(key, payload);
      if (payload instanceof Promise) payload.then((made) => count(key, made));
      else count(key, payload);
      return payload;
    },
  };
}

function makePayload(event: ClaimedEvent, document: string | null, deps: PayloadDeps): Payload | Promise<Payload> {
  // Most bodies need nothing to be waited for: promises would cost as much as they do.
  if (document !== null || event.data === null) return loadPayload(event, document, deps).catch(notMade);
  try {
    return defaultPayload(event, event.data);
  } catch (error) {
    return notMade(error);
  }
}

function notMade(error: unknown): Payload {
  return { error: `The body could not be made: ${error instanceof Error ? error.message : String(error)}` };
}

async function loadPayload(event: ClaimedEvent, document: string | null, deps: PayloadDeps): Promise<Payload> {
  const json = event.data ?? (await deps.loadEventData(event.id));
  if (json === null) return { error: 'The event has been erased.' };
  if (document === null) return defaultPayload(event, json);
  const record = toRecord(event, json);
  for (const rowsPerList of [undefined, ...fewerRows(eventBounds.rowsShown / 2)]) {
    const result = await deps.documents.run(document, { clientId: event.clientId, event: record, rowsPerList });
    if ('errors' in result)
      return { error: `The endpoint's document failed: ${result.errors.join('; ')}`.slice(0, 500) };
    const body = envelope(event, JSON.stringify(result.data));
    if (body.length <= maximumBodyBytes) return { body };
    if (!hasAccounts(record.data)) break;
  }
  // It is not the lists of the event that are too long: what everybody gets without a document fits.
  return { body: cutBody(event, record) };
}

function defaultPayload(event: ClaimedEvent, json: string): Payload {
  // So short that no list can have more rows than a message shows.
  if (json.length <= eventBounds.rowsShown * shortestRow) return { body: envelope(event, defaultData(event, json)) };
  return { body: cutBody(event, toRecord(event, json)) };
}

/** Characters of a transaction in the JSON of an event, at least, and of as many ids of removed ones as count for one. */
const shortestRow = 150;

/** Lists with as many rows as a message shows, or fewer where it would be too long; `cursor` is where a query begins that returns this event. */
function cutBody(event: ClaimedEvent, record: EventRecord): Buffer {
  const { data } = record;
  let body: Buffer = Buffer.alloc(0);
  for (const rows of fewerRows(eventBounds.rowsShown)) {
    const cut = hasAccounts(data)
      ? { ...data, accounts: data.accounts.map((account) => cutAccount(account, rows)) }
      : data;
    const isCut = hasAccounts(cut) && cut.accounts.some(({ truncated }) => truncated);
    const head = { ...toEventHead(event), ...(isCut && { truncated: true }) };
    const extra = isCut ? `"truncated":true,"cursor":${JSON.stringify(toCursor(event.position - 1n))},` : '';
    body = envelope(event, JSON.stringify({ ...head, ...cut }), extra);
    if (body.length <= maximumBodyBytes || !hasAccounts(data)) break;
  }
  return body;
}

// The stored JSON is put in as it is: parsing and writing it again would cost more than everything else.
function defaultData(event: ClaimedEvent, json: string): string {
  const head = JSON.stringify(toEventHead(event));
  return json === '{}' ? head : `${head.slice(0, -1)},${json.slice(1)}`;
}

function envelope(event: ClaimedEvent, data: string, extra = ''): Buffer {
  return Buffer.from(
    `{"type":"${eventNames[event.type]}","timestamp":"${event.occurredAt.toISOString()}",${extra}"data":${data}}`,
    'utf8',
  );
}

function toRecord(event: ClaimedEvent, json: string): EventRecord {
  return { ...event, data: JSON.parse(json) } as EventRecord;
}
