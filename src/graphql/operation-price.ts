import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getArgumentValues,
  getNamedType,
  getNullableType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
  isListType,
  isObjectType,
  Kind,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import { assumedListLength, defaultPageSize, maximumPageSize, operationLimits } from './limits.ts';
import { holdsNul, refuseNul } from './storable-text.ts';

export interface OperationPrice {
  depth: number;
  aliases: number;
  /** Objects that the answer may hold, ids of long lists among them. */
  cost: number;
}

export interface PricedOperation {
  schema: GraphQLSchema;
  /** Valid against the schema. */
  document: DocumentNode;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

interface Pricing {
  schema: GraphQLSchema;
  variables: Record<string, unknown>;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Each fragment is priced once, however often it is spread: otherwise pricing itself could be made to explode. */
  priced: Map<string, OperationPrice>;
}

const introspectionFields = [SchemaMetaFieldDef, TypeMetaFieldDef];

const nothing: OperationPrice = { depth: 0, aliases: 0, cost: 0 };

/** What an operation may cost at most, told from its text and variables alone. */
export function priceOperation({ schema, document, operationName, variables }: PricedOperation): OperationPrice {
  const operation = getOperationAST(document, operationName);
  const root = operation && schema.getRootType(operation.operation);
  if (!operation || !root) return nothing;
  const fragments = new Map<string, FragmentDefinitionNode>();
  for (const definition of document.definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments.set(definition.name.value, definition);
  }
  const defaults = Object.fromEntries(
    (operation.variableDefinitions ?? []).flatMap(({ variable, type, defaultValue }) => {
      const inputType = typeFromAST(schema, type as never) as unknown as GraphQLInputType;
      return defaultValue ? [[variable.name.value, valueFromAST(defaultValue, inputType)]] : [];
    }),
  );
  const pricing: Pricing = { schema, fragments, variables: { ...defaults, ...variables }, priced: new Map() };
  return priceSelections(operation.selectionSet, root, pricing);
}

/** The refusal of an operation that is beyond a limit, or that asks with what nobody can store; or null. */
export function refuseOperation(operation: PricedOperation): GraphQLError | null {
  if (holdsNul(operation.variables)) return refuseNul();
  try {
    const { depth, aliases, cost } = priceOperation(operation);
    if (depth > operationLimits.depth) {
      return refusal('TOO_DEEP', `The operation is ${depth} levels deep; ${operationLimits.depth} is the most.`);
    }
    if (aliases > operationLimits.aliases) {
      return refusal(
        'TOO_MANY_ALIASES',
        `The operation has ${aliases} aliases; ${operationLimits.aliases} is the most.`,
      );
    }
    if (cost > operationLimits.cost) {
      const advice = 'ask for smaller pages, or for less at once';
      return refusal(
        'TOO_COSTLY',
        `The operation may answer with ${cost} objects; ${operationLimits.cost} is the most: ${advice}.`,
      );
    }
    return null;
  } catch (error) {
    if (!(error instanceof GraphQLError)) throw error;
    return error.extensions.code ? error : refusal('BAD_USER_INPUT', error.message);
  }
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

function priceSelections(selections: SelectionSetNode, parent: GraphQLCompositeType, pricing: Pricing): OperationPrice {
  const sum = { ...nothing };
  // A value is of one type: of what is asked of several, the dearest is the most that it may come to.
  const costOfTypes = new Map<string, number>();
  for (const selection of selections.selections) {
    const price = priceSelection();
    sum.depth = Math.max(sum.depth, price.depth);
    sum.aliases += price.aliases;
    const type = findOnlyType(selection, parent, pricing);
    if (type === null) sum.cost += price.cost;
    else costOfTypes.set(type, (costOfTypes.get(type) ?? 0) + price.cost);

    function priceSelection(): OperationPrice {
      if (selection.kind === Kind.FIELD) return priceField(selection, parent, pricing);
      if (selection.kind === Kind.FRAGMENT_SPREAD) return priceFragment(selection.name.value, pricing);
      const type = selection.typeCondition && pricing.schema.getType(selection.typeCondition.name.value);
      return priceSelections(selection.selectionSet, isCompositeType(type) ? type : parent, pricing);
    }
  }
  sum.cost += Math.max(0, ...costOfTypes.values());
  return sum;
}

/** Of the types that a value of the parent may have, the only one of which this is asked; null: of several. */
function findOnlyType(
  selection: SelectionNode,
  parent: GraphQLCompositeType,
  { schema, fragments }: Pricing,
): string | null {
  if (selection.kind === Kind.FIELD || isObjectType(parent)) return null;
  const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
  const name = fragment?.typeCondition?.name.value;
  return name !== undefined && isObjectType(schema.getType(name)) ? name : null;
}

function priceFragment(name: string, pricing: Pricing): OperationPrice {
  const known = pricing.priced.get(name);
  if (known) return known;
  const fragment = pricing.fragments.get(name);
  const type = fragment && pricing.schema.getType(fragment.typeCondition.name.value);
  if (!fragment || !isCompositeType(type)) return nothing;
  const price = priceSelections(fragment.selectionSet, type, pricing);
  pricing.priced.set(name, price);
  return price;
}

function priceField(node: FieldNode, parent: GraphQLCompositeType, pricing: Pricing): OperationPrice {
  const aliases = node.alias ? 1 : 0;
  const introspection = introspectionFields.find(({ name }) => name === node.name.value);
  const own = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
  const field = introspection ?? own;
  const type = field && getNamedType(field.type);
  // Without a field it is __typename.
  if (!field || !isCompositeType(type) || !node.selectionSet)
    return { depth: 1, aliases, cost: listLengthOf(field) ?? 0 };
  const inner = priceSelections(node.selectionSet, type, pricing);
  return {
    // How deep introspection goes, graphql-js limits by a rule of its own: types of types are deep by nature.
    depth: introspection ? 1 : inner.depth + 1,
    aliases: inner.aliases + aliases,
    cost: countOf(field, node, parent, pricing) * (inner.cost + 1) + searchCostOf(field, node, pricing),
  };
}

function countOf(
  field: GraphQLField<unknown, unknown>,
  node: FieldNode,
  parent: GraphQLCompositeType,
  pricing: Pricing,
): number {
  if (field.args.some(({ name }) => name === 'first')) {
    const { first = defaultPageSize } = getArgumentValues(field, node, pricing.variables) as { first?: number | null };
    return Math.max(1, Math.min(first ?? defaultPageSize, maximumPageSize));
  }
  // The rows of a page have been counted by the field that the page came with.
  if (!isListType(getNullableType(field.type)) || parent.name.endsWith('Connection')) return 1;
  return listLengthOf(field) ?? assumedListLength;
}

/** Of a field that reads more than it answers with when it is given a text to search for. */
function searchCostOf(field: GraphQLField<unknown, unknown>, node: FieldNode, pricing: Pricing): number {
  const { searchCost } = field.extensions;
  if (typeof searchCost !== 'number') return 0;
  const { search } = getArgumentValues(field, node, pricing.variables) as { search?: string | null };
  return search == null ? 0 : searchCost;
}

/** Of a field that says how long its list is taken to be. */
function listLengthOf(field: GraphQLField<unknown, unknown> | undefined): number | null {
  const length = field?.extensions.listLength;
  return typeof length === 'number' ? length : null;
}
