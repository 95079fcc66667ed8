import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import { differentSubscriptions, subscriptionsPerClient } from '../../src/graphql/limits.ts';
import { createClaims } from '../../src/graphql/subscription-claims.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

function openSocket(api: TestApi, key: string) {
  const client = createClient({
    url: `${api.url.replace('http', 'ws')}/graphql`,
    webSocketImpl: WebSocket,
    lazy: false,
    retryAttempts: 0,
    connectionParams: { authorization: `Bearer ${key}` },
    onNonLazyError: () => {},
  });
  onTestFinished(async () => await client.dispose());
  const subscribe = (query: string) => {
    const got = { results: 0, codes: [] as unknown[] };
    const stop = client.subscribe(
      { query },
      {
        next: ({ data, errors }) => {
          if (data) got.results++;
          for (const { extensions } of errors ?? []) got.codes.push(extensions?.code);
        },
        error: (error) => {
          for (const one of Array.isArray(error) ? error : []) got.codes.push(one.extensions?.code);
        },
        complete: () => {},
      },
    );
    return { ...got, got, stop };
  };
  return { client, subscribe };
}

const different = (i: number, filter = '') => `subscription { events${filter} { a${i}: id } }`;

describe('subscriptions of one client', () => {
  test('to the same events are executed so many times at most; equal ones, and those of one user, are no more', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const { subscribe } = openSocket(api, api.keys.client);
    const all = Array.from({ length: differentSubscriptions + 5 }, (_, i) => subscribe(different(i)));
    await eventually(() => all.filter(({ got }) => got.codes.length > 0).length === 5);
    expect(all.flatMap(({ got }) => got.codes)).toEqual(Array(5).fill('TOO_MANY_SUBSCRIPTIONS'));
    const equal = subscribe(different(0));
    const ofUser = subscribe(different(99, '(userId: "usr_1")'));
    // An event from before a subscription has begun is not for it.
    const emitUntil = (isDone: () => boolean) =>
      eventually(() => {
        events.emit(1, { userId: 'usr_1' });
        return isDone();
      });
    await emitUntil(() => equal.got.results > 0 && ofUser.got.results > 0);
    expect([equal.got.codes, ofUser.got.codes]).toEqual([[], []]);
    // Who leaves makes room.
    all[0]?.stop();
    equal.stop();
    const next = subscribe(different(100));
    await emitUntil(() => next.got.results > 0);
  });

  test('of another client are counted apart', async () => {
    const api = await openTestApi({ services: { events: createTestEvents('cli_other') } });
    api.keys.viewers.set('other', { clientId: 'cli_other', keyId: 'key_3', scopes: ['CLIENT'], expiresAt: null });
    const mine = openSocket(api, api.keys.client);
    const theirs = openSocket(api, 'other');
    const all = Array.from({ length: differentSubscriptions + 1 }, (_, i) => mine.subscribe(different(i)));
    await eventually(() => all.some(({ got }) => got.codes.length > 0));
    const other = theirs.subscribe(different(0));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(other.got.codes).toEqual([]);
  });

  test('are so many at most, over all of its sockets', { timeout: 60_000 }, async () => {
    const api = await openTestApi({ services: { events: createTestEvents() } });
    const before = process.memoryUsage().rss;
    const sockets = Array.from({ length: subscriptionsPerClient / 100 + 1 }, (_, i) =>
      openSocket(api, i % 2 === 0 ? api.keys.client : api.keys.operator),
    );
    const all = sockets.flatMap(({ subscribe }) => Array.from({ length: 100 }, () => subscribe(different(0))));
    await eventually(() => all.filter(({ got }) => got.codes.length > 0).length === 100);
    expect(new Set(all.flatMap(({ got }) => got.codes))).toEqual(new Set(['TOO_MANY_SUBSCRIPTIONS']));
    const grownMb = (process.memoryUsage().rss - before) / 1e6;
    process.stdout.write(
      `${subscriptionsPerClient} subscriptions: ${grownMb.toFixed(0)} MB more, both ends together\n`,
    );
  });
});

test('places are shared by those with the same key, and free when the last has left', () => {
  const claim = createClaims(2);
  const first = claim('s', 'a');
  const again = claim('s', 'a');
  expect(claim('s', 'b')).not.toBeNull();
  expect(claim('s', 'c')).toBeNull();
  expect(claim('other', 'c')).not.toBeNull();
  first?.();
  first?.();
  expect(claim('s', 'c')).toBeNull();
  again?.();
  expect(claim('s', 'c')).not.toBeNull();
});
