import type { Page } from 'playwright-core';
import { expect, it, onTestFinished } from 'vitest';
import { createBankDirectory } from '../../../src/banking/bank-directory.ts';
import { BankFailure } from '../../../src/banking/bank-failure.ts';
import { sandboxBanks } from '../../../src/config/sandbox-banks.ts';
import { credentialsOf } from '../../../src/consent/consent-store.ts';
import { createEncryption, singleKey } from '../../../src/storage/encryption.ts';
import { kept } from '../../banking/fake-bank.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  returnUrl,
} from '../../consent/connected-world.ts';
import { createChromiumScreen, walkThrough } from '../../e2e/end-user.ts';
import { launchChromium } from '../../support/chromium.ts';

/** A phone at the client's site, in English; null where there is no browser. */
async function openPhone(): Promise<Page | null> {
  const browser = await launchChromium();
  if (!browser) return null;
  onTestFinished(async () => await browser.close());
  const page = await browser.newPage({ viewport: { width: 390, height: 844 }, isMobile: true, locale: 'en-GB' });
  return page;
}

async function openOverview(world: ConnectedWorld, page: Page, userId: string): Promise<string> {
  const session = await world.connections.sessions.createManagementSession(world.clientId, {
    userId,
    addBankLogin: false,
    returnUrl,
    idempotencyKey: null,
  });
  const link = world.linkOf(session);
  await page.goto(link);
  return link;
}

/** What the bank itself says of every consent that the login has had, oldest first. */
async function createBankView(world: ConnectedWorld, userId: string) {
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const rows = await world.database.prisma.consent.findMany({ where: { userId }, orderBy: { id: 'asc' } });
  const banks = createBankDirectory(sandboxBanks(world.bankUrl), { clock: world.clock });
  onTestFinished(async () => await banks.close());
  const known = rows.map(({ id, bankId, credentials }) => ({
    bankId,
    id: encryption.decrypt(credentials ?? '', credentialsOf(id)),
  }));
  return async () =>
    await Promise.all(known.map(async ({ bankId, id }) => (await banks.get(bankId).getConsent(kept(id))).status));
}

async function maintain(world: ConnectedWorld): Promise<void> {
  for (const { run } of world.connections.maintenance) await run();
}

const day = 86_400_000;

it('renews, adds and removes bank logins on a phone; the consents end at the bank too, once it is up again', {
  timeout: 90_000,
}, async ({ skip }) => {
  const page = await openPhone();
  if (!page) return skip('no Chromium');
  const world = await createConnectedWorld();
  const first = await world.createSession();
  await connectByRedirect(world.linkOf(first), 'anna');
  const { userId } = first;
  const link = await openOverview(world, page, userId);
  expect(await page.locator('section.login').count()).toBe(1);
  expect(await page.textContent('main')).toContain('Consent until 6 September 2026');

  world.clock.advance(10 * 60_000);
  await page.getByRole('button', { name: 'Renew' }).click();
  const anna = { screen: createChromiumScreen(page), psuId: 'anna', bankId: 'bank_sandbox', appUrl: '' };
  const renewing = await walkThrough(anna, page.url());
  expect(renewing).toEqual([
    'Renew your consent with Sandbox Bank',
    'Log in to your bank',
    'Confirm that it is you',
    'Share your account information?',
    'Your banks',
  ]);
  const consents = await world.database.prisma.consent.findMany({ where: { userId }, orderBy: { id: 'asc' } });
  expect(consents.map(({ status }) => status)).toEqual(['SUPERSEDED', 'VALID']);

  // Consents are listed by their ids, whose order within one millisecond is chance.
  world.clock.advance(60_000);
  await page.getByRole('link', { name: 'Add a bank' }).click();
  await walkThrough({ ...anna, psuId: 'hugo', bankId: 'bank_sandbox_embedded' }, page.url());
  expect(await page.textContent('h1')).toBe('Your banks');
  expect(await page.locator('section.login').count()).toBe(2);

  const askBank = await createBankView(world, userId);
  world.bankOverrides.end = () => Promise.reject(new BankFailure('BANK_UNAVAILABLE', 'down'));
  await page.locator('section.login').filter({ hasText: 'Girokonto' }).getByRole('button', { name: 'Remove' }).click();
  expect(await page.textContent('h1')).toBe('Remove Sandbox Bank?');
  await page.getByRole('link', { name: 'Keep it' }).click();
  expect(await page.locator('section.login').count()).toBe(2);
  await page.locator('section.login').filter({ hasText: 'Girokonto' }).getByRole('button', { name: 'Remove' }).click();
  await page.getByRole('button', { name: 'Remove Sandbox Bank' }).click();
  expect(await page.locator('section.login').count()).toBe(1);
  expect(await page.textContent('main')).not.toContain('Girokonto');
  expect(await world.database.prisma.bankLogin.count()).toBe(1);

  // The end user is done; the bank is told when it can hear.
  await maintain(world);
  expect((await askBank()).slice(0, 2)).toEqual(['valid', 'valid']);
  delete world.bankOverrides.end;
  world.clock.advance(5 * 60_000);
  await maintain(world);
  expect(await askBank()).toEqual(['terminated', 'terminated', 'valid']);

  // There is nobody at the client's address: where the browser goes is what counts.
  const leaving = page.waitForRequest((request) => request.url().startsWith(returnUrl));
  await page.getByRole('button', { name: 'Finish' }).click();
  expect(new URL((await leaving).url()).searchParams.get('status')).toBe('COMPLETED');
  const again = await page.context().request.get(link, { maxRedirects: 0 });
  expect(again.headers().location, 'a link that has been used leads back').toContain(returnUrl);
});

it('of a login whose secrets are not stored it says so, and leaves nothing at the bank after a renewal', {
  timeout: 90_000,
}, async ({ skip }) => {
  const page = await openPhone();
  if (!page) return skip('no Chromium');
  const world = await createConnectedWorld();
  const first = await world.createSession({ storeSecrets: false });
  await connectByRedirect(world.linkOf(first), 'anna');
  world.clock.advance(day);
  await openOverview(world, page, first.userId);
  expect(await page.textContent('main')).toContain('Fetched only when you approve it yourself.');
  expect(await page.textContent('main')).toContain('Last fetched on 10 March 2026');

  await page.getByRole('button', { name: 'Renew' }).click();
  expect(await page.textContent('main')).toContain('Once, now. Nothing is fetched later without you.');
  const anna = { screen: createChromiumScreen(page), psuId: 'anna', bankId: 'bank_sandbox', appUrl: '' };
  expect((await walkThrough(anna, page.url())).at(-1)).toBe('Your banks');
  expect(await page.textContent('main')).toContain('Last fetched on 11 March 2026');
  expect(await world.database.prisma.consent.count({ where: { credentials: { not: null } } })).toBe(0);
  expect(await world.database.prisma.consentTermination.count()).toBe(2);
  await maintain(world);
  expect(world.bankCalls.filter((name) => name === 'end')).toHaveLength(2);
  expect(await world.database.prisma.consentTermination.count()).toBe(0);
});

it('a bank that denies a renewal leaves the login and its consent as they are, and the way back open', {
  timeout: 90_000,
}, async ({ skip }) => {
  const page = await openPhone();
  if (!page) return skip('no Chromium');
  const world = await createConnectedWorld();
  const first = await world.createSession();
  await connectByRedirect(world.linkOf(first), 'anna');
  world.clock.advance(60_000);
  await openOverview(world, page, first.userId);
  await page.getByRole('button', { name: 'Renew' }).click();
  const greta = { screen: createChromiumScreen(page), psuId: 'greta', bankId: 'bank_sandbox', appUrl: '' };
  expect((await walkThrough(greta, page.url())).at(-1)).toBe('Not approved');
  expect(await page.textContent('main')).toContain('Nothing has been changed.');
  expect(await world.database.prisma.consent.findFirst({ where: { status: 'VALID' } })).toMatchObject({
    authorisedAt: new Date('2026-03-10T10:00:00Z'),
  });
  await page.getByRole('link', { name: 'Back' }).click();
  expect(await page.textContent('h1')).toBe('Your banks');
  expect(await page.textContent('main')).toContain('Consent until 6 September 2026');
});
