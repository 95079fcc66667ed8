import { type Dispatcher, errors, Pool } from 'undici';

import { type AllowedNetworks, isAllowed } from './address-guard.ts';
import type { AttemptResult } from './attempt-outcome.ts';
import type { ClientCertificate } from './client-certificate.ts';
import {
  attemptTimeoutMs,
  keptResponseBytes,
  pooledEndpoints,
  readResponseBytes,
  requestsInFlightAtMost,
} from './delivery-limits.ts';
import { createGuardedConnector } from './guarded-connection.ts';
import { createNameResolution, type Resolve } from './name-resolution.ts';
import { toRecordedText } from './recorded-text.ts';
import type { WebhookMethod } from './webhook-method.ts';

export interface WebhookRequest {
  endpointId: string;
  url: string;
  method: WebhookMethod;
  headers: Record<string, string>;
  body: Buffer;
}

export interface WebhookSender {
  /** One request, redirects not followed; ends within the time limit, whatever the receiver does. Never rejects. */
  send(request: WebhookRequest): Promise<AttemptResult>;
  close(): Promise<void>;
}

export interface SenderOptions {
  networks: AllowedNetworks;
  /** @default one of its own */
  resolve?: Resolve;
  /** @default 15 s */
  timeoutMs?: number;
  /** Whether the body of a reply from an address that is not public is handed on. @default true */
  keepsLocalReplies?: boolean;
  /** What receivers that ask for a certificate are shown. @default none */
  clientCertificate?: ClientCertificate | null;
}

interface EndpointPool {
  pool: Pool;
  /** With the query. */
  path: string;
  /** It has led to an address that is not public. */
  isLocal: boolean;
}

/** Keeps connections per endpoint, not per origin: an endpoint that hangs takes none from another one beside it. */
export function createWebhookSender({
  networks,
  resolve,
  timeoutMs = attemptTimeoutMs,
  keepsLocalReplies = true,
  clientCertificate = null,
}: SenderOptions): WebhookSender {
  const connect = createGuardedConnector({ networks, resolve: resolve ?? createNameResolution(), clientCertificate });
  const pools = new Map<string, EndpointPool>();

  function poolFor({ endpointId, url: address }: WebhookRequest): EndpointPool {
    const key = `${endpointId} ${address}`;
    const known = pools.get(key);
    if (known) {
      pools.delete(key);
      pools.set(key, known);
      return known;
    }
    const [oldest] = pools.size >= pooledEndpoints ? pools : [];
    if (oldest) {
      pools.delete(oldest[0]);
      oldest[1].pool.close().catch(() => {});
    }
    // Time is kept for the attempt as a whole, below.
    const url = new URL(address);
    const pool = new Pool(url.origin, {
      connect: (options, callback) =>
        connect(options, (...[error, socket]) => {
          if (socket && !isAllowed(socket.remoteAddress ?? '', [])) made.isLocal = true;
          if (error) callback(error, null);
          else callback(null, socket);
        }),
      connections: requestsInFlightAtMost,
      headersTimeout: 0,
      bodyTimeout: 0,
      maxHeaderSize: readResponseBytes,
    });
    const made: EndpointPool = { pool, path: url.pathname + url.search, isLocal: false };
    pools.set(key, made);
    return made;
  }

  return {
    async send(request) {
      const endpoint = poolFor(request);
      const result = await dispatch(endpoint.pool, { request, path: endpoint.path, timeoutMs });
      // Else whoever sets an endpoint reads what services answer that only this machine reaches.
      return endpoint.isLocal && !keepsLocalReplies ? { ...result, responseBody: null } : result;
    },
    async close() {
      await Promise.all([...pools.values()].map(({ pool }) => pool.destroy()));
      pools.clear();
    },
  };
}

interface Exchange {
  request: WebhookRequest;
  path: string;
  timeoutMs: number;
}

function dispatch(pool: Pool, { request, path, timeoutMs }: Exchange): Promise<AttemptResult> {
  return new Promise((resolve) => {
    const begin = performance.now();
    const response: ResponseSoFar = { status: null, retryAfter: null, chunks: [], byteCount: 0 };
    let controller: Dispatcher.DispatchController | undefined;
    let isSettled = false;
    const timer = setTimeout(() => settle(`No complete answer within ${timeoutMs / 1000} s.`, true), timeoutMs);

    function settle(error: string | null, cutOff = false): void {
      if (isSettled) return;
      isSettled = true;
      clearTimeout(timer);
      if (cutOff) controller?.abort(new errors.RequestAbortedError());
      resolve(toResult(response, error, performance.now() - begin));
    }

    pool.dispatch(
      { path, method: request.method, headers: request.headers, body: request.body },
      {
        onRequestStart(started) {
          controller = started;
          // The connection came too late: nothing must be sent that has been given up.
          if (isSettled) started.abort(new errors.RequestAbortedError());
        },
        onResponseStart(_controller, status, headers) {
          if (status < 200) return;
          response.status = status;
          const retryAfter = headers['retry-after'];
          response.retryAfter = (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null;
        },
        onResponseData(_controller, chunk) {
          if (response.byteCount < keptResponseBytes) response.chunks.push(chunk);
          response.byteCount += chunk.length;
          if (response.byteCount > readResponseBytes) settle(null, true);
        },
        onResponseEnd: () => settle(null),
        onResponseError: (_controller, error) => settle(describe(error)),
      },
    );
  });
}

interface ResponseSoFar {
  status: number | null;
  retryAfter: string | null;
  chunks: Buffer[];
  byteCount: number;
}

function toResult(response: ResponseSoFar, error: string | null, durationMs: number): AttemptResult {
  return {
    responseStatus: response.status,
    retryAfter: response.retryAfter,
    responseBody: response.byteCount === 0 ? null : toText(response.chunks),
    error,
    durationMs: Math.round(durationMs),
  };
}

function toText(chunks: Buffer[]): string {
  return toRecordedText(Buffer.concat(chunks).subarray(0, keptResponseBytes).toString('utf8'));
}

const longestError = 500;

function describe(error: Error & { code?: string; errors?: Error[] }): string {
  const cause = error.message || error.errors?.[0]?.message || error.name;
  const text = error.code && !cause.includes(error.code) ? `${error.code}: ${cause}` : cause;
  return toRecordedText(text.slice(0, longestError));
}
