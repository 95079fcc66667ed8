import { createClient } from 'graphql-ws';
import { describe, expect, inject, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { openSessionSignal } from '../../src/consent/session-signal-store.ts';
import type { Session } from '../../src/generated/prisma/client.ts';
import type { Database } from '../../src/storage/database.ts';
import { openSharedDatabases } from '../events/event-world.ts';
import { insertLogin, openTestApi, type TestApi } from '../support/api-fixture.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { openTestDatabase } from '../support/test-database.ts';

const now = new Date('2026-03-10T10:00:00Z');
const postgresUrl = inject('postgresUrl');

function sessionIn(status: Session['status']): Session {
  return { id: 'sync_1', kind: 'SYNCHRONIZATION', status, eventId: null, errorCode: null } as Session;
}

interface Watching {
  states: string[];
  errors: unknown;
  /** Resolves when the stream has ended. */
  ended: Promise<unknown>;
}

function watch(api: TestApi): Watching {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: api.keys.client },
  });
  onTestFinished(async () => await client.dispose());
  const query = 'subscription { synchronizationSessionUpdated(id: "sync_1") { status } }';
  const watching: Watching = { states: [], errors: null, ended: Promise.resolve() };
  watching.ended = (async () => {
    try {
      for await (const { data, errors } of client.iterate<{ synchronizationSessionUpdated: { status: string } }>({
        query,
      })) {
        if (errors) watching.errors = errors;
        if (data) watching.states.push(data.synchronizationSessionUpdated.status);
      }
    } catch (errors) {
      watching.errors = errors;
    }
  })();
  return watching;
}

const silent = { subscribe: () => () => {} };

test('a session that has ended is shown once', async () => {
  const services = { sessions: { find: async () => sessionIn('FAILED') }, sessionSignal: silent };
  const watching = watch(await openTestApi({ services }));
  await watching.ended;
  expect(watching).toMatchObject({ states: ['FAILED'], errors: null });
});

test.each([
  ['none', null],
  ['of another kind', { ...sessionIn('RUNNING'), kind: 'CONNECT' } as Session],
])('a session that is %s is an error, not an empty stream', async (_what, session) => {
  const watching = watch(
    await openTestApi({ services: { sessions: { find: async () => session }, sessionSignal: silent } }),
  );
  await watching.ended;
  expect(watching.states).toEqual([]);
  expect(watching.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
});

test('a session is looked at when it is told to have changed, and not in between', async () => {
  let looks = 0;
  let status: Session['status'] = 'AWAITING_USER';
  const listeners = new Set<() => void>();
  const find = async () => {
    looks++;
    return sessionIn(status);
  };
  const sessionSignal = {
    subscribe: (_id: string, onChanged: () => void) => {
      listeners.add(onChanged);
      return () => listeners.delete(onChanged);
    },
  };
  const watching = watch(await openTestApi({ services: { sessions: { find }, sessionSignal } }));
  await eventually(() => watching.states.length === 1);
  for (const next of ['RUNNING', 'COMPLETED'] as const) {
    status = next;
    for (const onChanged of listeners) onChanged();
    await eventually(() => watching.states.at(-1) === next);
  }
  await watching.ended;
  expect(watching).toMatchObject({ states: ['AWAITING_USER', 'RUNNING', 'COMPLETED'], errors: null });
  expect(looks).toBe(3);
  expect(listeners.size).toBe(0);
});

async function insertSession(database: Database): Promise<void> {
  const clientId = await insertClient(database, now);
  const { userId, bankLoginId } = await insertLogin(database, clientId, now);
  await database.prisma.session.create({
    data: {
      ...{ id: 'sync_1', kind: 'SYNCHRONIZATION', status: 'AWAITING_USER', clientId, userId, bankLoginId },
      ...{ createdAt: now, updatedAt: now },
    },
  });
}

async function openApi(database: Database): Promise<TestApi> {
  const sessionSignal = await openSessionSignal(database);
  onTestFinished(() => sessionSignal.close());
  const find = (_clientId: string, id: string) => database.prisma.session.findUnique({ where: { id } });
  return await openTestApi({ services: { sessions: { find }, sessionSignal } });
}

async function runSession(database: Database, status: Session['status']): Promise<void> {
  await database.prisma.session.update({ where: { id: 'sync_1' }, data: { status } });
}

describe('every state of a session is seen, by those who came early and late, until it ends', () => {
  test('on the embedded database', async () => {
    const database = await openTestDatabase();
    await insertSession(database);
    const api = await openApi(database);
    const early = watch(api);
    await eventually(() => early.states.length === 1);
    await runSession(database, 'RUNNING');
    await eventually(() => early.states.length === 2);
    const late = watch(api);
    await eventually(() => late.states.length === 1);
    await runSession(database, 'COMPLETED');
    await Promise.all([early.ended, late.ended]);
    expect(early).toMatchObject({ states: ['AWAITING_USER', 'RUNNING', 'COMPLETED'], errors: null });
    expect(late).toMatchObject({ states: ['RUNNING', 'COMPLETED'], errors: null });
  });

  test.skipIf(postgresUrl === null)('when another process works on it', async () => {
    const [here, elsewhere] = (await openSharedDatabases(postgresUrl ?? '', 2)) as [Database, Database];
    await insertSession(here);
    const watching = watch(await openApi(here));
    await eventually(() => watching.states.length === 1);
    await runSession(elsewhere, 'RUNNING');
    await eventually(() => watching.states.length === 2);
    await elsewhere.prisma.session.delete({ where: { id: 'sync_1' } });
    await watching.ended;
    expect(watching).toMatchObject({ states: ['AWAITING_USER', 'RUNNING'], errors: null });
  });
});
