import { z } from 'zod';
import { type EventDefinition, eventNames } from './event-catalogue.ts';
import { type EventRecord, toEventBody } from './event-record.ts';

const common = z.object({
  id: z
    .string()
    .min(1)
    .describe('The same in webhook, subscription and query: whoever has seen it need not look again.'),
  cursor: z.string().min(1).describe('Opaque position in the event log.'),
  occurredAt: z.iso.datetime(),
});

/**
 * JSON Schema of an event as the API returns it and as webhooks carry it in `data`. Open: fields may be added, and receivers that
 * check against it go on working.
 */
export function toEventJsonSchema({ type, description, data }: EventDefinition): Record<string, unknown> {
  const body = common.extend({ type: z.literal(type).describe(`${eventNames[type]} on the wire.`), ...data.shape });
  return z.toJSONSchema(body.describe(description), {
    io: 'input',
    // A format says it all; the pattern that zod adds to it is a page long for a date.
    override: ({ jsonSchema }) => {
      if (jsonSchema.format) delete jsonSchema.pattern;
    },
  });
}

/** An example that fits the schema. */
export function toEventExample({ type, example }: EventDefinition): Record<string, unknown> {
  const record: EventRecord = {
    id: 'evt_01kkbm2h9j0k1m2n3p4q5r6s7t',
    clientId: '',
    position: 42n,
    type,
    occurredAt: new Date('2026-03-10T10:00:00Z'),
    userId: null,
    bankLoginId: null,
    cycleId: null,
    endpointId: null,
    data: example,
  };
  return toEventBody(record);
}
