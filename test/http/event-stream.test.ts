import { connect } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

const query = 'subscription { events { id ... on WebhookTest { message } } }';

async function openStream(api: TestApi, headers: Record<string, string> = {}, document = query) {
  const abort = new AbortController();
  const response = await fetch(`${api.url}/graphql`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      accept: 'text/event-stream',
      authorization: `Bearer ${api.keys.client}`,
      ...headers,
    },
    body: JSON.stringify({ query: document }),
    signal: abort.signal,
  });
  let text = '';
  const ended = (async () => {
    for await (const chunk of response.body ?? []) text += Buffer.from(chunk).toString();
  })().catch(() => {});
  return { response, abort, ended, read: () => text };
}

/** As an EventSource reads it: what is dispatched, and the last id. */
function readEvents(text: string): { ids: string[]; data: string[] } {
  const [ids, data]: [string[], string[]] = [[], []];
  for (const block of text.split('\n\n')) {
    for (const line of block.split('\n')) if (line.startsWith('id: ')) ids.push(line.slice(4));
    const lines = block.split('\n').filter((line) => line.startsWith('data: '));
    if (lines.length > 0) data.push(lines.map((line) => line.slice(6)).join('\n'));
  }
  return { ids, data };
}

describe('the ids of server-sent events', () => {
  test('are cursors, and the first comes before any event: who is cut off then goes on from there', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    events.emit(2);
    const stream = await openStream(api);
    await eventually(() => readEvents(stream.read()).ids.length === 1);
    expect(readEvents(stream.read())).toEqual({ ids: [toCursor(2n)], data: [] });
    stream.abort.abort();
    // While nobody is there.
    events.emit(2);
    const resumed = await openStream(api, { 'last-event-id': toCursor(2n) });
    await eventually(() => readEvents(resumed.read()).data.length === 2);
    const { ids, data } = readEvents(resumed.read());
    expect(ids).toEqual([toCursor(2n), toCursor(3n), toCursor(4n)]);
    expect(data.map((json) => JSON.parse(json).data.events.id)).toEqual(['evt_3', 'evt_4']);
  });

  test('outrank `after` when the client comes back with one, and must be cursors', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    events.emit(3);
    const after = query.replace('events', `events(after: "${toCursor(0n)}")`);
    for (const document of [after, after.replace(') {', ') @include(if: true) {')]) {
      const stream = await openStream(api, { 'last-event-id': toCursor(2n) }, document);
      await eventually(() => readEvents(stream.read()).data.length === 1);
      expect(readEvents(stream.read()).ids).toEqual([toCursor(2n), toCursor(3n)]);
      stream.abort.abort();
    }
    const wrong = await openStream(api, { 'last-event-id': 'nonsense' });
    await wrong.ended;
    expect(wrong.read()).toContain('BAD_USER_INPUT');
  });
});

describe('server-sent events', () => {
  test('carry the events of a subscription, and let go of the log when the reader leaves', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    expect(stream.response.headers.get('content-type')).toContain('text/event-stream');
    await eventually(events.isFollowed);
    events.emit();
    const text = await eventually(() => stream.read().includes('data: {') && stream.read());
    expect(text).toContain('event: next\n');
    expect(text).toContain('{"data":{"events":{"id":"evt_1","message":"1"}}}');
    stream.abort.abort();
    await eventually(() => !events.isFollowed());
  });

  test('say no HTTP status for an event that they cannot tell', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    await eventually(events.isFollowed);
    events.emit(1, { data: {} as never });
    const text = await eventually(() => stream.read().includes('data: {') && stream.read());
    const [, data = ''] = /data: (\{.*)/.exec(text) ?? [];
    expect(JSON.parse(data).errors[0].extensions).toEqual({ code: 'INTERNAL_SERVER_ERROR', requestId: 'evt_1' });
  });

  test('end when the key is revoked, and do not say that they are complete', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    await eventually(events.isFollowed);
    api.keys.revoke(api.keys.client);
    await stream.ended;
    // Which would tell the reader not to come back.
    expect(stream.read()).not.toContain('event: complete');
    await eventually(() => !events.isFollowed());
  });

  test('come in order, whatever number is committed at once', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const stream = await openStream(api);
    await eventually(events.isFollowed);
    events.emit(3_000);
    await eventually(() => stream.read().includes('"evt_3000"'));
    const ids = [...stream.read().matchAll(/"id":"evt_(\d+)"/g)].map(([, id]) => Number(id));
    expect(ids).toEqual(Array.from({ length: 3_000 }, (_, i) => i + 1));
  });

  test('are cut off when their reader takes nothing', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events }, server: { timing: { slowConsumerMs: 100 } } });
    const { hostname, port } = new URL(api.url);
    const socket = connect(Number(port), hostname);
    onTestFinished(() => void socket.destroy());
    const body = JSON.stringify({ query });
    socket.write(
      [
        'POST /graphql HTTP/1.1',
        'host: localhost',
        'content-type: application/json',
        'accept: text/event-stream',
        `authorization: Bearer ${api.keys.client}`,
        `content-length: ${body.length}`,
        '',
        body,
      ].join('\r\n'),
    );
    await eventually(events.isFollowed);
    socket.pause();
    events.emit(30, { data: { message: 'x'.repeat(700 * 1024) } });
    await eventually(async () => (await (await fetch(`${api.url}/metrics`)).text()).includes('slow_consumers_total 1'));
    await eventually(() => !events.isFollowed());
  });
});
