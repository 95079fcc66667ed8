import { AsyncLocalStorage } from 'node:async_hooks';
import pg from 'pg';

/** What is used of an AbortSignal. */
export interface CancellationSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Runs `work`; when the signal is aborted, the statements that it waits for are cancelled, and it gets no further ones. */
export type RunCancellable = <T>(signal: CancellationSignal, work: () => T) => T;

type OnClient = (
  error: Error | undefined,
  client: pg.PoolClient | undefined,
  release: pg.PoolClient['release'],
) => void;
type Connect = (onClient?: OnClient) => unknown;

/** Watches every connection that the pool hands out. A server is told by another connection; the pool may have none left. */
export function createStatementCancellation(pool: pg.Pool, connectionString: string): RunCancellable {
  const running = new AsyncLocalStorage<CancellationSignal>();
  const connect = pool.connect.bind(pool) as Connect;
  const watching: Connect = (onClient) => {
    const signal = running.getStore();
    if (!signal) return connect(onClient);
    if (!onClient) return (connect() as Promise<pg.PoolClient>).then((client) => handOut(client, signal));
    return connect((error, client, release) => {
      if (!client) return onClient(error, client, release);
      try {
        handOut(client, signal);
      } catch (ended) {
        return onClient(ended as Error, undefined, release);
      }
      onClient(error, client, client.release);
    });
  };
  Object.assign(pool, { connect: watching });
  return (signal, work) => running.run(signal, work);

  function handOut(client: pg.PoolClient, signal: CancellationSignal): pg.PoolClient {
    if (signal.aborted) {
      client.release();
      throw new Error('The work that this connection was for has been ended.');
    }
    const release = client.release;
    let cancelling: Promise<void> | null = null;
    const cancel = (): void => {
      cancelling = cancelStatement(client, connectionString);
    };
    signal.addEventListener('abort', cancel);
    client.release = (error) => {
      signal.removeEventListener('abort', cancel);
      // Not before the server has been told: it would cancel what the connection does next.
      if (cancelling) void cancelling.then(() => release(error));
      else release(error);
    };
    return client;
  }
}

async function cancelStatement(client: pg.PoolClient, connectionString: string): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  const other = new pg.Client({ connectionString, connectionTimeoutMillis: 5000 });
  // Should the server not be told, the statement goes on to its own end.
  other.on('error', () => {});
  try {
    await other.connect();
    await other.query('SELECT pg_cancel_backend($1)', [processID]);
  } catch {
  } finally {
    await other.end().catch(() => {});
  }
}
