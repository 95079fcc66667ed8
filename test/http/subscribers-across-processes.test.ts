import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import fc from 'fast-check';
import { createClient } from 'graphql-sse';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { parseCursor, toCursor } from '../../src/events/event-cursor.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { openPostgresEventSignal } from '../../src/events/event-signal.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { testEvent } from '../events/event-world.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { type SpawnedTidewater, spawnTidewater, testApiKey } from '../support/spawn-tidewater.ts';

const postgresUrl = inject('postgresUrl');

interface Write {
  writer: number;
  count: number;
  /** Between the beginning of the transaction and its end, so that they end in another order than they began. */
  holdsMs: number;
  isRolledBack: boolean;
  pauseMs: number;
}

interface Reader {
  transport: 'websocket' | 'sse';
  /** Of every second event. */
  isFiltered: boolean;
  /** What happens after how many more events; then it stays. */
  breaks: { after: number; process: number; isAbrupt: boolean; awayMs: number }[];
}

const write: fc.Arbitrary<Write> = fc.record({
  writer: fc.nat(1),
  count: fc.integer({ min: 1, max: 6 }),
  holdsMs: fc.nat(30),
  isRolledBack: fc.boolean(),
  pauseMs: fc.nat(15),
});
const reader: fc.Arbitrary<Reader> = fc.record({
  transport: fc.constantFrom('websocket' as const, 'sse' as const),
  isFiltered: fc.boolean(),
  breaks: fc.array(
    fc.record({
      after: fc.integer({ min: 0, max: 12 }),
      process: fc.nat(1),
      isAbrupt: fc.boolean(),
      awayMs: fc.nat(60),
    }),
    { minLength: 1, maxLength: 6 },
  ),
});

describe.skipIf(postgresUrl === null)('subscribers of two processes', () => {
  test('get the log, each event once and in order, however they break off and come back', async () => {
    const world = await openWorld(postgresUrl ?? '');
    await fc.assert(
      fc.asyncProperty(
        fc.array(write, { minLength: 10, maxLength: 40 }),
        fc.array(reader, { minLength: 4, maxLength: 8 }),
        (writes, readers) => runScenario(world, writes, readers),
      ),
      { numRuns: 8, endOnFailure: true },
    );
  }, 240_000);
});

interface World {
  processes: SpawnedTidewater[];
  /** Each with a pool and a connection for NOTIFY of its own. */
  writers: EventLog[];
  clientId: string;
}

async function openWorld(serverUrl: string): Promise<World> {
  const databaseUrl = await createPostgresDatabase(serverUrl);
  const environment = {
    DATABASE_URL: databaseUrl,
    ENCRYPTION_KEY: randomBytes(32).toString('base64'),
    ROLE: 'api',
  };
  const processes = [await spawnTidewater(environment), await spawnTidewater(environment)];
  const writers: EventLog[] = [];
  let clientId = '';
  for (let i = 0; i < 2; i++) {
    const database = await openDatabase({ databaseUrl, directory: null, poolSize: 6 });
    const signal = await openPostgresEventSignal({
      pool: database.pool,
      connectionString: databaseUrl,
      onError: () => {},
    });
    const log = createEventLog({ database, signal, fanOutSql });
    onTestFinished(async () => {
      log.close();
      await signal.close();
      await database.close();
    });
    writers.push(log);
    clientId = (await database.prisma.client.findFirstOrThrow()).id;
  }
  return { processes, writers, clientId };
}

async function runScenario({ processes, writers, clientId }: World, writes: Write[], readers: Reader[]): Promise<void> {
  const [log] = writers as [EventLog];
  const from = await log.head(clientId);
  const reading = readers.map((each) => read({ processes, from, reader: each }));
  let message = 0;
  const writing: Promise<unknown>[] = [];
  for (const { writer, count, holdsMs, isRolledBack, pauseMs } of writes) {
    const commit = writers[writer]?.commit(async (_tx, append) => {
      await wait(holdsMs);
      for (let i = 0; i < count; i++) {
        message++;
        append(testEvent(clientId, `${message}`, { userId: message % 2 === 0 ? 'usr_even' : 'usr_odd' }));
      }
      if (isRolledBack) throw new Error('rolled back');
    });
    writing.push(commit?.catch(() => {}) ?? Promise.resolve());
    await wait(pauseMs);
  }
  await Promise.all(writing);
  // The last one, for every reader: whoever has it has had the time to get what comes before.
  await log.commit(async (_tx, append) => void append(testEvent(clientId, 'last', { userId: 'usr_even' })));
  const head = await log.head(clientId);
  const written: EventRecord[] = [];
  for (let at = from; at < head; at = written.at(-1)?.position ?? head) {
    written.push(...(await log.read({ clientId, after: at, limit: 100 })));
  }
  const got = await Promise.all(reading);
  readers.forEach(({ isFiltered }, index) => {
    const expected = written.filter(({ userId }) => !isFiltered || userId === 'usr_even');
    expect(got[index]).toEqual(expected.map(({ id, position }) => `${position} ${id}`));
  });
}

const query = `subscription ($userId: ID, $after: String) {
  events(userId: $userId, after: $after) { id cursor ... on WebhookTest { message } }
}`;

interface Reading {
  processes: SpawnedTidewater[];
  from: bigint;
  reader: Reader;
}

/** Reads until it has the last event of the log; goes on, after each break, from the last cursor. */
async function read({ processes, from, reader }: Reading): Promise<string[]> {
  const got: string[] = [];
  let after = toCursor(from);
  let isDone = false;
  for (let at = 0; !isDone; at++) {
    const plan = reader.breaks[at];
    const left = plan ? got.length + plan.after : Number.POSITIVE_INFINITY;
    const url = `${processes[(plan?.process ?? at) % 2]?.url}/graphql`;
    const variables = { after, ...(reader.isFiltered && { userId: 'usr_even' }) };
    const open = reader.transport === 'sse' ? openEventStream : openSocket;
    await new Promise<void>((resolve, reject) => {
      let hasLeft = false;
      const leave = (): void => {
        if (hasLeft) return;
        hasLeft = true;
        clearTimeout(patience);
        connection.leave(plan?.isAbrupt ?? false);
        resolve();
      };
      const connection = open(url, variables, {
        onEvent: ({ id, cursor, message }) => {
          if (hasLeft) return;
          got.push(`${parseCursor(cursor)} ${id}`);
          after = cursor;
          isDone = message === 'last';
          if (got.length >= left || isDone) leave();
        },
        onError: reject,
      });
      // Who waits for more than will come goes away at some time, too.
      const patience = setTimeout(() => plan && leave(), 300);
    });
    await wait(plan?.awayMs ?? 0);
  }
  return got;
}

interface ReceivedEvent {
  id: string;
  cursor: string;
  message: string;
}

interface Listener {
  onEvent(event: ReceivedEvent): void;
  onError(error: unknown): void;
}

type Open = (url: string, variables: object, listener: Listener) => { leave(isAbrupt: boolean): void };

const openSocket: Open = (url, variables, { onEvent, onError }) => {
  const socket = new WebSocket(url.replace('http', 'ws'), 'graphql-transport-ws');
  socket.on('open', () => {
    socket.send(JSON.stringify({ type: 'connection_init', payload: { apiKey: testApiKey } }));
  });
  socket.on('message', (data) => {
    const { type, payload } = JSON.parse(String(data));
    if (type === 'connection_ack') {
      socket.send(JSON.stringify({ id: '1', type: 'subscribe', payload: { query, variables } }));
    }
    if (type === 'next') onEvent(payload.data.events);
    if (type === 'error') onError(payload);
  });
  let hasLeft = false;
  socket.on('close', (code) => hasLeft || onError(new Error(`closed with ${code}`)));
  socket.on('error', (error) => hasLeft || onError(error));
  return {
    leave(isAbrupt) {
      hasLeft = true;
      if (isAbrupt || socket.readyState !== socket.OPEN) return socket.terminate();
      socket.send(JSON.stringify({ id: '1', type: 'complete' }));
      socket.close();
    },
  };
};

const openEventStream: Open = (url, variables, { onEvent, onError }) => {
  const client = createClient({ url, headers: { authorization: `Bearer ${testApiKey}` }, retryAttempts: 0 });
  let hasLeft = false;
  const unsubscribe = client.subscribe<{ events: ReceivedEvent }>(
    { query, variables: { ...variables } },
    {
      next: ({ data, errors }) => {
        if (data) onEvent(data.events);
        else onError(errors);
      },
      error: (error) => hasLeft || onError(error),
      complete: () => hasLeft || onError(new Error('ended')),
    },
  );
  return {
    leave() {
      hasLeft = true;
      unsubscribe();
      client.dispose();
    },
  };
};
