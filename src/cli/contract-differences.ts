import {
  buildSchema,
  type GraphQLArgument,
  type GraphQLField,
  type GraphQLInputField,
  type GraphQLNamedType,
  type GraphQLSchema,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isNonNullType,
  isObjectType,
  isSpecifiedScalarType,
  isUnionType,
} from 'graphql';

/**
 * Everything that the promised API has and the emitted one has not, or has differently; additions are fine as long as no
 * promised call breaks on them. Both are SDL. One line each, sorted; empty: the promise is kept.
 */
export function findContractDifferences(promised: string, emitted: string): string[] {
  const promise = buildSchema(promised);
  const schema = buildSchema(emitted);
  const differences = Object.values(promise.getTypeMap())
    .filter((type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type))
    .flatMap((type) => compareType(type, schema));
  return differences.sort();
}

function compareType(promised: GraphQLNamedType, schema: GraphQLSchema): string[] {
  const found = schema.getType(promised.name);
  if (!found) return [`${promised.name}: missing`];
  if (found.constructor !== promised.constructor) return [`${promised.name}: is another kind of type`];
  if (isEnumType(promised) && isEnumType(found)) {
    return missingNames(promised.name, namesOf(promised.getValues()), namesOf(found.getValues()), 'value');
  }
  if (isUnionType(promised) && isUnionType(found)) {
    return missingNames(promised.name, namesOf(promised.getTypes()), namesOf(found.getTypes()), 'member');
  }
  if (isInputObjectType(promised) && isInputObjectType(found)) {
    return compareInputs(promised.name, Object.values(promised.getFields()), Object.values(found.getFields()));
  }
  if ((isObjectType(promised) || isInterfaceType(promised)) && (isObjectType(found) || isInterfaceType(found))) {
    const fields = found.getFields();
    return [
      ...missingNames(promised.name, namesOf(promised.getInterfaces()), namesOf(found.getInterfaces()), 'interface'),
      ...Object.values(promised.getFields()).flatMap((field) =>
        compareField(`${promised.name}.${field.name}`, field, fields[field.name]),
      ),
    ];
  }
  return [];
}

type OutputField = GraphQLField<unknown, unknown>;

function compareField(path: string, promised: OutputField, found: OutputField | undefined): string[] {
  if (!found) return [`${path}: missing`];
  return [...compareTypeText(path, promised, found), ...compareInputs(path, promised.args, found.args)];
}

function compareInputs(
  path: string,
  promised: readonly (GraphQLArgument | GraphQLInputField)[],
  found: readonly (GraphQLArgument | GraphQLInputField)[],
): string[] {
  const differences = promised.flatMap((input) => {
    const inputPath = `${path}(${input.name})`;
    const match = found.find(({ name }) => name === input.name);
    if (!match) return [`${inputPath}: missing`];
    return [
      ...compareTypeText(inputPath, input, match),
      ...(input.defaultValue !== undefined && JSON.stringify(input.defaultValue) !== JSON.stringify(match.defaultValue)
        ? [
            `${inputPath}: default is ${JSON.stringify(match.defaultValue)}, promised ${JSON.stringify(input.defaultValue)}`,
          ]
        : []),
    ];
  });
  const required = found.filter((input) => isRequired(input) && !promised.some(({ name }) => name === input.name));
  return [...differences, ...required.map(({ name }) => `${path}(${name}): added, and required`)];
}

function isRequired(input: GraphQLArgument | GraphQLInputField): boolean {
  return isNonNullType(input.type) && input.defaultValue === undefined;
}

function compareTypeText(path: string, promised: { type: unknown }, found: { type: unknown }): string[] {
  const [wanted, present] = [String(promised.type), String(found.type)];
  return wanted === present ? [] : [`${path}: is ${present}, promised ${wanted}`];
}

function missingNames(path: string, promised: string[], found: string[], what: string): string[] {
  return promised.filter((name) => !found.includes(name)).map((name) => `${path}: ${what} ${name} is missing`);
}

function namesOf(items: readonly { name: string }[]): string[] {
  return items.map(({ name }) => name);
}
