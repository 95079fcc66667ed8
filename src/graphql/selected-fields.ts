import { type FieldNode, type GraphQLResolveInfo, Kind, type SelectionSetNode } from 'graphql';

type Fragments = GraphQLResolveInfo['fragments'];

/** By the node of a connection's field: documents come again and again. */
const selected = new WeakMap<FieldNode, readonly string[]>();

/**
 * The names of the fields that are asked for of the rows of a connection, sorted; through fragments, whatever they are conditioned on:
 * more than are needed at worst, and never fewer.
 */
export function findRowFields(nodes: readonly FieldNode[], fragments: Fragments): readonly string[] {
  const [only] = nodes;
  const known = nodes.length === 1 && only ? selected.get(only) : undefined;
  if (known) return known;
  const names = new Set<string>();
  const ofRow = (set: SelectionSetNode) => collect(set, fragments, (field) => names.add(field.name.value));
  for (const { selectionSet } of nodes) {
    if (selectionSet) collect(selectionSet, fragments, (field) => collectRows(field, fragments, ofRow));
  }
  const sorted = [...names].sort();
  if (nodes.length === 1 && only) selected.set(only, sorted);
  return sorted;
}

function collectRows({ name, selectionSet }: FieldNode, fragments: Fragments, ofRow: (set: SelectionSetNode) => void) {
  if (!selectionSet) return;
  if (name.value === 'nodes') ofRow(selectionSet);
  if (name.value !== 'edges') return;
  collect(selectionSet, fragments, (field) => {
    if (field.name.value === 'node' && field.selectionSet) ofRow(field.selectionSet);
  });
}

function collect({ selections }: SelectionSetNode, fragments: Fragments, onField: (field: FieldNode) => void): void {
  for (const selection of selections) {
    if (selection.kind === Kind.FIELD) onField(selection);
    else if (selection.kind === Kind.INLINE_FRAGMENT) collect(selection.selectionSet, fragments, onField);
    else {
      const fragment = fragments[selection.name.value];
      if (fragment) collect(fragment.selectionSet, fragments, onField);
    }
  }
}

/** The fields of one name that are asked for right below these, through fragments: each use of a fragment counted. */
export function findFieldNodes(nodes: readonly FieldNode[], fragments: Fragments, fieldName: string): FieldNode[] {
  const fields: FieldNode[] = [];
  for (const { selectionSet } of nodes) {
    if (selectionSet) collect(selectionSet, fragments, (field) => field.name.value === fieldName && fields.push(field));
  }
  return fields;
}
