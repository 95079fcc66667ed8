import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { createClient } from 'graphql-ws';
import { describe, expect, onTestFinished, test } from 'vitest';
import WebSocket from 'ws';
import type { HttpServerDependencies } from '../../src/http/server.ts';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { eventually } from '../support/eventually.ts';

function openSocket({ url }: TestApi): Socket {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on('error', () => {});
  onTestFinished(() => void socket.destroy());
  return socket;
}

const head = (key: string, length: number, path = '/graphql', more = '') =>
  `POST ${path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${key}\r\nContent-Type: application/json\r\nContent-Length: ${length}\r\n${more}\r\n`;

// By the short way to an answer and by the long one.
const ways = ['/graphql', '/graphql?long'];

describe('variables nested without end', () => {
  const nested = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  const query = 'query Q($types: [EventType!]) { events(types: $types, first: 1) { nodes { id } } }';

  test.each(ways)('are a fault of the caller (%s)', async (path) => {
    const api = await openTestApi();
    for (const variables of [nested, nested.replaceAll('[', '{"a":').replaceAll(']', '}').replace(':}', ':1}')]) {
      const response = await fetch(`${api.url}${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${api.keys.client}` },
        body: `{"query":${JSON.stringify(query)},"variables":{"types":${variables}}}`,
      });
      expect(response.status).toBe(400);
      expect((await response.json()).errors[0].extensions.code).toBe('BAD_USER_INPUT');
    }
    expect(api.logged).toEqual([]);
  });

  test('are refused on a socket, which stays open', async () => {
    const api = await openTestApi();
    const client = createClient({
      url: `${api.url.replace('http', 'ws')}/graphql`,
      webSocketImpl: WebSocket,
      connectionParams: { authorization: `Bearer ${api.keys.client}` },
    });
    onTestFinished(async () => await client.dispose());
    const types = JSON.parse(nested);
    const ask = async (text: string, variables: object = {}) => {
      for await (const result of client.iterate({ query: text, variables: variables as never })) return result;
    };
    // What the client cannot write itself.
    const stringify = JSON.stringify;
    JSON.stringify = ((value: { payload?: { variables?: object } }) =>
      value?.payload?.variables && 'types' in value.payload.variables
        ? stringify({ ...value, payload: { ...value.payload, variables: { types: 'HERE' } } }).replace('"HERE"', nested)
        : stringify(value)) as typeof JSON.stringify;
    try {
      await expect(ask(query, { types })).rejects.toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' } }]);
    } finally {
      JSON.stringify = stringify;
    }
    expect(await ask('{ __typename }')).toEqual({ data: { __typename: 'Query' } });
  });
});

describe('half a request', () => {
  const readsForm: HttpServerDependencies['pages'] = async (request) => {
    for await (const _chunk of request);
    return true;
  };

  test.each([...ways, '/page'])('whose sender leaves is no fault of ours: nothing is logged (%s)', async (path) => {
    const api = await openTestApi({ server: { pages: readsForm } });
    for (const sent of ['{"query":', '']) {
      const socket = openSocket(api);
      // Answered when the request has been taken.
      socket.write(head(api.keys.client, 1000, path, 'Expect: 100-continue\r\n') + sent);
      await once(socket, 'data');
      socket.destroy();
    }
    await eventually(async () => {
      const text = await (await fetch(`${api.url}/metrics`)).text();
      const counts = text.matchAll(/^tidewater_http_request_duration_seconds_count\{.*method="POST".*\} (\d+)$/gm);
      return [...counts].reduce((sum, [, count]) => sum + Number(count), 0) === 2;
    });
    expect(api.logged).toEqual([]);
  });

  test('is ended after a time: a head that is not sent, and a body that is not', async () => {
    const api = await openTestApi({ server: { timing: { headersMs: 100, requestMs: 200, checkMs: 50 } } });
    for (const sent of ['POST /graphql HTTP/1.1\r\nHost', head(api.keys.client, 1000)]) {
      const socket = openSocket(api);
      socket.resume();
      socket.write(sent);
      await once(socket, 'close');
    }
  });
});

test('what the API answers is kept by nobody, and taken for nothing else', async () => {
  const api = await openTestApi();
  const headersOf = async (path: string, authorization: string) => {
    const { headers } = await fetch(`${api.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization },
      body: '{"query":"{ __typename }"}',
    });
    return [headers.get('cache-control'), headers.get('x-content-type-options')];
  };
  for (const path of ways) {
    for (const key of [api.keys.client, 'wrong']) {
      expect(await headersOf(path, `Bearer ${key}`)).toEqual(['no-store', 'nosniff']);
    }
  }
});
