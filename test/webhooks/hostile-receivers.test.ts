import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { gzipSync } from 'node:zlib';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parseNetworks } from '../../src/webhooks/address-guard.ts';
import { createWebhookSender } from '../../src/webhooks/webhook-sender.ts';
import { faultyCertificates } from '../support/faulty-certificates.ts';
import { createWorld, loopback } from './webhook-world.ts';

/** A receiver that does with the connection whatever it likes, once it has read the request. */
async function startHostile(answer: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  let connectionCount = 0;
  let closeFirst = (): void => {};
  const firstClosed = new Promise<void>((resolve) => {
    closeFirst = resolve;
  });
  const server = createServer((socket) => {
    sockets.add(socket);
    connectionCount++;
    socket.on('error', () => {});
    socket.on('close', () => {
      sockets.delete(socket);
      closeFirst();
    });
    socket.once('data', () => answer(socket));
    // Else the end of the connection would not be noticed.
    socket.resume();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    firstClosed,
    connectionCount: () => connectionCount,
  };
}

/** Gets no further than the handshake. */
async function startUntrusted(cert: string) {
  const server = createTlsServer({ key: faultyCertificates.key, cert });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/` };
}

async function sendTo(url: string, timeoutMs = 300) {
  const sender = createWebhookSender({ networks: parseNetworks(loopback), timeoutMs });
  onTestFinished(() => sender.close());
  return await sender.send({
    endpointId: 'whe_1',
    url,
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{}'),
  });
}

const head = (rest: string) => `HTTP/1.1 200 OK\r\n${rest}`;

test('what a local service answers is not handed on where the operator has not named its network', async () => {
  const { url } = await startHostile((socket) => socket.end(head('content-length: 6\r\n\r\nsecret')));
  const request = { endpointId: 'whe_1', url, method: 'POST' as const, headers: {}, body: Buffer.from('{}') };
  for (const [keepsLocalReplies, responseBody] of [
    [false, null],
    [true, 'secret'],
  ] as const) {
    const sender = createWebhookSender({ networks: parseNetworks(loopback), keepsLocalReplies });
    expect(await sender.send(request)).toMatchObject({ responseStatus: 200, responseBody });
    await sender.close();
  }
});

describe('an attempt ends within its time limit', () => {
  const slow: [behaviour: string, answer: (socket: Socket) => void][] = [
    ['says nothing', () => {}],
    ['sends its status line byte by byte', (socket) => drip(socket, head('x-a: b\r\n'))],
    ['sends headers for ever', (socket) => drip(socket, head(''), 'x: y\r\n')],
    ['sends its body byte by byte', (socket) => drip(socket, head('content-length: 1000\r\n\r\n'), 'a')],
    ['promises more than it sends', (socket) => socket.write(head('content-length: 10\r\n\r\nabc'))],
    ['sends 102 for ever', (socket) => drip(socket, '', 'HTTP/1.1 102 Processing\r\n\r\n')],
  ];
  test.each(slow)('when the receiver %s', async (_behaviour, answer) => {
    const { url, firstClosed } = await startHostile(answer);
    const begin = performance.now();
    const result = await sendTo(url);
    expect(result.error).toMatch(/No complete answer within 0.3 s|ERR|HPE|Headers Overflow/i);
    expect(performance.now() - begin).toBeLessThan(1_500);
    await firstClosed;
  });

  test('when the connection is never answered', async () => {
    // A full backlog would need many connections; an address of the documentation range swallows the first packet.
    const sender = createWebhookSender({ networks: parseNetworks(['192.0.2.0/24']), timeoutMs: 200 });
    onTestFinished(() => sender.close());
    const result = await sender.send({
      ...{ endpointId: 'whe_1', url: 'http://192.0.2.1/', method: 'POST', headers: {} },
      body: Buffer.from('{}'),
    });
    expect(result.error).not.toBeNull();
    expect(result.durationMs).toBeLessThan(1_500);
  });
});

describe('a receiver that', () => {
  test('resets the connection gets a failed attempt', async () => {
    const { url } = await startHostile((socket) => socket.resetAndDestroy());
    expect(await sendTo(url)).toMatchObject({
      responseStatus: null,
      error: expect.stringMatching(/ECONNRESET|closed/),
    });
  });
  test('closes in the middle of the body gets a failed attempt', async () => {
    const { url } = await startHostile((socket) => socket.end(head('content-length: 10\r\n\r\nabc')));
    expect(await sendTo(url)).toMatchObject({ responseStatus: 200, error: expect.any(String), responseBody: 'abc' });
  });
  test('speaks no HTTP gets a failed attempt', async () => {
    const { url } = await startHostile((socket) => socket.end('220 mail.example ESMTP\r\n'));
    expect((await sendTo(url)).error).not.toBeNull();
  });
  test('speaks no TLS where it should gets a failed attempt', async () => {
    const { url } = await startHostile((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n'));
    const result = await sendTo(url.replace('http:', 'https:'));
    expect(result).toMatchObject({ responseStatus: null, error: expect.stringMatching(/SSL|TLS|EPROTO/i) });
  });
  test('sends a body without end is cut off, and its first bytes are kept', async () => {
    let written = 0;
    const { url, firstClosed } = await startHostile((socket) => {
      socket.write(head('transfer-encoding: chunked\r\n\r\n'));
      const flood = () => {
        if (socket.destroyed) return;
        written += 4_096;
        socket.write(`1000\r\n${'a'.repeat(4_096)}\r\n`, () => setImmediate(flood));
      };
      flood();
    });
    const result = await sendTo(url, 5_000);
    expect(result).toMatchObject({ responseStatus: 200, error: null, responseBody: 'a'.repeat(1_024) });
    await firstClosed;
    expect(written).toBeLessThan(5_000_000);
  });
  test('sends a compressed bomb is not decompressed', async () => {
    const { url } = await startHostile((socket) =>
      socket.end(
        Buffer.concat([
          Buffer.from(head('content-encoding: gzip\r\ncontent-length: 4\r\n\r\n')),
          Buffer.from([31, 139, 0, 8]),
        ]),
      ),
    );
    const result = await sendTo(url);
    expect(result).toMatchObject({ responseStatus: 200, error: null });
    expect(result.responseBody).not.toContain('\u0000');
  });
  test('redirects is not followed', async () => {
    const target = await startHostile((socket) => socket.end(head('content-length: 0\r\n\r\n')));
    const { url } = await startHostile((socket) =>
      socket.end(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${target.url}\r\ncontent-length: 0\r\n\r\n`),
    );
    expect(await sendTo(url)).toMatchObject({ responseStatus: 307, error: null });
    expect(target.connectionCount()).toBe(0);
  });
  test('switches protocols gets a failed attempt', async () => {
    const { url } = await startHostile((socket) =>
      socket.end('HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'),
    );
    expect((await sendTo(url)).error).not.toBeNull();
  });
  test('sends headers without measure gets a failed attempt', async () => {
    const { url } = await startHostile((socket) => socket.end(head(`x-big: ${'a'.repeat(100_000)}\r\n\r\n`)));
    expect((await sendTo(url)).error).not.toBeNull();
  });
});

describe('through the dispatcher, a receiver that', () => {
  const bomb = gzipSync(Buffer.alloc(64 * 1_048_576));
  const gzipped = head(`content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`);
  const { selfSigned, expired } = faultyCertificates;
  const hostile: [behaviour: string, start: () => Promise<{ url: string }>, error: RegExp][] = [
    ['has a certificate of its own making', () => startUntrusted(selfSigned), /self-signed certificate/],
    ['has an expired certificate', () => startUntrusted(expired), /certificate has expired/],
    ['sends headers for ever', () => startHostile((socket) => flood(socket)), /Headers Overflow/i],
    [
      'sends its body byte by byte',
      () => startHostile((socket) => drip(socket, head('content-length: 1000\r\n\r\n'), 'a')),
      /No complete answer within 0.5 s/,
    ],
    ['resets the connection', () => startHostile((socket) => socket.resetAndDestroy()), /ECONNRESET|closed/],
  ];
  test.each(hostile)('%s has an attempt that says so, and is tried again', async (_behaviour, start, error) => {
    const world = await createWorld();
    const { url } = await start();
    await world.endpoint(url);
    await world.emit();
    await world.dispatcher({ attemptTimeoutMs: 500 }).drain();
    expect(await world.attempts()).toMatchObject([{ number: 1, error: expect.stringMatching(error) }]);
    const nextAttemptAt = new Date(world.clock.now().getTime() + 5_000);
    expect(await world.deliveries()).toMatchObject([{ status: 'PENDING', attemptCount: 1, nextAttemptAt }]);
    expect(world.logged).toEqual([]);
  });

  test('sends a compressed bomb is cut off at what it has sent, and nothing of it is decompressed', async () => {
    expect(bomb.length).toBeGreaterThan(60_000);
    const world = await createWorld();
    const { url, firstClosed } = await startHostile((socket) =>
      socket.write(Buffer.concat([Buffer.from(gzipped), bomb])),
    );
    await world.endpoint(url);
    await world.emit();
    await world.dispatcher().drain();
    await firstClosed;
    const [attempt] = await world.attempts();
    expect(attempt).toMatchObject({ responseStatus: 200, error: null });
    expect(attempt?.responseBody?.charCodeAt(0)).toBe(31);
    expect(Buffer.byteLength(attempt?.responseBody ?? '')).toBeLessThan(4_096);
  });
});

function flood(socket: Socket): void {
  socket.write(head(''));
  const more = (): void => {
    if (!socket.destroyed) socket.write(`x: ${'y'.repeat(1_000)}\r\n`, () => setImmediate(more));
  };
  more();
}

function drip(socket: Socket, text: string, thenRepeat = ''): void {
  let index = 0;
  const timer = setInterval(() => {
    if (socket.destroyed) return clearInterval(timer);
    socket.write(text[index] ?? thenRepeat);
    index++;
  }, 10);
  socket.on('close', () => clearInterval(timer));
}
