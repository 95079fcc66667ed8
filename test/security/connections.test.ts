import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { createClientTurns } from '../../src/http/client-turns.ts';
import { connectionsPerProcess, limitConnections, toNetwork } from '../../src/http/connection-limits.ts';
import { createOpenRequests } from '../../src/http/open-requests.ts';
import { openTestApi } from '../support/api-fixture.ts';

describe('connections', () => {
  /** A server that connections come to from these addresses; tells which were closed at once. */
  function connectFrom(limit: number, ...addresses: string[]) {
    const server = Object.assign(new EventEmitter(), { maxConnections: 0 });
    limitConnections(server as never, limit);
    const sockets = addresses.map((remoteAddress) => {
      const socket = Object.assign(new EventEmitter(), { remoteAddress, isClosed: false, destroy: () => {} });
      socket.destroy = () => {
        socket.isClosed = true;
      };
      server.emit('connection', socket);
      return socket;
    });
    return { server, sockets, closed: () => sockets.map(({ isClosed }) => isClosed) };
  }

  test('of a public address are so many; the next is closed, and one that ends makes room', () => {
    const one = '93.184.216.34';
    const { server, sockets, closed } = connectFrom(2, one, one, one, '2a00:1450::1');
    expect(closed()).toEqual([false, false, true, false]);
    sockets[0]?.emit('close');
    server.emit('connection', { remoteAddress: one, destroy: () => expect.unreachable(), once: () => {} });
  });

  test('of the operator’s own networks are as many as the process has: they may be a proxy’s', () => {
    const proxies = ['127.0.0.1', '10.1.2.3', '::ffff:192.168.1.1', 'fd00::1', '100.64.0.1'];
    const { server, closed } = connectFrom(1, ...proxies, ...proxies);
    expect(closed()).not.toContain(true);
    expect(server.maxConnections).toBe(connectionsPerProcess);
  });
});

test.each([
  ['10.1.2.3', '10.1.2.3'],
  ['::ffff:10.1.2.3', '10.1.2.3'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
  ['2001:db8:1:2::9', '2001:db8:1:2'],
  [undefined, ''],
])('of %s the part that is somebody’s is %s', (address, network) => {
  expect(toNetwork(address)).toBe(network);
});

test('without a valid key an address is refused after so many requests; with one it is answered as ever', async () => {
  const api = await openTestApi({ server: { limits: { anonymousPerMinute: 2 } } });
  const ask = async (authorization: string) => {
    const { status, headers, errors } = await api.request('{ __typename }', {}, { authorization });
    return [status, headers.has('retry-after'), errors?.[0].extensions.code];
  };
  expect(await ask('')).toEqual([401, false, 'UNAUTHENTICATED']);
  expect(await ask('Bearer wrong')).toEqual([401, false, 'UNAUTHENTICATED']);
  expect(await ask('Bearer other')).toEqual([429, true, 'RATE_LIMITED']);
  expect(await ask(`Bearer ${api.keys.client}`)).toEqual([200, false, undefined]);
});

test('without a valid key callers are counted apart where a proxy tells who they are, and by what it says last', async () => {
  const api = await openTestApi({ server: { limits: { anonymousPerMinute: 1 } } });
  const ask = async (forwarded: string) =>
    (await api.request('{ __typename }', {}, { authorization: '', 'x-forwarded-for': forwarded })).status;
  expect([await ask('93.184.216.1'), await ask('93.184.216.1'), await ask('93.184.216.2')]).toEqual([401, 429, 401]);
  expect(await ask('8.8.8.8, 93.184.216.1')).toBe(429);
});

test('requests of a client that are open are so many at most, until their answers have ended', () => {
  const requests = createOpenRequests(2);
  const answers = Array.from({ length: 2 }, () => new EventEmitter() as ServerResponse);
  for (const answer of answers) expect(requests.enter('a', answer)).toBe(true);
  expect(requests.enter('a', new EventEmitter() as ServerResponse)).toBe(false);
  expect(requests.enter('b', new EventEmitter() as ServerResponse)).toBe(true);
  answers[0]?.emit('close');
  expect(requests.enter('a', new EventEmitter() as ServerResponse)).toBe(true);
});

describe('clients', () => {
  test('that are alone are never kept waiting', () => {
    const turns = createClientTurns();
    for (let i = 0; i < 10; i++) expect(turns.next('a')).toBeUndefined();
  });

  test('that are there together begin one request each per turn, in their order', async () => {
    const turns = createClientTurns();
    const began: string[] = [];
    const begin = async (client: string, name: string) => {
      await turns.next(client);
      began.push(name);
    };
    await begin('a', 'a0');
    const all = [begin('b', 'b1'), begin('b', 'b2'), begin('b', 'b3'), begin('a', 'a1'), begin('a', 'a2')];
    await Promise.all(all);
    expect(began).toEqual(['a0', 'b1', 'a1', 'b2', 'a2', 'b3']);
  });

  test('that have left keep nobody waiting', async () => {
    let ms = 0;
    const turns = createClientTurns(() => ms);
    await turns.next('a');
    await turns.next('b');
    await new Promise(setImmediate);
    await new Promise(setImmediate);
    ms = 1_001;
    expect([turns.next('b'), turns.next('b')]).toEqual([undefined, undefined]);
  });
});
