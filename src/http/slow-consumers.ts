import type { WebSocket } from 'ws';

export interface SlowConsumerGuard {
  /** Watches the socket until it closes; `lastCursor` is asked for when it is cut off. */
  watch(socket: WebSocket, lastCursor: () => string | null): void;
  close(): void;
}

export interface SlowConsumerOptions {
  closeCode: number;
  onCutOff: () => void;
  /** @default 5000 */
  intervalMs?: number;
}

/**
 * Cuts off a socket whose reader has taken nothing between two looks while bytes wait for it. Its subscriptions wait
 * for it meanwhile, so that what waits in memory is one message each; the close reason carries the cursor to go on from.
 */
export function createSlowConsumerGuard({
  closeCode,
  onCutOff,
  intervalMs = 5000,
}: SlowConsumerOptions): SlowConsumerGuard {
  const sockets = new Map<WebSocket, { lastCursor: () => string | null; unread: number }>();
  const timer = setInterval(() => {
    for (const [socket, seen] of sockets) {
      const unread = socket.bufferedAmount;
      if (unread > 0 && unread === seen.unread) {
        sockets.delete(socket);
        onCutOff();
        socket.close(closeCode, toCutOffReason(seen.lastCursor()));
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

/** What a client reads to go on from: the cursor of the last event that was sent. */
export function toCutOffReason(lastCursor: string | null): string {
  return lastCursor === null ? 'slow consumer' : `slow consumer, last cursor ${lastCursor}`;
}
