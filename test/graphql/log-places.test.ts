import { expect, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { removeOldEvents } from '../../src/webhooks/retention.ts';
import { testEvent } from '../events/event-world.ts';
import { useStoredApi } from '../support/api-fixture.ts';

const api = useStoredApi();
const hourMs = 3_600_000;

async function emit(message: string, hoursAgo: number): Promise<void> {
  const occurredAt = new Date(api.clock.now().getTime() - hoursAgo * hourMs);
  await api.eventLog.commit(async (_tx, append) => append(testEvent(api.clientId, message, { occurredAt })));
}

test('the log says where it stands and where it begins, and is read from a time on', async () => {
  const log = async () => (await api.request('{ eventLog { headCursor firstCursor retentionDays } }')).data.eventLog;
  expect(await log()).toEqual({ headCursor: toCursor(0n), firstCursor: toCursor(0n), retentionDays: 90 });
  for (let hours = 40; hours > 0; hours -= 1) await emit(`${hours} hours ago`, hours);
  // Its process's clock is behind.
  await emit('a little earlier', 1.01);
  expect(await log()).toMatchObject({ headCursor: toCursor(41n), firstCursor: toCursor(0n) });
  const ask = async (hoursAgo: number, more = '') => {
    const since = new Date(api.clock.now().getTime() - hoursAgo * hourMs).toISOString();
    const query = `{ events(first: 100, since: "${since}" ${more}) { nodes { ... on WebhookTest { message } } } }`;
    return (await api.request(query)).data.events.nodes.map(({ message }: { message: string }) => message);
  };
  expect(await ask(3)).toEqual(['3 hours ago', '2 hours ago', '1 hours ago', 'a little earlier']);
  expect(await ask(1.005)).toEqual(['1 hours ago', 'a little earlier']);
  expect(await ask(3, `after: "${toCursor(39n)}"`)).toEqual(['1 hours ago', 'a little earlier']);
  expect(await ask(1, `after: "${toCursor(3n)}"`)).toEqual(['1 hours ago', 'a little earlier']);
  expect(await ask(500)).toHaveLength(41);
  expect(await ask(-1)).toEqual([]);

  for await (const _ of removeOldEvents(api.database, new Date(api.clock.now().getTime() - 10.5 * hourMs)));
  expect(await log()).toMatchObject({ headCursor: toCursor(41n), firstCursor: toCursor(30n) });
  expect(await ask(500)).toHaveLength(11);
});

test('a subscription replays from a time on', async () => {
  await emit('long ago', 30);
  await emit('lately', 0.5);
  const since = new Date(api.clock.now().getTime() - hourMs / 2).toISOString();
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      accept: 'text/event-stream',
      'content-type': 'application/json',
      authorization: `Bearer ${api.keys.client}`,
    },
    body: JSON.stringify({
      query:
        'subscription ($since: DateTime) { events(since: $since, types: [WEBHOOK_TEST]) { ... on WebhookTest { message } } }',
      variables: { since },
    }),
  });
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('lately')) break;
  }
  expect(text).not.toContain('ago');
});
