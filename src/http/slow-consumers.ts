/** A socket, or a response, which passes on what its socket says. */
interface Watchable {
  on(event: 'timeout', listener: () => void): unknown;
  off(event: 'timeout', listener: () => void): unknown;
  setTimeout(ms: number): unknown;
}

export interface SlowConsumerOptions {
  /** Bytes that wait for the reader. */
  unread: () => number;
  onStalled: () => void;
  /** How long a reader may take nothing while something waits for it. */
  stallMs: number;
}

/**
 * Calls `onStalled` once, when a reader has taken nothing for too long. Of what is slow but moves, nothing is said: its
 * subscriptions wait for it in the log, so that it holds a bounded share of memory. Returns how to stop watching.
 */
export function watchReader(stream: Watchable, { unread, onStalled, stallMs }: SlowConsumerOptions): () => void {
  // Node counts a great write that is taken bit by bit as activity, which no look from outside could see.
  const stop = (): void => void stream.off('timeout', onTimeout);
  function onTimeout(): void {
    if (unread() === 0) return;
    stop();
    onStalled();
  }
  stream.on('timeout', onTimeout);
  stream.setTimeout(stallMs);
  return stop;
}

/** @default of both doors */
export const slowConsumerStallMs = 10_000;

/** What a client reads to go on from: the cursor of the last event that was sent. */
export function toCutOffReason(lastCursor: string | null): string {
  return lastCursor === null ? 'slow consumer' : `slow consumer, last cursor ${lastCursor}`;
}
