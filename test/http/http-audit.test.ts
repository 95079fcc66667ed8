import { auditServer } from 'graphql-http';
import { expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';

test('every audit of GraphQL over HTTP passes', async () => {
  const api = await openTestApi();
  const results = await auditServer({
    url: `${api.url}/graphql`,
    fetchFn: (url: string, init: RequestInit = {}) =>
      fetch(url, {
        ...init,
        headers: { ...(init.headers as Record<string, string>), authorization: `Bearer ${api.keys.operator}` },
      }),
  });
  expect(results.length).toBeGreaterThan(50);
  expect(results.filter(({ status }) => status !== 'ok').map(({ name, status }) => `${status}: ${name}`)).toEqual([]);
});
