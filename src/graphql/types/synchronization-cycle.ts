import { type CycleCounts, type CycleRecord, noUsers } from '../../sync/cycle-store.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import type { Context } from '../context.ts';
import { doOnce, idempotencyKeyDescription } from '../idempotent-mutations.ts';
import { defineResult } from '../results.ts';

const CycleStatus = builder.enumType('CycleStatus', {
  description: 'Whether a cycle still runs.',
  values: {
    RUNNING: { description: 'Users are being synchronized.' },
    COMPLETED: { description: 'Every user of the cycle has been synchronized, has failed or was skipped.' },
  } as const,
});

export const SynchronizationCycle = builder.objectRef<CycleRecord>('SynchronizationCycle').implement({
  description: 'One round through all recurring users. Two open a day; the operator may open extra ones.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `cyc_`.' }),
    opensAt: t.expose('opensAt', { type: 'DateTime', description: 'Its slot: when it was due.' }),
    closesAt: t.expose('closesAt', {
      type: 'DateTime',
      description: 'When its window ends: who has not had a turn by then is skipped.',
    }),
    status: t.expose('status', { type: CycleStatus, description: 'Whether it still runs.' }),
    startedAt: t.expose('startedAt', { type: 'DateTime', description: 'When it really began.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null while it runs.',
    }),
    usersEnrolled: t.int({
      description: 'Your users that were enrolled when the cycle began.',
      resolve: async ({ id }, _args, context) => (await countUsers(id, context)).usersEnrolled,
    }),
    usersSynchronized: t.int({
      description: 'Your users that have been synchronized.',
      resolve: async ({ id }, _args, context) => (await countUsers(id, context)).usersSynchronized,
    }),
    usersFailed: t.int({
      description: 'Your users that could not be synchronized.',
      resolve: async ({ id }, _args, context) => (await countUsers(id, context)).usersFailed,
    }),
    usersSkipped: t.int({
      description: 'Your users that were left out: not eligible any more, or out of time.',
      resolve: async ({ id }, _args, context) => (await countUsers(id, context)).usersSkipped,
    }),
  }),
});

async function countUsers(cycleId: string, { loaders }: Context): Promise<CycleCounts> {
  return (await loaders.cycleCounts.load(cycleId)) ?? noUsers;
}

const CycleConnection = builder.connectionObject(
  { type: SynchronizationCycle, name: 'SynchronizationCycleConnection', description: 'A page of cycles.' },
  { name: 'SynchronizationCycleEdge', description: 'A cycle in a page.' },
);

builder.queryFields((t) => ({
  currentSynchronizationCycle: t.field({
    type: SynchronizationCycle,
    nullable: true,
    description: 'The cycle that is running, or null.',
    resolve: (_root, _args, { services }) => services.cycles.findRunning(),
  }),
  nextSynchronizationCycleAt: t.field({
    type: 'DateTime',
    description: 'When the next cycle opens.',
    resolve: (_root, _args, { services }) => services.cycles.nextOpensAt(),
  }),
  synchronizationCycles: t.field({
    type: CycleConnection,
    description: 'The cycles, newest first.',
    args: pageArguments,
    resolve: (_root, args, { services }) =>
      readConnection(args, { ...cursorById, read: (page) => services.cycles.list(page) }),
  }),
}));

const RunCyclePayload = builder.objectRef<{ cycle: CycleRecord }>('RunSynchronizationCyclePayload').implement({
  description: 'The cycle was opened.',
  fields: (t) => ({ cycle: t.expose('cycle', { type: SynchronizationCycle, description: 'The new cycle.' }) }),
});
const RunCycleResult = defineResult(RunCyclePayload, 'ConflictError', 'ValidationError');

builder.mutationField('runSynchronizationCycle', (t) =>
  t.field({
    type: RunCycleResult.ref,
    authScopes: { operator: true },
    description:
      'Opens an extra cycle now, through the ordinary path; a conflict while one is running. Needs a key with the OPERATOR scope.',
    args: { idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }) },
    resolve: (_root, { idempotencyKey }, context) =>
      RunCycleResult.from(() =>
        doOnce(context, {
          mutation: 'runSynchronizationCycle',
          idempotencyKey,
          input: {},
          work: async () => ({ cycle: await context.services.cycles.runExtraCycle() }),
          again: async ({ subjectId }) => {
            const cycle = await context.loaders.cycle.load(subjectId);
            return cycle && { cycle };
          },
        }),
      ),
  }),
);
