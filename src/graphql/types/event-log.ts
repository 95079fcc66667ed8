import { GraphQLError } from 'graphql';
import { parseCursor, toCursor } from '../../events/event-cursor.ts';
import type { EventRecord } from '../../events/event-record.ts';
import type { StreamFilter } from '../../events/event-tail.ts';
import { builder } from '../builder.ts';
import { forwardArguments, readConnection } from '../connections.ts';
import type { Context } from '../context.ts';
import { streamUntilLeft } from '../subscription-stream.ts';
import { Event, EventConnection } from './event.ts';
import { EventType } from './event-type.ts';

const filterArguments = builder.args((arg) => ({
  types: arg.field({ type: [EventType], description: 'Events of these types alone; left out: of every type.' }),
  userId: arg.id({ description: 'Events about this user alone.' }),
  bankLoginId: arg.id({ description: 'Events about this bank login alone.' }),
}));

interface FilterArguments {
  types?: StreamFilter['types'] | null;
  userId?: string | null | undefined;
  bankLoginId?: string | null | undefined;
}

function toFilter(clientId: string, { types, userId, bankLoginId }: FilterArguments): StreamFilter {
  return {
    clientId,
    ...(types != null && { types }),
    ...(userId != null && { userId }),
    ...(bankLoginId != null && { bankLoginId }),
  };
}

const since = 'From the first event on that occurred then or later, as far back as the log reaches.';

/** The later of the two; null where nothing says where to begin. */
async function placeOf(
  { after, since }: { after: bigint | null; since?: Date | null | undefined },
  { services, viewer }: Context,
): Promise<bigint | null> {
  if (since == null) return after;
  const before = await services.events.positionBefore(viewer.clientId, since);
  return after !== null && after > before ? after : before;
}

const EventLog = builder
  .objectRef<{ head: bigint; removedThrough: bigint; retentionDays: number }>('EventLog')
  .implement({
    description:
      'Where the event log stands: follow from `headCursor` on, after reading the lists, and nothing is missed.',
    fields: (t) => ({
      headCursor: t.string({
        description: 'Of the latest event; give it as `after` for all that comes.',
        resolve: ({ head }) => toCursor(head),
      }),
      firstCursor: t.string({
        description: 'Behind it lies the earliest event that is kept; give it as `after` for all that there is.',
        resolve: ({ removedThrough }) => toCursor(removedThrough),
      }),
      retentionDays: t.exposeInt('retentionDays', { description: 'For how many days events are kept.' }),
    }),
  });

builder.queryField('eventLog', (t) =>
  t.field({
    type: EventLog,
    description: 'Where the event log stands.',
    resolve: (_root, _args, { services, viewer }) => services.events.extent(viewer.clientId),
  }),
);

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    description:
      "The event log, oldest first; `after` takes an event's cursor. The same events that webhooks deliver and subscriptions stream.",
    args: { ...filterArguments, ...forwardArguments, since: t.arg({ type: 'DateTime', description: since }) },
    resolve: (_root, args, context) =>
      readConnection(args, {
        cursorOf: (event: EventRecord) => toCursor(event.position),
        keyOf: parseCursor,
        read: async ({ after, limit }) => {
          const { services, viewer } = context;
          services.audit.noteRead(viewer);
          const place = await placeOf({ after, since: args.since }, context);
          return await services.events.read({
            ...toFilter(viewer.clientId, args),
            ...(place !== null && { after: place }),
            limit,
          });
        },
      }),
  }),
);

builder.subscriptionField('events', (t) =>
  t.field({
    type: Event,
    description: [
      'The live mirror of the webhook events: same ids, same data, same order per bank login.',
      "With `after` (an event's cursor) the stream first replays what was missed, then goes live without gap or repeat.",
    ].join('\n'),
    args: {
      ...filterArguments,
      after: t.arg.string({
        description: 'The cursor of the last event that you have seen; empty: from the beginning; left out: live only.',
      }),
      since: t.arg({ type: 'DateTime', description: since }),
    },
    subscribe: async (_root, args, context) => {
      const { services, viewer } = context;
      services.audit.noteRead(viewer);
      const filter = toFilter(viewer.clientId, args);
      const given = args.after == null || args.after === '' ? null : parseAfter(args.after);
      const since = args.after === '' ? theBeginning : args.since;
      const { resumeAfter, head } = context.beginning;
      const after = resumeAfter ?? (await placeOf({ after: given, since }, context)) ?? head;
      context.progress.position = after;
      return streamUntilLeft((abort) => services.events.stream({ ...filter, after, abort }));
    },
    resolve: (event, _args, { progress }) => {
      progress.position = event.position;
      return event;
    },
  }),
);

const theBeginning = new Date(0);

function parseAfter(cursor: string): bigint {
  const position = parseCursor(cursor);
  if (position === null) {
    throw new GraphQLError('`after` is not a cursor of the event log.', { extensions: { code: 'BAD_USER_INPUT' } });
  }
  return position;
}
