import type { PlannedSynchronization as Planned } from '../../sync/cycle-plan.ts';
import { builder } from '../builder.ts';

export const PlannedSynchronization = builder.objectRef<Planned>('PlannedSynchronization').implement({
  description:
    "When to expect fresh data. No fixed time is guaranteed: the estimate follows from the user's place in the cycle and the pace of recent cycles.",
  fields: (t) => ({
    cycleOpensAt: t.expose('cycleOpensAt', {
      type: 'DateTime',
      description: 'When the cycle opens, or opened, in which the user is next.',
    }),
    position: t.exposeInt('position', {
      nullable: true,
      description:
        "The user's place in the cycle, from 1, in the order of enrolment; before the cycle opens, users count whom it will leave out. Null when it cannot be told yet.",
    }),
    estimatedAt: t.expose('estimatedAt', {
      type: 'DateTime',
      nullable: true,
      description: "The estimated moment of the user's synchronization; null when it cannot be estimated.",
    }),
  }),
});
