import { AsyncLocalStorage } from 'node:async_hooks';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import type { ContextSource } from '../graphql/context.ts';
import { createSchema } from '../graphql/schema.ts';
import type { JwkSet } from '../webhooks/signing-keys.ts';
import { createAdmission } from './admission.ts';
import type { Authenticate } from './authentication.ts';
import { createClientTurns } from './client-turns.ts';
import { limitConnections } from './connection-limits.ts';
import { createCors } from './cors.ts';
import { createDirectAnswer } from './direct-operation.ts';
import { createGraphiQL } from './graphiql/graphiql.ts';
import { createGraphQLEndpoint } from './graphql-endpoint.ts';
import { createGraphQLHandler } from './graphql-handler.ts';
import type { ReadinessChecks } from './health.ts';
import { createKeyWatch } from './key-watch.ts';
import type { Metrics } from './metrics.ts';
import { createNamedDocuments } from './named-documents.ts';
import { createOpenRequests } from './open-requests.ts';
import { createProcessorBudget } from './processor-budget.ts';
import { createRequestHandler, type PagesHandler } from './request-handler.ts';
import type { RequestLimits } from './request-limits.ts';
import { createRequestRate, type RequestCounts } from './request-rate.ts';
import { createResultMapper } from './result-mapping.ts';
import { createStrangers } from './strangers.ts';
import { handleUpgrades } from './upgrades.ts';
import type { RunCancellable } from './use-operation-timeout.ts';
import { createWebSocketDoor } from './websocket.ts';

export interface HttpServerDependencies {
  host: string;
  /** 0: any free port. */
  port: number;
  source: ContextSource;
  authenticate: Authenticate;
  /** By which keys expire. @default the system's */
  clock?: Clock;
  /** Calls back when this process has revoked a key and no longer believes in it: its live connections end at once. */
  onRevoked?: (listener: () => void) => unknown;
  pages: PagesHandler;
  /** The public keys that webhooks are verified with. @default none */
  jwks?: () => Promise<JwkSet>;
  /** `health`: a worker's, which answers for health and metrics alone. @default 'everything' */
  serves?: 'everything' | 'health';
  readiness: ReadinessChecks;
  /** Whether a browser finds GraphiQL at /graphql. @default false */
  graphiql?: boolean;
  limits?: RequestLimits;
  /** Where requests are counted for all processes. @default this process counts for itself */
  requestCounts?: RequestCounts | undefined;
  /** Stops what the signal's work has begun in the stores. */
  runCancellable?: RunCancellable | null;
  metrics: Metrics;
  logger: Logger;
  /** Of live connections; for tests. */
  timing?: {
    keyCheckMs?: number;
    initTimeoutMs?: number;
    keepAliveMs?: number;
    slowConsumerMs?: number;
    headersMs?: number;
    requestMs?: number;
    checkMs?: number;
  };
}

export interface HttpServer {
  /** Rejects with a StartupError that names the setting when the port or the host cannot be had. */
  listen(): Promise<{ url: string }>;
  /** Takes no more requests, tells live connections to go (1001), and waits a moment for requests in flight. */
  close(): Promise<void>;
}

const drainMs = 5000;

/** Until a head, and a whole request, must be here, and how often that is looked at: what is sent slower holds a connection for nothing. */
const requestTimes = { headersMs: 10_000, requestMs: 30_000, checkMs: 2_000 } as const;

/** The API, the hosted pages, health and metrics behind one port. */
export function createHttpServer(dependencies: HttpServerDependencies): HttpServer {
  const { authenticate, metrics, logger, timing = {} } = dependencies;
  const keyWatch = createKeyWatch({
    authenticate,
    ...(dependencies.clock && { clock: dependencies.clock }),
    ...(dependencies.onRevoked && { onRevoked: dependencies.onRevoked }),
    ...(timing.keyCheckMs !== undefined && { intervalMs: timing.keyCheckMs }),
  });
  const {
    requestsPerMinute = null,
    operationTimeoutMs = 30_000,
    corsOrigins = [],
    processorShare = null,
    statementMs = 0.3,
    anonymousPerMinute = null,
    connectionsPerAddress = null,
    trustedDocuments = { documents: new Map(), only: false },
  } = dependencies.limits ?? {};
  const budget = createProcessorBudget({ share: processorShare });
  const turns = createClientTurns();
  const rate = createRequestRate({ perMinute: requestsPerMinute, budget, counts: dependencies.requestCounts });
  const mapResult = createResultMapper(logger);
  const requestIds = new AsyncLocalStorage<string>();
  const documents = createNamedDocuments(trustedDocuments.documents, trustedDocuments.only);
  const endpoint = createGraphQLEndpoint({
    documents,
    schema: createSchema(),
    source: dependencies.source,
    keyWatch,
    metrics,
    mapResult,
    timeout: { limitMs: operationTimeoutMs, runCancellable: dependencies.runCancellable ?? null },
    budget,
    statementMs,
    requestIds,
    logger,
    ...(timing.slowConsumerMs !== undefined && { slowConsumerMs: timing.slowConsumerMs }),
  });
  const audit = () => dependencies.source.services.audit;
  const sockets = createWebSocketDoor({
    endpoint,
    documents,
    audit,
    authenticate,
    keyWatch,
    rate,
    turns,
    metrics,
    mapResult,
    logger,
    head: (clientId) => dependencies.source.services.events.head(clientId),
    ...timing,
  });
  const graphiql = createGraphiQL(dependencies.graphiql ?? false);
  const handle = createRequestHandler({
    ...dependencies,
    graphiql,
    graphql: createGraphQLHandler({
      cors: createCors(corsOrigins),
      graphiql,
      admit: createAdmission({
        authenticate,
        rate,
        strangers: createStrangers(anonymousPerMinute),
        openRequests: createOpenRequests(),
        turns,
        audit,
        logger,
      }),
      answer: createDirectAnswer(endpoint, { mapResult, budget, requestIds, logger, closed: documents.only }),
    }),
  });
  const server = createServer(
    { connectionsCheckingInterval: timing.checkMs ?? requestTimes.checkMs },
    (request, response) => void handle(request, response),
  );
  limitConnections(server, connectionsPerAddress);
  // Longer than load balancers and clients keep an idle connection: whoever closes first must not be us, or a request that
  // is just being sent is lost.
  server.keepAliveTimeout = 65_000;
  server.headersTimeout = timing.headersMs ?? requestTimes.headersMs;
  server.requestTimeout = timing.requestMs ?? requestTimes.requestMs;
  handleUpgrades(server, dependencies.serves === 'health' ? null : sockets.upgrade);
  let closing: Promise<void> | null = null;
  return {
    listen: async () => {
      const { host, port } = dependencies;
      await new Promise<void>((resolve, reject) => {
        server.once('error', (error) => reject(toStartupError(error, host, port)));
        server.listen(port, host, resolve);
      });
      const { port: actualPort } = server.address() as AddressInfo;
      return { url: `http://${host.includes(':') ? `[${host}]` : host}:${actualPort}` };
    },
    close: () => (closing ??= close()),
  };

  async function close(): Promise<void> {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    await sockets.close();
    // Ends the event streams, which never end by themselves.
    keyWatch.close();
    // A connection that has answered its last request would be kept for the next one.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const limit = setTimeout(() => server.closeAllConnections(), drainMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(limit);
  }
}

function toStartupError(cause: NodeJS.ErrnoException, host: string, port: number): StartupError {
  if (cause.code === 'EADDRINUSE') {
    return new StartupError(
      `PORT: port ${port} on ${host} is taken by another program. Give another PORT, or end it.`,
      {
        cause,
      },
    );
  }
  if (cause.code === 'EACCES') return new StartupError(`PORT: this user may not listen on port ${port}.`, { cause });
  return new StartupError(`HOST: cannot listen on ${host}, port ${port}: ${cause.message}.`, { cause });
}
