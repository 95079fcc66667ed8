import type { AsyncLocalStorage } from 'node:async_hooks';
import { GraphQLError, type GraphQLSchema, parse, type Source } from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import { type Context, type ContextSource, createContext, type Viewer } from '../graphql/context.ts';
import { createEventFanOut } from '../graphql/event-fan-out.ts';
import { bodyLimitBytes, operationLimits } from '../graphql/limits.ts';
import { refuseOperation } from '../graphql/operation-price.ts';
import { documentHoldsNul, refuseNul } from '../graphql/storable-text.ts';
import { createDocumentCache } from './document-cache.ts';
import { graphiqlOptions, renderGraphiQL } from './graphiql.ts';
import type { KeyWatch } from './key-watch.ts';
import type { Metrics } from './metrics.ts';
import { type ResultMapper, withoutStatus } from './result-mapping.ts';
import { useCompiledQueries } from './use-compiled-queries.ts';
import { useEventFanOut } from './use-event-fan-out.ts';
import { useOperationMetrics } from './use-operation-metrics.ts';
import { type OperationTimeoutOptions, useOperationTimeout } from './use-operation-timeout.ts';
import { useResultMapping } from './use-result-mapping.ts';

/** What a door has found out about a request before the operation is looked at. */
export interface DoorContext {
  viewer: Viewer;
  key: string;
  requestId: string;
  ipAddress: string;
}

export type GraphQLEndpoint = YogaServerInstance<Partial<DoorContext>, Context>;

export interface GraphQLEndpointDependencies {
  schema: GraphQLSchema;
  source: ContextSource;
  keyWatch: KeyWatch;
  metrics: Metrics;
  mapResult: ResultMapper;
  timeout: OperationTimeoutOptions;
  /** Of the request that yoga answers, which does not say it to whoever masks its errors. */
  requestIds: AsyncLocalStorage<string>;
  logger: Logger;
  /** How long the reader of an event stream may take nothing of what waits for it. @default 10_000 */
  slowConsumerMs?: number;
}

/** GraphQL over HTTP and server-sent events; the WebSocket door runs its operations through it too. */
export function createGraphQLEndpoint(dependencies: GraphQLEndpointDependencies): GraphQLEndpoint {
  const { schema, source, metrics, mapResult, timeout, requestIds, logger } = dependencies;
  return createYoga<Partial<DoorContext>, Context>({
    schema,
    graphqlEndpoint: '/graphql',
    landingPage: false,
    cors: false,
    batching: false,
    multipart: false,
    maxRequestBodySize: bodyLimitBytes,
    parserAndValidationCache: { documentCache: createDocumentCache(), errorCache: forgetful },
    logging: toYogaLogger(logger),
    graphiql: graphiqlOptions,
    renderGraphiQL,
    // Errors of resolvers are mapped by useResultMapping, which knows the request. What else is thrown is masked here.
    maskedErrors: { maskError: (error) => maskError(error, requestIds.getStore(), logger) },
    context: ({ viewer, requestId, ipAddress = null }) => {
      if (!viewer || !requestId) throw new Error('an operation without a viewer');
      try {
        return createContext(source, { viewer, requestId, ipAddress });
      } catch (error) {
        throw maskError(error, requestId, logger);
      }
    },
    plugins: [
      useTokenLimit(),
      useOperationLimits(),
      useCompiledQueries(schema),
      useOperationTimeout(timeout),
      useOperationMetrics(metrics),
      useEventFanOut(createEventFanOut({ schema, source, mapResult: withoutStatus(mapResult) })),
      useResultMapping(dependencies),
    ],
  });
}

/** A GraphQLError passes; what nobody expected is logged and told to nobody. Undefined: nobody was given an id. */
export function maskError(error: unknown, requestId: string | undefined, logger: Logger): GraphQLError {
  if (error instanceof GraphQLError) return error;
  logger.error({ err: error, requestId }, 'unexpected error before an operation');
  return new GraphQLError('Unexpected error.', {
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...(requestId !== undefined && { requestId }), http: { status: 500 } },
  });
}

// An error in a document is told anew each time: the doors mark it differently, and it is found soon.
const forgetful = { get: () => undefined, set: () => {} };

// yoga logs requests at debug; its errors are those of single requests.
function toYogaLogger(logger: Logger) {
  const at =
    (level: 'debug' | 'warn' | 'error') =>
    (...parts: unknown[]) =>
      logger[level]({ parts }, 'graphql-yoga');
  return { debug: at('debug'), info: at('debug'), warn: at('warn'), error: at('error') };
}

// yoga marks what is thrown while parsing as a status for newer media types only; this one is for every caller.
const alwaysBadRequest = Object.freeze({
  status: 400,
  get spec() {
    return false;
  },
  set spec(_marked) {},
});

function useTokenLimit(): Plugin<Context> {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options) => {
        if (documentHoldsNul(typeof source === 'string' ? source : source.body)) throw refuseNul(alwaysBadRequest);
        try {
          return parse(source, { ...options, maxTokens: operationLimits.tokens });
        } catch (error) {
          if (!(error instanceof GraphQLError) || !error.message.includes('tokens')) throw error;
          throw new GraphQLError(`The document has more than ${operationLimits.tokens} tokens.`, {
            extensions: { code: 'DOCUMENT_TOO_LONG', http: alwaysBadRequest },
          });
        }
      });
    },
  };
}

function useOperationLimits(): Plugin<Context> {
  // Before execution rather than in validation: the price follows from the variables, and validation is cached without them.
  const refuse = ({
    args,
  }: {
    args: {
      schema: GraphQLSchema;
      document: Parameters<typeof refuseOperation>[0]['document'];
      operationName?: string | null | undefined;
      variableValues?: unknown;
    };
  }) =>
    refuseOperation({
      schema: args.schema,
      document: args.document,
      operationName: args.operationName,
      variables: args.variableValues as Record<string, unknown> | undefined,
    });
  return {
    onExecute(payload) {
      const refusal = refuse(payload);
      if (refusal) payload.setResultAndStopExecution({ errors: [refusal] });
    },
    onSubscribe(payload) {
      const refusal = refuse(payload);
      if (refusal) payload.setResultAndStopExecution({ errors: [refusal] });
    },
  };
}
