import { AsyncLocalStorage } from 'node:async_hooks';
import type { Plugin } from 'graphql-yoga';
import { pino } from 'pino';
import { expect, test } from 'vitest';
import type { Context } from '../../src/graphql/context.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import { createGraphQLEndpoint, type GraphQLEndpointDependencies } from '../../src/http/graphql-endpoint.ts';
import { createKeyWatch } from '../../src/http/key-watch.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createProcessorBudget } from '../../src/http/processor-budget.ts';

function open(plugins: Plugin<Context>[]) {
  const keyWatch = createKeyWatch({ authenticate: async () => null });
  return createGraphQLEndpoint({
    schema: createSchema(),
    source: {} as GraphQLEndpointDependencies['source'],
    keyWatch,
    metrics: createMetrics(),
    mapResult: (result) => result,
    timeout: { limitMs: 1_000, runCancellable: null },
    budget: createProcessorBudget({ share: null }),
    statementMs: 0,
    requestIds: new AsyncLocalStorage<string>(),
    logger: pino({ level: 'silent' }),
    plugins,
  });
}

// The short way to an answer runs the hooks of the operation alone: what another one does would be left out there, unseen.
test.each([
  'onRequest',
  'onRequestParse',
  'onParams',
  'onExecutionResult',
  'onResultProcess',
  'onResponse',
  'instrumentation',
  'onWhatIsYetToCome',
])('a plugin whose %s the short way would skip is refused at the start', (hook) => {
  expect(() => open([{ [hook]: hook === 'instrumentation' ? {} : () => {} } as Plugin<Context>])).toThrow(hook);
});

test.each(['onParse', 'onValidate', 'onExecute', 'onSubscribe', 'onContextBuilding', 'onEnveloped', 'onSchemaChange'])(
  'a plugin with %s is taken, since both ways run it',
  (hook) => {
    expect(() => open([{ [hook]: () => {} } as Plugin<Context>])).not.toThrow();
  },
);
