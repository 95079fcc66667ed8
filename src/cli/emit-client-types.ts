import { codegen } from '@graphql-codegen/core';
import * as typescriptPlugin from '@graphql-codegen/typescript';
import { type GraphQLSchema, isAbstractType, isIntrospectionType, parse, printSchema } from 'graphql';

/** Which types an interface or a union may be, as caches of clients ask for it: Apollo's `possibleTypes`. */
export function toPossibleTypes(schema: GraphQLSchema): string {
  const abstract = Object.values(schema.getTypeMap()).filter(
    (type) => isAbstractType(type) && !isIntrospectionType(type),
  );
  const entries = abstract.map((type) => [
    type.name,
    isAbstractType(type)
      ? schema
          .getPossibleTypes(type)
          .map(({ name }) => name)
          .sort()
      : [],
  ]);
  return `${JSON.stringify(Object.fromEntries(entries.sort()), null, 2)}\n`;
}

const scalars = { ID: 'string', DateTime: 'string', Date: 'string', Decimal: 'string', URL: 'string', JSON: 'unknown' };

/** The API's types for clients in TypeScript. What may gain values is a union that an unknown one fits: see docs/api-client.md. */
export async function toTypeScript(schema: GraphQLSchema): Promise<string> {
  const text = await codegen({
    filename: 'types.ts',
    schema: parse(printSchema(schema)),
    documents: [],
    plugins: [{ typescript: {} }],
    pluginMap: { typescript: typescriptPlugin },
    config: {
      scalars,
      enumsAsTypes: true,
      futureProofEnums: true,
      useTypeImports: true,
      avoidOptionals: { field: true },
    },
  });
  return `// Written by \`npm run schema\` from src/graphql; do not edit.\n\n${text.trim()}\n`;
}
