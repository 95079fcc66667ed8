import { NotFound } from '../../domain/errors.ts';
import { attemptsOf, type StoredAttempt } from '../../webhooks/attempt-store.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { Event } from './event.ts';

export const DeliveryStatus = builder.enumType('DeliveryStatus', {
  description: 'Where a delivery stands.',
  values: {
    PENDING: { description: 'Not accepted yet; it is, or will be, tried.' },
    DELIVERED: { description: 'Accepted with a 2xx.' },
    FAILED: { description: 'Given up; redeliver and recoverDeliveries try again.' },
  } as const,
});

const WebhookAttempt = builder.objectRef<StoredAttempt>('WebhookAttempt').implement({
  description: 'One HTTP request of a delivery.',
  fields: (t) => ({
    startedAt: t.field({
      type: 'DateTime',
      description: 'When it was sent.',
      resolve: ({ startedAt }) => new Date(startedAt),
    }),
    durationMs: t.exposeInt('durationMs', { description: 'How long it took.' }),
    responseStatus: t.exposeInt('responseStatus', {
      nullable: true,
      description: 'The HTTP status of the response; null when there was none.',
    }),
    responseBody: t.exposeString('responseBody', {
      nullable: true,
      description: 'The first bytes of the response body.',
    }),
    error: t.exposeString('error', { nullable: true, description: 'Why there was no response, or not a good one.' }),
  }),
});

export const WebhookDelivery = builder.prismaObject('WebhookDelivery', {
  description: 'One event on its way to one endpoint.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `whd_`.' }),
    endpoint: t.relation('endpoint', { description: 'Where it goes.' }),
    event: t.field({
      type: Event,
      description: 'What is delivered.',
      resolve: async ({ eventId }, _args, { loaders }) => {
        const event = await loaders.event.load(eventId);
        if (!event) throw new NotFound('event', eventId);
        return event;
      },
    }),
    status: t.expose('status', { type: DeliveryStatus, description: 'Where it stands.' }),
    nextAttemptAt: t.expose('nextAttemptAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it is tried next; null when it is not.',
    }),
    attempts: t.field({
      type: [WebhookAttempt],
      description: 'Every try, oldest first.',
      resolve: attemptsOf,
    }),
  }),
});

export const WebhookDeliveryConnection = builder.connectionObject(
  { type: WebhookDelivery, name: 'WebhookDeliveryConnection', description: 'A page of webhook deliveries.' },
  { name: 'WebhookDeliveryEdge', description: 'A webhook delivery in a page.' },
);

const WebhookDeliveryFilter = builder.inputType('WebhookDeliveryFilter', {
  description: 'Which deliveries: those that fulfil everything that is given.',
  fields: (t) => ({
    endpointId: t.id({ description: 'To this endpoint.' }),
    eventId: t.id({ description: 'Of this event.' }),
    status: t.field({ type: DeliveryStatus, description: 'Only those that stand so.' }),
    since: t.field({ type: 'DateTime', description: 'Of events from then on.' }),
  }),
});

builder.queryField('webhookDeliveries', (t) =>
  t.field({
    type: WebhookDeliveryConnection,
    description: 'What has been and will be delivered to all of your endpoints, the newest event first.',
    args: { filter: t.arg({ type: WebhookDeliveryFilter, description: 'Left out: all.' }), ...pageArguments },
    resolve: (_root, { filter, ...args }, { services, viewer }) => {
      const wanted = {
        endpointId: filter?.endpointId ?? null,
        eventId: filter?.eventId ?? null,
        status: filter?.status ?? null,
        since: filter?.since ?? null,
      };
      return readConnection(args, {
        ...cursorById,
        read: (page) => services.webhooks.listDeliveriesOfClient(viewer.clientId, wanted, page),
      });
    },
  }),
);

builder.queryField('webhookDelivery', (t) =>
  t.field({
    type: WebhookDelivery,
    nullable: true,
    description: 'One delivery; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: "The delivery's id." }) },
    resolve: (_root, { id }, { services, viewer }) => services.webhooks.findDelivery(viewer.clientId, id),
  }),
);
