import type { Clock } from '../domain/clock.ts';
import { Conflict, InvalidInput, NotFound } from '../domain/errors.ts';
import type { Page } from '../domain/page.ts';
import type { EventLog } from '../events/event-log.ts';
import type { EventSignal } from '../events/event-signal.ts';
import type { JwsSigner } from './detached-jws.ts';
import type { DocumentRunner } from './document-runner.ts';
import type { EndpointSecrets } from './endpoint-secrets.ts';
import type { EndpointStore, WebhookDelivery, WebhookEndpoint } from './endpoint-store.ts';
import { createPayloads } from './payload.ts';
import type { DeliveryFilter, DeliveryPage, RedeliveryStore } from './redelivery-store.ts';
import type { WebhookMethod } from './webhook-method.ts';
import { signFor, webhookHeaders } from './webhook-request.ts';

export interface WebhookPreview {
  method: WebhookMethod;
  /** The values of the endpoint's own headers are not shown. */
  headers: { name: string; value: string }[];
  body: string;
}

/** Deliveries: to look at, to repeat, to recover. */
export interface Redelivery {
  findDelivery(clientId: string, id: string): Promise<WebhookDelivery | null>;
  /** Of an event to an endpoint. */
  findDeliveryOf(clientId: string, endpointId: string, eventId: string): Promise<WebhookDelivery | null>;
  /** In no order; what is not the client's is left out. */
  listDeliveriesByIds(clientId: string, ids: readonly string[]): Promise<WebhookDelivery[]>;
  /** Of all of the client's endpoints, the newest event first. */
  listDeliveriesOfClient(clientId: string, filter: DeliveryFilter, page: Page): Promise<WebhookDelivery[]>;
  /** The same page of each of the client's endpoints, newest first; an endpoint without deliveries is left out. */
  listDeliveries(
    clientId: string,
    endpointIds: readonly string[],
    page: DeliveryPage,
  ): Promise<Map<string, WebhookDelivery[]>>;
  /** Makes a webhook.test event, delivered to this endpoint alone. Conflict while it is disabled. */
  sendTest(clientId: string, endpointId: string): Promise<WebhookDelivery>;
  /** Delivers again, now. Conflict while the endpoint is disabled or an attempt is being made. */
  redeliver(clientId: string, deliveryId: string): Promise<WebhookDelivery>;
  /** Delivers, in order, every event since then that the endpoint has not accepted; returns how many. */
  recover(clientId: string, endpointId: string, since: Date): Promise<number>;
  /** What the endpoint would be sent for this event. Conflict when its document fails. */
  preview(clientId: string, endpointId: string, eventId: string): Promise<WebhookPreview>;
  /** Has every process look for what is due for this client. */
  wakeDispatchers(clientId: string): Promise<void>;
}

export interface RedeliveryDeps {
  store: RedeliveryStore;
  endpoints: EndpointStore;
  clock: Clock;
  eventLog: EventLog;
  signal: EventSignal;
  documents: DocumentRunner;
  secrets: EndpointSecrets;
  jws: JwsSigner;
}

const recoveredAtOnce = 1_000;
const hiddenValue = '[hidden]';

export function createRedelivery(deps: RedeliveryDeps): Redelivery {
  const { store, clock, eventLog, secrets } = deps;

  async function getEndpoint(clientId: string, id: string): Promise<WebhookEndpoint> {
    const endpoint = await deps.endpoints.find(clientId, id);
    if (!endpoint) throw new NotFound('webhook endpoint', id);
    return endpoint;
  }

  async function getEnabled(clientId: string, id: string): Promise<WebhookEndpoint> {
    const endpoint = await getEndpoint(clientId, id);
    if (endpoint.status === 'ENABLED') return endpoint;
    throw new Conflict('ENDPOINT_DISABLED', `The webhook endpoint ${id} is disabled: enable it first.`);
  }

  async function getDelivery(clientId: string, id: string): Promise<WebhookDelivery> {
    const delivery = await store.find(clientId, id);
    if (!delivery) throw new NotFound('webhook delivery', id);
    return delivery;
  }

  // The log has not grown, but to look again is all that its readers do.
  const wakeDispatchers = async (clientId: string) => deps.signal.publish(clientId, await eventLog.head(clientId));

  return {
    findDelivery: store.find,
    findDeliveryOf: store.findByEvent,
    listDeliveriesByIds: store.listByIds,
    listDeliveriesOfClient: store.listOfClient,
    listDeliveries: store.list,
    wakeDispatchers,
    async sendTest(clientId, endpointId) {
      await getEnabled(clientId, endpointId);
      const eventId = await eventLog.commit(async (_tx, append) =>
        append({
          clientId,
          type: 'WEBHOOK_TEST',
          endpointId,
          occurredAt: clock.now(),
          data: { message: 'This is a test.' },
        }),
      );
      const delivery = await store.findByEvent(clientId, endpointId, eventId);
      // Disabled or deleted in between.
      if (!delivery) throw new Conflict('ENDPOINT_DISABLED', `The webhook endpoint ${endpointId} takes no events.`);
      return delivery;
    },
    async redeliver(clientId, deliveryId) {
      const { endpointId } = await getDelivery(clientId, deliveryId);
      await getEnabled(clientId, endpointId);
      if (!(await store.repeat(clientId, deliveryId, clock.now()))) {
        throw new Conflict('DELIVERY_IN_PROGRESS', `An attempt of ${deliveryId} is being made.`);
      }
      await wakeDispatchers(clientId);
      return await getDelivery(clientId, deliveryId);
    },
    async recover(clientId, endpointId, since) {
      const until = clock.now();
      if (since > until) throw new InvalidInput([{ path: 'since', message: 'must not be in the future' }]);
      await getEnabled(clientId, endpointId);
      let recoveredCount = 0;
      for (let after: bigint | null = 0n; after !== null; ) {
        const step: { count: number; last: bigint | null } = await store.recover({
          ...{ clientId, endpointId, since, until, after },
          limit: recoveredAtOnce,
        });
        recoveredCount += step.count;
        after = step.last;
      }
      await store.forgetMissed({ clientId, endpointId, since, until });
      if (recoveredCount > 0) await wakeDispatchers(clientId);
      return recoveredCount;
    },
    async preview(clientId, endpointId, eventId) {
      const endpoint = await getEndpoint(clientId, endpointId);
      const event = await eventLog.find(clientId, eventId);
      if (!event) throw new NotFound('event', eventId);
      const { data, ...rest } = event;
      const payloads = createPayloads({ loadEventData: async () => null, documents: deps.documents });
      const payload = await payloads.payloadFor({ ...rest, data: JSON.stringify(data) }, endpoint.document);
      if ('error' in payload) throw new Conflict('DOCUMENT_FAILED', payload.error);
      const sentAt = clock.now();
      const message = { id: event.id, sentAt, body: payload.body };
      const headers = webhookHeaders(
        secrets.openHeaders(endpoint.id, endpoint.headers).map(({ name }) => ({ name, value: hiddenValue })),
        await signFor({ ...endpoint, sealedSecrets: endpoint.secrets }, message, deps),
      );
      return {
        method: endpoint.method,
        headers: Object.entries(headers).map(([name, value]) => ({ name, value })),
        body: payload.body.toString('utf8'),
      };
    },
  };
}
