import type { ListedEntry } from '../../audit/audit-log.ts';
import { builder } from '../builder.ts';
import { forwardArguments, readConnection } from '../connections.ts';
import { auditedClient } from '../context.ts';

const AuditEntry = builder.objectRef<ListedEntry>('AuditEntry').implement({
  description:
    'Something that was done, or refused: by whom, to what, when. Ids and codes only, never a secret, an IBAN or a name.',
  interfaces: [builder.nodeInterfaceRef()],
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Begins with `aud_`.' }),
    at: t.expose('at', { type: 'DateTime', description: 'When it was recorded.' }),
    action: t.exposeString('action', {
      description:
        'Such as `key.revoked`, `user.erased`, `consent.given`; `data.read`, `bank.accessed`, `key.refused` and `key.limited` are counted by the hour.',
    }),
    actorId: t.exposeID('actorId', {
      nullable: true,
      description: 'The key that did it; null: an end user, a cycle, or nobody with a known key.',
    }),
    actorName: t.string({
      nullable: true,
      description: "What that key is called now; null for another client's, but to an operator.",
      resolve: async ({ actorId }, _args, { loaders }) =>
        (actorId === null ? null : await loaders.actor.load(actorId))?.name ?? null,
    }),
    subjectId: t.exposeID('subjectId', { nullable: true, description: 'What it was done to.' }),
    clientId: t.exposeID('clientId', { nullable: true, description: 'The client that it concerns.' }),
    requestId: t.exposeString('requestId', { nullable: true, description: 'The request, as `x-request-id` had it.' }),
    ipAddress: t.exposeString('ipAddress', { nullable: true, description: 'Whence the request came.' }),
    details: t.expose('details', {
      type: 'JSON',
      nullable: true,
      description:
        '`state` of a mutation: DONE, in the transaction of what it changed; else UNCHANGED, REFUSED (with its `code`) or FAILED.',
    }),
  }),
});

const AuditEntryConnection = builder.connectionObject(
  { type: AuditEntry, name: 'AuditEntryConnection', description: 'A page of the audit log.' },
  { name: 'AuditEntryEdge', description: 'An entry in a page.' },
);

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditEntryConnection,
    description: "Who did what, newest first. A client's key sees what concerns the client; an operator's sees all.",
    args: {
      actorId: t.arg.id({ description: 'Only what this key did.' }),
      subjectId: t.arg.id({ description: 'Only what was done to this.' }),
      action: t.arg.string({ description: 'Only this action.' }),
      since: t.arg({ type: 'DateTime', description: 'Only from then on.' }),
      ...forwardArguments,
    },
    resolve: (_root, { actorId, subjectId, action, since, ...page }, { services, viewer }) =>
      readConnection(page, {
        cursorOf: (entry: ListedEntry) => String(entry.position),
        keyOf: (cursor) => (/^\d{1,18}$/.test(cursor) ? BigInt(cursor) : null),
        read: ({ after, limit }) =>
          services.audit.list(
            auditedClient(viewer),
            { actorId: actorId ?? null, subjectId: subjectId ?? null, action: action ?? null, since: since ?? null },
            { before: after, limit },
          ),
      }),
  }),
);
