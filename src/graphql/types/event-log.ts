import { GraphQLError } from 'graphql';
import { parseCursor, toCursor } from '../../events/event-cursor.ts';
import type { EventRecord } from '../../events/event-record.ts';
import type { StreamFilter } from '../../events/event-tail.ts';
import { builder } from '../builder.ts';
import { forwardArguments, readConnection } from '../connections.ts';
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

builder.queryField('events', (t) =>
  t.field({
    type: EventConnection,
    description:
      "The event log, oldest first; `after` takes an event's cursor. The same events that webhooks deliver and subscriptions stream.",
    args: { ...filterArguments, ...forwardArguments },
    resolve: (_root, args, { services, viewer }) =>
      readConnection(args, {
        cursorOf: (event: EventRecord) => toCursor(event.position),
        keyOf: parseCursor,
        read: ({ after, limit }) => {
          services.audit.noteRead(viewer);
          return services.events.read({
            ...toFilter(viewer.clientId, args),
            ...(after !== null && { after }),
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
      after: t.arg.string({ description: 'The cursor of the last event that you have seen; left out: live only.' }),
    },
    subscribe: (_root, args, { services, viewer }) => {
      services.audit.noteRead(viewer);
      const filter = toFilter(viewer.clientId, args);
      const after = args.after == null ? null : parseAfter(args.after);
      return streamUntilLeft((abort) => services.events.stream({ ...filter, after, abort }));
    },
    resolve: (event, _args, { progress }) => {
      progress.position = event.position;
      return event;
    },
  }),
);

function parseAfter(cursor: string): bigint {
  const position = parseCursor(cursor);
  if (position === null) {
    throw new GraphQLError('`after` is not a cursor of the event log.', { extensions: { code: 'BAD_USER_INPUT' } });
  }
  return position;
}
