import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { CloseCode, handleProtocols, type Server as ProtocolServer } from 'graphql-ws';
import type { Logger } from 'pino';
import { type WebSocket, WebSocketServer } from 'ws';
import { bodyLimitBytes } from '../graphql/limits.ts';
import type { Metrics } from './metrics.ts';
import type { UpgradeHandler } from './upgrades.ts';

const goodbyeMs = 2000;

export interface SocketExtra {
  readonly socket: WebSocket;
  /** What the socket reads from and writes to. */
  readonly stream: Socket;
  /** Of the upgrade; to be let go of when it has been looked at, since sockets live long. */
  request: IncomingMessage | null;
}

export interface SocketServerDependencies<Extra> {
  protocol: ProtocolServer<Extra>;
  toExtra: (extra: SocketExtra) => Extra;
  metrics: Metrics;
  logger: Logger;
  keepAliveMs: number;
}

export interface SocketServer {
  /** Opens a socket on /graphql, and refuses one anywhere else. */
  upgrade: UpgradeHandler;
  close(): Promise<void>;
}

/** Carries the messages of the protocol between graphql-ws and the sockets on /graphql. */
export function createSocketServer<Extra>(dependencies: SocketServerDependencies<Extra>): SocketServer {
  const server = new WebSocketServer({ noServer: true, maxPayload: bodyLimitBytes, handleProtocols });
  server.on('connection', (socket, request) => open({ socket, stream: request.socket, request }, dependencies));
  return {
    upgrade: (request, stream, head) => {
      if ((request.url ?? '').split('?', 1)[0] !== '/graphql') {
        stream.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
        return;
      }
      server.handleUpgrade(request, stream, head, (socket) => server.emit('connection', socket, request));
    },
    close: async () => {
      for (const socket of server.clients) socket.close(1001, 'Going away');
      // A peer that does not answer the goodbye is not waited for.
      const limit = setTimeout(() => {
        for (const socket of server.clients) socket.terminate();
      }, goodbyeMs);
      await new Promise<void>((resolve) => server.close(() => resolve()));
      clearTimeout(limit);
    },
  };
}

function open<Extra>(extra: SocketExtra, dependencies: SocketServerDependencies<Extra>): void {
  const { socket } = extra;
  const { protocol, toExtra, metrics, logger, keepAliveMs } = dependencies;
  metrics.socketOpened();
  // What a peer sends against the protocol: ws closes with the fitting code by itself.
  socket.on('error', (err) => logger.debug({ err }, 'socket error'));
  const stopPinging = keepAlive(socket, keepAliveMs);
  const closed = protocol.opened(
    {
      protocol: socket.protocol,
      send: (data) =>
        new Promise((resolve, reject) => {
          if (socket.readyState !== socket.OPEN) return resolve();
          socket.send(data, (error) => (error ? reject(error) : resolve()));
        }),
      close: (code, reason) => socket.close(code, reason),
      onMessage: (handle) =>
        socket.on('message', (message) => {
          handle(String(message)).catch((err: unknown) => {
            // A peer that left in the middle of being answered is no failure of ours.
            if (socket.readyState !== socket.OPEN) return;
            logger.error({ err }, 'unexpected error on a socket');
            socket.close(CloseCode.InternalServerError, 'Internal server error');
          });
        }),
    },
    toExtra(extra),
  );
  socket.once('close', (code, reason) => {
    stopPinging();
    metrics.socketClosed();
    closed(code, String(reason)).catch((err: unknown) => logger.error({ err }, 'unexpected error after a socket'));
  });
}

// A peer that has vanished without a word does not answer pings.
function keepAlive(socket: WebSocket, intervalMs: number): () => void {
  let answered = true;
  socket.on('pong', () => {
    answered = true;
  });
  const timer = setInterval(() => {
    if (!answered) socket.terminate();
    answered = false;
    if (socket.readyState === socket.OPEN) socket.ping();
  }, intervalMs);
  return () => clearInterval(timer);
}
