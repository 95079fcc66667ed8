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
  type OperationDefinitionNode,
  SchemaMetaFieldDef,
  type SelectionNode,
  type SelectionSetNode,
  TypeMetaFieldDef,
  typeFromAST,
  valueFromAST,
} from 'graphql';
import type { PageSizes } from './connections.ts';
import { assumedListLength, defaultPageSize, maximumPageSize, operationLimits } from './limits.ts';
import { refuseVariables } from './storable-text.ts';

export interface OperationPrice {
  depth: number;
  aliases: number;
  /** Objects that the answer may hold, ids of long lists among them. */
  cost: number;
  /** What is asked of the database, at most: once for each field of the operation itself, and for each list that is paged. */
  statements: number;
}

export interface PricedOperation {
  schema: GraphQLSchema;
  /** Valid against the schema. */
  document: DocumentNode;
  operationName?: string | null | undefined;
  variables?: Record<string, unknown> | null | undefined;
}

/** As a price, but what the variables decide is left to them. */
interface Plan {
  depth: number;
  aliases: number;
  statements: number;
  cost: Cost;
}

type Variables = Record<string, unknown>;
type Cost = number | ((variables: Variables) => number);

interface Planning {
  schema: GraphQLSchema;
  fragments: ReadonlyMap<string, FragmentDefinitionNode>;
  /** Each fragment is planned once, and its cost worked out once, however often it is spread: otherwise pricing itself could be made to explode. */
  planned: Map<string, Plan>;
}

interface OperationPlan extends Plan {
  defaults: Variables;
}

const introspectionFields = [SchemaMetaFieldDef, TypeMetaFieldDef];

const nothing: OperationPrice = { depth: 0, aliases: 0, cost: 0, statements: 0 };

/** What an operation may cost at most, told from its text and variables alone. */
export function priceOperation({ schema, document, operationName, variables }: PricedOperation): OperationPrice {
  const operation = getOperationAST(document, operationName);
  if (!operation) return nothing;
  const { depth, aliases, statements, cost, defaults } = findPlan(schema, document, operation);
  return { depth, aliases, statements, cost: costWith(cost, { ...defaults, ...variables }) };
}

const plans = new WeakMap<OperationDefinitionNode, OperationPlan>();

/** Documents come again and again, and there is one schema. */
function findPlan(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode): OperationPlan {
  const known = plans.get(operation);
  if (known) return known;
  const plan = planOperation(schema, document, operation);
  plans.set(operation, plan);
  return plan;
}

function planOperation(
  schema: GraphQLSchema,
  document: DocumentNode,
  operation: OperationDefinitionNode,
): OperationPlan {
  const root = schema.getRootType(operation.operation);
  if (!root) return { ...nothing, defaults: {} };
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
  return { ...planSelections(operation.selectionSet, root, { schema, fragments, planned: new Map() }), defaults };
}

const costWith = (cost: Cost, variables: Variables): number => (typeof cost === 'number' ? cost : cost(variables));

/** A number still, where all of them are. */
function combine(costs: readonly Cost[], toOne: (numbers: readonly number[]) => number): Cost {
  if (costs.every((cost) => typeof cost === 'number')) return toOne(costs);
  return (variables) => toOne(costs.map((cost) => costWith(cost, variables)));
}

/** Worked out once for the same variables, however often it is asked for. */
function costOnce(cost: Cost): Cost {
  if (typeof cost === 'number') return cost;
  const known = new WeakMap<Variables, number>();
  return (variables) => {
    const value = known.get(variables) ?? cost(variables);
    known.set(variables, value);
    return value;
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

/** The refusal of an operation that is beyond a limit, or that asks with what nobody can store; or null. */
export function refuseOperation(operation: PricedOperation): GraphQLError | null {
  const faulty = refuseVariables(operation.variables);
  if (faulty) return faulty;
  const { depth, aliases, cost } = priceOperation(operation);
  if (depth > operationLimits.depth) {
    return refusal('TOO_DEEP', `The operation is ${depth} levels deep; ${operationLimits.depth} is the most.`);
  }
  if (aliases > operationLimits.aliases) {
    return refusal('TOO_MANY_ALIASES', `The operation has ${aliases} aliases; ${operationLimits.aliases} is the most.`);
  }
  if (cost > operationLimits.cost) {
    const advice = 'ask for smaller pages, or for less at once';
    return refusal(
      'TOO_COSTLY',
      `The operation may answer with ${cost} objects; ${operationLimits.cost} is the most: ${advice}.`,
    );
  }
  return null;
}

function refusal(code: string, message: string): GraphQLError {
  return new GraphQLError(message, { extensions: { code, http: { status: 400 } } });
}

function planSelections({ selections }: SelectionSetNode, parent: GraphQLCompositeType, planning: Planning): Plan {
  let depth = 0;
  let aliases = 0;
  let statements = 0;
  const costs: Cost[] = [];
  // A value is of one type: of what is asked of several, the dearest is the most that it may come to.
  const costsOfTypes = new Map<string, Cost[]>();
  for (const selection of selections) {
    const plan = planSelection(selection, parent, planning);
    depth = Math.max(depth, plan.depth);
    aliases += plan.aliases;
    statements += plan.statements;
    const type = findOnlyType(selection, parent, planning);
    if (type === null) costs.push(plan.cost);
    else costsOfTypes.set(type, [...(costsOfTypes.get(type) ?? []), plan.cost]);
  }
  const ofTypes = [...costsOfTypes.values()].map((each) => combine(each, sum));
  if (ofTypes.length > 0) costs.push(combine(ofTypes, (numbers) => Math.max(...numbers)));
  return { depth, aliases, statements, cost: combine(costs, sum) };
}

function planSelection(selection: SelectionNode, parent: GraphQLCompositeType, planning: Planning): Plan {
  if (selection.kind === Kind.FIELD) return planField(selection, parent, planning);
  if (selection.kind === Kind.FRAGMENT_SPREAD) return planFragment(selection.name.value, planning);
  const type = selection.typeCondition && planning.schema.getType(selection.typeCondition.name.value);
  return planSelections(selection.selectionSet, isCompositeType(type) ? type : parent, planning);
}

/** Of the types that a value of the parent may have, the only one of which this is asked; null: of several. */
function findOnlyType(
  selection: SelectionNode,
  parent: GraphQLCompositeType,
  { schema, fragments }: Planning,
): string | null {
  if (selection.kind === Kind.FIELD || isObjectType(parent)) return null;
  const fragment = selection.kind === Kind.FRAGMENT_SPREAD ? fragments.get(selection.name.value) : selection;
  const name = fragment?.typeCondition?.name.value;
  return name !== undefined && isObjectType(schema.getType(name)) ? name : null;
}

function planFragment(name: string, planning: Planning): Plan {
  const known = planning.planned.get(name);
  if (known) return known;
  const fragment = planning.fragments.get(name);
  const type = fragment && planning.schema.getType(fragment.typeCondition.name.value);
  if (!fragment || !isCompositeType(type)) return nothing;
  const plan = planSelections(fragment.selectionSet, type, planning);
  const once = { ...plan, cost: costOnce(plan.cost) };
  planning.planned.set(name, once);
  return once;
}

function planField(node: FieldNode, parent: GraphQLCompositeType, planning: Planning): Plan {
  const aliases = node.alias ? 1 : 0;
  const introspection = introspectionFields.find(({ name }) => name === node.name.value);
  const own = isObjectType(parent) || isInterfaceType(parent) ? parent.getFields()[node.name.value] : undefined;
  const field = introspection ?? own;
  const type = field && getNamedType(field.type);
  // Without a field it is __typename.
  if (!field || !isCompositeType(type) || !node.selectionSet)
    return { depth: 1, aliases, statements: 0, cost: listLengthOf(field) ?? 0 };
  const inner = planSelections(node.selectionSet, type, planning);
  const rows = combine([countOf(field, node, parent), inner.cost], ([count = 1, each = 0]) => count * (each + 1));
  return {
    // How deep introspection goes, graphql-js limits by a rule of its own: types of types are deep by nature.
    depth: introspection ? 1 : inner.depth + 1,
    aliases: inner.aliases + aliases,
    statements: inner.statements + (isRead(field, parent, planning) ? 1 : 0),
    cost: combine([rows, searchCostOf(field, node), argumentsCostOf(field, node)], sum),
  };
}

function isRead(field: GraphQLField<unknown, unknown>, parent: GraphQLCompositeType, { schema }: Planning): boolean {
  const isRoot = parent === schema.getQueryType() || parent === schema.getMutationType();
  return isRoot || (listLengthOf(field) === null && field.args.some(({ name }) => name === 'first'));
}

function countOf(field: GraphQLField<unknown, unknown>, node: FieldNode, parent: GraphQLCompositeType): Cost {
  const assumed = listLengthOf(field);
  if (field.args.some(({ name }) => name === 'first')) {
    // Of events nobody knows before they are read how many rows they have: there are fewer than may be asked for.
    const ofEvent = assumed !== null && { defaultFirst: assumed, maximumFirst: assumed };
    const sizes = (ofEvent || field.extensions) as Partial<PageSizes>;
    const { defaultFirst = defaultPageSize, maximumFirst = maximumPageSize } = sizes;
    // Below zero: not given.
    const counts = ['last', 'first'].map((name) =>
      costByArgument({ field, node, name }, (count) => Math.min(Number(count ?? -1), maximumFirst)),
    );
    return combine(counts, ([last = -1, first = -1]) => Math.max(1, [last, first].find((n) => n >= 0) ?? defaultFirst));
  }
  const { lengthOf } = field.extensions;
  if (typeof lengthOf === 'string') {
    return costByArgument({ field, node, name: lengthOf }, (list) => (Array.isArray(list) ? list.length : 1));
  }
  // The rows of a page have been counted by the field that the page came with.
  if (!isListType(getNullableType(field.type)) || parent.name.endsWith('Connection')) return 1;
  return listLengthOf(field) ?? assumedListLength;
}

/** Of a field that reads more than it answers with when it is given a text to search for. */
function searchCostOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost {
  const { searchCost } = field.extensions;
  if (typeof searchCost !== 'number') return 0;
  return costByArgument({ field, node, name: 'search' }, (search) => (search == null ? 0 : searchCost));
}

/** Of a field that tells from its arguments what it reads beside what it answers with. */
function argumentsCostOf(field: GraphQLField<unknown, unknown>, node: FieldNode): Cost {
  const { argumentsCost } = field.extensions;
  if (typeof argumentsCost !== 'function') return 0;
  return (variables) => {
    try {
      return Number(argumentsCost(getArgumentValues(field, node, variables)));
    } catch {
      // The field itself tells what is wrong with its arguments.
      return 0;
    }
  };
}

interface Argument {
  field: GraphQLField<unknown, unknown>;
  node: FieldNode;
  name: string;
}

function costByArgument({ field, node, name }: Argument, costOf: (value: unknown) => number): Cost {
  const argument = field.args.find((each) => each.name === name);
  const given = node.arguments?.find((each) => each.name.value === name)?.value;
  if (!argument || !given) return costOf(argument?.defaultValue);
  const cost = (variables: Variables): number => {
    const value = valueFromAST(given, argument.type, variables);
    return costOf(value === undefined ? argument.defaultValue : value);
  };
  return given.kind === Kind.VARIABLE ? cost : cost({});
}

/** Of a field that says how long its list is taken to be. */
function listLengthOf(field: GraphQLField<unknown, unknown> | undefined): number | null {
  const length = field?.extensions.listLength;
  return typeof length === 'number' ? length : null;
}
