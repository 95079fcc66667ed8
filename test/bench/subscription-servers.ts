import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { WebSocketServer } from 'ws';
import type { EventLog } from '../../src/events/event-log.ts';
import type { ContextSource } from '../../src/graphql/context.ts';
import { createMetrics } from '../../src/http/metrics.ts';
import { createHttpServer } from '../../src/http/server.ts';

export interface SubscriptionServer {
  port: number;
  close(): Promise<unknown>;
}

/** What a subscriber says, one message after another; `userId` null: it wants everything. */
export type Speech = (userId: string | null, index: number) => string[];

const query = `subscription Events($userId: ID, $after: String) {
  events(userId: $userId, after: $after) { __typename id type cursor occurredAt ... on WebhookTest { message } }
}`;

export const speakToProduct: Speech = (userId, index) => [
  JSON.stringify({ type: 'connection_init', payload: { apiKey: `key-${Math.floor(index / 50)}` } }),
  // As clients do: ids of their own, which no two share.
  JSON.stringify({ id: `operation-${index}`, type: 'subscribe', payload: { query, variables: { userId } } }),
];

export const speakToBareServer: Speech = (userId) => [String(userId)];

/** The product's own server with everything that it plugs in; many keys, as a client's fleet has. */
export async function openProductServer(eventLog: EventLog, clientId: string): Promise<SubscriptionServer> {
  const source = { prisma: { $connect: async () => {} }, services: { events: eventLog } } as unknown as ContextSource;
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    source,
    authenticate: async () => ({ clientId, keyId: 'key_bench', scopes: ['CLIENT'], expiresAt: null }),
    pages: async () => false,
    readiness: {},
    metrics: createMetrics(),
    logger: pino({ level: 'warn' }),
  });
  const { url } = await server.listen();
  return {
    port: Number(new URL(url).port),
    close: () => server.close(),
  };
}

export interface BareServer extends SubscriptionServer {
  /** Sends to those who said this user's id, found by a look at each; null: to all. */
  send(message: string, userId: string | null): void;
}

/** ws as it is; a subscriber says its user's id. */
export async function openBareServer(): Promise<BareServer> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'graphql-transport-ws' });
  const clients: { socket: import('ws').WebSocket; userId: string }[] = [];
  server.on('connection', (socket) => {
    socket.once('message', (message) => {
      const client = { socket, userId: String(message) };
      clients.push(client);
      socket.once('close', () => void clients.splice(clients.indexOf(client), 1));
    });
  });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    send(message, userId) {
      for (const client of clients) if (userId === null || client.userId === userId) client.socket.send(message);
    },
    close: async () => {
      for (const { socket } of [...clients]) socket.terminate();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
