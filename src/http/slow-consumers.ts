import type { WebSocket } from 'ws';

export interface SlowConsumerGuard {
  /** Watches the socket until it closes; `lastCursor` is asked for when it is cut off. */
  watch(socket: WebSocket, lastCursor: () => string | null): void;
  close(): void;
}

export interface SlowConsumerOptions {
  closeCode: number;
  /** @default 5000 */
  intervalMs?: number;
}

/**
 * Cuts off a socket whose reader has taken nothing between two looks while bytes wait for it. Its subscriptions wait
 * for it meanwhile, so that what waits in memory is one message each; the close reason carries the cursor to go on from.
 */
export function createSlowConsumerGuard({ closeCode, intervalMs = 5000 }: SlowConsumerOptions): SlowConsumerGuard {
  const sockets = new Map<WebSocket, { lastCursor: () => string | null; unread: number }>();
  const timer = setInterval(() => {
    for (const [socket, seen] of sockets) {
      const unread = socket.bufferedAmount;
      if (unread > 0 && unread === seen.unread) {
        const cursor = seen.lastCursor();
        sockets.delete(socket);
        socket.close(closeCode, cursor === null ? 'slow consumer' : `slow consumer, last cursor ${cursor}`);
      }
      seen.unread = unread;
    }
  }, intervalMs);
  timer.unref();
  return {
    watch: (socket, lastCursor) => {
      sockets.set(socket, { lastCursor, unread: 0 });
      socket.once('close', () => sockets.delete(socket));
    },
    close: () => clearInterval(timer),
  };
}
