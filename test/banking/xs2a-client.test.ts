import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { describe, expect, test } from 'vitest';
import { attended, failureOf, givenAccount, kept, listen, openBank, startFakeBank, unattended } from './fake-bank.ts';

const secret = 'DE02120300000000202051';

test('a failure names bank, request and code for the operator, and nothing of the end user', async () => {
  const tppMessages = [{ category: 'ERROR', code: 'CONSENT_EXPIRED', text: `Consent for ${secret} has expired` }];
  const fake = await startFakeBank({ status: 401, body: { tppMessages }, headers: { 'retry-after': '60' } });
  const access = { credentials: kept('consent-secret'), psu: null };
  const failure = await failureOf(openBank(fake.url).readBalances(givenAccount({ resourceId: secret }), access));
  expect(failure).toMatchObject({
    name: 'BankFailure',
    code: 'CONSENT_EXPIRED',
    message: 'bank_test answered 401 CONSENT_EXPIRED when asked to read balances.',
    details: { requestId: fake.request().headers['x-request-id'], operation: 'read balances' },
    retryAt: new Date('2026-03-10T10:01:00Z'),
  });
  const shown = `${failure.stack} ${JSON.stringify(failure)}`;
  expect(shown).not.toContain(secret);
  expect(shown).not.toContain('consent-secret');
});

test('a call is sent once, whatever comes of it', async () => {
  const fake = await startFakeBank({ status: 503 });
  expect((await failureOf(openBank(fake.url).listAccounts(attended))).code).toBe('BANK_UNAVAILABLE');
  expect(fake.requests).toHaveLength(1);
});

test('a redirect is not followed', async () => {
  const fake = await startFakeBank({ status: 302, headers: { location: '/v1/accounts' } });
  const failure = await failureOf(openBank(fake.url).listAccounts(attended));
  expect(failure).toMatchObject({ code: 'MALFORMED_REPLY', details: { httpStatus: 302 } });
  expect(fake.requests).toHaveLength(1);
});

test.each<[what: string, raw: string, contentType: string]>([
  ['a web page', `<html>${secret}</html>`, 'text/html'],
  ['a web page that says it is JSON', `<html>${secret}</html>`, 'application/json'],
  ['half a reply', `{"accounts":[{"iban":"${secret}"`, 'application/json; charset=utf-8'],
  ['another shape', `["${secret}"]`, 'application/json'],
  ['nothing', '', 'application/json'],
  ['null', 'null', 'application/json'],
])('%s is malformed, and not quoted', async (_what, raw, contentType) => {
  const fake = await startFakeBank({ headers: { 'content-type': contentType }, raw });
  const failure = await failureOf(openBank(fake.url).listAccounts(attended));
  expect(failure.code).toBe('MALFORMED_REPLY');
  const shown = `${failure.stack} ${JSON.stringify(failure)} ${(failure.cause as Error | undefined)?.stack}`;
  expect(shown).not.toContain(secret.slice(0, 4));
});

test('a reply without a content type, or with a suffixed one, is read as JSON', async () => {
  const fake = await startFakeBank(
    { raw: '{"accounts":[]}' },
    { raw: '{"accounts":[]}', headers: { 'content-type': 'application/hal+json' } },
  );
  const bank = openBank(fake.url);
  expect((await bank.listAccounts(attended)).accounts).toEqual([]);
  expect((await bank.listAccounts(attended)).accounts).toEqual([]);
});

test.each<[what: string, headers: Record<string, string>]>([
  ['announced', {}],
  ['in pieces', { 'transfer-encoding': 'chunked' }],
])('a reply above the limit (%s) is malformed', async (_what, headers) => {
  const raw = JSON.stringify({ accounts: [], filler: 'x'.repeat(60_000) });
  const fake = await startFakeBank({ raw, headers: { 'content-type': 'application/json', ...headers } });
  expect((await openBank(fake.url).listAccounts(attended)).accounts).toEqual([]);
  const failure = await failureOf(openBank(fake.url, {}, { responseBytes: 50_000 }).listAccounts(attended));
  expect(failure).toMatchObject({ code: 'MALFORMED_REPLY', message: expect.stringContaining('more than we take') });
});

test('what is no HTTP is malformed', async () => {
  const server = createTcpServer((socket) => socket.end(`SSH-2.0-${secret}\r\n`));
  const url = await listen(server);
  const failure = await failureOf(openBank(url).listAccounts(attended));
  expect(failure.code).toBe('MALFORMED_REPLY');
  expect(failure.cause).toBeUndefined();
});

test('a bank that nobody listens for is unavailable', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  const failure = await failureOf(openBank(`http://127.0.0.1:${port}`).listAccounts(attended));
  expect(failure).toMatchObject({ code: 'BANK_UNAVAILABLE', details: { errorCode: 'ECONNREFUSED' } });
});

describe('time', () => {
  test('a bank that does not begin to answer in time is unavailable', async () => {
    const url = await listen(createServer(() => {}));
    const failure = await failureOf(openBank(url, {}, { headersMs: 100, bodyMs: 5_000 }).listAccounts(attended));
    expect(failure).toMatchObject({ code: 'BANK_UNAVAILABLE', details: { errorCode: 'UND_ERR_HEADERS_TIMEOUT' } });
  });

  test('a bank that stops in the middle is unavailable', async () => {
    const url = await listen(createServer((_request, response) => response.write('{"accounts":')));
    const failure = await failureOf(openBank(url, {}, { headersMs: 5_000, bodyMs: 100 }).listAccounts(attended));
    expect(failure).toMatchObject({ code: 'BANK_UNAVAILABLE', details: { errorCode: 'UND_ERR_BODY_TIMEOUT' } });
  });

  test('a bank that breaks off in the middle is unavailable', async () => {
    const server = createServer((_request, response) => {
      response.writeHead(200, { 'content-length': '100' });
      response.write('{"accounts":', () => response.destroy());
    });
    expect((await failureOf(openBank(await listen(server)).listAccounts(attended))).code).toBe('BANK_UNAVAILABLE');
  });

  test('a bank that drips its reply for ever is unavailable when the time for all of it is over', async () => {
    const url = await listen(
      createServer((_request, response) => {
        const dripping = setInterval(() => response.write(' '), 10);
        response.on('close', () => clearInterval(dripping));
      }),
    );
    const failure = await failureOf(openBank(url, {}, { headersMs: 150, bodyMs: 150 }).listAccounts(attended));
    expect(failure).toMatchObject({ code: 'BANK_UNAVAILABLE', details: { errorCode: 'DEADLINE' } });
  });

  test('a refusal is known by its status, even when its body never ends', async () => {
    const server = createServer((_request, response) => response.writeHead(429, { 'retry-after': '5' }).write('{'));
    const failure = await failureOf(openBank(await listen(server), {}, { bodyMs: 100 }).listAccounts(unattended));
    expect(failure).toMatchObject({ code: 'ACCESS_EXCEEDED', retryAt: new Date('2026-03-10T10:00:05Z') });
  });
});

describe('the caller’s abort', () => {
  const reason = new Error('the cycle has ended');

  test('before the call sends nothing', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const access = { ...attended, signal: AbortSignal.abort(reason) };
    await expect(openBank(fake.url).listAccounts(access)).rejects.toBe(reason);
    expect(fake.requests).toEqual([]);
  });

  test.each<[when: string, begin: (response: import('node:http').ServerResponse) => void]>([
    ['before the reply', () => {}],
    ['within the reply', (response) => response.write('{"accounts":')],
    ['within a refusal', (response) => response.writeHead(503).write('{')],
  ])('%s is an abort and no failure, and the bank sees the connection close', async (_when, begin) => {
    const abort = new AbortController();
    let closed: Promise<unknown> = Promise.resolve();
    const server = createServer((_request, response) => {
      closed = once(response, 'close');
      begin(response);
      setTimeout(() => abort.abort(reason), 20);
    });
    const access = { ...attended, signal: abort.signal };
    await expect(openBank(await listen(server)).listAccounts(access)).rejects.toBe(reason);
    await closed;
  });

  test('leaves nothing behind on the signal', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const { signal } = new AbortController();
    const bank = openBank(fake.url);
    let listenerCount = 0;
    const { addEventListener, removeEventListener } = signal;
    signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
      listenerCount += 1;
      addEventListener.apply(signal, args);
    };
    signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
      listenerCount -= 1;
      removeEventListener.apply(signal, args);
    };
    for (let call = 0; call < 3; call += 1) await bank.listAccounts({ ...attended, signal });
    expect(listenerCount).toBe(0);
  });
});

test('connections are kept and used again', async () => {
  const fake = await startFakeBank({ body: { accounts: [] } });
  const ports = new Set<unknown>();
  fake.server.on('connection', (socket) => ports.add(socket.remotePort));
  const bank = openBank(fake.url);
  for (let call = 0; call < 10; call += 1) await bank.listAccounts(attended);
  // The next call may come before the connection is known to be free.
  expect(ports.size).toBeLessThan(3);
});
