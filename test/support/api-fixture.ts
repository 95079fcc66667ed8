import { pino } from 'pino';
import { afterAll, beforeAll, onTestFinished } from 'vitest';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers } from '../../src/clients/users.ts';
import { newId } from '../../src/domain/ids.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import type { ContextSource, Viewer } from '../../src/graphql/context.ts';
import type { Services } from '../../src/graphql/services.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createHttpServer, type HttpServerDependencies } from '../../src/http/server.ts';
import { callScopes } from '../../src/storage/call-scope.ts';
import type { Database } from '../../src/storage/database.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';
import { openFileDatabase } from './test-database.ts';

export interface GraphQLAnswer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: what a test reads of it, it expects.
  data: any;
  // biome-ignore lint/suspicious/noExplicitAny: as above.
  errors: any[] | undefined;
}

/** Keys that the tests know: take one away, and it is revoked. */
export interface TestKeys {
  viewers: Map<string, Viewer>;
  operator: string;
  client: string;
  /** Takes the key away and says so, as the clients' room does. */
  revoke(key: string): void;
}

export interface TestApi {
  url: string;
  keys: TestKeys;
  source: ContextSource;
  /** What the server has logged. */
  logged: Record<string, unknown>[];
  /** With the operator's key unless the headers say otherwise. */
  request(query: string, variables?: Record<string, unknown>, headers?: Record<string, string>): Promise<GraphQLAnswer>;
  post(body: string, headers?: Record<string, string>): Promise<GraphQLAnswer>;
  close(): Promise<void>;
}

/** Services of rooms that a test does not bring along reject when they are called. */
export type TestServices = { [Room in keyof Services]?: Partial<Services[Room]> };

export interface TestApiOptions {
  services?: TestServices;
  prisma?: ContextSource['prisma'];
  clientId?: string;
  server?: Partial<HttpServerDependencies>;
}

/** The real HTTP server on a free port, over the given services; closed with the test. */
export async function openTestApi(options: TestApiOptions = {}): Promise<TestApi> {
  const api = await startTestApi(options);
  onTestFinished(() => api.close());
  return api;
}

async function startTestApi({
  services = {},
  prisma,
  clientId = 'cli_test',
  server = {},
}: TestApiOptions): Promise<TestApi> {
  const keys = createTestKeys(clientId);
  const listeners: (() => void)[] = [];
  const source: ContextSource = {
    prisma: prisma ?? { $connect: async () => {} },
    services: orUnexpected({
      audit: passingAudit,
      idempotency: { once: (_call, work) => work() },
      ...services,
      events: { head: async () => 0n, ...services.events },
    }),
  };
  const logged: Record<string, unknown>[] = [];
  const http = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    source,
    authenticate: async (key) => keys.viewers.get(key) ?? null,
    onRevoked: (listener) => listeners.push(listener),
    pages: async () => false,
    readiness: {},
    metrics: createMetrics(),
    logger: pino({ level: 'info' }, { write: (line: string) => void logged.push(JSON.parse(line)) }),
    ...server,
  });
  const { url } = await http.listen();
  const post: TestApi['post'] = async (body, headers = {}) => {
    const response = await fetch(`${url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${keys.operator}`, ...headers },
      body,
    });
    const text = await response.text();
    const { data, errors } = text.startsWith('{') ? JSON.parse(text) : { data: undefined, errors: undefined };
    return { status: response.status, headers: response.headers, data, errors };
  };
  return {
    url,
    keys: {
      ...keys,
      revoke: (key) => {
        keys.viewers.delete(key);
        for (const listener of listeners) listener();
      },
    },
    source,
    logged,
    post,
    request: (query, variables, headers) => post(JSON.stringify({ query, variables }), headers),
    close: () => http.close(),
  };
}

function createTestKeys(clientId: string): Omit<TestKeys, 'revoke'> {
  const viewer = (keyId: string, scopes: Viewer['scopes']): Viewer => ({ clientId, keyId, scopes, expiresAt: null });
  return {
    operator: 'operator-key',
    client: 'client-key',
    viewers: new Map([
      ['operator-key', viewer('key_1', ['CLIENT', 'OPERATOR'])],
      ['client-key', viewer('key_2', ['CLIENT'])],
    ]),
  };
}

/** Of tests that are about something else. */
export const passingAudit: Services['audit'] = {
  perform: (_call, work) => callScopes.run([], () => work()),
  recordRefusal: async () => {},
  noteRead: () => {},
  noteRefusedKey: () => {},
  noteLimited: () => {},
  list: async () => [],
  find: async () => null,
};

function orUnexpected(services: TestServices): Services {
  const guard = (room: string, functions: object) =>
    new Proxy(functions, {
      get: (target, name) =>
        Reflect.get(target, name) ?? (() => Promise.reject(new Error(`${room}.${String(name)} was not expected`))),
    });
  return new Proxy(services as Services, {
    get: (target, room: keyof Services) => guard(String(room), target[room] ?? {}),
  });
}

export interface StoredApi extends TestApi {
  database: Database;
  clock: FixedClock;
  eventLog: EventLog;
  clientId: string;
}

/** One server for all tests of a file, with the real clients, users and event log on an embedded database. */
export function useStoredApi(services: (database: Database) => TestServices = () => ({})): StoredApi {
  const api = {} as StoredApi;
  beforeAll(async () => {
    const database = await openFileDatabase();
    const clock = fixedClock();
    const clients = createClients({ clock, store: createClientStore(database) });
    await clients.bootstrap('the-key-that-makes-the-client');
    const clientId = (await database.prisma.client.findFirstOrThrow()).id;
    const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
    const users = createUsers({ clock, store: createUserStore(database) });
    const started = await startTestApi({
      clientId,
      prisma: database.prisma,
      services: { clients, users, events: eventLog, ...services(database) },
    });
    Object.assign(api, started, { database, clock, eventLog, clientId } satisfies Partial<StoredApi>);
  });
  afterAll(async () => {
    await api.close();
    api.eventLog.close();
    await api.database.close();
  });
  return api;
}

/** A user with one login at one bank and one account, straight into the tables. */
export async function insertLogin(
  database: Database,
  clientId: string,
  now: Date,
): Promise<{ userId: string; bankLoginId: string; accountId: string }> {
  const { prisma } = database;
  const bankId = 'bank_test';
  const bank = { id: bankId, name: 'Test Bank', country: 'DE' };
  await prisma.bank.upsert({ where: { id: bankId }, create: bank, update: {} });
  const user = await prisma.user.create({
    data: { id: newId('user', now), clientId, externalId: newId('user', now), createdAt: now },
  });
  const login = await prisma.bankLogin.create({
    data: { id: newId('bankLogin', now), clientId, userId: user.id, bankId, createdAt: now },
  });
  const account = await prisma.account.create({
    data: {
      id: newId('account', now),
      clientId,
      bankLoginId: login.id,
      resourceId: 'r1',
      identification: 'DE00',
      currency: 'EUR',
      createdAt: now,
      balances: [
        {
          type: 'closingBooked',
          amount: { amount: '12.50', currency: 'EUR' },
          referenceDate: '2026-03-09',
          observedAt: now.toISOString(),
        },
      ],
    },
  });
  return { userId: user.id, bankLoginId: login.id, accountId: account.id };
}
