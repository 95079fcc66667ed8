import { readFile } from 'node:fs/promises';
import {
  buildSchema,
  type GraphQLNamedType,
  isEnumType,
  isInputObjectType,
  isInterfaceType,
  isIntrospectionType,
  isObjectType,
  isSpecifiedScalarType,
} from 'graphql';
import { describe, expect, test } from 'vitest';
import { findContractDifferences } from '../../src/cli/contract-differences.ts';
import { createSchema, printApi } from '../../src/graphql/schema.ts';

const root = new URL('../../', import.meta.url);
const emitted = await readFile(new URL('schema/schema.graphql', root), 'utf8');
const promised = await readFile(new URL('../shared/contract.graphql', root), 'utf8').catch(() => null);

test('schema/schema.graphql is what the code emits: run `npm run schema`', () => {
  expect(printApi(createSchema())).toBe(emitted);
});

test.skipIf(promised === null)('the emitted schema keeps the whole contract', () => {
  expect(findContractDifferences(promised ?? '', emitted)).toEqual([]);
});

test('every type, field, argument and value is described', () => {
  const types = Object.values(buildSchema(emitted).getTypeMap()).filter(
    (type) => !isIntrospectionType(type) && !isSpecifiedScalarType(type),
  );
  expect(types.flatMap(findUndescribed)).toEqual([]);
});

function findUndescribed(type: GraphQLNamedType): string[] {
  const parts: { path: string; description?: string | null | undefined }[] = [
    { path: type.name, description: type.description },
  ];
  if (isEnumType(type)) {
    parts.push(...type.getValues().map(({ name, description }) => ({ path: `${type.name}.${name}`, description })));
  }
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) {
    for (const field of Object.values(type.getFields())) {
      parts.push({ path: `${type.name}.${field.name}`, description: field.description });
      for (const argument of 'args' in field ? field.args : []) {
        parts.push({ path: `${type.name}.${field.name}(${argument.name})`, description: argument.description });
      }
    }
  }
  return parts.filter(({ description }) => !description).map(({ path }) => path);
}

describe('the comparison finds', () => {
  const base = `
    interface Node { id: ID! }
    type Query { user(id: ID!, size: Int = 1): User  node: Node }
    type User implements Node { id: ID! name: String }
    enum Kind { A B }
    type Gone { id: ID! }
    union Result = User | Gone
    input In { a: Int! b: Kind }
    type Mutation { go(input: In): Result }`;

  const changes: [what: string, from: string, to: string, difference: string][] = [
    ['a missing field', 'name: String', '', 'User.name: missing'],
    ['another nullability', 'name: String', 'name: String!', 'User.name: is String!, promised String'],
    ['a missing argument', 'id: ID!, size', 'size', 'Query.user(id): missing'],
    ['another default', 'size: Int = 1', 'size: Int = 2', 'Query.user(size): default is 2, promised 1'],
    [
      'an added required argument',
      'id: ID!, size',
      'id: ID!, more: Int!, size',
      'Query.user(more): added, and required',
    ],
    ['a missing enum value', 'A B }', 'A }', 'Kind: value B is missing'],
    ['a missing union member', 'User | Gone', 'User', 'Result: member Gone is missing'],
    ['a missing interface', 'User implements Node', 'User', 'User: interface Node is missing'],
    ['a missing input field', 'b: Kind }', '}', 'In(b): missing'],
    ['an added required input field', 'b: Kind }', 'b: Kind c: Int! }', 'In(c): added, and required'],
    ['a missing type', 'input In { a: Int! b: Kind }', 'input In2 { a: Int! b: Kind }', 'In: missing'],
  ];

  test.each(changes)('%s', (_what, from, to, difference) => {
    const changed = base
      .replace(from, to)
      .replace('go(input: In)', to.includes('In2') ? 'go(input: In2)' : 'go(input: In)');
    expect(findContractDifferences(base, changed)).toContain(difference);
  });

  test('nothing in an addition', () => {
    const added = base.replace('name: String', 'name: String more: Int').replace('A B', 'A B C');
    expect(findContractDifferences(base, added)).toEqual([]);
  });
});
