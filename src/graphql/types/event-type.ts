import { type EventDefinition, eventCatalogue } from '../../events/event-catalogue.ts';
import { toEventExample, toEventJsonSchema } from '../../events/event-schema.ts';
import { builder } from '../builder.ts';

export const EventType = builder.enumType('EventType', {
  description:
    'What an event tells of. On the wire a type is written in lower case with a dot: bank_login.synchronized.',
  values: {
    BANK_LOGIN_CONNECTED: { description: 'A bank login was connected: its first data is there.' },
    BANK_LOGIN_SYNCHRONIZED: { description: 'A bank login was synchronized: accounts, balances and what changed.' },
    BANK_LOGIN_SYNCHRONIZATION_FAILED: { description: 'An attempt to synchronize a bank login failed.' },
    BANK_LOGIN_SCA_REQUIRED: { description: 'The end user has to consent again at the bank.' },
    BANK_LOGIN_DELETED: { description: 'A bank login and its data were erased.' },
    CONSENT_EXPIRING: { description: 'A consent ends soon.' },
    CONSENT_EXPIRED: { description: 'A consent has ended.' },
    USER_DELETED: { description: 'A user and everything about it were erased.' },
    SYNCHRONIZATION_CYCLE_COMPLETED: { description: 'A cycle has finished: how many users to expect from it.' },
    WEBHOOK_ENDPOINT_DISABLED: { description: 'An endpoint is sent nothing any more.' },
    WEBHOOK_TEST: { description: 'You asked for a test delivery.' },
  } as const,
});

const EventTypeDefinition = builder.objectRef<EventDefinition>('EventTypeDefinition').implement({
  description: 'What an event type means, and what its data looks like.',
  fields: (t) => ({
    type: t.expose('type', { type: EventType, description: 'The type.' }),
    name: t.exposeString('name', { description: 'The type as webhooks write it: bank_login.synchronized.' }),
    description: t.exposeString('description', { description: 'When such an event happens.' }),
    schema: t.field({
      type: 'JSON',
      description: "JSON Schema of the event's data.",
      resolve: (definition) => toEventJsonSchema(definition),
    }),
    example: t.field({
      type: 'JSON',
      description: 'An example that fits the schema.',
      resolve: (definition) => toEventExample(definition),
    }),
  }),
});

builder.queryField('eventTypes', (t) =>
  t.field({
    type: [EventTypeDefinition],
    description: 'Every event type with its JSON Schema and an example payload.',
    resolve: () => Object.values(eventCatalogue),
  }),
);
