import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { serveHelper } from '../helper-process.ts';

/**
 * A webhook receiver on the bare socket, so that it takes as little of the machine as can be: reads requests with a
 * content-length, answers 204. A path that begins with /hang is never answered; asked to `hangUp`, it closes those connections.
 */
export interface ReceiverOptions {
  /** Note when each request began, by its path and webhook id. */
  keepsTimes?: boolean;
}

export interface ReceiverCounts {
  /** Those that are never answered among them. */
  requests: number;
  hanging: number;
  bodyBytes: number;
}

/** A question that is answered once so many requests have come since the last reset: who waits takes nothing of the machine. One at a time asks it. */
export interface AwaitRequests {
  untilRequests: number;
}

/** `firstByteNs` by the clock of process.hrtime, which all processes of the machine share. */
export interface Arrival {
  path: string;
  webhookId: string;
  firstByteNs: bigint;
}

const answer = Buffer.from('HTTP/1.1 204 No Content\r\n\r\n');
const headEnd = Buffer.from('\r\n\r\n');

await serveHelper<ReceiverOptions>(async ({ keepsTimes = false }) => {
  let counts: ReceiverCounts = { requests: 0, hanging: 0, bodyBytes: 0 };
  let arrivals: Arrival[] = [];
  const awaited = new Map<number, () => void>();
  const hanging = new Set<Socket>();

  function read(socket: Socket): void {
    let waiting: Buffer = Buffer.alloc(0);
    let bodyLeft = 0;
    let isHanging = false;
    let firstByteNs = 0n;
    socket.setNoDelay(true);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      if (keepsTimes && bodyLeft === 0 && waiting.length === 0) firstByteNs = process.hrtime.bigint();
      let rest = waiting.length === 0 ? chunk : Buffer.concat([waiting, chunk]);
      waiting = Buffer.alloc(0);
      while (rest.length > 0) {
        if (bodyLeft > 0) {
          const taken = Math.min(bodyLeft, rest.length);
          bodyLeft -= taken;
          rest = rest.subarray(taken);
        } else {
          const end = rest.indexOf(headEnd);
          if (end < 0) {
            waiting = rest;
            return;
          }
          const head = rest.toString('latin1', 0, end);
          bodyLeft = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
          counts.bodyBytes += bodyLeft;
          isHanging = head.startsWith('POST /hang');
          if (keepsTimes) arrivals.push({ ...toNames(head), firstByteNs });
          rest = rest.subarray(end + headEnd.length);
        }
        if (bodyLeft === 0) {
          counts.requests++;
          awaited.get(counts.requests)?.();
          if (isHanging) {
            counts.hanging++;
            hanging.add(socket);
          } else socket.write(answer);
        }
      }
    });
  }

  const server = createServer(read).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    ready: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` },
    answer(question) {
      if (question === 'counts') return counts;
      if (question === 'arrivals') return arrivals;
      if (question === 'hangUp') {
        for (const socket of hanging) socket.destroy();
        hanging.clear();
        return null;
      }
      if (isAwaiting(question)) {
        const { untilRequests } = question;
        if (counts.requests >= untilRequests) return null;
        return new Promise<null>((resolve) => awaited.set(untilRequests, () => resolve(null)));
      }
      counts = { requests: 0, hanging: 0, bodyBytes: 0 };
      arrivals = [];
      return null;
    },
  };
});

function isAwaiting(question: unknown): question is AwaitRequests {
  return typeof question === 'object' && question !== null && 'untilRequests' in question;
}

function toNames(head: string): Pick<Arrival, 'path' | 'webhookId'> {
  return {
    path: head.slice(head.indexOf(' ') + 1, head.indexOf(' ', head.indexOf(' ') + 1)),
    webhookId: /webhook-id: (\S+)/i.exec(head)?.[1] ?? '',
  };
}
