import pg from 'pg';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import { createLocalEventSignal, type EventSignal, openPostgresEventSignal } from '../../src/events/event-signal.ts';
import { announce, eventChannel } from '../../src/events/event-signal-store.ts';
import { eventually } from '../support/eventually.ts';
import { type PostgresServer, startPostgresServer } from '../support/postgresql-server.ts';
import { collect, openEventWorld, openSharedDatabases } from './event-world.ts';

const postgresUrl = inject('postgresUrl');

function listen(signal: EventSignal): string[] {
  const heard: string[] = [];
  signal.subscribe((clientId, position) => heard.push(`${clientId} ${position}`));
  return heard;
}

test('within a process a signal is heard at once, until the listener has unsubscribed', async () => {
  const signal = createLocalEventSignal();
  const heard = listen(signal);
  const unsubscribe = signal.subscribe((clientId) => heard.push(`and ${clientId}`));
  signal.publish('cli_1', 1n);
  unsubscribe();
  signal.publish('cli_1', 2n);
  expect(heard).toEqual(['cli_1 1', 'and cli_1', 'cli_1 2']);
  await signal.close();
  signal.publish('cli_1', 3n);
  expect(heard).toHaveLength(3);
});

describe.skipIf(postgresUrl === null)('between processes', () => {
  async function openSignal(connectionString = postgresUrl ?? '') {
    const pool = new pg.Pool({ connectionString, max: 2 });
    pool.on('error', () => {});
    const statements: unknown[][] = [];
    const errors: Error[] = [];
    const query = (async (text: string, values: unknown[]) => {
      statements.push(values);
      return await pool.query(text, values);
    }) as pg.Pool['query'];
    const signal = await openPostgresEventSignal({
      pool: { query },
      connectionString,
      onError: (error) => errors.push(error),
      reconnectMs: 20,
    });
    onTestFinished(async () => {
      await signal.close();
      await pool.end();
    });
    return { signal, pool, statements, errors };
  }

  test('a signal goes from one to the others', async () => {
    const [one, other] = [await openSignal(), await openSignal()];
    const heard = listen(other.signal);
    one.signal.publish('cli_1', 7n);
    await eventually(() => heard.length === 1);
    expect(heard).toEqual(['cli_1 7']);
  });

  test('a process hears its own signal once, at once, and not again from the server', async () => {
    const [one, other] = [await openSignal(), await openSignal()];
    const heard = listen(one.signal);
    one.signal.publish('cli_1', 7n);
    expect(heard).toEqual(['cli_1 7']);
    const heardByOther = listen(other.signal);
    await eventually(() => heardByOther.length === 1);
    // Announced after it, and so heard after it.
    other.signal.publish('cli_1', 8n);
    await eventually(() => heard.includes('cli_1 8'));
    expect(heard).toEqual(['cli_1 7', 'cli_1 8']);
  });

  test('many signals become few statements, with the highest position of each client', async () => {
    const [one, other] = [await openSignal(), await openSignal()];
    const heard = listen(other.signal);
    for (let position = 1n; position <= 100n; position++) {
      one.signal.publish('cli_1', position);
      one.signal.publish('cli_2', 101n - position);
    }
    await eventually(() => heard.length === 2);
    expect(heard).toEqual(['cli_1 100', 'cli_2 100']);
    expect(one.statements).toEqual([
      [eventChannel, [expect.stringMatching(/^cli_1 100 /), expect.stringMatching(/^cli_2 100 /)]],
    ]);
  });

  test('closing sends what has not been sent, and leaves no connection', async () => {
    const other = await openSignal();
    const heard = listen(other.signal);
    const one = await openSignal();
    one.signal.publish('cli_1', 1n);
    await one.signal.close();
    await eventually(() => heard.length === 1);
    const left = async () => {
      const { rows } = await other.pool.query(
        `SELECT 1 FROM pg_stat_activity WHERE application_name = 'listening to tidewater_events' AND datname = current_database()`,
      );
      return rows.length;
    };
    await eventually(async () => (await left()) === 1);
  });

  test('what anybody else notifies of is passed over', async () => {
    const { signal, pool } = await openSignal();
    const heard = listen(signal);
    for (const payload of ['', 'cli_1', 'cli_1 x', 'cli_1 -1', '1', `cli_1 ${'9'.repeat(40)}`]) {
      await pool.query('SELECT pg_notify($1, $2)', [eventChannel, payload]);
    }
    await announce(pool, { grown: [{ clientId: 'cli_1', position: 1n }], origin: 'another' });
    await eventually(() => heard.length === 1);
    expect(heard).toEqual(['cli_1 1']);
  });

  test('a listener that lost its connection listens again, and says that it may have missed something', async () => {
    const { signal, pool } = await openSignal();
    const heard = listen(signal);
    let lapses = 0;
    signal.subscribe(
      () => {},
      () => lapses++,
    );
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE application_name = 'listening to tidewater_events' AND datname = current_database()`);
    await eventually(() => lapses === 1);
    await announce(pool, { grown: [{ clientId: 'cli_1', position: 2n }], origin: 'another' });
    await eventually(() => heard.length === 1);
  });

  test('without a server it does not open, and leaves nothing behind', async () => {
    const url = new URL(postgresUrl ?? '');
    url.pathname = '/no_such_database';
    await expect(openSignal(url.href)).rejects.toThrow('does not exist');
  });

  test('a stream in one process carries what another one commits', async () => {
    const [here, there] = await openSharedDatabases(postgresUrl ?? '', 2);
    if (!here || !there) throw new Error('no databases');
    const open = async (database: typeof here) => {
      const connectionString = database.connectionString ?? '';
      const signal = await openPostgresEventSignal({ pool: database.pool, connectionString, onError: () => {} });
      onTestFinished(() => signal.close());
      return await openEventWorld({ database, signal });
    };
    const [reader, writer] = [await open(here), await open(there)];
    const stream = collect(reader.log, { clientId: writer.clientId, after: null });
    await eventually(() => reader.log.tail.position(writer.clientId) !== null);
    await writer.emit('from there');
    await eventually(() => stream.events.length === 1, { limitMs: 3_000 });
    expect(stream.messages()).toEqual(['from there']);
  });
});

describe.skipIf(postgresUrl === null)('while PostgreSQL is restarted', () => {
  test('a stream stays open, and carries afterwards what was committed before and since', async () => {
    const server = (await startPostgresServer()) as PostgresServer;
    onTestFinished(() => server.stop());
    const [database] = await openSharedDatabases(server.url, 1);
    if (!database) throw new Error('no database');
    const signal = await openPostgresEventSignal({
      pool: database.pool,
      connectionString: database.connectionString ?? '',
      onError: () => {},
      reconnectMs: 50,
    });
    onTestFinished(() => signal.close());
    const { log, clientId, emit } = await openEventWorld({ database, signal });
    const stream = collect(log, { clientId, after: 0n });
    await emit('before');
    await eventually(() => stream.events.length === 1);
    await server.restart();
    await eventually(async () => {
      await emit('since');
      return true;
    });
    await eventually(() => stream.messages().includes('since'));
    expect(stream.failure).toBeNull();
    expect(stream.messages()).toEqual(['before', 'since']);
  }, 60_000);
});
