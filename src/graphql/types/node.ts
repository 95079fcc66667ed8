import type { GraphQLResolveInfo } from 'graphql';
import { type IdKind, idKindOf } from '../../domain/ids.ts';
import { builder } from '../builder.ts';
import { auditedClient, type Context } from '../context.ts';
import { mayRead, refuse } from '../root-access.ts';
import { readAccount } from './account.ts';

type Read = (id: string, context: Context, info: GraphQLResolveInfo) => Promise<{ id: string } | null>;

const readSession: Read = (id, { services, viewer }) => services.sessions.find(viewer.clientId, id);

// Nothing of the client's users: for a key of the operator too.
const openKinds: ReadonlySet<IdKind> = new Set(['client', 'apiKey', 'bank', 'cycle', 'auditEntry']);

// What is left out has an id, and is no Node of the API.
const readers: Partial<Record<IdKind, Read>> = {
  client: async (id, { services, viewer }) =>
    id === viewer.clientId ? await services.clients.find(viewer.clientId) : null,
  apiKey: (id, { services, viewer }) => services.clients.findApiKey(viewer.clientId, id),
  user: (id, { loaders }) => loaders.user.load(id),
  bank: (id, { services }) => services.banks.find(id),
  bankLogin: (id, { loaders }) => loaders.bankLogin.load(id),
  consent: (id, { services, viewer }) => services.bankLogins.findConsent(viewer.clientId, id),
  account: readAccount,
  transaction: (id, { services, viewer }) => {
    services.audit.noteRead(viewer);
    return services.accounts.findTransaction(viewer.clientId, id);
  },
  connectSession: readSession,
  managementSession: readSession,
  synchronizationSession: readSession,
  cycle: (id, { loaders }) => loaders.cycle.load(id),
  event: (id, { loaders }) => loaders.event.load(id),
  webhookEndpoint: (id, { loaders }) => loaders.webhookEndpoint.load(id),
  auditEntry: (id, { services, viewer }) => services.audit.find(auditedClient(viewer), id),
  webhookDelivery: (id, { services, viewer }) => services.webhooks.findDelivery(viewer.clientId, id),
};

builder.queryField('node', (t) =>
  t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'Anything of yours by its id; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The id, with its prefix.' }) },
    resolve: async (_root, { id }, context, info) => {
      const kind = idKindOf(id);
      if (!mayRead(context.viewer) && !(kind && openKinds.has(kind))) throw refuse(context, 'Query.node');
      return (kind && (await readers[kind]?.(id, context, info))) ?? null;
    },
  }),
);
