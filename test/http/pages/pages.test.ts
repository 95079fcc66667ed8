import { expect, it } from 'vitest';
import { BankFailure } from '../../../src/banking/bank-failure.ts';
import { createFormBrowser } from '../../../src/cli/form-browser.ts';
import { createClientStore } from '../../../src/clients/client-store.ts';
import { createClients } from '../../../src/clients/clients.ts';
import { wordsFor } from '../../../src/http/pages/language.ts';
import { createConnectedWorld, goToBank, oneBrowser, returnUrl } from '../../consent/connected-world.ts';

const form = { ...oneBrowser, 'content-type': 'application/x-www-form-urlencoded' };

it('refuses a form that another site has sent, and changes nothing', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const foreign: Array<Record<string, string>> = [
    { origin: 'https://evil.example' },
    { origin: `${world.url}0` },
    { 'sec-fetch-site': 'cross-site' },
    { 'sec-fetch-site': 'same-site' },
  ];
  for (const headers of foreign) {
    for (const action of ['begin', 'leave', 'authorise']) {
      const answer = await fetch(`${link}/${action}`, {
        method: 'POST',
        headers: { ...form, ...headers },
        body: 'bankId=bank_sandbox',
      });
      expect(answer.status).toBe(403);
    }
  }
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER', consentId: null });
  expect(world.bankCalls).toEqual([]);
});

it('refuses what no form of its own would send', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession());
  const refusals = [
    { method: 'DELETE', path: '', headers: oneBrowser, body: null, status: 405 },
    { method: 'POST', path: '/nothing', headers: form, body: 'a=1', status: 404 },
    { method: 'POST', path: '/begin', headers: form, body: 'x'.repeat(20_000), status: 413 },
    {
      method: 'POST',
      path: '/begin',
      headers: { ...oneBrowser, 'content-type': 'application/json' },
      body: '{}',
      status: 415,
    },
  ];
  for (const { status, path, ...request } of refusals) {
    expect((await fetch(link + path, request)).status).toBe(status);
  }
  expect(world.bankCalls).toEqual([]);
});

it('says of an unknown link no more than that it cannot be shown', async () => {
  const world = await createConnectedWorld();
  for (const path of ['/sessions/guessed', '/sessions/guessed/banks', '/sessions/guessed/leave']) {
    const answer = await fetch(world.url + path);
    expect(answer.status).toBe(404);
    expect(await answer.text()).not.toContain('guessed');
  }
});

it('lets no page be cached, framed, scripted or told to other sites', async () => {
  const world = await createConnectedWorld();
  const answer = await fetch(world.linkOf(await world.createSession()), { headers: oneBrowser });
  const headers = Object.fromEntries(answer.headers);
  expect(headers).toMatchObject({
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    'x-frame-options': 'DENY',
  });
  expect(headers['content-security-policy']).toContain("default-src 'none'");
  expect(headers['content-security-policy']).toContain("frame-ancestors 'none'");
  expect(headers['content-security-policy']).not.toContain('unsafe');
  expect(await answer.text()).not.toContain('<script');
});

it('says who asks, by the name that the operator has given last', async () => {
  const world = await createConnectedWorld();
  const link = world.linkOf(await world.createSession());
  const clients = createClients({ clock: world.clock, store: createClientStore(world.database) });
  await clients.renameClient(world.clientId, 'Haushaltsbuch GmbH');
  expect((await createFormBrowser().open(link)).text).toContain('Haushaltsbuch GmbH asks to see your account');
});

it('escapes what others have written', async () => {
  const world = await createConnectedWorld();
  await world.database.prisma.client.update({ where: { id: world.clientId }, data: { name: '<img src=x>"\'&' } });
  const link = world.linkOf(await world.createSession());
  const html = await (
    await fetch(`${link}/banks?search=${encodeURIComponent('"><script>alert(1)</script>')}`, { headers: oneBrowser })
  ).text();
  expect(html).not.toContain('<img');
  expect(html).not.toContain('<script');
  expect(html).toContain('&lt;img src=x&gt;&quot;&#39;&amp;');
});

it('finds banks by name, BIC and bank code', async () => {
  const world = await createConnectedWorld();
  const page = await createFormBrowser().open(world.linkOf(await world.createSession()));
  expect(page.text).toContain('Sandbox Bank Embedded');
  const found = await page.submit({ search: 'embed' });
  expect(found.text).toContain('Sandbox Bank Embedded');
  expect(found.text).not.toContain('Sandbox Bank Decoupled');
  expect((await found.submit({ search: 'sbxddeff' })).text).toContain('Sandbox Bank Decoupled');
  expect((await found.submit({ search: 'no such bank' })).text).toContain('No bank found');
});

it.each([
  ['de-AT,de;q=0.9,en;q=0.5', 'de'],
  ['fr,en;q=0.8', 'en'],
  ['ja', 'en'],
  ['en;q=0.3, de;q=0.7', 'de'],
  ['de;q=0', 'en'],
  ['', 'en'],
  [undefined, 'en'],
])('speaks to a browser that wants %s in %s', (acceptLanguage, language) => {
  expect(wordsFor(acceptLanguage).language).toBe(language);
});

it('does once what a button that is pressed twice does, and says the same to both presses', async () => {
  const world = await createConnectedWorld();
  const press = async (url: string, body: Record<string, string>) => {
    const send = () =>
      fetch(url, { method: 'POST', headers: form, body: new URLSearchParams(body), redirect: 'manual' });
    const [first, second] = await Promise.all([send(), send()]);
    expect([first.status, second.status]).toEqual([303, 303]);
    expect(second.headers.get('location')).toBe(first.headers.get('location'));
  };
  const byRedirect = world.linkOf(await world.createSession());
  await press(`${byRedirect}/begin`, { bankId: 'bank_sandbox' });
  expect(world.bankCalls).toEqual(['begin']);

  const embedded = await world.createSession();
  const link = world.linkOf(embedded);
  await press(`${link}/begin`, { bankId: 'bank_sandbox_embedded' });
  await press(`${link}/authorise`, { psu_id: 'anna' });
  await press(`${link}/authorise`, { psu_id: 'anna', password: 'sandbox' });
  await press(`${link}/authorise`, { methodId: 'sms' });
  await press(`${link}/authorise`, { otp: '123456' });
  expect(await world.session(embedded.id)).toMatchObject({ status: 'COMPLETED' });
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
});

it('asks before it cancels, and then leads back to the client with the outcome', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession({ returnUrl });
  const browser = createFormBrowser({ stopBefore: (url) => url.startsWith(returnUrl) });
  const page = await browser.open(world.linkOf(session));
  const question = await page.click('Cancel');
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
  const back = await question.submit();
  expect(back.url).toBe(`${returnUrl}?session=${session.id}&status=CANCELLED`);
});

it('says that the bank does not answer, and leaves the link good for another try', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  world.bankOverrides.begin = () => Promise.reject(new BankFailure('BANK_UNAVAILABLE', 'down'));
  const browser = createFormBrowser();
  const page = await browser.open(world.linkOf(session));
  const trouble = await page.submit({}, 'bank_sandbox');
  expect(trouble.status).toBe(502);
  delete world.bankOverrides.begin;
  expect((await goToBank(world.linkOf(session), 'bank_sandbox', browser)).url).toContain(world.bankUrl);
});
