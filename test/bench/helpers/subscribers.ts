import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { serveHelper } from '../helper-process.ts';

/**
 * WebSockets on the bare socket that count the messages they get and look into none, so that they take as little of the machine
 * as can be.
 */
export type SubscribersQuestion =
  /** Opens sockets, one for each list; sends each its messages, waiting for an answer to all but the last. */
  { connect: { port: number; messages: string[][] } } | { waitFor: number } | 'reset' | 'disconnect';

const handshake = [
  'GET /graphql HTTP/1.1',
  'host: localhost',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  'sec-websocket-protocol: graphql-transport-ws',
  '\r\n',
].join('\r\n');
const headEnd = Buffer.from('\r\n\r\n');
const atOnce = 50;

await serveHelper<object>(async () => {
  const sockets = new Set<Socket>();
  let count = 0;
  let waiting: { count: number; resolve(): void } | null = null;

  function counted(): void {
    count++;
    if (waiting && count >= waiting.count) {
      waiting.resolve();
      waiting = null;
    }
  }

  async function open(port: number, messages: readonly string[]): Promise<void> {
    const socket = connect(port, '127.0.0.1');
    sockets.add(socket);
    socket.on('error', () => {});
    socket.write(handshake);
    const frames = createFrameReader(socket, counted);
    await frames.upgraded;
    for (const [index, message] of messages.entries()) {
      const answered = index < messages.length - 1 ? frames.next() : null;
      socket.write(toFrame(1, Buffer.from(message)));
      await answered;
    }
  }

  return {
    ready: {},
    async answer(question) {
      const asked = question as SubscribersQuestion;
      if (asked === 'reset') {
        count = 0;
      } else if (asked === 'disconnect') {
        const closed = [...sockets].map((socket) => once(socket, 'close'));
        for (const socket of sockets) socket.destroy();
        await Promise.all(closed);
        sockets.clear();
      } else if ('connect' in asked) {
        const { port, messages } = asked.connect;
        for (let at = 0; at < messages.length; at += atOnce) {
          await Promise.all(messages.slice(at, at + atOnce).map((each) => open(port, each)));
        }
      } else if (count < asked.waitFor) {
        await new Promise<void>((resolve) => {
          waiting = { count: asked.waitFor, resolve };
        });
      }
      return count;
    },
  };
});

function createFrameReader(socket: Socket, onMessage: () => void) {
  let upgraded: () => void = () => {};
  let next: (() => void) | null = null;
  let isOpen = false;
  let rest: Buffer = Buffer.alloc(0);
  socket.on('data', (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    if (!isOpen) {
      const end = rest.indexOf(headEnd);
      if (end < 0) return;
      rest = rest.subarray(end + headEnd.length);
      isOpen = true;
      upgraded();
    }
    let at = 0;
    while (true) {
      const length = frameLength(rest, at);
      if (length === null || at + length > rest.length) break;
      const opcode = (rest[at] ?? 0) & 0x0f;
      at += length;
      if (opcode === 9) socket.write(toFrame(10, Buffer.alloc(0)));
      if (opcode !== 1) continue;
      const answered = next;
      next = null;
      if (answered) answered();
      else onMessage();
    }
    rest = rest.subarray(at);
  });
  return {
    upgraded: new Promise<void>((resolve) => {
      upgraded = resolve;
    }),
    next: () =>
      new Promise<void>((resolve) => {
        next = resolve;
      }),
  };
}

// Of a server's frame, which is not masked, with its head; null when the head is not there yet.
function frameLength(buffer: Buffer, at: number): number | null {
  if (buffer.length < at + 2) return null;
  const length = (buffer[at + 1] ?? 0) & 0x7f;
  if (length < 126) return 2 + length;
  if (buffer.length < at + 10)
    return length === 126 && buffer.length >= at + 4 ? 4 + buffer.readUInt16BE(at + 2) : null;
  return length === 126 ? 4 + buffer.readUInt16BE(at + 2) : 10 + Number(buffer.readBigUInt64BE(at + 2));
}

// Masked with zeros, which leave the payload as it is.
function toFrame(opcode: number, payload: Buffer): Buffer {
  const head = payload.length < 126 ? Buffer.alloc(6) : Buffer.alloc(8);
  head[0] = 0x80 | opcode;
  head[1] = 0x80 | Math.min(payload.length, 126);
  if (payload.length >= 126) head.writeUInt16BE(payload.length, 2);
  return Buffer.concat([head, payload]);
}
