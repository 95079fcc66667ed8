import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { answerAccounts } from './account-routes.ts';
import { answerApp } from './app-pages.ts';
import type { BankDeps } from './bank-deps.ts';
import { openBankState } from './bank-state.ts';
import { answerConsents } from './consent-routes.ts';
import { type BankReply, type BankRequest, Refusal, readRequest, sendReply, toJson } from './exchange.ts';
import { createLedger } from './ledger.ts';
import { answerPages } from './pages.ts';
import { findPerson } from './persons.ts';

export interface SandboxBankOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Where consents and readings are kept; null: in memory only. */
  dataFile: string | null;
  clock?: { now(): Date };
  /** How long clara's bank takes for a data call. @default 3000 */
  slowMs?: number;
  /** How long every data call takes at least. @default 0 */
  latencyMs?: number;
  /** Hears of errors in the bank itself, which answers them with 500. @default written to stderr */
  onError?: (error: unknown) => void;
}

export interface SandboxBank {
  /** The bank with redirect SCA; `/decoupled` and `/embedded` below it are those with the other approaches. */
  url: string;
  close(): Promise<void>;
}

const variants = ['redirect', 'decoupled', 'embedded'] as const;
type Variant = (typeof variants)[number];

/** A small bank that speaks Berlin Group NextGenPSD2 1.3 over HTTP. Rejects with Node's error when the port is taken. */
export async function createSandboxBank(options: SandboxBankOptions): Promise<SandboxBank> {
  const {
    host,
    port,
    dataFile,
    clock = { now: () => new Date() },
    slowMs = 3_000,
    latencyMs = 0,
    onError = toStderr,
  } = options;
  const state = openBankState(dataFile, () => clock.now().getTime());
  const ledger = createLedger({ state, now: () => clock.now() });
  const closing = new AbortController();
  let closed: Promise<void> | null = null;
  let url = '';
  const depsOf = (variant: Variant, base: string): BankDeps => ({
    state,
    ledger,
    variant,
    now: () => clock.now(),
    baseUrl: () => `${url}${base}`,
  });

  async function answer(request: BankRequest): Promise<BankReply> {
    const path = request.url.pathname.split('/').filter((part) => part !== '');
    const named = variants.find((variant) => variant === path[0]);
    const deps = depsOf(named ?? 'redirect', named ? `/${named}` : '');
    const [area, resource, ...rest] = named ? path.slice(1) : path;
    if (area === 'pages') return answerPages(deps, request, [resource ?? '', ...rest]);
    if (area === 'app') return answerApp(deps, request);
    if (area !== 'v1') return toJson(404, { tppMessages: [{ category: 'ERROR', code: 'RESOURCE_UNKNOWN' }] });
    checkRequestId(request);
    if (resource === 'consents') return answerConsents(deps, request, rest);
    if (resource !== 'accounts') throw new Refusal(404, 'RESOURCE_UNKNOWN', 'There is no such resource.');
    const consent = state.findConsent(request.header('consent-id') ?? '');
    const slow = findPerson(consent?.psuId ?? '')?.trouble === 'slow';
    const waitMs = slow ? Math.max(slowMs, latencyMs) : latencyMs;
    if (waitMs > 0) await delay(waitMs, undefined, { signal: closing.signal });
    return answerAccounts(deps, request, rest);
  }

  async function answerOrRefuse(request: BankRequest): Promise<BankReply | null> {
    try {
      return await answer(request);
    } catch (error) {
      if (closing.signal.aborted) return null;
      if (error instanceof Refusal) return error.toReply();
      onError(error);
      return toJson(500, { tppMessages: [{ category: 'ERROR', code: 'INTERNAL_SERVER_ERROR' }] });
    }
  }

  async function handle(message: IncomingMessage, response: ServerResponse): Promise<void> {
    const request = await readRequest(message).catch(() => null);
    if (closing.signal.aborted) return;
    if (!request) return sendReply(response, { status: 400, headers: { connection: 'close' } });
    const reply = await answerOrRefuse(request);
    const requestId = request.header('x-request-id');
    if (!reply) return;
    sendReply(response, {
      ...reply,
      headers: { ...reply.headers, ...(requestId ? { 'x-request-id': requestId } : {}) },
    });
  }

  const server = createServer((message, response) => void handle(message, response));
  server.listen(port, host);
  try {
    await once(server, 'listening');
  } catch (error) {
    state.close();
    throw error;
  }
  url = `http://${host.includes(':') ? `[${host}]` : host}:${(server.address() as AddressInfo).port}`;
  async function close(): Promise<void> {
    closing.abort();
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
    state.close();
  }

  return {
    url,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function toStderr(error: unknown): void {
  process.stderr.write(`Sandbox bank: ${error instanceof Error ? error.stack : String(error)}\n`);
}

const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

function checkRequestId(request: BankRequest): void {
  if (!uuid.test(request.header('x-request-id') ?? '')) {
    throw new Refusal(400, 'FORMAT_ERROR', 'X-Request-ID is missing or no UUID.');
  }
}
