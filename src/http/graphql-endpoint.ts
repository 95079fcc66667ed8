import type { AsyncLocalStorage } from 'node:async_hooks';
import {
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  type ParseOptions,
  parse,
  type Source,
  validate,
} from 'graphql';
import { createYoga, type Plugin, type YogaServerInstance } from 'graphql-yoga';
import type { Logger } from 'pino';
import { type Context, type ContextSource, createContext, type Viewer } from '../graphql/context.ts';
import { refuseDocument } from '../graphql/document-bounds.ts';
import { createEventFanOut } from '../graphql/event-fan-out.ts';
import { bodyLimitBytes, documentLimits, operationLimits } from '../graphql/limits.ts';
import { documentHoldsNul, refuseNul } from '../graphql/storable-text.ts';
import { createDocumentCache } from './document-cache.ts';
import type { KeyWatch } from './key-watch.ts';
import type { Metrics } from './metrics.ts';
import type { NamedDocuments } from './named-documents.ts';
import type { ProcessorBudget } from './processor-budget.ts';
import { type ResultMapper, withoutStatus } from './result-mapping.ts';
import { executeWithin, useEventFanOut } from './use-event-fan-out.ts';
import { useEventIds, useStreamBeginnings } from './use-event-ids.ts';
import { useOperationMetrics } from './use-operation-metrics.ts';
import { useOperationPrices } from './use-operation-prices.ts';
import { type OperationTimeoutOptions, useOperationTimeout } from './use-operation-timeout.ts';
import { useResultMapping } from './use-result-mapping.ts';
import { useSubscriptionLimit } from './use-subscription-limit.ts';

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
  budget: ProcessorBudget;
  /** What a statement takes of this process. */
  statementMs: number;
  /** Of the request that yoga answers, which does not say it to whoever masks its errors. */
  requestIds: AsyncLocalStorage<string>;
  logger: Logger;
  /** How long the reader of an event stream may take nothing of what waits for it. @default 10_000 */
  slowConsumerMs?: number;
  /** The short way to an answer takes texts alone, which they let through, or is closed. @default none */
  documents?: NamedDocuments;
  /** Further ones, of the operation alone. @default none */
  plugins?: readonly Plugin<Context>[];
}

/** GraphQL over HTTP and server-sent events; the WebSocket door runs its operations through it too. */
export function createGraphQLEndpoint(dependencies: GraphQLEndpointDependencies): GraphQLEndpoint {
  const { schema, source, metrics, mapResult, timeout, budget, requestIds, logger } = dependencies;
  const operationPlugins: Plugin<Context>[] = [
    useDocumentLimits(),
    useOperationPrices(budget, dependencies.statementMs),
    useOperationTimeout(timeout),
    useOperationMetrics(metrics),
    useEventFanOut(
      createEventFanOut({ schema, source, mapResult: withoutStatus(mapResult), inTurn: executeWithin(budget) }),
    ),
    // Around what subscribes: it says where that begins.
    useEventIds(),
    useSubscriptionLimit(),
    ...(dependencies.plugins ?? []),
  ];
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
    graphiql: false,
    // Errors of resolvers are mapped by useResultMapping, which knows the request. What else is thrown is masked here.
    maskedErrors: {
      maskError: (error) => named(maskError(error, requestIds.getStore(), logger), requestIds.getStore()),
    },
    context: ({ viewer, requestId, ipAddress = null }) => {
      if (!viewer || !requestId) throw new Error('an operation without a viewer');
      try {
        return createContext(source, { viewer, requestId, ipAddress });
      } catch (error) {
        throw maskError(error, requestId, logger);
      }
    },
    plugins: [
      ...(dependencies.documents ? [dependencies.documents.plugin] : []),
      ...onBothWays(operationPlugins),
      useResultMapping(dependencies),
      useStreamBeginnings(),
    ],
  });
}

const hooksOfBothWays: ReadonlySet<string> = new Set([
  'onPluginInit',
  'onSchemaChange',
  'onEnveloped',
  'onParse',
  'onValidate',
  'onContextBuilding',
  'onExecute',
  'onSubscribe',
]);

/**
 * The short way to an answer (direct-operation.ts) runs these hooks and no other. Result mapping, which needs another, is done there
 * by itself, and streams do not go that way; any other plugin that would be skipped on it is refused.
 */
function onBothWays(plugins: readonly Plugin<Context>[]): readonly Plugin<Context>[] {
  for (const plugin of plugins) {
    const skipped = Object.keys(plugin).find((hook) => !hooksOfBothWays.has(hook));
    if (skipped !== undefined)
      throw new Error(`A plugin with the hook ${skipped}, which direct-operation.ts does not run.`);
  }
  return plugins;
}

/** A GraphQLError passes; what nobody expected is logged and told to nobody. Undefined: nobody was given an id. */
export function maskError(error: unknown, requestId: string | undefined, logger: Logger): GraphQLError {
  if (error instanceof GraphQLError) return error;
  logger.error({ err: error, requestId }, 'unexpected error before an operation');
  return new GraphQLError('Unexpected error.', {
    extensions: { code: 'INTERNAL_SERVER_ERROR', ...(requestId !== undefined && { requestId }), http: { status: 500 } },
  });
}

// The same error, since yoga logs one that another takes the place of.
function named(error: GraphQLError, requestId: string | undefined): GraphQLError {
  if (requestId !== undefined) error.extensions.requestId ??= requestId;
  return error;
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

function useDocumentLimits(): Plugin<Context> {
  return {
    onParse({ setParseFn }) {
      setParseFn((source: string | Source, options) => {
        if (documentHoldsNul(typeof source === 'string' ? source : source.body)) throw refuseNul(alwaysBadRequest);
        const document = parseWithinLimit(source, options);
        const refusal = refuseDocument(document, alwaysBadRequest);
        if (refusal) throw refusal;
        return document;
      });
    },
    onValidate({ setValidationFn }) {
      setValidationFn((schema, document, rules) =>
        validate(schema, document, rules as never, { maxErrors: documentLimits.faults }),
      );
    },
  };
}

function parseWithinLimit(source: string | Source, options: ParseOptions | undefined): DocumentNode {
  try {
    return parse(source, { ...options, maxTokens: operationLimits.tokens });
  } catch (error) {
    if (!(error instanceof GraphQLError) || !error.message.includes('tokens')) throw error;
    throw new GraphQLError(`The document has more than ${operationLimits.tokens} tokens.`, {
      extensions: { code: 'DOCUMENT_TOO_LONG', http: alwaysBadRequest },
    });
  }
}
