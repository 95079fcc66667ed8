import { NotFound } from '../../domain/errors.ts';
import type { EventData } from '../../events/event-catalogue.ts';
import type { EventRecord } from '../../events/event-record.ts';
import { builder } from '../builder.ts';
import { defineEvent } from './event-node.ts';
import { SynchronizationCycle } from './synchronization-cycle.ts';
import { WebhookEndpoint } from './webhook-endpoint.ts';

/** Every field that any of these events has. */
type OtherEventData = EventData<'BANK_LOGIN_DELETED'> &
  EventData<'USER_DELETED'> &
  EventData<'WEBHOOK_ENDPOINT_DISABLED'> &
  EventData<'WEBHOOK_TEST'>;

// The catalogue of events has written it in this shape; which fields are there follows from the type.
function dataOf(event: EventRecord): OtherEventData {
  return event.data as unknown as OtherEventData;
}

builder.objectFields(defineEvent('BankLoginDeleted', 'A bank login and its data were erased.'), (t) => ({
  userId: t.id({ description: 'Whose login it was.', resolve: (event) => dataOf(event).userId }),
  bankLoginId: t.id({ description: 'The id that the login had.', resolve: (event) => dataOf(event).bankLoginId }),
}));

builder.objectFields(defineEvent('UserDeleted', 'A user and everything about it were erased.'), (t) => ({
  userId: t.id({ description: 'The id that the user had.', resolve: (event) => dataOf(event).userId }),
  externalId: t.string({
    nullable: true,
    description: 'Null: your own id is erased with the user, whom `userId` names.',
    resolve: (event) => dataOf(event).externalId,
  }),
}));

const CycleCompleted = defineEvent(
  'SynchronizationCycleCompleted',
  'The manifest of a finished cycle, for this client: what to expect from it, so that completeness can be checked.',
);
builder.objectField(CycleCompleted, 'cycle', (t) =>
  t.field({
    type: SynchronizationCycle,
    description: 'The cycle.',
    resolve: async ({ cycleId }, _args, { loaders }) => {
      const cycle = cycleId && (await loaders.cycle.load(cycleId));
      if (!cycle) throw new NotFound('cycle', cycleId ?? '');
      return cycle;
    },
  }),
);

builder.objectFields(defineEvent('WebhookEndpointDisabled', 'An endpoint is sent nothing any more.'), (t) => ({
  endpoint: t.field({
    type: WebhookEndpoint,
    nullable: true,
    description: 'The endpoint, as it is now; null once it has been deleted.',
    resolve: ({ endpointId }, _args, { loaders }) =>
      endpointId === null ? null : loaders.webhookEndpoint.load(endpointId),
  }),
  reason: t.string({ description: 'Why.', resolve: (event) => dataOf(event).reason }),
}));

builder.objectField(defineEvent('WebhookTest', 'You asked for a test delivery.'), 'message', (t) =>
  t.string({ description: 'For people.', resolve: (event) => dataOf(event).message }),
);
