import type { NewUser, UserChange } from '../../clients/users.ts';
import type { ErasureReceipt } from '../../consent/erasure.ts';
import type { User as UserRow } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { defineResult } from '../results.ts';
import { PlannedSynchronization } from './planned-synchronization.ts';

export const UserType = builder.enumType('UserType', {
  description: 'What kind of customer an end user is.',
  values: { PERSON: { description: 'A consumer.' }, COMPANY: { description: 'A business.' } } as const,
});

export const User = builder.prismaObject('User', {
  description: 'An end user of yours, who connects bank logins.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `usr_`.' }),
    externalId: t.exposeString('externalId', {
      nullable: true,
      description: 'Your own id for this user, unique among your users.',
    }),
    type: t.expose('type', { type: UserType, description: 'Person or company.' }),
    recurring: t.exposeBoolean('recurring', { description: 'Enrolled in the twice-daily cycles.' }),
    bankLogins: t.relation('bankLogins', {
      query: { orderBy: { id: 'asc' } },
      description: 'The bank logins that the user has connected, oldest first.',
    }),
    nextSynchronization: t.field({
      type: PlannedSynchronization,
      nullable: true,
      description: 'The cycle in which this user is synchronized next; null for a user that is not in the cycles.',
      resolve: (user, _args, { loaders }) => loaders.plannedSynchronization.load(user.id),
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the user was created.' }),
  }),
});

const UserConnection = builder.connectionObject(
  { type: User, name: 'UserConnection', description: 'A page of users.' },
  { name: 'UserEdge', description: 'A user in a page.' },
);

builder.queryFields((t) => ({
  user: t.field({
    type: User,
    nullable: true,
    description: 'One of your users; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: "The user's id." }) },
    resolve: (_root, { id }, { services, viewer }) => services.users.find(viewer.clientId, id),
  }),
  userByExternalId: t.field({
    type: User,
    nullable: true,
    description: 'One of your users by your own id; null when there is none with it.',
    args: { externalId: t.arg.string({ required: true, description: 'As you gave it to createUser or updateUser.' }) },
    resolve: (_root, { externalId }, { services, viewer }) =>
      services.users.findByExternalId(viewer.clientId, externalId),
  }),
  users: t.field({
    type: UserConnection,
    description: 'Your users, oldest first.',
    args: {
      recurring: t.arg.boolean({
        description: 'Only those that are enrolled in the cycles, or only those that are not.',
      }),
      ...pageArguments,
    },
    resolve: (_root, args, { services, viewer }) =>
      readConnection(args, {
        ...cursorById,
        read: (page) => services.users.list(viewer.clientId, { recurring: args.recurring ?? null }, page),
      }),
  }),
}));

export const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'A user to create.',
  fields: (t) => ({
    externalId: t.string({ description: 'Your own id for this user, unique among your users.' }),
    type: t.field({ type: UserType, defaultValue: 'PERSON', description: 'Person or company.' }),
    recurring: t.boolean({ defaultValue: false, description: 'Enrol the user in the twice-daily cycles.' }),
    idempotencyKey: t.string({
      description: "Repeating a call with the same key returns the first call's user; other input is a ConflictError.",
    }),
  }),
});

const UpdateUserInput = builder.inputType('UpdateUserInput', {
  description: 'What to change of a user. A field left out stays as it is.',
  fields: (t) => ({
    id: t.id({ required: true, description: "The user's id." }),
    recurring: t.boolean({ description: 'Enrol the user in the cycles, from the next one on, or take it out.' }),
    externalId: t.string({ description: 'Your own id for this user; null removes it.' }),
  }),
});

export function toNewUser(input: typeof CreateUserInput.$inferInput): NewUser {
  return {
    externalId: input.externalId ?? null,
    type: input.type ?? 'PERSON',
    recurring: input.recurring ?? false,
    idempotencyKey: input.idempotencyKey ?? null,
  };
}

function toUserChange({ recurring, externalId }: typeof UpdateUserInput.$inferInput): UserChange {
  return { ...(recurring != null && { recurring }), ...(externalId !== undefined && { externalId }) };
}

const CreateUserPayload = builder.objectRef<{ user: UserRow }>('CreateUserPayload').implement({
  description: 'The user was created.',
  fields: (t) => ({ user: t.expose('user', { type: User, description: 'The new user.' }) }),
});
const UpdateUserPayload = builder.objectRef<{ user: UserRow }>('UpdateUserPayload').implement({
  description: 'The user was changed.',
  fields: (t) => ({ user: t.expose('user', { type: User, description: 'The user as it is now.' }) }),
});
const DeleteUserPayload = builder.objectRef<ErasureReceipt>('DeleteUserPayload').implement({
  description: 'What was erased, by kind: the receipt of an erasure.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'The id that the user had.' }),
    bankLogins: t.exposeInt('bankLogins', { description: 'How many bank logins.' }),
    accounts: t.exposeInt('accounts', { description: 'How many accounts.' }),
    transactions: t.exposeInt('transactions', { description: 'How many transactions.' }),
    events: t.exposeInt('events', { description: 'How many events.' }),
    deliveries: t.exposeInt('deliveries', { description: 'How many webhook deliveries, sent or not.' }),
  }),
});

const CreateUserResult = defineResult(CreateUserPayload, 'ValidationError', 'ConflictError');
const UpdateUserResult = defineResult(UpdateUserPayload, 'ValidationError', 'NotFoundError', 'ConflictError');
const DeleteUserResult = defineResult(DeleteUserPayload, 'NotFoundError');

builder.mutationFields((t) => ({
  createUser: t.field({
    type: CreateUserResult.ref,
    description: 'Creates an end user.',
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The user to create.' }) },
    resolve: (_root, { input }, { services, viewer }) =>
      CreateUserResult.from(async () => ({
        user: await services.users.createUser(viewer.clientId, toNewUser(input)),
      })),
  }),
  updateUser: t.field({
    type: UpdateUserResult.ref,
    description: 'Changes an end user.',
    args: { input: t.arg({ type: UpdateUserInput, required: true, description: 'What to change.' }) },
    resolve: (_root, { input }, { services, viewer }) =>
      UpdateUserResult.from(async () => ({
        user: await services.users.updateUser(viewer.clientId, input.id, toUserChange(input)),
      })),
  }),
  deleteUser: t.field({
    type: DeleteUserResult.ref,
    description: 'Erases the user, its logins (the consent is ended at the bank), data, events and deliveries.',
    args: { id: t.arg.id({ required: true, description: "The user's id." }) },
    resolve: (_root, { id }, { services, viewer }) =>
      DeleteUserResult.from(() => services.erasure.deleteUser(viewer.clientId, id)),
  }),
}));
