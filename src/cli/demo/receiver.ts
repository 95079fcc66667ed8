import { createHmac, timingSafeEqual } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ReceivedEvent {
  id: string;
  type: string;
  signatureVerified: boolean;
}

/** A webhook receiver as a fintech would write it: it verifies the Standard Webhooks signature, then looks at the body. */
export interface Receiver {
  url: string;
  received: Map<string, ReceivedEvent>;
  /** The endpoint's secret, known once the endpoint has been made. */
  verifyWith(secret: string): void;
  close(): Promise<void>;
}

export async function startReceiver(): Promise<Receiver> {
  const received = new Map<string, ReceivedEvent>();
  let key: Buffer = Buffer.alloc(0);
  const server = createServer(async (message, response) => {
    const body = await readBody(message);
    const id = String(message.headers['webhook-id']);
    const signatureVerified = isSigned(message, body, key);
    if (signatureVerified)
      received.set(id, { id, type: (JSON.parse(body) as { type: string }).type, signatureVerified });
    response.writeHead(signatureVerified ? 204 : 401).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    received,
    verifyWith(secret) {
      key = Buffer.from(secret.replace(/^whsec_/, ''), 'base64');
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

const toleranceSeconds = 300;

function isSigned(message: IncomingMessage, body: string, key: Buffer): boolean {
  const id = String(message.headers['webhook-id']);
  const timestamp = String(message.headers['webhook-timestamp']);
  if (Math.abs(Date.now() / 1_000 - Number(timestamp)) > toleranceSeconds) return false;
  const expected = createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest();
  return String(message.headers['webhook-signature'])
    .split(' ')
    .some((signature) => {
      const given = Buffer.from(signature.replace(/^v1,/, ''), 'base64');
      return given.length === expected.length && timingSafeEqual(given, expected);
    });
}

async function readBody(message: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}
