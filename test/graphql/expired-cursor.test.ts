import { expect, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { removeOldEvents } from '../../src/webhooks/retention.ts';
import { testEvent } from '../events/event-world.ts';
import { useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi();
const dayMs = 86_400_000;

test('a cursor from before the beginning of the log is refused with a code and with where the log begins', async () => {
  const now = api.clock.now();
  const emit = (message: string, daysAgo: number) =>
    api.eventLog.commit(async (_tx, append) =>
      append(testEvent(api.clientId, message, { occurredAt: new Date(now.getTime() - daysAgo * dayMs) })),
    );
  await emit('old', 100);
  await emit('younger', 1);
  for await (const _ of removeOldEvents(api.database, new Date(now.getTime() - 90 * dayMs)));

  const ask = (after: string) =>
    api.request(
      'query ($after: String) { events(after: $after) { nodes { cursor } } }',
      { after },
      { accept: 'application/graphql-response+json' },
    );
  const { status, data, errors } = await ask(toCursor(0n));
  expect(status).toBe(200);
  expect(data?.events ?? null).toBeNull();
  expect(errors?.[0]).toMatchObject({ extensions: { code: 'CURSOR_EXPIRED', resumeAfter: toCursor(1n) } });
  const resumed = await ask(errors?.[0].extensions.resumeAfter);
  expect(resumed.data.events.nodes).toEqual([{ cursor: toCursor(2n) }]);
  expect((await api.request('{ events { nodes { cursor } } }')).data.events.nodes).toEqual([{ cursor: toCursor(2n) }]);

  // A subscription that goes on from there learns the same.
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${api.keys.client}`,
    },
    body: JSON.stringify({ query: `subscription { events(after: "${toCursor(0n)}") { id } }` }),
  });
  expect(await response.text()).toContain('CURSOR_EXPIRED');
});
