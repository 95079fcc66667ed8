import type { NewConnectSession } from '../../consent/sessions.ts';
import type { Session } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { defineResult } from '../results.ts';
import { assertMayAct } from '../root-access.ts';
import { SessionStatus } from './session-status.ts';
import { CreateUserInput, toNewUser } from './user.ts';

export const ConnectSession = builder.prismaObject('Session', {
  variant: 'ConnectSession',
  description: 'One hosted flow in which an end user connects a bank.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `cs_`.' }),
    status: t.expose('status', { type: SessionStatus, description: 'Where the session stands.' }),
    user: t.relation('user', { description: 'Who connects.' }),
    redirectUrl: t.field({
      type: 'URL',
      description: 'Where to send the end user. It lets its holder act: not for a key that may only read.',
      resolve: (session, _args, context) => {
        assertMayAct(context, 'ConnectSession.redirectUrl');
        return context.services.sessions.redirectUrl(session) ?? context.services.sessions.endedUrl();
      },
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'The link works until then.',
      resolve: (session) => session.expiresAt ?? session.createdAt,
    }),
    bankLogin: t.relation('bankLogin', {
      nullable: true,
      description: 'The login that was connected; null until then.',
    }),
    errorCode: t.exposeString('errorCode', { nullable: true, description: 'Why it failed, for programs.' }),
  }),
});

const ConnectSessionConnection = builder.connectionObject(
  { type: ConnectSession, name: 'ConnectSessionConnection', description: 'A page of connect sessions.' },
  { name: 'ConnectSessionEdge', description: 'A connect session in a page.' },
);

builder.queryField('connectSessions', (t) =>
  t.field({
    type: ConnectSessionConnection,
    description: 'Your connect sessions, newest first; one that ended is kept for as long as the operator has set.',
    args: {
      userId: t.arg.id({ description: 'Of this user.' }),
      status: t.arg({ type: SessionStatus, description: 'Only those that stand so.' }),
      ...pageArguments,
    },
    resolve: (_root, { userId, status, ...args }, { services, viewer }) => {
      const filter = { kind: 'CONNECT', userId: userId ?? null, bankLoginId: null, status: status ?? null } as const;
      return readConnection(args, {
        ...cursorById,
        read: (page) => services.sessions.list(viewer.clientId, filter, page),
      });
    },
  }),
);

const CreateConnectSessionInput = builder.inputType('CreateConnectSessionInput', {
  description: 'Who connects, and how. Give either `userId` or `user`.',
  fields: (t) => ({
    userId: t.id({ description: 'An existing user; or leave it out and give `user` to create one.' }),
    user: t.field({ type: CreateUserInput, description: 'A user to create.' }),
    bankId: t.id({ description: 'Skip the bank search.' }),
    storeSecrets: t.boolean({
      defaultValue: true,
      description: 'Keep what automatic synchronization needs; false leaves manual synchronization only.',
    }),
    returnUrl: t.field({
      type: 'URL',
      description: 'Where the end user is sent afterwards; `?session=…&status=…` is added.',
    }),
    idempotencyKey: t.string({
      description:
        "Repeating a call with the same key returns the first call's session; other input is a ConflictError.",
    }),
  }),
});

function toNewConnectSession(input: typeof CreateConnectSessionInput.$inferInput): NewConnectSession {
  return {
    userId: input.userId ?? null,
    user: input.user ? toNewUser(input.user) : null,
    bankId: input.bankId ?? null,
    storeSecrets: input.storeSecrets ?? true,
    returnUrl: input.returnUrl ?? null,
    idempotencyKey: input.idempotencyKey ?? null,
  };
}

const CreateConnectSessionPayload = builder.objectRef<{ session: Session }>('CreateConnectSessionPayload').implement({
  description: 'The session was created: send the end user to its redirectUrl.',
  fields: (t) => ({ session: t.expose('session', { type: ConnectSession, description: 'The new session.' }) }),
});
const CreateConnectSessionResult = defineResult(
  CreateConnectSessionPayload,
  'ValidationError',
  'NotFoundError',
  'ConflictError',
);

builder.mutationField('createConnectSession', (t) =>
  t.field({
    type: CreateConnectSessionResult.ref,
    description: 'Starts the hosted flow in which the end user connects a bank; send the end user to redirectUrl.',
    args: {
      input: t.arg({ type: CreateConnectSessionInput, required: true, description: 'Who connects, and how.' }),
    },
    resolve: (_root, { input }, { services, viewer }) =>
      CreateConnectSessionResult.from(async () => ({
        session: await services.sessions.createConnectSession(viewer.clientId, toNewConnectSession(input)),
      })),
  }),
);
