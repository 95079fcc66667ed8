import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { createConnectedWorld } from '../../consent/connected-world.ts';
import { launchChromium } from '../../support/chromium.ts';

/** A phone that speaks German, without JavaScript; null where there is no browser. SCREENSHOTS names a directory to keep what it shows. */
async function openPhone(): Promise<{ page: Page; look(name: string): Promise<void>; complaints: string[] } | null> {
  const browser = await launchChromium();
  if (!browser) return null;
  const directory = process.env.SCREENSHOTS ?? (await mkdtemp(join(tmpdir(), 'tidewater-pages-')));
  onTestFinished(async () => {
    await browser.close();
    if (!process.env.SCREENSHOTS) await rm(directory, { recursive: true });
  });
  const page = await browser.newPage({
    viewport: { width: 375, height: 667 },
    locale: 'de-DE',
    javaScriptEnabled: false,
  });
  const complaints: string[] = [];
  page.on('console', (message) => complaints.push(message.text()));
  page.on('requestfailed', (request) => complaints.push(`${request.url()}: ${request.failure()?.errorText}`));
  const look = async (name: string): Promise<void> => {
    await page.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
    const { width } = page.viewportSize() ?? { width: 0 };
    const main = await page.locator('main').boundingBox();
    expect(main?.width ?? 0, `${name} is wider than the phone`).toBeLessThanOrEqual(width);
    for (const control of await page.locator('button, a.button, input:not([type=radio]):not([type=hidden])').all()) {
      expect((await control.boundingBox())?.height ?? 0, `${name}: too small for a thumb`).toBeGreaterThanOrEqual(44);
    }
  };
  return { page, look, complaints };
}

it('connects a bank on a phone, in German, without JavaScript; no policy stops the way to the bank and back', {
  timeout: 90_000,
}, async (context) => {
  const phone = await openPhone();
  if (!phone) return context.skip('no Chromium');
  const { page, look, complaints } = phone;
  const world = await createConnectedWorld();
  const session = await world.createSession();
  await page.goto(world.linkOf(session));
  expect(await page.locator('html').getAttribute('lang')).toBe('de');
  await look('1-choose');

  await page.locator('button[value=bank_sandbox]').click();
  expect(page.url()).toContain(world.bankUrl);
  await page.fill('[name=psu_id]', 'anna');
  await page.fill('[name=password]', 'sandbox');
  await page.click('button[type=submit]');
  await page.fill('[name=otp]', '123456');
  await page.click('button[type=submit]');
  await page.click('button[value=approve]');
  await page.waitForURL(`${world.url}/sessions/**`);
  await look('2-done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });

  const { sessions } = world.connections;
  const overview = { userId: session.userId, addBankLogin: false, returnUrl: null, idempotencyKey: null };
  await page.goto(world.linkOf(await sessions.createManagementSession(world.clientId, overview)));
  await look('3-overview');
  await page.locator('form[action$=renew] button').click();
  await look('4-renew');
  await page.goBack();
  await page.locator('form[action$=remove] button').click();
  await look('5-remove');
  expect(complaints).toEqual([]);
});

it('takes password and code on our own pages on a phone, says what was wrong, and waits for the bank’s app', {
  timeout: 90_000,
}, async (context) => {
  const phone = await openPhone();
  if (!phone) return context.skip('no Chromium');
  const { page, look } = phone;
  const world = await createConnectedWorld();
  await page.goto(world.linkOf(await world.createSession({ bankId: 'bank_sandbox_embedded' })));
  await look('6-confirm');
  await page.locator('form[action$=begin] button').click();
  await page.fill('[name=psu_id]', 'anna');
  if ((await page.locator('[name=password]').count()) === 0) await page.click('button[type=submit]');
  await page.fill('[name=password]', 'wrong');
  await page.click('button[type=submit]');
  expect(await page.locator('[role=alert]').count()).toBe(1);
  await look('7-wrong');
  await page.fill('[name=password]', 'sandbox');
  await page.click('button[type=submit]');
  await look('8-methods');
  await page.click('button[type=submit]');
  await look('9-code');
  await page.fill('[name=otp]', '123456');
  await page.click('button[type=submit]');
  expect(await page.locator('h1').textContent()).toBe('Fertig');

  await page.goto(world.linkOf(await world.createSession({ bankId: 'bank_sandbox_decoupled' })));
  await page.locator('form[action$=begin] button').click();
  await page.fill('[name=psu_id]', 'anna');
  await page.click('button[type=submit]');
  await look('10-app');
});

it.for<[bankId: string, fields: string[]]>([
  ['bank_sandbox_oauth', []],
  ['bank_sandbox_demanding', ['psu_id']],
  ['bank_sandbox_by_iban', ['iban']],
])(
  '%s: whatever the bank wants to know first, no policy stops the way to it and back',
  {
    timeout: 90_000,
  },
  async ([bankId, fields], context) => {
    const phone = await openPhone();
    if (!phone) return context.skip('no Chromium');
    const { page, look, complaints } = phone;
    const world = await createConnectedWorld();
    const session = await world.createSession({ bankId });
    await page.goto(world.linkOf(session));
    await page.locator('form[action$=begin] button').click();
    for (const field of fields) {
      await look(`${bankId}-${field}`);
      await page.fill(`[name=${field}]`, field === 'iban' ? 'DE47 5001 0517 4002 0949 95' : 'anna');
      await page.click('button[type=submit]');
    }
    expect(page.url()).toContain(world.bankUrl);
    await page.fill('[name=psu_id]', 'anna');
    await page.fill('[name=password]', 'sandbox');
    await page.click('button[type=submit]');
    await page.fill('[name=otp]', '123456');
    await page.click('button[type=submit]');
    await page.click('button[value=approve]');
    await page.waitForURL(`${world.url}/sessions/**`);
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
    expect(complaints).toEqual([]);
  },
);
