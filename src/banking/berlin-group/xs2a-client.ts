import { isUtf8 } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import { type Dispatcher, errors } from 'undici';
import type { z } from 'zod';
import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Clock } from '../../domain/clock.ts';
import { BankFailure } from '../bank-failure.ts';
import { type ConnectionLimits, connectionLimits, openBankConnection } from './bank-connection.ts';
import { type FailureContext, toConnectionFailure, toMalformedReply, toRefusalFailure } from './failure-mapping.ts';
import { resolveBankLink, resolveRedirectLink } from './links.ts';
import { createRequestSigning } from './request-signing.ts';

export interface Xs2aRequest<Schema extends z.ZodType | null> {
  /** In words, for messages: `list accounts`. */
  operation: string;
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Below the base URL, beginning with `/v1/`; or a link that `followLink` has resolved. */
  path: string | URL;
  /** Names in lower case. */
  headers?: Record<string, string>;
  body?: unknown;
  /** What the reply must be; null where only its success matters. */
  reply: Schema;
  /** At banks with OAuth: what says that the end user has allowed it. */
  tokens?: TokenSource;
  signal?: AbortSignal | undefined;
}

/** The access token of a consent. */
export interface TokenSource {
  /** Null where the bank has given none. Renewed before where it has run out. */
  present(): Promise<string | null>;
  /** The bank calls this one expired. False where there is no way to another one. */
  renew(expired: string): Promise<boolean>;
}

export interface Xs2aReply<T> {
  body: T;
  status: number;
  /** As it came: in UTF-8, else in the Windows code page that banks' older systems write. */
  text: string;
  contentType: string | null;
  /** ASPSP-SCA-Approach, in lower case. */
  scaApproach: string | null;
  /** A link to the bank's own interface; a MALFORMED_REPLY when it leads elsewhere. */
  resolveLink(href: string): URL;
  /** The same, as a path below the base URL, with its query; null when it leads elsewhere. */
  toPath(href: string): string | null;
  /** A file of the bank's own origin; null for any other. */
  resolveOwn(href: string): URL | null;
  /** A page for the end user. */
  resolveRedirect(href: string): string;
  /** For what the caller finds wrong in the reply. */
  malformed(why: string): Error;
}

export interface Xs2aClient {
  /** Sends one request, once. Throws BankFailure, or the signal's reason when the caller gave up. */
  send<Schema extends z.ZodType | null>(
    request: Xs2aRequest<Schema>,
  ): Promise<Xs2aReply<Schema extends z.ZodType ? z.output<Schema> : null>>;
  /** A file of the bank's own origin, as base64; null where it cannot be had. */
  download(request: Omit<Xs2aRequest<null>, 'method' | 'reply' | 'body'>): Promise<string | null>;
  close(): Promise<void>;
}

export interface Xs2aClientDeps {
  clock: Clock;
  limits?: Partial<ConnectionLimits>;
}

/** The HTTP side of NextGenPSD2: knows headers, signatures, limits and errors, and nothing of what is asked. */
export function createXs2aClient(entry: BankEntry, deps: Xs2aClientDeps): Xs2aClient {
  const limits = { ...connectionLimits, ...deps.limits };
  const baseUrl = entry.baseUrl.replace(/\/+$/, '');
  const pool = openBankConnection(entry, limits);
  const signRequest = createRequestSigning(entry);
  const ownHeaders = Object.fromEntries(Object.entries(entry.headers).map(([name, value]) => [name, value.reveal()]));

  return {
    async send(request) {
      const token = (await request.tokens?.present()) ?? null;
      try {
        return await sendOnce(request, token);
      } catch (error) {
        if (token === null || !isTokenExpired(error) || !(await request.tokens?.renew(token))) throw error;
        return await sendOnce(request, (await request.tokens?.present()) ?? null);
      }
    },
    async download(request) {
      const { raw } = await call({ ...request, method: 'GET', reply: null }, (await request.tokens?.present()) ?? null);
      return raw.status === 200 ? raw.bytes.toString('base64') : null;
    },
    close: async () => await pool.close(),
  };

  async function sendOnce<Schema extends z.ZodType | null>(request: Xs2aRequest<Schema>, token: string | null) {
    const { raw, url, context } = await call(request, token);
    if (raw.status < 200 || raw.status > 299) {
      const refusal = { status: raw.status, retryAfter: raw.header('retry-after'), now: deps.clock.now() };
      throw toRefusalFailure({ ...refusal, body: parseJson(raw.text) }, context);
    }
    return toReply({ raw, schema: request.reply, url, baseUrl, context });
  }

  async function call(request: Xs2aRequest<z.ZodType | null>, token: string | null) {
    const requestId = randomUUID();
    const context = { bankId: entry.id, operation: request.operation, requestId };
    const url = request.path instanceof URL ? request.path : new URL(baseUrl + request.path);
    const body = request.body === undefined ? '' : JSON.stringify(request.body);
    const headers = {
      ...ownHeaders,
      ...toHeaders({ request, requestId, date: deps.clock.now() }),
      ...(token === null ? {} : { authorization: `Bearer ${token}` }),
    };
    const dispatch = {
      method: request.method,
      path: url.pathname + url.search,
      headers: signRequest ? signRequest(headers, body) : headers,
      body: request.body === undefined ? null : body,
    };
    return { raw: await exchange({ dispatch, signal: request.signal, context }), url, context };
  }

  async function exchange(call: {
    dispatch: Omit<Dispatcher.RequestOptions, 'origin' | 'signal'>;
    signal: AbortSignal | undefined;
    context: FailureContext;
  }): Promise<RawReply> {
    call.signal?.throwIfAborted();
    const deadline = createDeadline(limits.headersMs + limits.bodyMs, call.signal);
    try {
      const response = await pool.request({ ...call.dispatch, signal: deadline.signal });
      const header = (name: string) => [response.headers[name] ?? []].flat()[0] ?? null;
      const isRefusal = response.statusCode > 299;
      // A refusal is told by its status; a body that breaks off does not change it.
      const bytes = await response.body.bytes().catch((error: unknown) => {
        if (isRefusal && !call.signal?.aborted) return new Uint8Array();
        throw error;
      });
      const body = Buffer.from(bytes);
      return { status: response.statusCode, header, bytes: body, text: decodeBytes(body) };
    } catch (error) {
      call.signal?.throwIfAborted();
      // Our own mistake, not the bank's.
      if (error instanceof errors.InvalidArgumentError) throw error;
      throw toConnectionFailure(error, call.context, entry.clientCertificate !== null);
    } finally {
      deadline.clear();
    }
  }
}

interface RawReply {
  status: number;
  header(name: string): string | null;
  bytes: Buffer;
  text: string;
}

const windowsText = new TextDecoder('windows-1252');

function decodeBytes(bytes: Buffer): string {
  return isUtf8(bytes) ? bytes.toString('utf8') : windowsText.decode(bytes);
}

/** Some say so without a code, by the status alone (RFC 6750, 3.1). */
function isTokenExpired(error: unknown): boolean {
  if (!(error instanceof BankFailure) || error.details.httpStatus !== 401) return false;
  return error.details.messageCode === null || error.details.messageCode === 'TOKEN_EXPIRED';
}

function toHeaders(given: { request: Xs2aRequest<z.ZodType | null>; requestId: string; date: Date }) {
  const { request, requestId, date } = given;
  return {
    accept: 'application/json',
    'x-request-id': requestId,
    date: date.toUTCString(),
    ...(request.body === undefined ? {} : { 'content-type': 'application/json' }),
    ...request.headers,
  };
}

function toReply<Schema extends z.ZodType | null>(given: {
  raw: RawReply;
  schema: Schema;
  url: URL;
  baseUrl: string;
  context: FailureContext;
}): Xs2aReply<Schema extends z.ZodType ? z.output<Schema> : null> {
  const { raw, schema, url, baseUrl, context } = given;
  const malformed = (why: string) => toMalformedReply(why, context);
  const accept = <T>(value: T | null, why: string): T => {
    if (value === null) throw malformed(why);
    return value;
  };
  return {
    body: (schema === null ? null : parseBody(raw, schema, context)) as Schema extends z.ZodType
      ? z.output<Schema>
      : null,
    status: raw.status,
    text: raw.text,
    contentType: raw.header('content-type'),
    scaApproach: raw.header('aspsp-sca-approach')?.toLowerCase() ?? null,
    resolveLink: (href) => accept(resolveBankLink(href, baseUrl, url), 'a link leaves its own origin'),
    toPath: (href) => {
      const link = resolveBankLink(href, baseUrl, url)?.href ?? '';
      return link.startsWith(`${baseUrl}/`) ? link.slice(baseUrl.length) : null;
    },
    resolveOwn: (href) => {
      const link = URL.canParse(href, url) ? new URL(href, url) : null;
      return link?.origin === url.origin ? link : null;
    },
    resolveRedirect: (href) =>
      accept(resolveRedirectLink(href, url), 'the page for the end user has no usable address'),
    malformed,
  };
}

function parseBody(raw: RawReply, schema: z.ZodType, context: FailureContext): unknown {
  const contentType = raw.header('content-type')?.split(';')[0]?.trim().toLowerCase() ?? '';
  if (contentType && !/^application\/([\w.-]+\+)?json$/.test(contentType)) {
    const shown = /^[\w.+-]+\/[\w.+-]+$/.test(contentType) ? contentType : 'something else';
    throw toMalformedReply(`it is ${shown}, not JSON`, context);
  }
  const json = parseJson(raw.text);
  if (json === null) throw toMalformedReply('it is not JSON', context);
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  // Paths and kinds of fault only: values of the reply belong to the end user.
  const faults = parsed.error.issues.slice(0, 5).map((issue) => `${issue.path.join('.')} (${issue.code})`);
  throw toMalformedReply(`its fields are not as the protocol has them: ${faults.join(', ')}`, context);
}

/** Null for what is no JSON: the parser's own error would quote the reply. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

/** The caller's signal and the time for the whole exchange in one: a bank that drips its reply ends by it, too. */
function createDeadline(ms: number, outer: AbortSignal | undefined) {
  const controller = new AbortController();
  const timer = setTimeout(() => controller.abort(Object.assign(new Error('timeout'), { code: 'DEADLINE' })), ms);
  const onAbort = () => controller.abort(outer?.reason);
  outer?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    clear() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}
