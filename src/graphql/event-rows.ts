import { type FieldNode, type GraphQLObjectType, type GraphQLResolveInfo, getArgumentValues } from 'graphql';
import { countChanges, cutAccount, eventBounds } from '../events/event-bounds.ts';
import type { SynchronizedAccountData } from '../events/event-catalogue.ts';
import { withRecordFields } from '../events/event-upgrade.ts';
import type { Context, EventRows } from './context.ts';
import { changePage } from './limits.ts';
import { findFieldNodes } from './selected-fields.ts';

/** An account of an event with the rows that the answer has place for. */
export interface ShownAccount extends SynchronizedAccountData {
  /** A list that was asked for has fewer rows than there were. */
  isCut: boolean;
}

const lists = ['newTransactions', 'updatedTransactions'] as const;
const counts = { newTransactions: 'newTransactionCount', updatedTransactions: 'updatedTransactionCount' } as const;

/** How many rows of each list are asked for, by each field that asks; each goes into the answer. */
type Asked = Record<(typeof lists)[number], number[]>;

/** For the field that returns these accounts: gives each list of each account the place that the answer still has. */
export function showAccounts(
  { accounts, occurredAt }: { accounts: readonly SynchronizedAccountData[]; occurredAt: Date },
  { eventRows }: Context,
  info: GraphQLResolveInfo,
): ShownAccount[] {
  const asked = findAsked(info);
  // What was written before there were bounds is cut here.
  const kept = accounts.map((account) => cutAccount(account, eventBounds.rowsKept));
  const shown = kept.map((account) => showAccount(account, asked, eventRows));
  const named = withRecordFields(shown, occurredAt);
  return named === shown ? shown : named.map((account, index) => ({ ...account, isCut: shown[index]?.isCut ?? false }));
}

function showAccount(account: SynchronizedAccountData, asked: Asked, rows: EventRows): ShownAccount {
  const shown: ShownAccount = { ...account, ...countChanges(account), isCut: false };
  const removed = shown.removedTransactionIds.slice(0, rows.perList * eventBounds.removedIdsPerRow);
  shown.removedTransactionIds = removed;
  shown.isCut = removed.length < (shown.removedTransactionCount ?? 0);
  for (const list of lists) {
    const fields = asked[list];
    const place = Math.min(rows.perList, Math.floor(rows.left / Math.max(fields.length, 1)));
    const given = account[list].slice(0, place);
    for (const first of fields) {
      const length = Math.min(first, given.length);
      rows.left -= length;
      if (length < (shown[counts[list]] ?? 0)) shown.isCut = true;
    }
    shown[list] = given;
  }
  return shown;
}

/** By the node of the field that returns the accounts: documents come again and again. */
const found = new WeakMap<FieldNode, Record<(typeof lists)[number], readonly FieldNode[]>>();

function findAsked(info: GraphQLResolveInfo): Asked {
  const [node] = info.fieldNodes;
  const known = node && info.fieldNodes.length === 1 ? found.get(node) : undefined;
  const nodes = known ?? {
    newTransactions: findFieldNodes(info.fieldNodes, info.fragments, 'newTransactions'),
    updatedTransactions: findFieldNodes(info.fieldNodes, info.fragments, 'updatedTransactions'),
  };
  if (node && info.fieldNodes.length === 1) found.set(node, nodes);
  const toFirsts = (list: (typeof lists)[number]) => nodes[list].map((each) => firstOf(each, list, info));
  return { newTransactions: toFirsts('newTransactions'), updatedTransactions: toFirsts('updatedTransactions') };
}

function firstOf(node: FieldNode, list: string, { schema, variableValues }: GraphQLResolveInfo): number {
  const field = (schema.getType('SynchronizedAccount') as GraphQLObjectType).getFields()[list];
  try {
    const { first } = field ? getArgumentValues(field, node, variableValues) : {};
    return Math.max(0, (first as number | null | undefined) ?? changePage.defaultFirst);
  } catch {
    // The field itself tells what is wrong with it.
    return 0;
  }
}
