import pg from 'pg';

export const eventChannel = 'tidewater_events';

export interface LogPosition {
  clientId: string;
  position: bigint;
}

/** Tells every listening process how far these logs have grown, in one statement. */
export async function announce(pool: Pick<pg.Pool, 'query'>, grown: readonly LogPosition[]): Promise<void> {
  await pool.query('SELECT pg_notify($1, payload) FROM unnest($2::text[]) AS payload', [
    eventChannel,
    grown.map(({ clientId, position }) => `${clientId} ${position}`),
  ]);
}

export interface ListenerOptions {
  connectionString: string;
  onGrown(grown: LogPosition): void;
  onError(error: Error): void;
  /** The connection is gone, and no close was asked for. */
  onLost(): void;
}

/** Listens on a connection of its own, since one of a pool would be given to others. Rejects where it cannot listen. */
export async function openListener({
  connectionString,
  onGrown,
  onError,
  onLost,
}: ListenerOptions): Promise<{ close(): Promise<void> }> {
  const client = new pg.Client({
    connectionString,
    application_name: 'tidewater events',
    connectionTimeoutMillis: 10_000,
    // A peer that vanished without a word is noticed by the kernel.
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  let state: 'opening' | 'listening' | 'closed' = 'opening';
  client.on('error', onError);
  client.on('end', () => {
    if (state === 'listening') onLost();
    state = 'closed';
  });
  client.on('notification', ({ payload }) => {
    const grown = parsePayload(payload ?? '');
    if (grown) onGrown(grown);
  });
  try {
    await client.connect();
    await client.query(`LISTEN ${eventChannel}`);
  } catch (error) {
    await client.end().catch(() => {});
    throw error;
  }
  state = 'listening';
  return {
    close: async () => {
      state = 'closed';
      await client.end().catch(() => {});
    },
  };
}

// Whoever may connect to the database may notify: what is none of ours is passed over.
function parsePayload(payload: string): LogPosition | null {
  const [, clientId, position] = /^(\S+) (\d{1,18})$/.exec(payload) ?? [];
  return clientId && position ? { clientId, position: BigInt(position) } : null;
}
