import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket, Server as TcpServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import type { BankLearnings } from '../../src/banking/bank-learnings.ts';
import type { BankAccount, BankPort, ConsentRequest, KeptCredentials, Progress } from '../../src/banking/bank-port.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import type { Xs2aClientDeps } from '../../src/banking/berlin-group/xs2a-client.ts';
import { ownCredentials } from '../../src/consent/credential-keeper.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { type BankEntry, plainHabits } from '../../src/domain/bank-entry.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { type FetchedTransaction, transactionFields } from '../../src/domain/transaction-fields.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openSpecification } from './xs2a-specification.ts';

export interface BankRequest {
  method: string;
  /** With the query. */
  url: string;
  headers: IncomingHttpHeaders;
  rawBody: string;
  body: unknown;
}

export interface BankReply {
  status?: number;
  headers?: Record<string, string>;
  /** Sent as JSON. */
  body?: unknown;
  /** Sent as it is. */
  raw?: string | Buffer;
}

type Answer = BankReply | ((request: BankRequest) => BankReply | Promise<BankReply>);

export interface FakeBank {
  url: string;
  server: Server;
  /** What the tested entry's base URL has behind the origin. */
  basePath: string;
  requests: BankRequest[];
  /** The only request, or the one of this index. */
  request(index?: number): BankRequest;
}

const specification = openSpecification();

/** Fails the test when a request was not as the protocol has it, where the protocol's file is at hand. */
function checkRequestsAtTheEnd(bank: FakeBank): void {
  onTestFinished(() => {
    expect(bank.requests.flatMap((request) => specification?.findFaults(request, bank.basePath) ?? [])).toEqual([]);
  });
}

/**
 * A bank on a free loopback port that gives the answers in turn, the last one again and again; closed with the test.
 */
export async function startFakeBank(...answers: Answer[]): Promise<FakeBank> {
  const requests: BankRequest[] = [];
  const server = createServer(answering(requests, answers));
  const url = await listen(server);
  const bank: FakeBank = {
    url,
    server,
    basePath: '',
    requests,
    request(index = 0) {
      const request = requests[index];
      if (!request) throw new Error(`The bank has had ${requests.length} requests.`);
      return request;
    },
  };
  checkRequestsAtTheEnd(bank);
  return bank;
}

export function answering(requests: BankRequest[], answers: Answer[]): RequestListener {
  return async (message, response) => {
    const rawBody = await text(message);
    const { method = '', url = '', headers } = message;
    const request = { method, url, headers, rawBody, body: rawBody ? JSON.parse(rawBody) : undefined };
    const index = requests.push(request) - 1;
    const answer = answers[Math.min(index, answers.length - 1)] ?? { status: 500 };
    const reply = typeof answer === 'function' ? await answer(request) : answer;
    const type = reply.raw === undefined && reply.body !== undefined ? { 'content-type': 'application/json' } : {};
    response.writeHead(reply.status ?? 200, { ...type, ...reply.headers });
    response.end(reply.raw ?? (reply.body === undefined ? undefined : JSON.stringify(reply.body)));
  };
}

/** Gives the server's address without a path; the server ends with the test, whatever hangs in it. */
export async function listen(server: TcpServer, protocol = 'http'): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    const closed = once(server, 'close');
    server.close();
    for (const socket of sockets) socket.destroy();
    await closed;
  });
  return `${protocol}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

export function bankEntry(baseUrl: string, changes: Partial<BankEntry> = {}): BankEntry {
  return {
    id: 'bank_test',
    name: 'Test Bank',
    bic: null,
    bankCode: null,
    country: 'DE',
    baseUrl,
    preferredApproach: 'redirect',
    scaValidityDays: 180,
    ownIpAddress: null,
    clientCertificate: null,
    signingCertificate: null,
    certificateAuthority: null,
    ...plainHabits,
    ...changes,
  };
}

export const now = '2026-03-10T10:00:00Z';

/** What has been learnt of a bank: nothing, but that it has no card accounts, which would be asked for each time. */
export function learntOf(facts: Record<string, string> = { 'card-accounts': 'none' }): BankLearnings {
  const known = new Map(Object.entries(facts));
  return { get: async (fact) => known.get(fact) ?? null, put: async (fact, value) => void known.set(fact, value) };
}

/** The adapter before the given bank; closed with the test. */
export function openBank(
  baseUrl: string,
  entry: Partial<BankEntry> = {},
  limits: Xs2aClientDeps['limits'] = {},
  learnt: BankLearnings = learntOf(),
) {
  const bank = createBerlinGroupBank(bankEntry(baseUrl, entry), { clock: fixedClock(now), limits, learnt });
  onTestFinished(async () => await bank.close());
  return bank;
}

/** An account as the bank might have listed it. */
export function givenAccount(given: Partial<BankAccount> = {}): BankAccount {
  return {
    ...absentValues(accountFields),
    resourceId: 'a-1',
    kind: 'CASH',
    state: 'AVAILABLE',
    currency: 'EUR',
    otherIdentification: null,
    balances: null,
    ...given,
  };
}

/** A transaction of which the bank has said no more than this. */
export function givenTransaction(given: Partial<FetchedTransaction>): FetchedTransaction {
  const amount = { amount: '1.00', currency: 'EUR' };
  return { ...absentValues(transactionFields), status: 'BOOKED', amount, ...given };
}

export const psu = { ipAddress: '192.0.2.7', userAgent: 'Test Browser/1.0' };
/** Credentials that are kept nowhere but here; by default those of a consent from before there were any. */
export const kept = (text = 'consent-1'): KeptCredentials => ownCredentials(text, async () => {});

export const attended = { credentials: kept(), psu };
export const unattended = { credentials: kept(), psu: null };

export const consentRequest: ConsentRequest = {
  psu,
  callbackUrl: 'https://tidewater.example/callback',
  state: 's1',
  ibans: [],
  redirectUrl: 'https://tidewater.example/callback?state=s1',
  nokRedirectUrl: 'https://tidewater.example/callback?state=s1&nok=1',
  recurring: true,
  validUntil: '2026-09-06',
  frequencyPerDay: 4,
};

/** A consent that has begun, with its credentials kept. */
export async function beginConsent(
  bank: BankPort,
  request: Partial<ConsentRequest> = {},
): Promise<{ credentials: KeptCredentials; progress: Progress }> {
  const { credentials, progress } = await bank.begin({ ...consentRequest, ...request });
  return { credentials: kept(credentials), progress };
}

/** The bank's consent id in credentials of the Berlin Group's adapter. */
export function consentIdOf({ text }: KeptCredentials): string {
  return text.startsWith('{') ? JSON.parse(text).consentId : text;
}

/** The BankFailure with which the call must end. */
export async function failureOf(call: Promise<unknown>): Promise<BankFailure> {
  const outcome = await call.then(
    () => 'no failure at all',
    (error: unknown) => error,
  );
  if (outcome instanceof BankFailure) return outcome;
  throw new Error('The call did not end in a BankFailure.', { cause: outcome });
}

export async function collect<T>(pages: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = [];
  for await (const page of pages) collected.push(page);
  return collected;
}
