import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';

/** Takes over a connection whose request asks for WebSocket. */
export type UpgradeHandler = (request: IncomingMessage, stream: Socket, head: Buffer) => void;

/**
 * Hands requests for WebSocket to `toWebSocket`; any other `Upgrade` is ignored and its request answered as if it had none
 * (RFC 9110, 7.8). Java's HttpClient offers h2c with every request.
 *
 * Node stops parsing at an `Upgrade` that has listeners, and loses what is pipelined behind one that has none. So the request is
 * put back in front of the connection without the header, and the connection is parsed anew.
 */
export function handleUpgrades(server: Server, toWebSocket: UpgradeHandler | null): void {
  const open = new WeakMap<Socket, ServerResponse>();
  server.on('request', ({ socket }, response) => {
    open.set(socket, response);
    response.once('close', () => {
      if (open.get(socket) === response) open.delete(socket);
    });
  });
  server.on('upgrade', (request: IncomingMessage, stream: Socket, head: Buffer) => {
    const onError = () => stream.destroy();
    stream.on('error', onError);
    if (toWebSocket && isWebSocket(request)) {
      toWebSocket(request, stream, head);
      return;
    }
    const goOn = () => {
      if (stream.destroyed || stream.writableEnded) return;
      stream.off('error', onError);
      // Of the requests before, which Node would count on against this one.
      stream.setTimeout(0);
      stream.unshift(Buffer.concat([withoutUpgrade(request), head]));
      server.emit('connection', stream);
    };
    // The answers of a connection are in the order of its requests, and those of another parser know nothing of it.
    const before = open.get(stream);
    if (before) before.once('close', goOn);
    else goOn();
  });
}

function isWebSocket({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.trim().toLowerCase() === 'websocket';
}

/** The head of a request as it was sent, but for what asks for another protocol. */
function withoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): Buffer {
  const lines = [`${method} ${url} HTTP/${httpVersion}`];
  for (let at = 0; at < rawHeaders.length; at += 2) {
    const [name = '', value = ''] = rawHeaders.slice(at, at + 2);
    const kept = name.toLowerCase() === 'connection' ? withoutOption(value) : value;
    if (!['upgrade', 'http2-settings'].includes(name.toLowerCase()) && kept !== null) lines.push(`${name}: ${kept}`);
  }
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1');
}

function withoutOption(connection: string): string | null {
  const options = connection.split(',').map((option) => option.trim());
  const kept = options.filter((option) => !['upgrade', 'http2-settings'].includes(option.toLowerCase()));
  return kept.length > 0 ? kept.join(', ') : null;
}
