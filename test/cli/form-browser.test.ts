import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { createFormBrowser, openPage } from '../../src/cli/form-browser.ts';

test('sends what a browser would send: hidden fields, choices made, text entered, the button pressed', async () => {
  const site = await startSite((request, _body, response) => {
    if (request.url !== '/') return;
    response.end(`
      <title>Pick</title><body><p>Choose  your
      bank</p><form action="/send" method="post">
        <input type="hidden" name="token" value="a&amp;b">
        <input name="psu_id"><input type="password" name="password">
        <input type="checkbox" name="keep" checked><input type="checkbox" name="news" value="yes">
        <input type="radio" name="speed" value="slow" checked><input type="radio" name="speed" value="fast">
        <select name="bankId"><option value="one">One</option><option value="two" selected>Two</option></select>
        <textarea name="note">hi</textarea><input name="off" value="x" disabled>
        <button name="decision" value="approve">Approve</button><button name="decision" value="deny">Deny</button>
      </form>`);
  });
  const page = await openPage(`${site.url}/`);
  expect(page).toMatchObject({ status: 200, title: 'Pick' });
  expect(page.text).toContain('Choose your bank');

  await page.submit({ psu_id: 'anna ä', password: 'sandbox', speed: 'fast', bankId: 'one' }, 'Deny');
  expect(Object.fromEntries(new URLSearchParams(site.bodies.at(-1)))).toEqual({
    token: 'a&b',
    psu_id: 'anna ä',
    password: 'sandbox',
    keep: 'on',
    speed: 'fast',
    bankId: 'one',
    note: 'hi',
    decision: 'deny',
  });
  await page.submit({ decision: 'approve' });
  expect(new URLSearchParams(site.bodies.at(-1)).getAll('decision')).toEqual(['approve']);
});

test('refuses what a person could not do on the page', async () => {
  const site = await startSite((_request, _body, response) => {
    response.end(`<form method="post"><input type="hidden" name="token" value="1">
      <select name="bankId"><option>one</option></select><button>Go</button></form>`);
  });
  const page = await openPage(site.url);
  await expect(page.submit({ iban: 'DE00' })).rejects.toThrow('cannot hold "iban"');
  await expect(page.submit({ bankId: 'two' })).rejects.toThrow('cannot hold "bankId"');
  await expect(page.submit({ token: '2' })).rejects.toThrow('cannot hold "token"');
  await expect(page.submit({}, 'Stop')).rejects.toThrow('no button "Stop"');
  await expect(page.click('Help')).rejects.toThrow('no link "Help"');
  expect(site.bodies).toHaveLength(1);
});

test('picks the form by its hidden value or by its button', async () => {
  const site = await startSite((_request, _body, response) => {
    response.end(`
      <form method="post"><input type="hidden" name="bankId" value="one"><button>Bank One</button></form>
      <form method="post"><input type="hidden" name="bankId" value="two"><button>Bank Two</button></form>`);
  });
  const page = await openPage(site.url);
  await page.submit({ bankId: 'two' });
  expect(site.bodies.at(-1)).toBe('bankId=two');
  await page.submit({}, 'Bank One');
  expect(site.bodies.at(-1)).toBe('bankId=one');
});

test('follows redirects across hosts, turning POST into GET, with the cookies of each host', async () => {
  const bank = await startSite((request, _body, response) => {
    response.setHeader('set-cookie', 'bank=1; Path=/; HttpOnly');
    if (request.url === '/login') response.writeHead(303, { location: `${shop.url}/back?code=7` });
    response.end('<p>bank</p>');
  });
  const shop = await startSite((request, _body, response) => {
    if (request.url === '/start') {
      response.setHeader('set-cookie', ['session=abc; HttpOnly; SameSite=Lax', 'gone=1; Max-Age=0']);
      response.end(`<form action="${bank.url}/login" method="post"><button>Go</button></form>`);
    } else {
      response.end(`cookies: ${request.headers.cookie}, method: ${request.method}`);
    }
  }, 'localhost');
  const browser = createFormBrowser();
  const start = await browser.open(`${shop.url}/start`);
  const back = await start.submit();
  expect(back.url).toBe(`${shop.url}/back?code=7`);
  expect(back.text).toBe('cookies: session=abc, method: GET');
  expect(back.hops).toEqual([{ status: 303, from: `${bank.url}/login`, to: back.url }]);
  expect((await browser.open(`${bank.url}/again`)).text).toBe('bank');
  expect(bank.cookies.at(-1)).toBe('bank=1');
});

test('stops before an address that nobody serves, and follows links', async () => {
  const site = await startSite((request, _body, response) => {
    if (request.url === '/done') response.writeHead(302, { location: 'https://shop.invalid/return?state=ok' });
    response.end('<a href="/done">Back to the  shop</a>');
  });
  const page = await openPage(site.url, { stopBefore: (url) => url.startsWith('https://shop.invalid/') });
  const end = await page.click('Back to the shop');
  expect(end).toMatchObject({ url: 'https://shop.invalid/return?state=ok', status: 302, html: '' });
});

test('gives up on a circle of redirects', async () => {
  const site = await startSite((_request, _body, response) => void response.writeHead(302, { location: '/' }).end());
  await expect(openPage(site.url)).rejects.toThrow('More than 20 redirects');
});

async function startSite(
  answer: (request: IncomingMessage, body: string, response: ServerResponse) => void,
  host = '127.0.0.1',
) {
  const bodies: string[] = [];
  const cookies: (string | undefined)[] = [];
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    bodies.push(body);
    cookies.push(request.headers.cookie);
    response.setHeader('content-type', 'text/html; charset=utf-8');
    answer(request, body, response);
    if (!response.writableEnded) response.end();
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  return { url: `http://${host}:${(server.address() as AddressInfo).port}`, bodies, cookies };
}
