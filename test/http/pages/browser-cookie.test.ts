import type { IncomingMessage } from 'node:http';
import { expect, it } from 'vitest';
import { newBrowser, readBrowsers, toSetCookie } from '../../../src/http/pages/browser-cookie.ts';

const own = 'https://tidewater.example';
const requestWith = (cookie: string): IncomingMessage => ({ headers: { cookie } }) as IncomingMessage;

it('is a host’s own, for TLS alone and for no script, where the pages have TLS', () => {
  expect(toSetCookie('value', { publicUrl: own, isFramed: false })).toBe(
    '__Host-tidewater-browser=value; Path=/; Max-Age=7200; HttpOnly; Secure; SameSite=Lax',
  );
  expect(toSetCookie('value', { publicUrl: 'http://127.0.0.1:4000', isFramed: false })).toBe(
    'tidewater-browser=value; Path=/; Max-Age=7200; HttpOnly; SameSite=Lax',
  );
});

it('says in a frame what browsers want to hear of it, where there is TLS', () => {
  expect(toSetCookie('value', { publicUrl: `${own}/tidewater`, isFramed: true })).toBe(
    '__Host-tidewater-browser=value; Path=/; Max-Age=7200; HttpOnly; Secure; SameSite=None; Partitioned',
  );
});

it('reads its own value among others, and none that it has not made so', () => {
  const [first, second] = [newBrowser(), newBrowser()];
  expect(first).not.toBe(second);
  const cookie = `a=1; __Host-tidewater-browser=${first}; tidewater-browser=${second};__Host-tidewater-browser=${second}`;
  expect(readBrowsers(requestWith(cookie), own)).toEqual([first, second]);
  expect(readBrowsers(requestWith(`__Host-tidewater-browser=guessed; x-tidewater-browser=${first}`), own)).toEqual([]);
  // What a page without TLS could have set does not count where there is TLS.
  expect(readBrowsers(requestWith(`tidewater-browser=${first}`), own)).toEqual([]);
});
