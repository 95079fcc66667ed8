import type { GraphQLResolveInfo } from 'graphql';
import { type IdKind, idKindOf } from '../../domain/ids.ts';
import { badInput } from '../bad-input.ts';
import { builder } from '../builder.ts';
import { auditedClient, type Context } from '../context.ts';
import { maximumPageSize } from '../limits.ts';
import { mayRead, refuse } from '../root-access.ts';
import { readAccount } from './account.ts';

type Read = (id: string, context: Context, info: GraphQLResolveInfo) => Promise<{ id: string } | null>;

// Nothing of the client's users: for a key of the operator too.
const openKinds: ReadonlySet<IdKind> = new Set(['client', 'apiKey', 'bank', 'cycle', 'auditEntry']);

// What is left out has an id, and is no Node of the API.
const readers: Partial<Record<IdKind, Read>> = {
  client: (id, { loaders }) => loaders.client.load(id),
  apiKey: (id, { loaders }) => loaders.apiKey.load(id),
  user: (id, { loaders }) => loaders.user.load(id),
  bank: (id, { loaders }) => loaders.bank.load(id),
  bankLogin: (id, { loaders }) => loaders.bankLogin.load(id),
  consent: (id, { loaders }) => loaders.consent.load(id),
  account: readAccount,
  transaction: (id, { loaders }) => loaders.transaction.load(id),
  connectSession: (id, { loaders }) => loaders.session.load(id),
  managementSession: (id, { loaders }) => loaders.session.load(id),
  synchronizationSession: (id, { loaders }) => loaders.session.load(id),
  cycle: (id, { loaders }) => loaders.cycle.load(id),
  event: (id, { loaders }) => loaders.event.load(id),
  webhookEndpoint: (id, { loaders }) => loaders.webhookEndpoint.load(id),
  auditEntry: (id, { services, viewer }) => services.audit.find(auditedClient(viewer), id),
  webhookDelivery: (id, { loaders }) => loaders.webhookDelivery.load(id),
};

async function readNode(field: string, id: string, context: Context, info: GraphQLResolveInfo) {
  const kind = idKindOf(id);
  if (!mayRead(context.viewer) && !(kind && openKinds.has(kind))) throw refuse(context, field);
  return (kind && (await readers[kind]?.(id, context, info))) ?? null;
}

builder.queryField('node', (t) =>
  t.field({
    type: builder.nodeInterfaceRef(),
    nullable: true,
    description: 'Anything of yours by its id; null when there is none with this id.',
    args: { id: t.arg.id({ required: true, description: 'The id, with its prefix.' }) },
    resolve: (_root, { id }, context, info) => readNode('Query.node', id, context, info),
  }),
);

builder.queryField('nodes', (t) =>
  t.field({
    type: [builder.nodeInterfaceRef()],
    nullable: { list: false, items: true },
    description: 'As `node`, of several ids, in their order; null where there is none with this id.',
    args: {
      ids: t.arg.idList({ required: true, description: `The ids, each with its prefix: ${maximumPageSize} at most.` }),
    },
    extensions: { lengthOf: 'ids' },
    resolve: (_root, { ids }, context, info) => {
      if (ids.length > maximumPageSize) throw badInput(`\`ids\` must be ${maximumPageSize} at most.`);
      return ids.map((id) => readNode('Query.nodes', id, context, info));
    },
  }),
);
