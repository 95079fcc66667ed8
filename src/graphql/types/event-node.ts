import type { EventRecord } from '../../events/event-record.ts';
import { builder } from '../builder.ts';
import { Event } from './event.ts';

/** An event type of the schema: what every event has, and a place for its own fields. */
export function defineEvent(name: string, description: string) {
  return builder.objectRef<EventRecord>(name).implement({
    description,
    interfaces: [Event, builder.nodeInterfaceRef()],
    fields: (t) => ({
      id: t.exposeID('id', { description: 'Begins with `evt_`; the same in the webhook-id header.' }),
    }),
  });
}
