import pg from 'pg';
import type { Database } from './database.ts';

export interface NotificationOptions {
  channel: string;
  onPayload(payload: string): void;
  /** Listening again after a time without: what was announced meanwhile is lost. */
  onLapse(): void;
  onError(error: Error): void;
  /** Between two tries to listen again. @default 1000 */
  reconnectMs?: number;
}

export interface Listening {
  close(): Promise<void>;
}

/**
 * Listens to what is announced on a channel by NOTIFY, by whichever process, until it is closed. On a server over a connection
 * of its own, which is opened again when it is lost; the embedded database has one session, and that listens. Rejects where it
 * cannot listen at first.
 */
export async function listen(
  { connectionString, pool }: Pick<Database, 'pool' | 'connectionString'>,
  options: NotificationOptions,
): Promise<Listening> {
  return connectionString === null
    ? await listenOnOnlySession(pool, options)
    : await listenOnServer(connectionString, options);
}

async function listenOnOnlySession(pool: pg.Pool, { channel, onPayload }: NotificationOptions): Promise<Listening> {
  const client = await pool.connect();
  const onNotification = (message: pg.Notification): void => {
    if (message.channel === channel) onPayload(message.payload ?? '');
  };
  client.on('notification', onNotification);
  try {
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
  } finally {
    client.release();
  }
  return { close: async () => void client.off('notification', onNotification) };
}

/** The same where it is known to be a server. */
export async function listenOnServer(connectionString: string, options: NotificationOptions): Promise<Listening> {
  const { onLapse, onError, reconnectMs = 1_000 } = options;
  let closed = false;
  let timer: NodeJS.Timeout | undefined;
  let reopening: Promise<void> | null = null;
  const open = () => openListener(connectionString, { ...options, onLost: reopenLater });

  async function reopen(): Promise<void> {
    try {
      const next = await open();
      if (closed) return await next.close();
      listener = next;
      onLapse();
    } catch (error) {
      onError(error as Error);
      reopenLater();
    }
  }

  function reopenLater(): void {
    if (closed) return;
    timer = setTimeout(() => {
      reopening = reopen();
    }, reconnectMs);
    timer.unref();
  }

  let listener = await open();
  return {
    close: async () => {
      closed = true;
      clearTimeout(timer);
      await reopening;
      await listener.close();
    },
  };
}

// On a connection of its own, since one of a pool would be given to others.
async function openListener(
  connectionString: string,
  { channel, onPayload, onError, onLost }: NotificationOptions & { onLost(): void },
): Promise<Listening> {
  const client = new pg.Client({
    connectionString,
    application_name: `listening to ${channel}`,
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
  client.on('notification', ({ payload }) => onPayload(payload ?? ''));
  try {
    await client.connect();
    await client.query(`LISTEN ${pg.escapeIdentifier(channel)}`);
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
