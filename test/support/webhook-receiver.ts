import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { findBodyFault } from './event-body.ts';
import { eventually } from './eventually.ts';

export interface ReceivedWebhook {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  /** As it came over the wire: signatures cover these very bytes. */
  body: string;
  receivedAt: Date;
}

export interface WebhookReply {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

export interface WebhookReceiver {
  url: string;
  received: ReceivedWebhook[];
  /** Resolves once so many requests, or one that fits, have come; then gives all received, or the one that fits. */
  waitFor(count: number, limitMs?: number): Promise<ReceivedWebhook[]>;
  waitFor(fits: (webhook: ReceivedWebhook) => boolean, limitMs?: number): Promise<ReceivedWebhook>;
  /** Throws when a body did not fit the schema of its event. */
  stop(): Promise<void>;
}

/**
 * A webhook receiver on a free loopback port. `respond` says what to answer (204 by default) and may take its time. Every body is
 * held against the schema of its event, unless the endpoint has a document of its own.
 */
export async function startWebhookReceiver(
  options: {
    respond?: (webhook: ReceivedWebhook, index: number) => WebhookReply | number | Promise<WebhookReply | number>;
    /** @default 'events' */
    carries?: 'events' | 'documents';
  } = {},
): Promise<WebhookReceiver> {
  const { respond = () => 204, carries = 'events' } = options;
  const received: ReceivedWebhook[] = [];
  const faults = new Set<string>();
  const server = createServer(async (message, response) => {
    const webhook = await readWebhook(message).catch(() => null);
    if (!webhook) return;
    const index = received.push(webhook) - 1;
    const fault = carries === 'events' ? findBodyFault(webhook.body) : null;
    if (fault) faults.add(fault);
    const answer = await respond(webhook, index);
    const reply = typeof answer === 'number' ? { status: answer } : answer;
    response.writeHead(reply.status, reply.headers).end(reply.body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;

  async function waitFor(wanted: number | ((webhook: ReceivedWebhook) => boolean), limitMs = 10_000) {
    const options = { limitMs, what: `${typeof wanted === 'number' ? wanted : 'a fitting'} webhook` };
    if (typeof wanted === 'function') return await eventually(() => received.find(wanted) ?? null, options);
    await eventually(() => received.length >= wanted, options);
    return received;
  }

  return {
    url: `http://127.0.0.1:${port}/webhook`,
    received,
    waitFor: waitFor as WebhookReceiver['waitFor'],
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
      if (faults.size > 0) throw new Error(`Bodies that are not as schema/events says:\n${[...faults].join('\n')}`);
    },
  };
}

async function readWebhook(message: IncomingMessage): Promise<ReceivedWebhook> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return {
    method: message.method ?? '',
    path: message.url ?? '',
    headers: message.headers,
    body: Buffer.concat(chunks).toString('utf8'),
    receivedAt: new Date(),
  };
}
