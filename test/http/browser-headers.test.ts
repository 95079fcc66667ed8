import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { request as httpRequest } from 'undici';
import { describe, expect, test } from 'vitest';
import { openTestApi, type TestApi } from '../support/api-fixture.ts';
import { createTestEvents } from '../support/event-streams.ts';
import { eventually } from '../support/eventually.ts';

// undici's own request shows the bytes as they came; fetch would unpack them.
async function send(api: TestApi, { path = '/graphql', ...given }: Partial<Parameters<typeof ask>[1]> = {}) {
  const { statusCode, headers, body } = await ask(api, { path, ...given });
  return { status: statusCode, headers, bytes: Buffer.from(await body.arrayBuffer()) };
}

function ask(
  api: TestApi,
  {
    path,
    method = 'POST',
    headers = {},
    query,
  }: Record<'path', string> & {
    method?: 'POST' | 'GET' | 'OPTIONS';
    headers?: Record<string, string>;
    query?: string;
  },
) {
  return httpRequest(`${api.url}${path}`, {
    method,
    headers: { 'content-type': 'application/json', authorization: `Bearer ${api.keys.operator}`, ...headers },
    ...(query !== undefined && { body: JSON.stringify({ query }) }),
  });
}

const long = `{ ${Array.from({ length: 200 }, (_, _i) => `...F`).join(' ')} __schema { types { name description } } } fragment F on Query { __typename }`;

describe('compression', () => {
  test.each([
    ['br', '/graphql', brotliDecompressSync],
    ['gzip', '/graphql', gunzipSync],
    ['br', '/graphql?long', brotliDecompressSync],
    ['gzip;q=1.0, br;q=0.1', '/graphql', gunzipSync],
  ])('a long answer is sent as the caller takes it: %s (%s)', async (encoding, path, unpack) => {
    const api = await openTestApi();
    const plain = await send(api, { path, query: long });
    expect(plain.headers['content-encoding']).toBeUndefined();
    const packed = await send(api, { path, query: long, headers: { 'accept-encoding': encoding } });
    expect(packed.headers['content-encoding']).toBe(encoding.split(';')[0]);
    expect(packed.headers.vary).toContain('Accept-Encoding');
    expect(packed.bytes.length).toBeLessThan(plain.bytes.length / 3);
    expect(unpack(packed.bytes)).toEqual(plain.bytes);
  });

  test('a short answer, a refusal and an event stream are not', async () => {
    const events = createTestEvents();
    const api = await openTestApi({ services: { events } });
    const headers = { 'accept-encoding': 'br, gzip' };
    const streamed = send(api, {
      query: 'subscription { events { id } }',
      headers: { ...headers, accept: 'text/event-stream', authorization: `Bearer ${api.keys.client}` },
    });
    await eventually(events.isFollowed);
    // A stream ends with its key.
    api.keys.revoke(api.keys.client);
    const answers = [
      await send(api, { query: '{ __typename }', headers }),
      await send(api, { query: '{ __typename }', headers: { ...headers, authorization: 'Bearer wrong' } }),
      await streamed,
    ];
    expect(answers.map((answer) => [answer.status, answer.headers['content-encoding']])).toEqual([
      [200, undefined],
      [401, undefined],
      [200, 'none'],
    ]);
    expect(answers[2]?.headers['content-type']).toContain('text/event-stream');
  });
});

describe('a page of another origin', () => {
  const origin = 'https://app.example.com';
  const preflight = {
    'access-control-request-method': 'POST',
    'access-control-request-headers': 'authorization,content-type',
  };
  const sharing = ({ headers }: { headers: Record<string, unknown> }) =>
    Object.fromEntries([
      ...Object.entries(headers).filter(([name]) => /^access-control/.test(name)),
      ...[headers.vary ?? []].flat().flatMap((name) => (name === 'Origin' ? [['vary', name] as const] : [])),
    ]);

  test('may not call the API unless the operator lists it', async () => {
    const api = await openTestApi();
    const asked = await send(api, { method: 'OPTIONS', headers: { ...preflight, origin, authorization: '' } });
    expect([asked.status, sharing(asked)]).toEqual([401, {}]);
    expect(sharing(await send(api, { query: '{ __typename }', headers: { origin } }))).toEqual({});
  });

  test('that is listed may: the question before is answered, and answers show their id and when to come again', async () => {
    const api = await openTestApi({ server: { limits: { corsOrigins: [origin], requestsPerMinute: 2 } } });
    const asked = await send(api, { method: 'OPTIONS', headers: { ...preflight, origin, authorization: '' } });
    expect([asked.status, sharing(asked)]).toEqual([
      204,
      {
        'access-control-allow-origin': origin,
        'access-control-allow-methods': 'GET, POST',
        'access-control-allow-headers': 'authorization, content-type, x-request-id',
        'access-control-max-age': '600',
        vary: 'Origin',
      },
    ]);
    const statuses: number[] = [];
    for (const path of ['/graphql', '/graphql?long', '/graphql']) {
      const answer = await send(api, { path, query: '{ __typename }', headers: { origin } });
      statuses.push(answer.status);
      expect(sharing(answer)).toEqual({
        'access-control-allow-origin': origin,
        'access-control-expose-headers': 'x-request-id, retry-after',
        vary: 'Origin',
      });
    }
    expect(statuses).toEqual([200, 200, 429]);
  });

  test('that is not listed may not, beside one that is', async () => {
    const api = await openTestApi({ server: { limits: { corsOrigins: [origin] } } });
    for (const other of ['https://evil.example.com', 'null', `${origin}.evil.com`, 'http://app.example.com']) {
      const asked = await send(api, { method: 'OPTIONS', headers: { ...preflight, origin: other, authorization: '' } });
      expect([asked.status, sharing(asked)]).toEqual([401, { vary: 'Origin' }]);
    }
  });
});
