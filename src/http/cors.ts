import type { IncomingMessage, ServerResponse } from 'node:http';

/** Says what the page of another origin may do. True: the request was such a question alone, and is answered. */
export type AnswerCors = (request: IncomingMessage, response: ServerResponse) => boolean;

const preflightSeconds = 600;

/**
 * Cross-origin resource sharing for the given origins alone. No credentials: the key travels in a header that the page
 * sets itself, never in a cookie.
 */
export function createCors(origins: readonly string[]): AnswerCors {
  if (origins.length === 0) return () => false;
  const allowed = new Set(origins);
  return (request, response) => {
    const { origin } = request.headers;
    response.setHeader('vary', 'Origin');
    if (origin === undefined || !allowed.has(origin)) return false;
    response.setHeader('access-control-allow-origin', origin);
    if (request.method !== 'OPTIONS' || request.headers['access-control-request-method'] === undefined) {
      response.setHeader('access-control-expose-headers', 'x-request-id, retry-after');
      return false;
    }
    response.writeHead(204, {
      'access-control-allow-methods': 'GET, POST',
      'access-control-allow-headers': 'authorization, content-type, x-request-id',
      'access-control-max-age': String(preflightSeconds),
    });
    response.end();
    return true;
  };
}
