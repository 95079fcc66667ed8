import type { Clock } from '../domain/clock.ts';
import type { AttemptResult } from './attempt-outcome.ts';
import { judgeAttempt } from './attempt-outcome.ts';
import type { AttemptRecord } from './attempt-store.ts';
import type { ClaimedDelivery } from './delivery-store.ts';
import type { JwsSigner } from './detached-jws.ts';
import type { HealthSign } from './endpoint-health.ts';
import type { EndpointSecrets } from './endpoint-secrets.ts';
import type { Payloads } from './payload.ts';
import { toRecordedText } from './recorded-text.ts';
import { signFor, webhookHeaders } from './webhook-request.ts';
import type { WebhookSender } from './webhook-sender.ts';

/** An attempt made, with what it says of the endpoint; `sign` is null when none was made. */
export interface MadeAttempt extends AttemptRecord {
  endpointId: string;
  sign: HealthSign | null;
}

export interface AttemptDeps {
  payloads: Payloads;
  secrets: EndpointSecrets;
  jws: JwsSigner;
  sender: WebhookSender;
  clock: Clock;
  random(): number;
}

/** Makes one attempt: body, signature, request, verdict. Never rejects: what keeps it from being sent is its error. */
export async function makeAttempt(delivery: ClaimedDelivery, deps: AttemptDeps): Promise<MadeAttempt> {
  const startedAt = deps.clock.now();
  const result = await sendDelivery(delivery, startedAt, deps);
  const attemptCount = delivery.attemptCount + 1;
  const now = deps.clock.now();
  const { endpoint } = delivery;
  const verdict = judgeAttempt(result, { attemptCount, now, random: deps.random() });
  return {
    deliveryId: delivery.id,
    fencingToken: delivery.fencingToken,
    endpointId: endpoint.id,
    outcome: verdict.outcome,
    startedAt,
    finishedAt: now,
    durationMs: result.durationMs,
    responseStatus: result.responseStatus,
    responseBody: result.responseBody,
    error: result.error,
    nextAttemptAt: verdict.nextAttemptAt,
    sign: {
      endpoint,
      isSuccess: verdict.outcome === 'delivered',
      isGone: verdict.isGone,
      at: now,
      pausedUntil: verdict.pausedUntil,
    },
  };
}

/** Gives a delivery back without an attempt. */
export function giveBackDelivery(delivery: ClaimedDelivery): MadeAttempt {
  return {
    deliveryId: delivery.id,
    fencingToken: delivery.fencingToken,
    endpointId: delivery.endpoint.id,
    outcome: 'released',
    startedAt: new Date(0),
    finishedAt: new Date(0),
    durationMs: 0,
    responseStatus: null,
    responseBody: null,
    error: null,
    nextAttemptAt: null,
    sign: null,
  };
}

async function sendDelivery(delivery: ClaimedDelivery, sentAt: Date, deps: AttemptDeps): Promise<AttemptResult> {
  const { endpoint, event } = delivery;
  const payload = await deps.payloads.payloadFor(event, endpoint.document);
  if ('error' in payload) return notSent(payload.error);
  const { body } = payload;
  try {
    const headers = webhookHeaders(
      deps.secrets.openHeaders(endpoint.id, endpoint.sealedHeaders),
      await signFor(endpoint, { id: event.id, sentAt, body }, deps),
    );
    return await deps.sender.send({
      endpointId: endpoint.id,
      url: endpoint.url,
      method: endpoint.method,
      headers,
      body,
    });
  } catch (error) {
    // A secret that cannot be decrypted, an address that is none: stored otherwise, it would not be here.
    return notSent(`The request could not be made: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function notSent(error: string): AttemptResult {
  return { responseStatus: null, retryAfter: null, responseBody: null, error: toRecordedText(error), durationMs: 0 };
}
