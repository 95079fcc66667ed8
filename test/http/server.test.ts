import { expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';

test('live says ok, whatever the stores do', async () => {
  const api = await openTestApi({ server: { readiness: { database: () => Promise.reject(new Error('down')) } } });
  const response = await fetch(`${api.url}/health/live`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok' }]);
});

test('ready names what does not work, and keeps the reason for the log', async () => {
  const readiness = { database: async () => {}, jobs: () => Promise.reject(new Error('mongodb://user:password@host')) };
  const api = await openTestApi({ server: { readiness } });
  const response = await fetch(`${api.url}/health/ready`);
  const text = await response.text();
  expect(response.status).toBe(503);
  expect(JSON.parse(text)).toEqual({ status: 'unavailable', checks: { database: 'ok', jobs: 'failed' } });
  expect(text).not.toContain('password');
  expect(JSON.stringify(api.logged)).toContain('not ready');
});

test('ready says ok when everything works', async () => {
  const api = await openTestApi({ server: { readiness: { database: async () => {} } } });
  const response = await fetch(`${api.url}/health/ready`);
  expect([response.status, await response.json()]).toEqual([200, { status: 'ok', checks: { database: 'ok' } }]);
});

test('metrics count requests by route, never by the query that a caller made up', async () => {
  const api = await openTestApi();
  await api.request('{ __typename }');
  await fetch(`${api.url}/graphql?query=made-up`, { headers: { authorization: `Bearer ${api.keys.client}` } });
  await fetch(`${api.url}/made-up-path`);
  const text = await (await fetch(`${api.url}/metrics`)).text();
  expect(text).toContain(
    'tidewater_http_request_duration_seconds_count{route="/graphql",method="POST",status="200"} 1',
  );
  expect(text).toContain('tidewater_graphql_operation_duration_seconds_count{kind="query",outcome="ok"} 1');
  expect(text).not.toContain('made-up');
});

test('what no route answers goes to the pages, then is 404', async () => {
  const seen: string[] = [];
  const api = await openTestApi({
    server: {
      pages: async (_request, response, url) => {
        seen.push(`${url.pathname}${url.search}`);
        if (url.pathname !== '/page') return false;
        response.end('a page');
        return true;
      },
    },
  });
  expect(await (await fetch(`${api.url}/page?x=1`)).text()).toBe('a page');
  expect((await fetch(`${api.url}/nothing`)).status).toBe(404);
  expect(seen).toEqual(['/page?x=1', '/nothing']);
});

test('a page that fails is a 500 that tells nothing', async () => {
  const api = await openTestApi({ server: { pages: () => Promise.reject(new Error('secret detail')) } });
  const response = await fetch(`${api.url}/page`);
  expect(response.status).toBe(500);
  expect(await response.text()).not.toContain('secret');
  expect(JSON.stringify(api.logged)).toContain('secret detail');
});

test('closing waits for a request in flight, and takes no new one', async () => {
  let finish = () => {};
  const users = { find: () => new Promise<null>((resolve) => (finish = () => resolve(null))) };
  const api = await openTestApi({ services: { users } });
  const answer = api.request('{ user(id: "usr_1") { id } }');
  while (finish.toString() === '() => {}') await new Promise(setImmediate);
  const closed = api.close();
  finish();
  expect((await answer).data).toEqual({ user: null });
  await closed;
  await expect(fetch(`${api.url}/health/live`)).rejects.toThrow();
});
