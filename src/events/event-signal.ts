import { randomUUID } from 'node:crypto';
import type { Pool } from 'pg';
import { listenOnServer } from '../storage/notifications.ts';
import { announce, eventChannel, parsePayload } from './event-signal-store.ts';

/** Tells readers of the log, in every process, that a client's log has grown. Carries no data: readers read the log. */
export interface EventSignal {
  /** To be called after the commit. */
  publish(clientId: string, position: bigint): void;
  /** Returns how to unsubscribe. `onLapse` is called when signals may have been lost: look at the log. */
  subscribe(listener: EventListener, onLapse?: () => void): () => void;
  close(): Promise<void>;
}

export type EventListener = (clientId: string, position: bigint) => void;

interface LocalEventSignal extends EventSignal {
  lapse(): void;
}

/** For one process: the embedded database has no other readers. */
export function createLocalEventSignal(): LocalEventSignal {
  const subscribers = new Set<{ listener: EventListener; onLapse: (() => void) | undefined }>();
  return {
    publish(clientId, position) {
      for (const { listener } of subscribers) listener(clientId, position);
    },
    lapse() {
      for (const { onLapse } of subscribers) onLapse?.();
    },
    subscribe(listener, onLapse) {
      const subscriber = { listener, onLapse };
      subscribers.add(subscriber);
      return () => subscribers.delete(subscriber);
    },
    close: async () => subscribers.clear(),
  };
}

export interface PostgresSignalOptions {
  pool: Pick<Pool, 'query'>;
  connectionString: string;
  onError(error: Error): void;
  /** Between two tries to listen again. @default 1000 */
  reconnectMs?: number;
}

/**
 * In-process at once, and by NOTIFY to the other processes. What is announced while the connection is lost is lost too: then
 * subscribers are told that there was a lapse.
 */
export async function openPostgresEventSignal(options: PostgresSignalOptions): Promise<EventSignal> {
  const local = createLocalEventSignal();
  const origin = randomUUID();
  const announcer = createAnnouncer(options, origin);
  const listening = await listenOnServer(options.connectionString, {
    ...options,
    channel: eventChannel,
    onPayload: (payload) => {
      const grown = parsePayload(payload);
      // What this process has announced, its own subscribers know since the commit.
      if (grown && grown.origin !== origin) local.publish(grown.clientId, grown.position);
    },
    onLapse: local.lapse,
  });
  return {
    publish(clientId, position) {
      local.publish(clientId, position);
      announcer.add(clientId, position);
    },
    subscribe: local.subscribe,
    close: async () => {
      await listening.close();
      await announcer.settled();
      await local.close();
    },
  };
}

interface Announcer {
  add(clientId: string, position: bigint): void;
  /** Resolves when all that was added has been sent. */
  settled(): Promise<void>;
}

// One statement for all that piled up while the last was under way, off the writer's path: NOTIFY takes a lock on the
// whole database at commit, which would put writers in a row.
function createAnnouncer({ pool, onError }: PostgresSignalOptions, origin: string): Announcer {
  const pending = new Map<string, bigint>();
  let sending: Promise<void> | null = null;

  async function sendAll(): Promise<void> {
    // After the current turn, so that a burst of commits is one statement.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.size > 0) {
      const grown = [...pending].map(([clientId, position]) => ({ clientId, position }));
      pending.clear();
      await announce(pool, { grown, origin }).catch(onError);
    }
    sending = null;
  }

  return {
    add(clientId, position) {
      const known = pending.get(clientId);
      if (known === undefined || known < position) pending.set(clientId, position);
      sending ??= sendAll();
    },
    settled: async () => void (await sending),
  };
}
