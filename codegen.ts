import type { CodegenConfig } from '@graphql-codegen/cli';

// Typed documents for schema/operations, used by the demo and the tests and committed nowhere: `npm run codegen`, which
// `npm run demo` and `npm run typecheck` do by themselves. What serves runs without them, and without this tool.
const config: CodegenConfig = {
  schema: 'schema/schema.graphql',
  documents: 'schema/operations/*.graphql',
  generates: {
    'src/generated/operations/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        documentMode: 'string',
        useTypeImports: true,
        importExtension: '.ts',
        emitLegacyCommonJSImports: false,
        enumsAsTypes: true,
        avoidOptionals: { field: true },
        scalars: {
          ID: { input: 'string', output: 'string' },
          DateTime: { input: 'string', output: 'string' },
          Date: { input: 'string', output: 'string' },
          Decimal: { input: 'string', output: 'string' },
          URL: { input: 'string', output: 'string' },
          JSON: { input: 'unknown', output: 'unknown' },
        },
      },
    },
  },
};

export default config;
