import { readdir, readFile } from 'node:fs/promises';
import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { refuseOperation } from '../../src/graphql/operation-price.ts';
import { createSchema } from '../../src/graphql/schema.ts';

const directory = new URL('../../schema/operations/', import.meta.url);
const schema = createSchema();

test.each(await readdir(directory))('schema/operations/%s fits the schema and its limits', async (file) => {
  const document = parse(await readFile(new URL(file, directory), 'utf8'));
  expect(validate(schema, document)).toEqual([]);
  for (const definition of document.definitions) {
    if (definition.kind !== 'OperationDefinition') continue;
    const operation = { schema, document, operationName: definition.name?.value, variables: { first: 100 } };
    expect(refuseOperation(operation)).toBeNull();
  }
});
