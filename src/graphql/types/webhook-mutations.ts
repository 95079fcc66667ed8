import type { FirstResult } from '../../clients/idempotency.ts';
import type { WebhookDelivery as DeliveryRow, WebhookEndpoint as EndpointRow } from '../../generated/prisma/client.ts';
import type { NewWebhookEndpoint, WebhookEndpointChange } from '../../webhooks/endpoint-input.ts';
import { builder } from '../builder.ts';
import type { Context } from '../context.ts';
import { doOnce, idempotencyKeyDescription, secretOf } from '../idempotent-mutations.ts';
import { defineNamedResult, defineResult } from '../results.ts';
import { DeletedPayload } from './deleted-payload.ts';
import { EventType } from './event-type.ts';
import { WebhookDelivery } from './webhook-delivery.ts';
import { SignatureAlgorithm, WebhookEndpoint, WebhookEndpointStatus, WebhookMethod } from './webhook-endpoint.ts';

const HeaderInput = builder.inputType('HeaderInput', {
  description: 'A request header.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'Its name, such as Authorization.' }),
    value: t.string({ required: true, description: 'Its value.' }),
  }),
});

const documentDescription = [
  "A GraphQL subscription document on `events` that shapes the body's `data`:",
  'the very document that a subscriber would run over WebSocket.',
].join('\n');

const CreateWebhookEndpointInput = builder.inputType('CreateWebhookEndpointInput', {
  description: 'Where to deliver events, which, and how.',
  fields: (t) => ({
    url: t.field({ type: 'URL', required: true, description: 'Where to deliver: http or https.' }),
    types: t.field({ type: [EventType], description: 'Left out: every type.' }),
    method: t.field({ type: WebhookMethod, defaultValue: 'POST', description: 'The HTTP method of deliveries.' }),
    description: t.string({ description: 'Your own note.' }),
    headers: t.field({
      type: [HeaderInput],
      description: 'Extra request headers, such as an Authorization header; stored encrypted, never returned.',
    }),
    document: t.string({ description: `${documentDescription} Left out: the default payload.` }),
    rateLimit: t.int({ description: 'Deliveries per second at most; left out: no limit.' }),
    signatureAlgorithm: t.field({
      type: SignatureAlgorithm,
      defaultValue: 'HMAC_SHA256',
      description: 'How to sign deliveries.',
    }),
    idempotencyKey: t.string({ description: idempotencyKeyDescription }),
  }),
});

const UpdateWebhookEndpointInput = builder.inputType('UpdateWebhookEndpointInput', {
  description: 'What to change of an endpoint. A field left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: "The endpoint's id." }),
    url: t.field({ type: 'URL', description: 'Where to deliver: http or https.' }),
    types: t.field({ type: [EventType], description: 'The types to deliver; null: every type.' }),
    method: t.field({ type: WebhookMethod, description: 'The HTTP method of deliveries.' }),
    description: t.string({ description: 'Your own note; null removes it.' }),
    headers: t.field({ type: [HeaderInput], description: 'All of the extra request headers; null removes them.' }),
    document: t.string({ description: `${documentDescription} Null: the default payload.` }),
    rateLimit: t.int({ description: 'Deliveries per second at most; null: no limit.' }),
    status: t.field({ type: WebhookEndpointStatus, description: 'Disable it, or enable it again.' }),
  }),
});

function toNewEndpoint(input: typeof CreateWebhookEndpointInput.$inferInput): NewWebhookEndpoint {
  return {
    url: input.url,
    types: input.types ?? null,
    method: input.method ?? 'POST',
    description: input.description ?? null,
    headers: input.headers ?? null,
    document: input.document ?? null,
    rateLimit: input.rateLimit ?? null,
    signatureAlgorithm: input.signatureAlgorithm ?? 'HMAC_SHA256',
  };
}

// Null clears what may be empty, and is as good as left out for what may not.
function toEndpointChange(input: typeof UpdateWebhookEndpointInput.$inferInput): WebhookEndpointChange {
  return {
    ...(input.url != null && { url: input.url }),
    ...(input.types !== undefined && { types: input.types }),
    ...(input.method != null && { method: input.method }),
    ...(input.description !== undefined && { description: input.description }),
    ...(input.headers !== undefined && { headers: input.headers }),
    ...(input.document !== undefined && { document: input.document }),
    ...(input.rateLimit !== undefined && { rateLimit: input.rateLimit }),
    ...(input.status != null && { status: input.status }),
  };
}

const CreatePayload = builder
  .objectRef<{ endpoint: EndpointRow; secret: string }>('CreateWebhookEndpointPayload')
  .implement({
    description: 'The endpoint was created. The secret is shown here and never again.',
    fields: (t) => ({
      endpoint: t.expose('endpoint', { type: WebhookEndpoint, description: 'The new endpoint.' }),
      secret: t.exposeString('secret', {
        description:
          'What deliveries are signed, or checked, with: `whsec_…`, `whpk_…`, or the address of the public keys.',
      }),
    }),
  });
const UpdatePayload = builder.objectRef<{ endpoint: EndpointRow }>('UpdateWebhookEndpointPayload').implement({
  description: 'The endpoint was changed.',
  fields: (t) => ({
    endpoint: t.expose('endpoint', { type: WebhookEndpoint, description: 'The endpoint as it is now.' }),
  }),
});
const RotatePayload = builder
  .objectRef<{ endpoint: EndpointRow; secret: string }>('RotateWebhookSecretPayload')
  .implement({
    description: 'The endpoint has a new secret. It is shown here and never again.',
    fields: (t) => ({
      endpoint: t.expose('endpoint', { type: WebhookEndpoint, description: 'The endpoint.' }),
      secret: t.exposeString('secret', { description: 'The new secret.' }),
    }),
  });
const SendTestPayload = builder.objectRef<{ delivery: DeliveryRow }>('SendTestEventPayload').implement({
  description: 'The event was made and is being delivered.',
  fields: (t) => ({
    delivery: t.expose('delivery', { type: WebhookDelivery, description: 'The delivery to look at for the result.' }),
  }),
});
const RedeliverPayload = builder.objectRef<{ delivery: DeliveryRow }>('RedeliverPayload').implement({
  description: 'It is being delivered again.',
  fields: (t) => ({ delivery: t.expose('delivery', { type: WebhookDelivery, description: 'The delivery.' }) }),
});
const RecoverPayload = builder.objectRef<{ count: number }>('RecoverDeliveriesPayload').implement({
  description: 'They are being delivered again, in order.',
  fields: (t) => ({ count: t.exposeInt('count', { description: 'How many events.' }) }),
});

const CreateResult = defineResult(CreatePayload, 'ValidationError', 'ConflictError');
const UpdateResult = defineResult(UpdatePayload, 'ValidationError', 'NotFoundError');
const DeleteResult = defineNamedResult('DeleteWebhookEndpointResult', DeletedPayload, ['NotFoundError']);
const RotateResult = defineResult(RotatePayload, 'NotFoundError', 'ValidationError', 'ConflictError');
const SendTestResult = defineResult(SendTestPayload, 'NotFoundError', 'ConflictError', 'ValidationError');
const RedeliverResult = defineResult(RedeliverPayload, 'NotFoundError', 'ConflictError');
const RecoverResult = defineResult(RecoverPayload, 'ValidationError', 'NotFoundError', 'ConflictError');

const endpointId = { required: true, description: "The endpoint's id." } as const;

async function readWithSecret({ loaders }: Context, first: FirstResult) {
  const endpoint = await loaders.webhookEndpoint.load(first.subjectId);
  return endpoint && { endpoint, secret: secretOf(first) };
}

builder.mutationFields((t) => ({
  createWebhookEndpoint: t.field({
    type: CreateResult.ref,
    description: 'Creates an endpoint. Every event from now on is delivered to it.',
    args: {
      input: t.arg({ type: CreateWebhookEndpointInput, required: true, description: 'The endpoint to create.' }),
    },
    resolve: (_root, { input: { idempotencyKey, ...input } }, context) =>
      CreateResult.from(() =>
        doOnce(context, {
          mutation: 'createWebhookEndpoint',
          idempotencyKey,
          path: 'input.idempotencyKey',
          input,
          work: () => context.services.webhooks.create(context.viewer.clientId, toNewEndpoint(input)),
          again: (first) => readWithSecret(context, first),
        }),
      ),
  }),
  updateWebhookEndpoint: t.field({
    type: UpdateResult.ref,
    description: 'Changes an endpoint.',
    args: { input: t.arg({ type: UpdateWebhookEndpointInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, { services, viewer }) =>
      UpdateResult.from(async () => ({
        endpoint: await services.webhooks.update(viewer.clientId, input.id, toEndpointChange(input)),
      })),
  }),
  deleteWebhookEndpoint: t.field({
    type: DeleteResult.ref,
    description: 'Deletes an endpoint and its deliveries. The events stay.',
    args: { id: t.arg.id(endpointId) },
    resolve: (_root, { id }, { services, viewer }) =>
      DeleteResult.from(async () => {
        await services.webhooks.delete(viewer.clientId, id);
        return { id };
      }),
  }),
  rotateWebhookSecret: t.field({
    type: RotateResult.ref,
    description: 'A new secret; the old one keeps signing beside it until the overlap ends.',
    args: {
      id: t.arg.id(endpointId),
      overlapSeconds: t.arg.int({ defaultValue: 86_400, description: 'How long the old secret keeps signing.' }),
      idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }),
    },
    resolve: (_root, { id, overlapSeconds, idempotencyKey }, context) => {
      const { services, viewer } = context;
      const overlap = overlapSeconds ?? 86_400;
      return RotateResult.from(() =>
        doOnce(context, {
          mutation: 'rotateWebhookSecret',
          idempotencyKey,
          input: { id, overlap },
          work: () => services.webhooks.rotateSecret(viewer.clientId, id, overlap),
          again: (first) => readWithSecret(context, first),
        }),
      );
    },
  }),
  sendTestEvent: t.field({
    type: SendTestResult.ref,
    description: 'Delivers a webhook.test event to this endpoint, through the ordinary path.',
    args: {
      endpointId: t.arg.id(endpointId),
      idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }),
    },
    resolve: (_root, { endpointId: to, idempotencyKey }, { services, viewer, ...context }) =>
      SendTestResult.from(() =>
        doOnce(
          { services, viewer, ...context },
          {
            mutation: 'sendTestEvent',
            idempotencyKey,
            input: { to },
            work: async () => ({ delivery: await services.webhooks.sendTest(viewer.clientId, to) }),
            again: async ({ subjectId: eventId }) => {
              const delivery = await services.webhooks.findDeliveryOf(viewer.clientId, to, eventId);
              return delivery && { delivery };
            },
          },
        ),
      ),
  }),
  redeliver: t.field({
    type: RedeliverResult.ref,
    description: 'Delivers again, now: the same event id, a new attempt.',
    args: { deliveryId: t.arg.id({ required: true, description: "The delivery's id." }) },
    resolve: (_root, { deliveryId }, { services, viewer }) =>
      RedeliverResult.from(async () => ({ delivery: await services.webhooks.redeliver(viewer.clientId, deliveryId) })),
  }),
  recoverDeliveries: t.field({
    type: RecoverResult.ref,
    description:
      'Delivers again, in order, every event since the given time that this endpoint has not accepted, those included that came while it was disabled.',
    args: {
      endpointId: t.arg.id(endpointId),
      since: t.arg({ type: 'DateTime', required: true, description: 'From this moment on.' }),
    },
    resolve: (_root, args, { services, viewer }) =>
      RecoverResult.from(async () => ({
        count: await services.webhooks.recover(viewer.clientId, args.endpointId, args.since),
      })),
  }),
}));
