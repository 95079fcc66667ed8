import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { InMemoryNotificationChannel } from 'agenda';
import type { Db } from 'mongodb';
import pg from 'pg';
import { expect, inject, it, onTestFinished, vi } from 'vitest';
import { createMongoChannel, createPostgresChannel } from '../../src/jobs/notification-channels.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';

const postgresUrl = inject('postgresUrl');

it.skipIf(postgresUrl === null)(
  'on PostgreSQL a connection that is cut ends no process: the channel is told of, and connects anew',
  async () => {
    const pool = new pg.Pool({ connectionString: await createPostgresDatabase(postgresUrl ?? ''), max: 4 });
    pool.on('error', () => {});
    const errors: Error[] = [];
    const channel = createPostgresChannel(pool, (error) => errors.push(error));
    await channel.connect();
    onTestFinished(async () => {
      await channel.disconnect();
      await pool.end();
    });
    const states: string[] = [];
    channel.on('stateChange', (state) => states.push(state));
    await pool.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
      WHERE datname = current_database() AND query LIKE 'LISTEN%'`);
    await eventually(() => states.includes('connected'));
    expect(states).toEqual(['reconnecting', 'connected']);
    expect(errors.length).toBeGreaterThan(0);
    const heard: string[] = [];
    channel.subscribe(({ jobName }) => void heard.push(jobName));
    await pool.query(`NOTIFY "agenda:jobs", '{"jobId":"1","jobName":"again","timestamp":"2026-03-10T10:00:00Z"}'`);
    await eventually(() => heard.length > 0);
    expect(heard).toEqual(['again']);
  },
);

/** A database whose change streams are in the test's hands. */
function fakeDb(answer: () => Promise<null>) {
  const opened: Array<EventEmitter & { options: object }> = [];
  const watch = (_pipeline: unknown, options: object) => {
    const stream = Object.assign(new EventEmitter(), { options, tryNext: answer, close: async () => {} });
    opened.push(stream);
    return stream;
  };
  return { db: { collection: () => ({ watch }) } as unknown as Db, opened };
}

it('on MongoDB without change streams, for whatever reason, the other processes poll', async () => {
  const { db } = fakeDb(() => Promise.reject(new Error('$changeStream is only supported on replica sets')));
  expect(await createMongoChannel(db, () => {})).toBeInstanceOf(InMemoryNotificationChannel);
});

it('on MongoDB a change stream that breaks is opened anew, not where the lost one was, and ends no process', async () => {
  const { db, opened } = fakeDb(async () => null);
  const errors: Error[] = [];
  const channel = await createMongoChannel(db, (error) => errors.push(error));
  await channel.connect();
  onTestFinished(async () => await channel.disconnect());
  const heard: string[] = [];
  channel.subscribe(({ jobName }) => void heard.push(jobName));
  const job = { _id: '1', name: 'first', nextRunAt: '2026-03-10T10:00:00Z' };
  const [, stream] = opened;
  stream?.emit('change', { _id: { _data: 'token' }, operationType: 'insert', fullDocument: job });
  await turn();
  expect(heard).toEqual(['first']);
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  stream?.emit('error', new Error('the stream is gone'));
  expect(errors.map(({ message }) => message)).toEqual(['the stream is gone']);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(channel.state).toBe('connected');
  expect(opened[2]?.options).not.toHaveProperty('resumeAfter');
  opened[2]?.emit('change', {
    _id: { _data: 'next' },
    operationType: 'insert',
    fullDocument: { ...job, name: 'again' },
  });
  await vi.advanceTimersByTimeAsync(0);
  expect(heard).toEqual(['first', 'again']);
});
