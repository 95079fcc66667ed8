import pg from 'pg';

/** Tells readers of the log, in every process, that a client's log has grown. Carries no data: readers read the log. */
export interface EventSignal {
  /** To be called after the commit. */
  publish(clientId: string, position: bigint): void;
  /** Returns how to unsubscribe. */
  subscribe(listener: EventListener): () => void;
  close(): Promise<void>;
}

export type EventListener = (clientId: string, position: bigint) => void;

/** For one process: the embedded database has no other readers. */
export function createLocalEventSignal(): EventSignal {
  const listeners = new Set<EventListener>();
  return {
    publish(clientId, position) {
      for (const listener of listeners) listener(clientId, position);
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    close: async () => listeners.clear(),
  };
}

export const eventChannel = 'tidewater_events';
const reconnectMs = 1_000;

export interface PostgresSignalOptions {
  pool: pg.Pool;
  connectionString: string;
  onError(error: Error): void;
}

/**
 * In-process at once, and by NOTIFY to the other processes. A notification may be lost while the connection is; readers
 * poll now and then as well.
 */
export async function openPostgresEventSignal(options: PostgresSignalOptions): Promise<EventSignal> {
  const local = createLocalEventSignal();
  const announce = createAnnouncer(options);
  const listening = await listen(options, (clientId, position) => local.publish(clientId, position));
  return {
    publish(clientId, position) {
      local.publish(clientId, position);
      announce(clientId, position);
    },
    subscribe: local.subscribe,
    close: async () => {
      await listening.close();
      await local.close();
    },
  };
}

// One statement for all that piled up while the last was under way, off the writer's path: NOTIFY takes a lock on the
// whole database at commit, which would put writers in a row.
function createAnnouncer({ pool, onError }: PostgresSignalOptions): (clientId: string, position: bigint) => void {
  const pending = new Map<string, bigint>();
  let sending = false;
  async function flush(): Promise<void> {
    sending = true;
    while (pending.size > 0) {
      const payloads = [...pending].map(([clientId, position]) => `${clientId} ${position}`);
      pending.clear();
      await pool
        .query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [eventChannel, payloads])
        .catch(onError);
    }
    sending = false;
  }
  return (clientId, position) => {
    const known = pending.get(clientId);
    if (known === undefined || known < position) pending.set(clientId, position);
    // After the current turn, so that a burst of commits is one statement; outside the writer's asynchronous context.
    if (!sending) setImmediate(() => void (sending || flush()));
  };
}

async function listen(
  { connectionString, onError }: PostgresSignalOptions,
  onEvent: EventListener,
): Promise<{ close(): Promise<void> }> {
  let closed = false;
  let client: pg.Client | null = null;
  let timer: NodeJS.Timeout | null = null;

  async function connect(): Promise<void> {
    const next = new pg.Client({ connectionString, application_name: 'tidewater events' });
    next.on('notification', ({ payload }) => {
      const [clientId, position] = (payload ?? '').split(' ');
      if (clientId && position) onEvent(clientId, BigInt(position));
    });
    next.on('error', onError);
    next.on('end', () => {
      if (!closed) reconnect();
    });
    await next.connect();
    await next.query(`LISTEN ${eventChannel}`);
    client = next;
  }
  function reconnect(): void {
    if (closed || timer) return;
    timer = setTimeout(() => {
      timer = null;
      connect().catch((error: Error) => {
        onError(error);
        reconnect();
      });
    }, reconnectMs);
    timer.unref();
  }
  await connect();
  return {
    close: async () => {
      closed = true;
      if (timer) clearTimeout(timer);
      await client?.end().catch(() => {});
    },
  };
}
