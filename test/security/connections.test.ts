import { EventEmitter, once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { connect, type Socket } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { createClientTurns } from '../../src/http/client-turns.ts';
import { toNetwork } from '../../src/http/connection-limits.ts';
import { createOpenRequests } from '../../src/http/open-requests.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';

function open({ url }: TestApi): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  socket.resume();
  onTestFinished(() => void socket.destroy());
  return socket;
}

const isOpen = async (socket: Socket) => {
  socket.write('GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n');
  return (
    (await Promise.race([once(socket, 'data').then(() => 'data'), once(socket, 'close').then(() => 'close')])) ===
    'data'
  );
};

test('an address has so many connections; the next is closed, and one that ends makes room', async () => {
  const api = await openTestApi({ server: { limits: { connectionsPerAddress: 3 } } });
  const sockets = [open(api), open(api), open(api)];
  for (const socket of sockets) expect(await isOpen(socket)).toBe(true);
  expect(await isOpen(open(api))).toBe(false);
  sockets[0]?.destroy();
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(await isOpen(open(api))).toBe(true);
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
