import { onTestFinished } from 'vitest';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import type { EventRecord, NewEvent } from '../../src/events/event-record.ts';
import { createLocalEventSignal, type EventSignal } from '../../src/events/event-signal.ts';
import type { StreamQuery } from '../../src/events/event-stream.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';

export const now = new Date('2026-03-10T10:00:00Z');

/** An event that says which one it is. */
export function testEvent(clientId: string, message: string, more: Partial<NewEvent> = {}): NewEvent {
  return { clientId, type: 'WEBHOOK_TEST', data: { message }, occurredAt: now, ...more };
}

export const messageOf = ({ data }: EventRecord): string => (data as { message: string }).message;

export interface EventWorld {
  database: Database;
  log: EventLog;
  clientId: string;
  client(): Promise<string>;
  emit(...messages: string[]): Promise<void>;
}

export async function openEventWorld(given: { database?: Database; signal?: EventSignal } = {}): Promise<EventWorld> {
  const database = given.database ?? (await openTestDatabase());
  const log = createEventLog({ database, signal: given.signal ?? createLocalEventSignal(), fanOutSql });
  onTestFinished(() => log.close());
  const client = () => insertClient(database, now);
  const clientId = await client();
  return {
    database,
    log,
    clientId,
    client,
    emit: (...messages) =>
      log.commit(async (_tx, append) => {
        for (const message of messages) append(testEvent(clientId, message));
      }),
  };
}

/** Databases on the same PostgreSQL database, as several processes have them. */
export async function openSharedDatabases(serverUrl: string, count: number): Promise<Database[]> {
  const databaseUrl = await createPostgresDatabase(serverUrl);
  const databases: Database[] = [];
  onTestFinished(async () => {
    for (const database of databases) await database.close();
  });
  for (let i = 0; i < count; i++) databases.push(await openDatabase({ databaseUrl, directory: null, poolSize: 6 }));
  return databases;
}

export interface CollectedStream {
  events: EventRecord[];
  messages(): string[];
  /** What ended the stream, when it was not the reader. */
  failure: unknown;
  leave(): Promise<void>;
}

/** Reads a stream until it is left. */
export function collect(
  log: Pick<EventLog, 'stream'>,
  query: Omit<StreamQuery, 'abort'>,
  onEvent: (event: EventRecord) => Promise<void> | void = () => {},
): CollectedStream {
  const abort = new AbortController();
  const stream: CollectedStream = {
    events: [],
    messages: () => stream.events.map(messageOf),
    failure: null,
    async leave() {
      abort.abort();
      await reading;
    },
  };
  const reading = (async () => {
    for await (const event of log.stream({ ...query, abort: abort.signal })) {
      stream.events.push(event);
      await onEvent(event);
    }
  })().catch((error: unknown) => {
    stream.failure = error;
  });
  onTestFinished(() => stream.leave());
  return stream;
}
