import {
  type FieldNode,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  getArgumentValues,
  Kind,
  type SelectionSetNode,
} from 'graphql';

/** By the node of the outer field: documents come again and again. Of one outer field only one inner one is ever looked for. */
const found = new WeakMap<FieldNode, FieldNode | null>();

export interface InnerField {
  node: FieldNode;
  args: Record<string, unknown>;
}

/**
 * A field of `type` that is asked for of what the resolver is about to return: to read both at once. Null where it is not asked
 * for, where that hangs on a condition, and where the arguments are wrong, which the field itself will tell.
 */
export function findInnerField(
  info: GraphQLResolveInfo,
  type: GraphQLObjectType,
  fieldName: string,
): InnerField | null {
  const [outer] = info.fieldNodes;
  const field = type.getFields()[fieldName];
  if (!outer?.selectionSet || !field || info.fieldNodes.length > 1) return null;
  let node = found.get(outer);
  if (node === undefined) {
    node = findField(outer.selectionSet, { info, type, fieldName });
    found.set(outer, node);
  }
  try {
    return node && { node, args: getArgumentValues(field, node, info.variableValues) };
  } catch {
    return null;
  }
}

interface Sought {
  info: GraphQLResolveInfo;
  type: GraphQLObjectType;
  fieldName: string;
}

function findField({ selections }: SelectionSetNode, sought: Sought): FieldNode | null {
  for (const selection of selections) {
    if (selection.directives?.length) continue;
    if (selection.kind === Kind.FIELD) {
      if (selection.name.value === sought.fieldName) return selection;
      continue;
    }
    const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? sought.info.fragments[selection.name.value] : selection;
    const condition = fragment?.typeCondition?.name.value ?? sought.type.name;
    const isMet = condition === sought.type.name || sought.type.getInterfaces().some(({ name }) => name === condition);
    const inner = fragment && isMet ? findField(fragment.selectionSet, sought) : null;
    if (inner) return inner;
  }
  return null;
}
