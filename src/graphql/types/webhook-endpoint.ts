import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { EventType } from './event-type.ts';
import { DeliveryStatus, WebhookDeliveryConnection } from './webhook-delivery.ts';

export const WebhookMethod = builder.enumType('WebhookMethod', {
  description: 'The HTTP method of deliveries.',
  values: {
    POST: { description: 'The usual one.' },
    PUT: { description: 'For receivers that store each event under its id.' },
    PATCH: { description: 'For receivers that take nothing else.' },
  } as const,
});

export const WebhookEndpointStatus = builder.enumType('WebhookEndpointStatus', {
  description: 'Whether an endpoint is sent anything.',
  values: {
    ENABLED: { description: 'Events are delivered.' },
    DISABLED: { description: 'Nothing is sent. Events go on being kept: recoverDeliveries makes up for them.' },
  } as const,
});

export const SignatureAlgorithm = builder.enumType('SignatureAlgorithm', {
  description: 'How deliveries are signed.',
  values: {
    HMAC_SHA256: {
      description: 'Standard Webhooks 1.0: with a shared secret, `whsec_…`; the signature begins with `v1,`.',
    },
    ED25519: {
      description:
        'Standard Webhooks 1.0: with a private key, checked with `whpk_…`; the signature begins with `v1a,`.',
    },
    JWS_ES256: {
      description:
        'With a key of this installation, checked with those at `/.well-known/jwks.json`: a detached JWS (RFC 7515, RFC 7797) in `x-jws-signature`.',
    },
  } as const,
});

export const WebhookEndpoint = builder.prismaObject('WebhookEndpoint', {
  description: 'Where events are delivered.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `whe_`.' }),
    url: t.expose('url', { type: 'URL', description: 'Where deliveries are sent.' }),
    types: t.field({
      type: [EventType],
      nullable: true,
      description: 'The types that are delivered; null: every type.',
      resolve: ({ types }) => (types.length === 0 ? null : types),
    }),
    method: t.expose('method', { type: WebhookMethod, description: 'The HTTP method of deliveries.' }),
    description: t.exposeString('description', { nullable: true, description: 'Your own note.' }),
    document: t.exposeString('document', {
      nullable: true,
      description: "The GraphQL subscription document that shapes the body's `data`; null: the default payload.",
    }),
    rateLimit: t.exposeInt('rateLimit', {
      nullable: true,
      description: 'Deliveries per second at most; null: no limit.',
    }),
    signatureAlgorithm: t.expose('signatureAlgorithm', {
      type: SignatureAlgorithm,
      description: 'How deliveries are signed.',
    }),
    publicKey: t.string({
      nullable: true,
      description: 'The `whpk_` key to check deliveries with; null for an endpoint that signs otherwise.',
      resolve: (endpoint, _args, { services }) => services.webhooks.publicKey(endpoint),
    }),
    documentError: t.exposeString('documentError', {
      nullable: true,
      description: 'Why the document no longer fits the schema; null while it does.',
    }),
    status: t.expose('status', { type: WebhookEndpointStatus, description: 'Whether it is sent anything.' }),
    disabledReason: t.exposeString('disabledReason', {
      nullable: true,
      description: 'Why it was disabled; null while it is enabled.',
    }),
    failingSince: t.expose('failingSince', {
      type: 'DateTime',
      nullable: true,
      description: 'Since when every delivery has failed; null while they succeed. After 5 days of it, it is disabled.',
    }),
    deliveries: t.field({
      type: WebhookDeliveryConnection,
      description: 'What has been and will be delivered, newest first.',
      args: {
        status: t.arg({ type: DeliveryStatus, description: 'Only deliveries in this state.' }),
        ...pageArguments,
      },
      resolve: (endpoint, args, { loaders }) =>
        readConnection(args, {
          ...cursorById,
          read: (page) => loaders.deliveries.load(endpoint.id, { status: args.status ?? null, ...page }),
        }),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When it was created.' }),
  }),
});

const EndpointConnection = builder.connectionObject(
  { type: WebhookEndpoint, name: 'WebhookEndpointConnection', description: 'A page of webhook endpoints.' },
  { name: 'WebhookEndpointEdge', description: 'A webhook endpoint in a page.' },
);

builder.queryFields((t) => ({
  webhookEndpoint: t.field({
    type: WebhookEndpoint,
    nullable: true,
    description: 'One of your endpoints; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: "The endpoint's id." }) },
    resolve: (_root, { id }, { loaders }) => loaders.webhookEndpoint.load(id),
  }),
  webhookEndpoints: t.field({
    type: EndpointConnection,
    description: 'Your endpoints, oldest first.',
    args: pageArguments,
    resolve: (_root, args, { services, viewer }) =>
      readConnection(args, { ...cursorById, read: (page) => services.webhooks.list(viewer.clientId, page) }),
  }),
}));
