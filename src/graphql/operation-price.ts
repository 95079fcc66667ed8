import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLCompositeType,
  GraphQLError,
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLSchema,
  getNamedType,
  getOperationAST,
  isCompositeType,
  isInterfaceType,
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
import {
  argumentsCostOf,
  type Cost,
  combine,
  costOnce,
  costWith,
  countOf,
  listLengthOf,
  searchCostOf,
  sum,
  type Variables,
} from './field-cost.ts';
import { operationLimits } from './limits.ts';
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
