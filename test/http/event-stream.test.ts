import { describe, expect, test } from 'vitest';
import { SlowConsumer } from '../../src/events/event-queue.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents, testEvent } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

const query = 'subscription { events { id ... on WebhookTest { message } } }';

async function openStream(api: TestApi) {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${api.keys.client}`,
    },
    body: JSON.stringify({ query }),
    signal: abort.signal,
  });
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return { response, abort, ended, read: () => text };
}

describe('server-sent events', () => {
  test('carry the events of a subscription, and let go of the log when the reader leaves', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
    events.streams[0]?.push(testEvent(1n));
    const text = await eventually(() => stream.read().includes('data: {') && stream.read());
    expect(text).toContain('event: next\n');
    expect(text).toContain(`{"data":{"events":{"id":"${testEvent(1n).id}","message":"message 1"}}}`);
    stream.abort.abort();
    await eventually(() => events.streams[0]?.left);
  });

  test('end when the key is revoked', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    await eventually(() => events.streams.length === 1);
    api.keys.revoke(api.keys.client);
    await stream.ended;
    expect(stream.read()).toContain('event: complete');
    expect(events.streams[0]?.left).toBe(true);
  });

  test('tell a reader that fell behind the cursor to go on from', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    await eventually(() => events.streams.length === 1);
    events.streams[0]?.fail(new SlowConsumer(5n));
    await stream.ended;
    expect(stream.read()).toMatch(/"code":"SLOW_CONSUMER","cursor":"\w+"/);
  });
});
