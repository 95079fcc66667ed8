import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import { jwksPath } from '../webhooks/detached-jws.ts';
import { type JwkSet, signingKeysAgeSeconds } from '../webhooks/signing-keys.ts';
import type { AnswerGraphiQL } from './graphiql/graphiql.ts';
import { assetsPath } from './graphiql/graphiql-page.ts';
import { checkReadiness, type ReadinessChecks } from './health.ts';
import type { Metrics } from './metrics.ts';

/** Answers the request and says true, or leaves it alone and says false. */
export type PagesHandler = (request: IncomingMessage, response: ServerResponse, url: URL) => Promise<boolean>;

export type Handler = (request: IncomingMessage, response: ServerResponse) => Promise<void>;

interface Route {
  /** As the metrics name it. */
  name: string;
  handle: Handler;
}

export interface RequestHandlerDependencies {
  readiness: ReadinessChecks;
  metrics: Metrics;
  pages: PagesHandler;
  jwks?: () => Promise<JwkSet>;
  serves?: 'everything' | 'health';
  graphql: Handler;
  graphiql: AnswerGraphiQL;
  logger: Logger;
}

/** Finds who answers a request, in this order: health and metrics, GraphQL, the hosted pages, 404. Never rejects. */
export function createRequestHandler(dependencies: RequestHandlerDependencies): Handler {
  const { readiness, metrics, pages, graphql, graphiql, logger } = dependencies;
  const routes: Readonly<Record<string, Handler>> = {
    '/health/live': async (_request, response) => sendJson(response, 200, { status: 'ok' }),
    '/health/ready': async (_request, response) => {
      const { ready, checks, failures } = await checkReadiness(readiness);
      for (const err of failures) logger.warn({ err }, 'not ready');
      sendJson(response, ready ? 200 : 503, { status: ready ? 'ok' : 'unavailable', checks });
    },
    '/metrics': async (_request, response) => {
      const { contentType, text } = await metrics.print();
      response.writeHead(200, { 'content-type': contentType, 'cache-control': 'no-store' }).end(text);
    },
    ...(dependencies.serves !== 'health' && { '/graphql': graphql, [jwksPath]: createJwksAnswer(dependencies.jwks) }),
  };
  const toPages: Handler = async (request, response) => {
    const url = parseUrl(request);
    if (url && dependencies.serves !== 'health' && (await pages(request, response, url))) return;
    sendJson(response, 404, { error: 'not found' });
  };
  const toAssets: Handler = async (request, response) => {
    if (!(await graphiql(request, response))) sendJson(response, 404, { error: 'not found' });
  };
  const routeOf = (path: string): Route => {
    const exact = Object.hasOwn(routes, path) ? routes[path] : undefined;
    if (path.startsWith(assetsPath) && dependencies.serves !== 'health') return { name: 'graphiql', handle: toAssets };
    return exact ? { name: path, handle: exact } : { name: 'pages', handle: toPages };
  };
  return async (request, response) => {
    const startedAt = performance.now();
    const { name, handle } = routeOf((request.url ?? '').split('?', 1)[0] ?? '');
    response.once('close', () => {
      const seconds = (performance.now() - startedAt) / 1000;
      metrics.requestFinished({ route: name, method: request.method ?? '', status: response.statusCode, seconds });
    });
    try {
      await handle(request, response);
    } catch (err) {
      // The sender left in the middle of its request: nobody is there to be answered.
      if (request.destroyed && !request.complete) return;
      logger.error({ err, route: name }, 'unexpected error in a request');
      if (response.headersSent) response.destroy();
      else sendJson(response, 500, { error: 'unexpected error' });
    }
  };
}

/** Anybody may read them, from any page: they are public. */
function createJwksAnswer(read: () => Promise<JwkSet> = async () => ({ keys: [] })): Handler {
  return async (request, response) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { allow: 'GET, HEAD' }).end();
      return;
    }
    const headers = {
      'content-type': 'application/jwk-set+json',
      'cache-control': `public, max-age=${signingKeysAgeSeconds}`,
      'access-control-allow-origin': '*',
      'x-content-type-options': 'nosniff',
    };
    const text = JSON.stringify(await read());
    response.writeHead(200, headers).end(text);
  };
}

// A request line may hold what no URL can.
function parseUrl(request: IncomingMessage): URL | null {
  const path = `http://localhost${request.url ?? '/'}`;
  return URL.canParse(path) ? new URL(path) : null;
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response
    .writeHead(status, {
      'content-type': 'application/json; charset=utf-8',
      'x-content-type-options': 'nosniff',
      'cache-control': 'no-store',
    })
    .end(JSON.stringify(body));
}
