import { createClient } from 'graphql-ws';
import { expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import type { Session } from '../../src/generated/prisma/client.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';

function sessionIn(status: Session['status']): Session {
  return { id: 'sync_1', kind: 'SYNCHRONIZATION', status, eventId: null, errorCode: null } as Session;
}

async function watch(api: TestApi): Promise<{ states: string[]; errors: unknown }> {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    connectionParams: { apiKey: api.keys.client },
  });
  onTestFinished(async () => await client.dispose());
  const states: string[] = [];
  const query = 'subscription { synchronizationSessionUpdated(id: "sync_1") { status } }';
  try {
    for await (const { data, errors } of client.iterate<{ synchronizationSessionUpdated: { status: string } }>({
      query,
    })) {
      if (errors) return { states, errors };
      if (data) states.push(data.synchronizationSessionUpdated.status);
    }
    return { states, errors: null };
  } catch (errors) {
    return { states, errors };
  }
}

test('a session is seen in its present state, in each later one once, and then the stream ends', async () => {
  const states: Session['status'][] = ['AWAITING_USER', 'AWAITING_USER', 'RUNNING', 'RUNNING', 'COMPLETED'];
  const find = async () => sessionIn(states.shift() ?? 'COMPLETED');
  const api = await openTestApi({ services: { sessions: { find } } });
  expect(await watch(api)).toEqual({ states: ['AWAITING_USER', 'RUNNING', 'COMPLETED'], errors: null });
});

test('a session that has ended is shown once', async () => {
  const api = await openTestApi({ services: { sessions: { find: async () => sessionIn('FAILED') } } });
  expect(await watch(api)).toEqual({ states: ['FAILED'], errors: null });
});

test.each([
  ['none', null],
  ['of another kind', { ...sessionIn('RUNNING'), kind: 'CONNECT' } as Session],
])('a session that is %s is an error, not an empty stream', async (_what, session) => {
  const api = await openTestApi({ services: { sessions: { find: async () => session } } });
  const { states, errors } = await watch(api);
  expect(states).toEqual([]);
  expect(errors).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
});
