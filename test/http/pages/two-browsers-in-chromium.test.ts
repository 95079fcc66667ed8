import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type ConnectedWorld, createConnectedWorld } from '../../consent/connected-world.ts';
import { launchChromium } from '../../support/chromium.ts';

let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
});
afterAll(async () => await chromium?.close());

/** A browser with cookies of its own: a phone that speaks German, without JavaScript. */
async function openBrowser(options: BrowserContextOptions = {}): Promise<Page | null> {
  if (!chromium) return null;
  const phone = { viewport: { width: 390, height: 844 }, isMobile: true, locale: 'de-DE', javaScriptEnabled: false };
  const context = await chromium.newContext({ ...phone, ...options });
  onTestFinished(async () => await context.close());
  return await context.newPage();
}

/** SCREENSHOTS names a directory to keep what is shown. */
async function look(page: Page, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS;
  if (directory) await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

async function begin(world: ConnectedWorld, page: Page, bankId: string): Promise<void> {
  await page.goto(world.linkOf(await world.createSession({ bankId })));
  await page.locator('form[action$=begin] button').click();
}

async function approveAtBank(page: Page): Promise<void> {
  await page.fill('[name=psu_id]', 'anna');
  await page.fill('[name=password]', 'sandbox');
  await page.click('button[type=submit]');
  await page.fill('[name=otp]', '123456');
  await page.click('button[type=submit]');
  await page.click('button[value=approve]');
}

it('the bank’s address, passed on to another browser, gives the one that began nothing without the code', {
  timeout: 60_000,
}, async ({ skip }) => {
  const [attacker, victim] = [await openBrowser(), await openBrowser()];
  if (!attacker || !victim) return skip('no Chromium');
  const world = await createConnectedWorld();
  const session = await world.createSession({ bankId: 'bank_sandbox' });
  const link = world.linkOf(session);
  await attacker.goto(link);
  await attacker.locator('form[action$=begin] button').click();
  await victim.goto(attacker.url());
  await approveAtBank(victim);
  expect(await victim.textContent('h1')).toBe('Noch ein Schritt');
  await look(victim, 'two-browsers-1-code');

  await attacker.goto(link);
  expect(await attacker.textContent('h1')).toBe('Geben Sie den Code aus Ihrem anderen Fenster ein');
  await look(attacker, 'two-browsers-2-enter');
  const code = (await victim.textContent('#code'))?.replaceAll(/\D/g, '') ?? '';
  const wrong = code === '000000' ? '000001' : '000000';
  for (let n = 0; n < 3; n++) {
    await attacker.fill('[name=code]', wrong);
    await attacker.click('button[type=submit]');
    await look(attacker, `two-browsers-3-wrong-${n}`);
  }
  expect(await attacker.textContent('h1')).toBe('Zu Ihrer Sicherheit abgebrochen');
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
});

it('an end user whose bank returns into another browser gets through with the code', {
  timeout: 60_000,
}, async ({ skip }) => {
  const [inApp, standard] = [await openBrowser(), await openBrowser()];
  if (!inApp || !standard) return skip('no Chromium');
  const world = await createConnectedWorld();
  await begin(world, inApp, 'bank_sandbox');
  await standard.goto(inApp.url());
  await approveAtBank(standard);
  await inApp.goBack();
  const code = (await standard.textContent('#code'))?.replaceAll(/\D/g, '') ?? '';
  await inApp.fill('[name=code]', code);
  await inApp.click('button[type=submit]');
  expect(await inApp.textContent('h1')).toBe('Fertig');
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
});

// To a browser localhost and 127.0.0.1 are two sites, as we and a bank are.
it('the cookie comes along on the way back from a bank, which is another site', { timeout: 60_000 }, async ({
  skip,
}) => {
  const page = await openBrowser();
  if (!page) return skip('no Chromium');
  let own = '';
  const world = await createConnectedWorld({ publicUrl: () => own });
  own = world.url.replace('127.0.0.1', 'localhost');
  await begin(world, page, 'bank_sandbox');
  expect(new URL(page.url()).hostname).toBe('127.0.0.1');
  await approveAtBank(page);
  expect(await page.textContent('h1')).toBe('Fertig');
  expect(new URL(page.url()).hostname).toBe('localhost');
});

it.for(['bank_sandbox_decoupled', 'bank_sandbox_embedded'])(
  'another browser gets no page of a session: %s',
  {
    timeout: 60_000,
  },
  async (bankId, { skip }) => {
    const [attacker, victim] = [await openBrowser(), await openBrowser()];
    if (!attacker || !victim) return skip('no Chromium');
    const world = await createConnectedWorld();
    const session = await world.createSession({ bankId });
    await attacker.goto(world.linkOf(session));
    await attacker.locator('form[action$=begin] button').click();
    await victim.goto(attacker.url());
    expect(await victim.textContent('h1')).toBe('Nicht in diesem Browser');
    await look(victim, 'two-browsers-4-other');
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    expect(await world.database.prisma.consentTermination.count()).toBe(1);
  },
);

it('begins in a client’s frame and goes on in the whole window', { timeout: 60_000 }, async ({ skip }) => {
  const page = await openBrowser();
  if (!page) return skip('no Chromium');
  let link = '';
  const client = createServer((_request, response) => {
    response
      .writeHead(200, { 'content-type': 'text/html' })
      .end(`<iframe src="${link}" width="380" height="800"></iframe>`);
  });
  await new Promise<void>((resolve) => client.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void client.close());
  const origin = `http://127.0.0.1:${(client.address() as AddressInfo).port}`;
  const world = await createConnectedWorld({ embeddingOrigins: [origin] });
  link = world.linkOf(await world.createSession({ bankId: 'bank_sandbox' }));
  await page.goto(origin);
  await page.frameLocator('iframe').locator('form[action$=begin] button').click();
  await page.waitForURL(`${world.bankUrl}/**`);
  await approveAtBank(page);
  expect(await page.textContent('h1')).toBe('Fertig');
});
