import type { Session } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { defineResult } from '../results.ts';
import { assertMayAct } from '../root-access.ts';

export const ManagementSession = builder.prismaObject('Session', {
  variant: 'ManagementSession',
  description: "A hosted overview of a user's bank logins: add, renew, remove.",
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `ms_`.' }),
    user: t.relation('user', { description: 'Whose logins are shown.' }),
    redirectUrl: t.field({
      type: 'URL',
      description: 'Where to send the end user. It lets its holder act: not for a key that may only read.',
      resolve: (session, _args, context) => {
        assertMayAct(context, 'ManagementSession.redirectUrl');
        return context.services.sessions.redirectUrl(session) ?? context.services.sessions.endedUrl();
      },
    }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'The link works until then.',
      resolve: (session) => session.expiresAt ?? session.createdAt,
    }),
  }),
});

const CreateManagementSessionInput = builder.inputType('CreateManagementSessionInput', {
  description: 'Whose logins to show, and how.',
  fields: (t) => ({
    userId: t.id({ required: true, description: "The user's id." }),
    addBankLogin: t.boolean({ defaultValue: false, description: 'Begin with adding a bank.' }),
    returnUrl: t.field({ type: 'URL', description: 'Where the end user is sent afterwards.' }),
    idempotencyKey: t.string({
      description:
        "Repeating a call with the same key returns the first call's session; other input is a ConflictError.",
    }),
  }),
});

const CreateManagementSessionPayload = builder
  .objectRef<{ session: Session }>('CreateManagementSessionPayload')
  .implement({
    description: 'The session was created: send the end user to its redirectUrl.',
    fields: (t) => ({ session: t.expose('session', { type: ManagementSession, description: 'The new session.' }) }),
  });
const CreateManagementSessionResult = defineResult(
  CreateManagementSessionPayload,
  'ValidationError',
  'NotFoundError',
  'ConflictError',
);

builder.mutationField('createManagementSession', (t) =>
  t.field({
    type: CreateManagementSessionResult.ref,
    description: "Starts a hosted overview of the user's bank logins: add, renew, remove.",
    args: {
      input: t.arg({ type: CreateManagementSessionInput, required: true, description: 'Whose logins, and how.' }),
    },
    resolve: (_root, { input }, { services, viewer }) =>
      CreateManagementSessionResult.from(async () => ({
        session: await services.sessions.createManagementSession(viewer.clientId, {
          userId: input.userId,
          addBankLogin: input.addBankLogin ?? false,
          returnUrl: input.returnUrl ?? null,
          idempotencyKey: input.idempotencyKey ?? null,
        }),
      })),
  }),
);
