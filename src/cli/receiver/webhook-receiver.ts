import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { renderEvent } from './event-report.ts';
import type { VerifyJws } from './jws-verification.ts';
import { type VerificationKey, verifyWebhook } from './webhook-verification.ts';

export interface ReceiverOptions {
  host: string;
  /** 0: any free port. */
  port: number;
  /** Several while a secret is being rotated. */
  keys: readonly VerificationKey[];
  /** Instead of the keys, where the endpoint is signed for by JWS. @default null */
  verifyJws?: VerifyJws | null;
  /** 0 to 1: this share of genuine webhooks is answered with 500, to see them again. */
  failRate: number;
  print(line: string): void;
  /** @default Math.random */
  random?: () => number;
}

/** A webhook receiver that verifies, prints each event once, and answers; forged and broken requests are refused with the reason. */
export async function startWebhookReceiver(options: ReceiverOptions): Promise<{ url: string; close(): Promise<void> }> {
  const handle = createHandler(options);
  const server = createServer((request, response) => {
    handle(request, response).catch((error: Error) => {
      options.print(`A request broke off: ${error.message}`);
      response.destroy();
    });
  });
  server.listen(options.port, options.host);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    url: `http://${host}:${port}/webhooks`,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

// Larger than any that is sent: 1 MiB.
const longestBodyBytes = 2 * 1_048_576;

function createHandler({ keys, verifyJws = null, failRate, print, random = Math.random }: ReceiverOptions) {
  // A real receiver keeps them where its data is, in the transaction that stores what the event says.
  const handledIds = new Set<string>();

  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const time = new Date().toISOString().slice(11, 19);
    const answer = (status: number, text: string): void => {
      response.writeHead(status, { 'content-type': 'text/plain' }).end(text);
    };
    const body = await readBody(request);
    if (body === null) {
      print(`${time}  REFUSED: the body is longer than ${longestBodyBytes} bytes.`);
      response.shouldKeepAlive = false;
      return answer(413, 'Too long.');
    }
    const received = { headers: request.headers, body };
    const verdict = await (verifyJws?.(received, new Date()) ?? verifyWebhook(received, keys, new Date()));
    if (verdict.outcome === 'refused') {
      print(
        `${time}  REFUSED ${String(request.headers['webhook-id'] ?? `${request.method} ${request.url}`)}: ${verdict.reason}`,
      );
      return answer(401, verdict.reason);
    }
    const { id } = verdict;
    if (handledIds.has(id)) {
      print(`${time}  ${id} came again: handled before, nothing to do.`);
      return answer(200, 'Handled before.');
    }
    if (random() < failRate) {
      print(`${time}  ${id} answered with 500, as --fail-rate asks for: it comes again.`);
      return answer(500, 'Failing on purpose.');
    }
    handledIds.add(id);
    const { type, lines } = renderEvent(body.toString('utf8'));
    print([`${time}  ${type}  ${id}`, ...lines.map((line) => `          ${line}`)].join('\n'));
    answer(200, 'Handled.');
  };
}

async function readBody(request: IncomingMessage): Promise<Buffer | null> {
  const chunks: Buffer[] = [];
  let byteCount = 0;
  for await (const chunk of request) {
    byteCount += (chunk as Buffer).length;
    if (byteCount > longestBodyBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return Buffer.concat(chunks);
}
