import { GraphQLError } from 'graphql';
import type {
  TransactionChange as Change,
  ChangeFilter,
  ChangePage,
  ChangePlace,
} from '../../accounts/transaction-change-store.ts';
import { NotFound } from '../../domain/errors.ts';
import { countChanges, hasAccounts } from '../../events/event-bounds.ts';
import { builder } from '../builder.ts';
import { type Connection, decodeCursor, encodeCursor, toPage } from '../connections.ts';
import type { Context } from '../context.ts';
import { changePage } from '../limits.ts';
import { Transaction } from './transaction.ts';

const TransactionChangeKind = builder.enumType('TransactionChangeKind', {
  description: 'What a transaction’s latest change was.',
  values: {
    ADDED: { description: 'It was seen for the first time, or again after its removal.' },
    MODIFIED: { description: 'It has changed since it was added, such as a pending one that was booked.' },
    REMOVED: { description: 'The bank has taken it back: it is no longer there.' },
  } as const,
});

const TransactionChange = builder.objectRef<Change>('TransactionChange').implement({
  description: 'A transaction at the place of its latest change.',
  fields: (t) => ({
    cursor: t.string({
      description: 'Keep it, and give it as `after` to go on behind this change. It never becomes invalid.',
      resolve: ({ place }) => toCursor(place),
    }),
    kind: t.expose('kind', {
      type: TransactionChangeKind,
      description:
        'What the latest change was. A copy takes ADDED and MODIFIED alike: put in, or put in place of what it has.',
    }),
    transactionId: t.id({ description: 'Of the transaction.', resolve: ({ place }) => place.of.transactionId }),
    accountId: t.id({ description: 'Of its account.', resolve: ({ place }) => place.of.accountId }),
    transaction: t.expose('transaction', {
      type: Transaction,
      nullable: true,
      description: 'The transaction, as it is now; null once it has been removed.',
    }),
    changedAt: t.expose('changedAt', { type: 'DateTime', description: 'When it changed.' }),
  }),
});

const TransactionChangeConnection = builder.connectionObject(
  {
    type: TransactionChange,
    name: 'TransactionChangeConnection',
    description:
      'A page of changes. It may have fewer than asked for, even none, and still go on: read on behind `endCursor` while there is a next page.',
  },
  { name: 'TransactionChangeEdge', description: 'A change in a page.' },
);

builder.queryField('transactionChanges', (t) =>
  t.field({
    type: TransactionChangeConnection,
    description: [
      'Every transaction in the order of its latest change, oldest first, and the removed ones: whoever applies them and keeps the last',
      'cursor has an exact copy, for as long as the data is kept. Without `after` it begins at the beginning. A cursor never becomes',
      'invalid; what changes while pages are read is met again further on.',
      'Erasing a user or deleting a login takes its transactions away without listing them: USER_DELETED and BANK_LOGIN_DELETED tell of it.',
    ].join('\n'),
    args: {
      userId: t.arg.id({ description: 'Of this user alone.' }),
      bankLoginId: t.arg.id({ description: 'Of this bank login alone.' }),
      accountId: t.arg.id({ description: 'Of this account alone.' }),
      eventId: t.arg.id({
        description:
          'Those that this event told of, all of them. What has changed again since is with the later event.',
      }),
      first: t.arg.int({
        defaultValue: changePage.defaultFirst,
        description: `How many changes at most: 0 to ${changePage.maximumFirst}.`,
      }),
      after: t.arg.string({ description: 'Go on behind the change with this cursor.' }),
    },
    extensions: changePage,
    resolve: async (_root, args, context) => {
      const { services, viewer } = context;
      const page = toPage(args, toPlace, changePage);
      services.audit.noteRead(viewer);
      const filter = await toFilter(args, context);
      const read = await services.accounts.listChanges(viewer.clientId, filter, page);
      if (read.changes.length === 0 && args.eventId != null) await refuseUnlisted(args.eventId, filter, context);
      return toConnection(read, page);
    },
  }),
);

interface FilterArguments {
  userId?: string | null | undefined;
  bankLoginId?: string | null | undefined;
  accountId?: string | null | undefined;
  eventId?: string | null | undefined;
}

async function toFilter(
  { userId, bankLoginId, accountId, eventId }: FilterArguments,
  { services, viewer }: Context,
): Promise<ChangeFilter> {
  const position = eventId == null ? null : await services.events.findPosition(viewer.clientId, eventId);
  // An empty page would say that there is nothing left of it to read.
  if (eventId != null && position === null) throw new NotFound('event', eventId);
  return {
    ...(userId != null && { userId }),
    ...(bankLoginId != null && { bankLoginId }),
    ...(accountId != null && { accountId }),
    ...(position !== null && { position }),
  };
}

// Of an event from before the list existed, an empty page would say that it told of no changes.
async function refuseUnlisted(eventId: string, { position }: ChangeFilter, context: Context): Promise<void> {
  const { services, viewer, loaders } = context;
  if (position === undefined || (await services.accounts.hasChangeSet(viewer.clientId, position))) return;
  const event = await loaders.event.load(eventId);
  const accounts = event && hasAccounts(event.data) ? event.data.accounts : [];
  if (!accounts.some((account) => Object.values(countChanges(account)).some((count) => count > 0))) return;
  const message = `The event ${eventId} was written before changes were listed. What it told of is in the list of its bank login, from the beginning: ask with bankLoginId.`;
  throw new GraphQLError(message, { extensions: { code: 'CHANGES_NOT_LISTED' } });
}

function toConnection(
  { changes, goOnAfter }: ChangePage,
  { after, limit }: { after: ChangePlace | null; limit: number },
): Connection<Change> {
  const edges = changes.slice(0, limit - 1).map((node) => ({ cursor: toCursor(node.place), node }));
  const end = goOnAfter ? toCursor(goOnAfter) : edges.at(-1)?.cursor;
  return {
    edges,
    pageInfo: {
      hasNextPage: changes.length === limit || goOnAfter !== null,
      hasPreviousPage: after !== null,
      startCursor: edges[0]?.cursor ?? null,
      endCursor: end ?? null,
    },
  };
}

const version = 'c1';

function toCursor({ position, bankLoginId, of }: ChangePlace): string {
  return encodeCursor([version, String(position), bankLoginId, ...(of ? [of.accountId, of.transactionId] : [])]);
}

function toPlace(cursor: string): ChangePlace | null {
  const [prefix, position = '', bankLoginId = '', accountId, transactionId] = decodeCursor(cursor) ?? [];
  if (prefix !== version || !/^\d{1,18}$/.test(position)) return null;
  if (![bankLoginId, accountId ?? '', transactionId ?? ''].every((id) => /^[a-z0-9_]*$/.test(id))) return null;
  const of = accountId !== undefined && transactionId !== undefined ? { accountId, transactionId } : null;
  return { position: BigInt(position), bankLoginId, of };
}
