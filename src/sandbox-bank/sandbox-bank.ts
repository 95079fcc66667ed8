import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { openBankState } from './bank-state.ts';
import { type BankReply, type BankRequest, Refusal, readRequest, sendReply, toJson } from './exchange.ts';
import { createLedger } from './ledger.ts';
import { createRouter } from './router.ts';

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

/** A small bank that speaks Berlin Group NextGenPSD2 1.3 over HTTP. Rejects with Node's error when the port is taken. */
export async function createSandboxBank(options: SandboxBankOptions): Promise<SandboxBank> {
  const { clock = { now: () => new Date() }, slowMs = 3_000, latencyMs = 0, onError = toStderr } = options;
  const now = () => clock.now();
  const state = openBankState(options.dataFile, () => now().getTime());
  const closing = new AbortController();
  const { signal } = closing;
  let url = '';
  const ledger = createLedger({ state, now });
  const answer = createRouter({ state, ledger, now, url: () => url, slowMs, latencyMs, signal });
  const handling = { answer, onError, signal };
  const server = createServer((message, response) => void handle(handling, message, response).catch(onError));
  // Node's 5 s are short: embedded, this process may be busy for longer, and then closes connections in the moment of their use.
  server.keepAliveTimeout = 65_000;
  try {
    url = await listen(server, options);
  } catch (error) {
    state.close();
    throw error;
  }

  async function close(): Promise<void> {
    closing.abort();
    const ended = once(server, 'close');
    server.close();
    server.closeAllConnections();
    await ended;
    state.close();
  }
  let closed: Promise<void> | null = null;
  return {
    url,
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  // Listening on every address is no address to go to.
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  return `http://${name}:${(server.address() as AddressInfo).port}`;
}

interface Handling {
  answer(request: BankRequest): Promise<BankReply>;
  onError(error: unknown): void;
  /** Of the bank's end: nothing is answered any more. */
  signal: AbortSignal;
}

async function handle(handling: Handling, message: IncomingMessage, response: ServerResponse): Promise<void> {
  const request = await readRequest(message).catch(() => null);
  if (handling.signal.aborted) return;
  if (!request) return sendReply(response, { status: 400, headers: { connection: 'close' } });
  const reply = await answerOrRefuse(handling, request);
  if (!reply) return;
  const requestId = request.header('x-request-id');
  sendReply(response, { ...reply, headers: { ...reply.headers, ...(requestId ? { 'x-request-id': requestId } : {}) } });
}

async function answerOrRefuse({ answer, onError, signal }: Handling, request: BankRequest): Promise<BankReply | null> {
  try {
    return await answer(request);
  } catch (error) {
    if (signal.aborted) return null;
    if (error instanceof Refusal) return error.toReply();
    onError(error);
    return toJson(500, { tppMessages: [{ category: 'ERROR', code: 'INTERNAL_SERVER_ERROR' }] });
  }
}

function toStderr(error: unknown): void {
  process.stderr.write(`Sandbox bank: ${error instanceof Error ? error.stack : String(error)}\n`);
}
