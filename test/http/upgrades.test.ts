import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { openTestApi, type TestApi, type TestApiOptions } from '../support/api-fixture.ts';
import { eventually } from '../support/eventually.ts';

const http2 = 'Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAB\r\n';
const query = '{ __typename }';

/** A page that answers late with what it was sent, so that requests on one connection overlap. */
const echo: TestApiOptions = {
  server: {
    pages: async (request, response, url) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      await new Promise((resolve) => setImmediate(resolve));
      response.end(`<${request.method} ${url.pathname} ${Buffer.concat(chunks)}>`);
      return true;
    },
  },
};

function get(path: string, offer = http2): string {
  return `GET ${path} HTTP/1.1\r\nHost: here\r\n${offer}\r\n`;
}

function post(path: string, body: string, headers = http2): string {
  return `POST ${path} HTTP/1.1\r\nHost: here\r\n${headers}Content-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`;
}

/** Sends the parts one after another, the next when the server has read the one before, and waits for `expected` answers. */
async function send(api: TestApi, parts: string[], expected: number) {
  const socket = connect(Number(new URL(api.url).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  let received = '';
  socket.on('data', (data) => {
    received += data;
  });
  for (const part of parts) {
    await new Promise((resolve) => socket.write(part, 'latin1', resolve));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const statuses = () => received.match(/HTTP\/1\.1 \d+/g) ?? [];
  await eventually(() => statuses().length === expected || socket.closed);
  await eventually(() => /[>}](\r\n0\r\n\r\n)?$/.test(received) || socket.closed);
  return { statuses: statuses().map((line) => Number(line.slice(9))), bodies: received.match(/<[^>]*>/g), received };
}

test.each([
  ['one', [get('/1')], ['<GET /1 >']],
  ['a body', [post('/1', 'abc')], ['<POST /1 abc>']],
  ['an empty body', [post('/1', ''), get('/2', '')], ['<POST /1 >', '<GET /2 >']],
  ['several at once', [get('/1') + post('/2', 'a') + get('/3') + get('/4', '')], null],
  ['several on one connection', [get('/1'), post('/2', 'a'), get('/3'), get('/4', '')], null],
  ['behind one that is still being answered', [get('/0', '') + get('/1') + get('/2', '') + get('/3')], null],
  ['cut anywhere', [get('/1').slice(0, 40), get('/1').slice(40) + get('/2').slice(0, 9), get('/2').slice(9)], null],
])('an offer of another protocol is ignored: %s', async (_name, parts, bodies) => {
  const api = await openTestApi(echo);
  const sent = parts.join('').match(/(GET|POST) \/\d/g) ?? [];
  const answer = await send(api, parts, sent.length);
  expect(answer.statuses).toEqual(sent.map(() => 200));
  expect(answer.bodies?.map((body) => body.slice(1, 8).trimEnd())).toEqual(
    sent.map((line) => expect.stringContaining(line.slice(0, 7))),
  );
  if (bodies) expect(answer.bodies).toEqual(bodies);
});

test('a body in chunks is read to its end, and what follows as well', async () => {
  const api = await openTestApi(echo);
  const chunked = `POST /1 HTTP/1.1\r\nHost: here\r\n${http2}Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n`;
  expect((await send(api, [chunked + get('/2')], 2)).bodies).toEqual(['<POST /1 abcde>', '<GET /2 >']);
});

test('the other headers arrive as they were sent', async () => {
  const seen: [string | undefined, unknown][] = [];
  const api = await openTestApi({
    server: {
      pages: async ({ headers }, response) => {
        seen.push([headers.connection, { ...headers }]);
        response.end('<>');
        return true;
      },
    },
  });
  await send(
    api,
    [get('/', `Cookie: a=\xfc\r\nX-One: 1\r\nx-one: 2\r\n${http2.replace('Upgrade,', 'keep-alive, upgrade,')}`)],
    1,
  );
  expect(seen).toEqual([['keep-alive', { host: 'here', cookie: 'a=ü', 'x-one': '1, 2', connection: 'keep-alive' }]]);
});

test('GraphQL, health and the search for a page answer what offers h2c', async () => {
  const api = await openTestApi();
  const key = `Authorization: Bearer ${api.keys.client}\r\nContent-Type: application/json\r\n`;
  const answer = await send(
    api,
    [get('/health/live'), get('/nothing'), post('/graphql', JSON.stringify({ query }), http2 + key)],
    3,
  );
  expect(answer.statuses).toEqual([200, 404, 200]);
  expect(answer.received).toContain('{"data":{"__typename":"Query"}}');
});

test('a worker, which has no sockets, ignores every offer', async () => {
  const api = await openTestApi({ server: { serves: 'health' } });
  const asked = get('/health/live') + get('/health/live', 'Connection: Upgrade\r\nUpgrade: websocket\r\n');
  expect((await send(api, [asked + get('/health/live', '')], 3)).statuses).toEqual([200, 200, 200]);
});

test('a connection that offers h2c with every request counts once', async () => {
  const api = await openTestApi({ ...echo, server: { ...echo.server, limits: { connectionsPerAddress: 1 } } });
  expect((await send(api, [get('/1'), get('/2'), get('/3')], 3)).statuses).toEqual([200, 200, 200]);
});

test('WebSocket is still spoken on /graphql, and nowhere else', async () => {
  const api = await openTestApi();
  const open = (path: string) => new WebSocket(`${api.url.replace('http', 'ws')}${path}`, 'graphql-transport-ws');
  const socket = open('/graphql');
  await new Promise((resolve) => socket.once('open', resolve));
  socket.terminate();
  const refused = await new Promise<Error>((resolve) => open('/elsewhere').once('error', resolve));
  expect(refused.message).toContain('404');
});
