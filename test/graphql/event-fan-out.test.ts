import { type ExecutionResult, parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { toCursor } from '../../src/events/event-cursor.ts';
import { type Context, createContext, type Viewer } from '../../src/graphql/context.ts';
import { createEventFanOut, type EventFanOut, type SharedStream } from '../../src/graphql/event-fan-out.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { Services } from '../../src/graphql/services.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

const schema = createSchema();

function toStream(subscribed: ReturnType<EventFanOut['subscribe']>): SharedStream | null {
  if (subscribed && 'errors' in subscribed) throw subscribed.errors[0];
  return subscribed;
}

function openFanOut(services: object = {}) {
  const events = createTestEvents();
  const source = { prisma: { $connect: async () => {} }, services: { events, ...services } as unknown as Services };
  /** One for each execution. */
  const mapped: ExecutionResult[] = [];
  const fanOut = createEventFanOut({
    schema,
    source,
    retryPausesMs: [1, 1],
    mapResult: (result) => {
      mapped.push(result);
      return result;
    },
  });
  const contextOf = (viewer: Partial<Viewer>): Context =>
    createContext(source, {
      viewer: { clientId: 'cli_test', keyId: 'key_1', scopes: ['CLIENT'], expiresAt: null, ...viewer },
      requestId: 'req_1',
    });
  const subscribe = (query: string, more: { variables?: Record<string, unknown>; viewer?: Partial<Viewer> } = {}) => {
    const requested = { schema, document: parse(query), variableValues: more.variables };
    return toStream(fanOut.subscribe(requested, contextOf(more.viewer ?? {})));
  };
  return { events, mapped, contextOf, fanOut, subscribe };
}

const query = 'subscription ($after: String) { events(after: $after) { id } }';

async function take(stream: SharedStream | null, count: number): Promise<unknown[]> {
  const taken: unknown[] = [];
  while (taken.length < count) {
    const next = await stream?.next();
    if (!next || next.done) break;
    taken.push(next.value.data?.events);
  }
  return taken;
}

describe('subscribers to events', () => {
  test('of one client with the same document share one execution per event, wherever they begin', async () => {
    const { events, mapped, subscribe } = openFanOut();
    events.emit(2);
    const all = [
      subscribe(query),
      subscribe(query, { variables: {}, viewer: { keyId: 'key_2' } }),
      subscribe(query, { variables: { after: toCursor(2n) } }),
      subscribe(`subscription { events(after: "${toCursor(2n)}") { id } }`),
      subscribe('subscription { events { id } }'),
    ];
    const reading = Promise.all(all.map((stream) => take(stream, 3)));
    await eventually(events.isFollowed);
    events.emit(3);
    const expected = [3, 4, 5].map((n) => ({ id: `evt_${n}` }));
    expect(await reading).toEqual(all.map(() => expected));
    expect(mapped).toHaveLength(3);
    for (const stream of all) await stream?.return(undefined);
    await eventually(() => !events.isFollowed());
  });

  test.each([
    ['another document', 'subscription { events { cursor } }', {}],
    ['another filter', 'subscription { events(userId: "usr_even") { id } }', {}],
    ['another client', query, { clientId: 'cli_other' }],
    ['other scopes', query, { scopes: ['CLIENT', 'OPERATOR'] as const }],
  ])('do not share with %s', async (_name, document, viewer) => {
    const { events, mapped, subscribe } = openFanOut();
    const [one, other] = [subscribe(query), subscribe(document, { viewer })];
    const reading = [take(one, 2), take(other, 1)];
    await eventually(events.isFollowed);
    events.emit(2);
    await reading[0];
    if ('clientId' in viewer) {
      // Its log has not grown.
      expect(mapped).toHaveLength(2);
    } else {
      await reading[1];
      expect(mapped.length).toBeGreaterThan(2);
    }
    await one?.return(undefined);
    await other?.return(undefined);
  });

  test('with variables that the selection uses share only with those who gave the same', async () => {
    const { events, mapped, subscribe } = openFanOut();
    const document = 'subscription ($with: Boolean!) { events { id type @include(if: $with) } }';
    const variables = [{ with: true }, { with: true }, { with: false }];
    const streams = variables.map((each) => subscribe(document, { variables: each }));
    const reading = Promise.all(streams.map((stream) => take(stream, 1)));
    await eventually(events.isFollowed);
    events.emit();
    const [whole, bare] = [{ id: 'evt_1', type: 'WEBHOOK_TEST' }, { id: 'evt_1' }];
    expect(await reading).toEqual([[whole], [whole], [bare]]);
    expect(mapped).toHaveLength(2);
    for (const stream of streams) await stream?.return(undefined);
  });

  test.each([
    ['once', 1, [{ id: 'evt_1', user: { id: 'usr_odd' } }]],
    ['again and again', 99, [null]],
  ])(
    'are told of an event whose execution failed %s in its place, and of the next one after',
    async (_what, failures, first) => {
      let calls = 0;
      const listByIds = async () => {
        if (++calls <= failures) throw new Error('the database is away');
        return [{ id: 'usr_odd' }];
      };
      const { events, mapped, subscribe } = openFanOut({ users: { listByIds } });
      const stream = subscribe('subscription { events { id ... on BankLoginScaRequired { user { id } } } }');
      const reading = take(stream, 2);
      await eventually(events.isFollowed);
      events.emit(1, { type: 'BANK_LOGIN_SCA_REQUIRED' });
      events.emit();
      const [got, next] = await reading;
      expect([got ?? null]).toEqual(first);
      expect(next).toEqual({ id: 'evt_2' });
      expect(calls).toBe(failures === 1 ? 2 : 3);
      // Told, and logged, once.
      expect(mapped).toHaveLength(2);
      await stream?.return(undefined);
    },
  );

  test('get the text of a result that was written once', async () => {
    const { events, contextOf, fanOut } = openFanOut();
    const sent: string[][] = [[], []];
    const requested = { schema, document: parse(query) };
    const streams = sent.map((payloads) => {
      const send = (payload: string) => payloads.push(payload) > 0;
      return toStream(fanOut.subscribe(requested, { ...contextOf({}), sink: { send, onReady: () => {} } }));
    });
    const ended = Promise.all(streams.map((stream) => stream?.next()));
    await eventually(events.isFollowed);
    events.emit(2);
    await eventually(() => sent.every(({ length }) => length === 2));
    expect(sent[0]).toEqual(['{"data":{"events":{"id":"evt_1"}}}', '{"data":{"events":{"id":"evt_2"}}}']);
    expect(sent[1]).toEqual(sent[0]);
    for (const stream of streams) await stream?.return(undefined);
    expect((await ended).every((end) => end?.done)).toBe(true);
    await eventually(() => !events.isFollowed());
  });

  test.each([
    ['another field', 'subscription { synchronizationSessionUpdated(id: "sync_1") { id } }', {}],
    ['a query', '{ viewer { id } }', {}],
    ['a field that may be left out', 'subscription { events @include(if: true) { id } }', {}],
    ['a cursor that is none of ours', query, { after: 'nonsense' }],
    ['a variable of the wrong kind', query, { after: 7 }],
    ['an operation in a fragment', 'subscription { ...All } fragment All on Subscription { events { id } }', {}],
  ])('run as they stand with %s', (_name, document, variables) => {
    expect(openFanOut().subscribe(document, { variables })).toBeNull();
  });
});
