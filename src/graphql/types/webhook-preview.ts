import type { WebhookPreview } from '../../webhooks/redelivery.ts';
import { builder } from '../builder.ts';
import { defineNamedResult } from '../results.ts';
import { WebhookMethod } from './webhook-endpoint.ts';

const Header = builder.objectRef<{ name: string; value: string }>('Header').implement({
  description: 'A request header.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'Its name.' }),
    value: t.exposeString('value', { description: 'Its value; your own extra headers are shown without theirs.' }),
  }),
});

const PreviewWebhookPayload = builder.objectRef<WebhookPreview>('PreviewWebhookPayload').implement({
  description: 'The request that a delivery would make.',
  fields: (t) => ({
    method: t.expose('method', { type: WebhookMethod, description: 'The HTTP method.' }),
    headers: t.field({ type: [Header], description: 'The headers.', resolve: ({ headers }) => [...headers] }),
    body: t.exposeString('body', { description: 'The body, byte for byte.' }),
  }),
});

const PreviewWebhookResult = defineNamedResult('PreviewWebhookResult', PreviewWebhookPayload, [
  'NotFoundError',
  'ConflictError',
]);

builder.queryField('previewWebhook', (t) =>
  t.field({
    type: PreviewWebhookResult.ref,
    description: 'What the endpoint would be sent for this event; nothing is sent.',
    args: {
      endpointId: t.arg.id({ required: true, description: "The endpoint's id." }),
      eventId: t.arg.id({ required: true, description: "The event's id." }),
    },
    resolve: (_root, { endpointId, eventId }, { services, viewer }) =>
      PreviewWebhookResult.from(() => services.webhooks.preview(viewer.clientId, endpointId, eventId)),
  }),
);
