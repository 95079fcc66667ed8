import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { parseVerificationKey, type VerificationKey, verifyWebhook } from '../receiver/webhook-verification.ts';

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
  let keys: VerificationKey[] = [];
  const server = createServer(async (message, response) => {
    const body = await readBody(message);
    const verdict = verifyWebhook({ headers: message.headers, body }, keys, new Date());
    const signatureVerified = verdict.outcome === 'verified';
    if (verdict.outcome === 'verified') {
      const { id } = verdict;
      const { type } = JSON.parse(body.toString('utf8')) as { type: string };
      received.set(id, { id, type, signatureVerified });
    }
    response.writeHead(signatureVerified ? 204 : 401).end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/webhooks`,
    received,
    verifyWith(secret) {
      keys = [parseVerificationKey(secret)];
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function readBody(message: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of message) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks);
}
