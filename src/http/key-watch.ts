import { type Clock, systemClock } from '../domain/clock.ts';
import type { Authenticate } from './authentication.ts';

/** Ends what lives longer than a request when its key does. */
export interface KeyWatch {
  /**
   * Calls `onEnded` once, when the key expires (`expiresAt`, null: never), or when it is found to be revoked. Returns how to
   * stop watching.
   */
  watch(key: string, expiresAt: Date | null, onEnded: () => void): () => void;
  /** How many watch this key now. */
  count(key: string): number;
  /** Checks every watched key now. */
  checkAll(): Promise<void>;
  /** Ends whatever is still being watched for. */
  close(): void;
}

export interface KeyWatchDependencies {
  authenticate: Authenticate;
  /** Calls back when this process has revoked a key and no longer believes in it; others are found out by the regular check. */
  onRevoked?: (listener: () => void) => unknown;
  /** @default 1_000 */
  intervalMs?: number;
  /** @default the system's */
  clock?: Clock;
}

export function createKeyWatch({
  authenticate,
  onRevoked,
  intervalMs = 1_000,
  clock = systemClock,
}: KeyWatchDependencies): KeyWatch {
  const watchers = new Map<string, Set<() => void>>();

  function end(key: string): void {
    const ended = watchers.get(key);
    watchers.delete(key);
    for (const onEnded of ended ?? []) onEnded();
  }

  async function check(key: string): Promise<void> {
    // A store that does not answer for a moment ends nobody's socket.
    const viewer = await authenticate(key).catch(() => 'unknown' as const);
    if (viewer !== null) return;
    end(key);
  }

  const checkAll = async () => {
    await Promise.all([...watchers.keys()].map(check));
  };
  const timer = setInterval(() => void checkAll(), intervalMs);
  timer.unref();
  onRevoked?.(() => void checkAll());

  return {
    watch: (key, expiresAt, onEnded) => {
      const ofKey = watchers.get(key) ?? new Set();
      // A function of its own, so that two equal listeners are counted as two.
      const listener = () => onEnded();
      ofKey.add(listener);
      watchers.set(key, ofKey);
      const stopTimer = atTime(expiresAt, clock, () => end(key));
      return () => {
        stopTimer();
        ofKey.delete(listener);
        if (ofKey.size === 0 && watchers.get(key) === ofKey) watchers.delete(key);
      };
    },
    count: (key) => watchers.get(key)?.size ?? 0,
    checkAll,
    close: () => {
      clearInterval(timer);
      for (const key of [...watchers.keys()]) end(key);
    },
  };
}

/** The longest that a timer of Node takes; what lies behind it is found by the regular check. */
const longestTimerMs = 2 ** 31 - 1;

function atTime(time: Date | null, clock: Clock, work: () => void): () => void {
  if (time === null) return () => {};
  const ms = time.getTime() - clock.now().getTime();
  if (ms > longestTimerMs) return () => {};
  const timer = setTimeout(work, Math.max(0, ms));
  timer.unref();
  return () => clearTimeout(timer);
}
