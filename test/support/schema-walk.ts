import {
  type GraphQLField,
  type GraphQLInputType,
  type GraphQLNamedType,
  type GraphQLSchema,
  getNamedType,
  getNullableType,
  isCompositeType,
  isEnumType,
  isInputObjectType,
  isIntrospectionType,
  isListType,
  isObjectType,
  isRequiredArgument,
  isRequiredInputField,
} from 'graphql';

export type OperationKind = 'query' | 'mutation' | 'subscription';

/** A field of Query, Mutation or Subscription. */
export interface RootField {
  kind: OperationKind;
  name: string;
  field: GraphQLField<unknown, unknown>;
  /** Every place of its arguments that takes an id or a text. */
  slots: Slot[];
}

/** A place in a root field's arguments: `updateUser.input.id`. */
export interface Slot {
  path: string;
  type: 'ID' | 'String';
}

export function listRootFields(schema: GraphQLSchema): RootField[] {
  return (['query', 'mutation', 'subscription'] as const).flatMap((kind) => {
    const root = schema.getRootType(kind as never);
    return Object.values(root?.getFields() ?? {}).map((field) => ({
      kind,
      name: field.name,
      field,
      slots: field.args.flatMap((argument) => findSlots(argument.type, `${field.name}.${argument.name}`)),
    }));
  });
}

function findSlots(type: GraphQLInputType, path: string): Slot[] {
  const named = getNamedType(type);
  if (isInputObjectType(named)) {
    return Object.values(named.getFields()).flatMap((field) => findSlots(field.type, `${path}.${field.name}`));
  }
  return named.name === 'ID' || named.name === 'String' || named.name === 'URL'
    ? [{ path, type: named.name === 'ID' ? 'ID' : 'String' }]
    : [];
}

/** What is not given is left out where it may be, else made up from its type. Throws for a type that it knows nothing of. */
export function buildArguments(
  { field, name }: RootField,
  given: ReadonlyMap<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    field.args
      .map((argument) => ({ argument, path: `${name}.${argument.name}` }))
      .filter(({ argument, path }) => isRequiredArgument(argument) || isGivenWithin(path, given))
      .map(({ argument, path }) => [argument.name, buildValue(argument.type, path, given)]),
  );
}

function buildValue(type: GraphQLInputType, path: string, given: ReadonlyMap<string, unknown>): unknown {
  const nullable = getNullableType(type);
  if (isListType(nullable)) {
    return given.has(path) || isInputObjectType(getNamedType(type)) ? [buildValue(nullable.ofType, path, given)] : [];
  }
  if (given.has(path)) return given.get(path);
  if (isInputObjectType(nullable)) {
    return Object.fromEntries(
      Object.values(nullable.getFields())
        .filter((field) => isRequiredInputField(field) || isGivenWithin(`${path}.${field.name}`, given))
        .map((field) => [field.name, buildValue(field.type, `${path}.${field.name}`, given)]),
    );
  }
  if (isEnumType(nullable)) return nullable.getValues()[0]?.name;
  const madeUp: Record<string, unknown> = {
    String: 'text',
    Int: 1,
    Boolean: true,
    DateTime: '2026-03-10T09:00:00Z',
    Date: '2026-03-10',
    Decimal: '1.00',
    URL: 'http://127.0.0.1:9/walk',
    JSON: {},
  };
  const { name } = getNamedType(type);
  if (name in madeUp) return madeUp[name];
  throw new Error(`${path}: say what the walk is to give for this ${name}`);
}

function isGivenWithin(path: string, given: ReadonlyMap<string, unknown>): boolean {
  return [...given.keys()].some((key) => key === path || key.startsWith(`${path}.`));
}

/**
 * Everything that can be selected of a type, `depth` levels down. Each field stands under `Type__field`, which tells whose it
 * is wherever it comes in an answer, and keeps types that share a field's name apart.
 */
export function selectEverything(schema: GraphQLSchema, type: GraphQLNamedType, depth: number): string {
  if (!isCompositeType(type)) return '';
  if (!isObjectType(type)) {
    const members = schema
      .getPossibleTypes(type)
      .map((member) => `... on ${member.name} ${selectEverything(schema, member, depth)}`);
    return `{ __typename ${members.join(' ')} }`;
  }
  const fields = Object.values(type.getFields()).flatMap((field) => {
    const inner = getNamedType(field.type);
    if (isCompositeType(inner) && depth === 0) return [];
    const page = field.args.some(({ name }) => name === 'first') ? '(first: 100)' : '';
    return [`${type.name}__${field.name}: ${field.name}${page} ${selectEverything(schema, inner, depth - 1)}`];
  });
  return `{ __typename ${fields.join(' ')} }`;
}

/** `query ($id: ID!) { root: user(id: $id) { … } }`. */
export function writeOperation(schema: GraphQLSchema, root: RootField, args: Record<string, unknown>, depth: number) {
  const used = root.field.args.filter(({ name }) => name in args);
  const variables = used.map(({ name, type }) => `$${name}: ${type}`).join(', ');
  const passed = used.map(({ name }) => `${name}: $${name}`).join(', ');
  return [
    `${root.kind} ${variables && `(${variables})`} {`,
    `root: ${root.name}${passed && `(${passed})`} ${selectEverything(schema, getNamedType(root.field.type), depth)} }`,
  ].join(' ');
}

/** `User.id` for every field of every object type that an answer may hold. */
export function listAnswerFields(schema: GraphQLSchema): string[] {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  return Object.values(schema.getTypeMap())
    .filter((type) => isObjectType(type) && !isIntrospectionType(type) && !roots.includes(type))
    .flatMap((type) =>
      isObjectType(type) ? Object.keys(type.getFields()).map((field) => `${type.name}.${field}`) : [],
    );
}

/** Every text of an answer, with the key that it stands under. */
export function listTexts(value: unknown, key = ''): { key: string; text: string }[] {
  if (typeof value === 'string') return [{ key, text: value }];
  if (Array.isArray(value)) return value.flatMap((item) => listTexts(item, key));
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => listTexts(inner, name));
}

/** The `Type.field`s that an answer holds, other than as null or as an empty list. */
export function listFields(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(listFields);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => {
    const isEmpty = inner === null || (Array.isArray(inner) && inner.length === 0);
    const own = name.includes('__') && !name.startsWith('__') && !isEmpty ? [name.replace('__', '.')] : [];
    return [...own, ...listFields(inner)];
  });
}
