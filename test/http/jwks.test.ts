import { expect, test } from 'vitest';
import { openTestApi } from '../support/api-fixture.ts';

const jwks = async () => ({ keys: [{ kty: 'EC', kid: 'a' }] });

test('anybody may read the public keys, from any page, and keep them for five minutes', async () => {
  const { url } = await openTestApi({ server: { jwks } });
  const response = await fetch(`${url}/.well-known/jwks.json`);
  const headers = Object.fromEntries(response.headers);
  expect(response.status).toBe(200);
  expect(headers).toMatchObject({
    'content-type': 'application/jwk-set+json',
    'cache-control': 'public, max-age=300',
    'access-control-allow-origin': '*',
    'x-content-type-options': 'nosniff',
  });
  expect(await response.json()).toEqual(await jwks());
  const head = await fetch(`${url}/.well-known/jwks.json`, { method: 'HEAD' });
  expect([head.status, await head.text()]).toEqual([200, '']);
});

test('the public keys are read and nothing else is done to them', async () => {
  const { url } = await openTestApi({ server: { jwks } });
  const response = await fetch(`${url}/.well-known/jwks.json`, { method: 'POST', body: '{}' });
  expect([response.status, response.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test('a process that cannot read the keys says so, and nothing of why', async () => {
  const away = async () => {
    throw new Error('the database is away');
  };
  const api = await openTestApi({ server: { jwks: away } });
  const response = await fetch(`${api.url}/.well-known/jwks.json`);
  expect([response.status, await response.text()]).toEqual([500, '{"error":"unexpected error"}']);
  expect(response.headers.get('cache-control')).toBe('no-store');
});

test('a worker answers for health and metrics alone', async () => {
  const { url } = await openTestApi({ server: { jwks, serves: 'health' } });
  expect((await fetch(`${url}/.well-known/jwks.json`)).status).toBe(404);
});
