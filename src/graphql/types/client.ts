import type { FirstResult } from '../../clients/idempotency.ts';
import type { ApiKey as ApiKeyRow, Client as ClientRow } from '../../generated/prisma/client.ts';
import { builder } from '../builder.ts';
import { cursorById, pageArguments, readConnection } from '../connections.ts';
import { doOnce, idempotencyKeyDescription, secretOf } from '../idempotent-mutations.ts';
import { defineNamedResult, defineResult } from '../results.ts';
import { ApiKey, ApiKeyScope } from './api-key.ts';
import { DeletedPayload } from './deleted-payload.ts';

const Client = builder.prismaObject('Client', {
  description: 'An API client: the backend that the keys belong to. Everything that a client creates is its own.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `cli_`.' }),
    name: t.exposeString('name', {
      description: 'Given by the operator. End users read it on the hosted pages: who asks to see their accounts.',
    }),
    apiKeys: t.relation('apiKeys', {
      query: { where: { revokedAt: null }, orderBy: { id: 'asc' } },
      description: 'The keys that have not been revoked, oldest first.',
    }),
    returnOrigins: t.expose('returnOrigins', {
      type: ['URL'],
      description: 'Origins that a returnUrl may have. Loopback origins are always allowed in the embedded default.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the client was created.' }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Client,
    description: "The API client that the request's key belongs to.",
    resolve: (_root, _args, { services, viewer }) => services.clients.find(viewer.clientId),
  }),
);

const ClientConnection = builder.connectionObject(
  { type: Client, name: 'ClientConnection', description: 'A page of clients.' },
  { name: 'ClientEdge', description: 'A client in a page.' },
);

builder.queryFields((t) => ({
  clients: t.field({
    type: ClientConnection,
    authScopes: { operator: true },
    description: 'All API clients, oldest first. Needs a key with the OPERATOR scope.',
    args: pageArguments,
    resolve: (_root, args, { services }) =>
      readConnection(args, { ...cursorById, read: (page) => services.clients.list(page) }),
  }),
  client: t.field({
    type: Client,
    nullable: true,
    authScopes: { operator: true },
    description: 'One API client; null when there is none with this id. Needs a key with the OPERATOR scope.',
    args: { id: t.arg.id({ required: true, description: "The client's id." }) },
    resolve: (_root, { id }, { services }) => services.clients.findAny(id),
  }),
}));

const CreateClientPayload = builder.objectRef<{ client: ClientRow; apiKey: string }>('CreateClientPayload').implement({
  description: 'The client was created.',
  fields: (t) => ({
    client: t.expose('client', { type: Client, description: 'The new client.' }),
    apiKey: t.exposeString('apiKey', { description: "The client's first key. It is shown here and never again." }),
  }),
});
const UpdateClientPayload = builder.objectRef<{ client: ClientRow }>('UpdateClientPayload').implement({
  description: 'The client was changed.',
  fields: (t) => ({ client: t.expose('client', { type: Client, description: 'The client as it is now.' }) }),
});
const RenameClientPayload = builder.objectRef<{ client: ClientRow }>('RenameClientPayload').implement({
  description: 'The client was renamed.',
  fields: (t) => ({ client: t.expose('client', { type: Client, description: 'The client as it is now.' }) }),
});
const CreateApiKeyPayload = builder.objectRef<{ apiKey: ApiKeyRow; key: string }>('CreateApiKeyPayload').implement({
  description: 'The key was created.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'What is kept of the key.' }),
    key: t.exposeString('key', { description: 'The key itself. It is shown here and never again.' }),
  }),
});

const CreateClientResult = defineResult(CreateClientPayload, 'ValidationError', 'ConflictError');
const UpdateClientResult = defineResult(UpdateClientPayload, 'ValidationError');
const RenameClientResult = defineResult(RenameClientPayload, 'ValidationError', 'NotFoundError');
const CreateApiKeyResult = defineResult(CreateApiKeyPayload, 'ValidationError', 'NotFoundError', 'ConflictError');
const RotateApiKeyPayload = builder.objectRef<{ apiKey: ApiKeyRow; key: string }>('RotateApiKeyPayload').implement({
  description: 'The successor of the key was created.',
  fields: (t) => ({
    apiKey: t.expose('apiKey', { type: ApiKey, description: 'What is kept of the new key.' }),
    key: t.exposeString('key', { description: 'The new key itself. It is shown here and never again.' }),
  }),
});
const RotateApiKeyResult = defineResult(RotateApiKeyPayload, 'ValidationError', 'ConflictError');
const RevokeApiKeyResult = defineNamedResult('RevokeApiKeyResult', DeletedPayload, ['NotFoundError']);

function withSecret(apiKey: ApiKeyRow | null, first: FirstResult) {
  return apiKey && { apiKey, key: secretOf(first) };
}

builder.mutationFields((t) => ({
  updateClient: t.field({
    type: UpdateClientResult.ref,
    description: 'Sets the origins that a returnUrl may have.',
    args: {
      returnOrigins: t.arg({
        type: ['URL'],
        required: true,
        description: 'All of them, 50 at most: scheme, host and port, such as `https://app.example.com`.',
      }),
    },
    resolve: (_root, { returnOrigins }, { services, viewer }) =>
      UpdateClientResult.from(async () => ({
        client: await services.clients.updateClient(viewer.clientId, { returnOrigins }),
      })),
  }),
  createClient: t.field({
    type: CreateClientResult.ref,
    authScopes: { operator: true },
    description: 'Creates an API client with a first key. Needs a key with the OPERATOR scope.',
    args: {
      name: t.arg.string({
        required: true,
        description: 'What to call the client: end users read it on the hosted pages.',
      }),
      idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }),
    },
    resolve: (_root, { name, idempotencyKey }, context) =>
      CreateClientResult.from(() =>
        doOnce(context, {
          mutation: 'createClient',
          idempotencyKey,
          input: { name },
          work: async () => {
            const { client, key } = await context.services.clients.createClient(name);
            return { client, apiKey: key };
          },
          again: async (first) => ({
            client: await context.services.clients.find(first.subjectId),
            apiKey: secretOf(first),
          }),
        }),
      ),
  }),
  renameClient: t.field({
    type: RenameClientResult.ref,
    authScopes: { operator: true },
    description: 'Renames a client, from now on also on the hosted pages. Needs a key with the OPERATOR scope.',
    args: {
      id: t.arg.id({ required: true, description: "The client's id: `viewer` tells your own." }),
      name: t.arg.string({ required: true, description: 'What end users will read; 200 characters at most.' }),
    },
    resolve: (_root, { id, name }, { services }) =>
      RenameClientResult.from(async () => ({ client: await services.clients.renameClient(id, name) })),
  }),
  createApiKey: t.field({
    type: CreateApiKeyResult.ref,
    authScopes: { operator: true },
    description: 'Creates a key for a client. Needs a key with the OPERATOR scope.',
    args: {
      clientId: t.arg.id({ required: true, description: 'The client that the key will belong to.' }),
      name: t.arg.string({ required: true, description: 'What to call the key.' }),
      scopes: t.arg({ type: [ApiKeyScope], defaultValue: ['CLIENT'], description: 'What the key may be used for.' }),
      allowedNetworks: t.arg.stringList({
        description: 'Whence the key may be used, such as `203.0.113.0/24`; left out or empty: from anywhere.',
      }),
      expiresAt: t.arg({ type: 'DateTime', description: 'When the key ceases to work; left out: never.' }),
      idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }),
    },
    resolve: (_root, { idempotencyKey, scopes, allowedNetworks, expiresAt, ...given }, context) => {
      const { clients } = context.services;
      const input = {
        ...given,
        scopes: scopes ?? ['CLIENT' as const],
        allowedNetworks: allowedNetworks ?? [],
        expiresAt: expiresAt ?? null,
      };
      return CreateApiKeyResult.from(() =>
        doOnce(context, {
          mutation: 'createApiKey',
          idempotencyKey,
          input,
          work: () => clients.createApiKey(input),
          again: async (first) => withSecret(await clients.findApiKey(input.clientId, first.subjectId), first),
        }),
      );
    },
  }),
  rotateApiKey: t.field({
    type: RotateApiKeyResult.ref,
    description:
      'A new key in the place of the one that asks, with its name, scopes, networks and expiry; that one works on until `overlapSeconds` are over.',
    args: {
      overlapSeconds: t.arg.int({
        defaultValue: 86_400,
        description: 'How long both work: 0 to 604800. Asked for again, it is not lengthened.',
      }),
      scopes: t.arg({ type: [ApiKeyScope], description: 'Of those of this key; left out: all of them.' }),
      idempotencyKey: t.arg.string({ description: idempotencyKeyDescription }),
    },
    resolve: (_root, { idempotencyKey, ...given }, context) => {
      const { services, viewer } = context;
      const rotation = { overlapSeconds: given.overlapSeconds ?? 86_400, scopes: given.scopes ?? null };
      return RotateApiKeyResult.from(() =>
        doOnce(context, {
          mutation: 'rotateApiKey',
          idempotencyKey,
          input: { ...rotation, keyId: viewer.keyId },
          work: () => services.clients.rotateApiKey(viewer, rotation),
          again: async (first) =>
            withSecret(await services.clients.findApiKey(viewer.clientId, first.subjectId), first),
        }),
      );
    },
  }),
  revokeApiKey: t.field({
    type: RevokeApiKeyResult.ref,
    authScopes: { operator: true },
    description: 'Ends a key at once, and the sockets opened with it. Needs a key with the OPERATOR scope.',
    args: { id: t.arg.id({ required: true, description: "The key's id." }) },
    resolve: (_root, { id }, { services }) =>
      RevokeApiKeyResult.from(async () => {
        const { clientId } = await services.clients.revokeApiKey(id);
        return { id, clientId };
      }),
  }),
}));
