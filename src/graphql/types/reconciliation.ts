import { comparedEvents, mostSeenEvents, type Reconciliation } from '../../events/event-reconciliation-store.ts';
import { builder } from '../builder.ts';

const ReconcileResult = builder.objectRef<Reconciliation>('ReconcileResult').implement({
  description: 'What you have of the event log, compared with what it has.',
  fields: (t) => ({
    missingEventIds: t.field({
      type: ['ID'],
      description: 'Events of that time that you have not named, oldest first.',
      extensions: { listLength: comparedEvents },
      resolve: ({ missingEventIds }) => missingEventIds,
    }),
    unknownEventIds: t.field({
      type: ['ID'],
      description: 'Ids that you have named and that the log does not have, or not any more.',
      extensions: { listLength: mostSeenEvents },
      resolve: ({ unknownEventIds }) => unknownEventIds,
    }),
    checkedCount: t.exposeInt('checkedCount', { description: 'How many events of that time were compared.' }),
    complete: t.exposeBoolean('complete', {
      description: `False: the log has more than ${comparedEvents} events of that time, of which the oldest were compared. Ask in parts.`,
    }),
  }),
});

builder.queryField('reconcile', (t) =>
  t.field({
    type: ReconcileResult,
    description: 'Which events of a time you have missed, told from the ids of those that you have.',
    args: {
      since: t.arg({ type: 'DateTime', required: true, description: 'Events that occurred then or later.' }),
      until: t.arg({ type: 'DateTime', description: 'And before then; left out: up to now.' }),
      seenEventIds: t.arg.idList({
        required: true,
        description: `The events that you have of that time: ${mostSeenEvents} at most.`,
      }),
    },
    resolve: (_root, { since, until, seenEventIds }, { services, viewer }) =>
      services.events.reconcile({ clientId: viewer.clientId, since, until: until ?? null, seenEventIds }),
  }),
);
