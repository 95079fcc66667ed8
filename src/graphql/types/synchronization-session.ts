import type { Session } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { defineResult } from '../results.ts';
import { assertMayAct } from '../root-access.ts';
import { watchSession } from '../session-watch.ts';
import { Event } from './event.ts';
import { SessionStatus } from './session-status.ts';

export const SynchronizationSession = builder.prismaObject('Session', {
  variant: 'SynchronizationSession',
  description: 'One synchronization of one login on request.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `sync_`.' }),
    status: t.expose('status', { type: SessionStatus, description: 'Where the session stands.' }),
    bankLogin: t.relation('bankLogin', { nullable: false, onNull: 'error', description: 'The login to synchronize.' }),
    redirectUrl: t.field({
      type: 'URL',
      nullable: true,
      description:
        'Where to send the end user, while the session awaits one. It lets its holder act: not for a key that may only read.',
      resolve: (session, _args, context) => {
        assertMayAct(context, 'SynchronizationSession.redirectUrl');
        return context.services.sessions.redirectUrl(session);
      },
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      nullable: true,
      description: 'How long the session awaits the end user; null when it does not need to.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the session was created.' }),
    finishedAt: t.expose('finishedAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When it ended; null until then.',
    }),
    event: t.field({
      type: Event,
      nullable: true,
      description: 'The event that carried the result.',
      resolve: ({ eventId }, _args, { loaders }) => (eventId === null ? null : loaders.event.load(eventId)),
    }),
    errorCode: t.exposeString('errorCode', { nullable: true, description: 'Why it failed, for programs.' }),
    errorMessage: t.exposeString('errorMessage', { nullable: true, description: 'Why it failed, for people.' }),
  }),
});

const SynchronizationSessionConnection = builder.connectionObject(
  {
    type: SynchronizationSession,
    name: 'SynchronizationSessionConnection',
    description: 'A page of synchronization sessions.',
  },
  { name: 'SynchronizationSessionEdge', description: 'A synchronization session in a page.' },
);

builder.queryField('synchronizationSessions', (t) =>
  t.field({
    type: SynchronizationSessionConnection,
    description:
      'Your synchronization sessions, newest first; one that ended is kept for as long as the operator has set.',
    args: {
      userId: t.arg.id({ description: 'Of this user.' }),
      bankLoginId: t.arg.id({ description: 'Of this bank login.' }),
      status: t.arg({ type: SessionStatus, description: 'Only those that stand so.' }),
      ...pageArguments,
    },
    resolve: (_root, { userId, bankLoginId, status, ...args }, { services, viewer }) => {
      const filter = {
        kind: 'SYNCHRONIZATION',
        userId: userId ?? null,
        bankLoginId: bankLoginId ?? null,
        status: status ?? null,
      } as const;
      return readConnection(args, {
        ...cursorById,
        read: (page) => services.sessions.list(viewer.clientId, filter, page),
      });
    },
  }),
);

const CreateSynchronizationSessionInput = builder.inputType('CreateSynchronizationSessionInput', {
  description: 'Which login to synchronize, and for whom.',
  fields: (t) => ({
    bankLoginId: t.id({ required: true, description: "The bank login's id." }),
    psuIpAddress: t.string({
      description:
        "The end user's IP address, when the end user is present and asks for this; such an access is not counted as unattended.",
    }),
    returnUrl: t.field({ type: 'URL', description: 'Where the end user is sent after consent and SCA.' }),
    idempotencyKey: t.string({
      description:
        "Repeating a call with the same key returns the first call's session; other input is a ConflictError.",
    }),
  }),
});

const CreateSynchronizationSessionPayload = builder
  .objectRef<{ session: Session }>('CreateSynchronizationSessionPayload')
  .implement({
    description: 'The session was created: it runs, or awaits the end user at its redirectUrl.',
    fields: (t) => ({
      session: t.expose('session', { type: SynchronizationSession, description: 'The new session.' }),
    }),
  });
const CancelSynchronizationSessionPayload = builder
  .objectRef<{ session: Session }>('CancelSynchronizationSessionPayload')
  .implement({
    description: 'The session was cancelled.',
    fields: (t) => ({
      session: t.expose('session', { type: SynchronizationSession, description: 'The session as it is now.' }),
    }),
  });
const CreateSynchronizationSessionResult = defineResult(
  CreateSynchronizationSessionPayload,
  'ValidationError',
  'NotFoundError',
  'ConflictError',
  'AccessLimitError',
);
const CancelSynchronizationSessionResult = defineResult(
  CancelSynchronizationSessionPayload,
  'NotFoundError',
  'ConflictError',
);

builder.queryField('synchronizationSession', (t) =>
  t.field({
    type: SynchronizationSession,
    nullable: true,
    description: 'One synchronization session; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: "The session's id." }) },
    resolve: async (_root, { id }, { services, viewer }) => {
      const session = await services.sessions.find(viewer.clientId, id);
      return session?.kind === 'SYNCHRONIZATION' ? session : null;
    },
  }),
);

builder.mutationFields((t) => ({
  createSynchronizationSession: t.field({
    type: CreateSynchronizationSessionResult.ref,
    description: [
      'Create Synchronization Session. Recurring user with a valid consent: runs immediately, without the end user:',
      'the answer does not wait for a slow bank, and `synchronizationSessionUpdated` and the event tell the end.',
      "Otherwise the session waits for the end user's consent and SCA at redirectUrl, and runs asynchronously.",
    ].join('\n'),
    args: {
      input: t.arg({
        type: CreateSynchronizationSessionInput,
        required: true,
        description: 'Which login, and for whom.',
      }),
    },
    resolve: (_root, { input }, { services, viewer }) =>
      CreateSynchronizationSessionResult.from(async () => ({
        session: await services.synchronizationSessions.createSynchronizationSession(viewer.clientId, {
          bankLoginId: input.bankLoginId,
          psuIpAddress: input.psuIpAddress ?? null,
          returnUrl: input.returnUrl ?? null,
          idempotencyKey: input.idempotencyKey ?? null,
        }),
      })),
  }),
  cancelSynchronizationSession: t.field({
    type: CancelSynchronizationSessionResult.ref,
    description: 'Ends a session that still awaits the end user; a conflict once it runs or has ended.',
    args: { id: t.arg.id({ required: true, description: "The session's id." }) },
    resolve: (_root, { id }, { services, viewer }) =>
      CancelSynchronizationSessionResult.from(async () => ({
        session: await services.sessions.cancel(viewer.clientId, id),
      })),
  }),
}));

builder.subscriptionField('synchronizationSessionUpdated', (t) =>
  t.field({
    type: SynchronizationSession,
    description:
      'State changes of one synchronization session: first its present state, then every change, until the session ends.',
    args: { id: t.arg.id({ required: true, description: "The session's id." }) },
    subscribe: (_root, { id }, context) => watchSession(id, context),
    resolve: (session) => session,
  }),
);
