import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer, Server as TlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { type AccountStatement, listStatements } from './account-statement.ts';
import { openBankState } from './bank-state.ts';
import { type BankReply, type BankRequest, BareRefusal, Refusal, readRequest, sendReply } from './exchange.ts';
import { createLedger } from './ledger.ts';
import { createRouter } from './router.ts';
import type { TppDemands } from './tpp-identity.ts';
import { isTraitName } from './traits/trait-table.ts';

export interface SandboxBankOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Where consents and readings are kept; null: in memory only. */
  dataFile: string | null;
  clock?: { now(): Date };
  /** Listens by TLS with this certificate and key. @default plain HTTP */
  tls?: { certificate: string; privateKey: string };
  /**
   * A certificate authority: whoever calls the interface must show to TLS a certificate of it, and the bank knows it by
   * that. The bank's pages are open to browsers without one. Needs `tls`. @default no certificate is asked for
   */
  clientAuthority?: string;
  /** A certificate authority: requests must be signed by a certificate of it. @default signatures are not looked at */
  signingAuthority?: string;
  /** How long clara's bank takes for a data call. @default 3000 */
  slowMs?: number;
  /** How long an access token is good. @default 300 */
  tokenSeconds?: number;
  /** How long every data call takes at least. @default 0 */
  latencyMs?: number;
  /** In what replies depart from the plain ones, for all end users: names of traits/trait-table.ts. @default none */
  traits?: readonly string[];
  /** Hears of every request to renew tokens, before it is answered. */
  onRefresh?: () => void;
  /** Hears of errors in the bank itself, which answers them with 500. @default written to stderr */
  onError?: (error: unknown) => void;
}

export interface SandboxBank {
  /** The bank with redirect SCA; below it are those with other habits (habits.ts), as `/decoupled`, `/embedded` and `/oauth`. */
  url: string;
  /** What stands on the accounts of an end user by the bank's own books: what a reader has to end with, whatever the traits. */
  listStatements(psuId: string): AccountStatement[];
  /** How often, of all grants, a refresh token has come again that was good once. */
  countReusedTokens(): number;
  close(): Promise<void>;
}

/**
 * A small bank that speaks Berlin Group NextGenPSD2 1.3 over HTTP. Certificates and keys are PEM. Rejects with Node's error
 * when the port is taken, or a certificate cannot be used; with an Error that names a trait which there is not.
 */
export async function createSandboxBank(options: SandboxBankOptions): Promise<SandboxBank> {
  const {
    clock = { now: () => new Date() },
    slowMs = 3_000,
    latencyMs = 0,
    tokenSeconds = 300,
    traits = [],
    onRefresh = () => {},
    onError = toStderr,
  } = options;
  const unknown = traits.filter((name) => !isTraitName(name));
  if (unknown.length > 0) throw new Error(`The sandbox bank has no trait ${unknown.join(', ')}.`);
  const now = () => clock.now();
  const demands = readDemands(options);
  const server = openServer(options);
  const state = openBankState(options.dataFile, () => now().getTime());
  const closing = new AbortController();
  const { signal } = closing;
  let url = '';
  const ledger = createLedger({ state, now });
  const answer = createRouter({
    state,
    ledger,
    now,
    url: () => url,
    demands,
    slowMs,
    latencyMs,
    tokenSeconds,
    traits,
    onRefresh,
    signal,
  });
  const handling = { answer, onError, signal };
  server.on('request', (message, response) => void handle(handling, message, response).catch(onError));
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
    listStatements: (psuId) => listStatements({ ledger, traits }, psuId),
    countReusedTokens: () => state.grants.list().reduce((sum, { reuseCount }) => sum + reuseCount, 0),
    close: () => {
      closed ??= close();
      return closed;
    },
  };
}

function readDemands({ tls, clientAuthority, signingAuthority }: SandboxBankOptions): TppDemands {
  if (clientAuthority && !tls)
    throw new Error('Client certificates are shown to TLS only: a certificate of the bank is missing.');
  const read = (authority: string | undefined) => (authority ? new X509Certificate(authority) : null);
  return { clientAuthority: read(clientAuthority), signingAuthority: read(signingAuthority) };
}

function openServer({ tls, clientAuthority }: SandboxBankOptions): Server {
  if (!tls) return createServer();
  // Asked for, and not insisted on: browsers come without, and a TPP is told in the protocol's words what is missing.
  const ofClients = clientAuthority ? { ca: clientAuthority, requestCert: true, rejectUnauthorized: false } : {};
  return createTlsServer({ cert: tls.certificate, key: tls.privateKey, ...ofClients });
}

async function listen(server: Server, { host, port }: { host: string; port: number }): Promise<string> {
  server.listen(port, host);
  await once(server, 'listening');
  // Listening on every address is no address to go to.
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host;
  const name = reachable.includes(':') ? `[${reachable}]` : reachable;
  const protocol = server instanceof TlsServer ? 'https' : 'http';
  return `${protocol}://${name}:${(server.address() as AddressInfo).port}`;
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
    if (error instanceof Refusal || error instanceof BareRefusal) return error.toReply();
    onError(error);
    return { status: 500 };
  }
}

function toStderr(error: unknown): void {
  process.stderr.write(`Sandbox bank: ${error instanceof Error ? error.stack : String(error)}\n`);
}
