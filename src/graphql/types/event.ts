import { toCursor } from '../../events/event-cursor.ts';
import type { EventRecord } from '../../events/event-record.ts';
import { builder } from '../builder.ts';
import { eventTypeNames } from '../type-names.ts';
import { EventType } from './event-type.ts';

export const Event = builder.interfaceRef<EventRecord>('Event').implement({
  description:
    'Something that happened. Webhooks deliver it, subscriptions stream it, and the event log keeps it: the same id, the same data.',
  resolveType: (event) => eventTypeNames[event.type],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `evt_`; the same in the webhook-id header.' }),
    type: t.expose('type', {
      type: EventType,
      description: 'What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized.',
    }),
    cursor: t.string({
      description: 'Opaque position in the event log: give it as `after` to go on behind this event.',
      resolve: ({ position }) => toCursor(position),
    }),
    occurredAt: t.expose('occurredAt', { type: 'DateTime', description: 'When it happened.' }),
  }),
});

export const EventConnection = builder.connectionObject(
  { type: Event, name: 'EventConnection', description: 'A page of events.' },
  { name: 'EventEdge', description: 'An event in a page.' },
);
