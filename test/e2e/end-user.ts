import type { Page as ChromiumPage } from 'playwright-core';
import { createFormBrowser, type FormBrowser, type Page as FormPage } from '../../src/cli/form-browser.ts';
import { eventually } from '../support/eventually.ts';

/** A browser's window, as a person uses it. */
export interface Screen {
  open(url: string): Promise<void>;
  /** A second window of the same browser. */
  openAnother(): Promise<Screen>;
  url(): string;
  heading(): Promise<string>;
  text(): Promise<string>;
  /** Whether there is something of this name to fill in or to press. */
  has(name: string): Promise<boolean>;
  /** Fills in, and presses the button with this value; without one, the form's own. */
  send(values: Readonly<Record<string, string>>, button?: string): Promise<void>;
  /** Waits until the page, which looks again by itself, has another heading than this. */
  waitForChange(heading: string): Promise<void>;
}

export interface EndUser {
  screen: Screen;
  psuId: string;
  bankId: string;
  /** Where the bank's app is. */
  appUrl: string;
  /** Of the accounts to be shared, where a bank wants them named. @default none */
  iban?: string;
}

const maximumPages = 20;

/** Through our pages and the bank's, from a link to where nothing is left to be filled in; gives the headings on the way. */
export async function walkThrough(endUser: EndUser, link: string): Promise<string[]> {
  const { screen } = endUser;
  const headings: string[] = [];
  await screen.open(link);
  for (let i = 0; i < maximumPages; i++) {
    const heading = await screen.heading();
    headings.push(heading);
    if (!(await doNextStep(endUser, heading))) return headings;
  }
  throw new Error(`Still not at the end after ${headings.join(' → ')}`);
}

async function doNextStep(endUser: EndUser, heading: string): Promise<boolean> {
  const { screen, psuId, bankId, iban } = endUser;
  if (await screen.has('psu_id')) {
    const password = (await screen.has('password')) ? { password: 'sandbox' } : {};
    await screen.send({ psu_id: psuId, ...password });
  } else if (await screen.has('otp')) await screen.send({ otp: '123456' });
  else if (iban && (await screen.has('iban'))) await screen.send({ iban });
  else if (await screen.has('methodId')) await screen.send({ methodId: 'sms' });
  else if (await screen.has('decision')) await screen.send({}, 'approve');
  else if (await screen.has('bankId')) await screen.send({}, bankId);
  else if (await isWaiting(screen)) await waitOrApprove(endUser, heading);
  else return false;
  return true;
}

async function isWaiting(screen: Screen): Promise<boolean> {
  return (await screen.has('refresh')) && !(await screen.has('again'));
}

// Fetching ends by itself; an approval in the bank's app is asked for but once.
async function waitOrApprove({ screen, psuId, appUrl }: EndUser, heading: string): Promise<void> {
  if (/app/i.test(heading)) {
    const app = await screen.openAnother();
    await app.open(appUrl);
    await app.send({ psu_id: psuId, password: 'sandbox' });
    await app.send({ otp: '123456' });
    if (await app.has('decision')) await app.send({}, 'approve');
  }
  await screen.waitForChange(heading);
}

/** Without JavaScript, in English. */
export function createFormScreen(browser: FormBrowser = createFormBrowser()): Screen {
  let page: FormPage | undefined;
  const shown = (): FormPage => {
    if (!page) throw new Error('No page is open.');
    return page;
  };
  const heading = (): string => /<h1>(.*?)<\/h1>/s.exec(shown().html)?.[1] ?? shown().title;
  return {
    async open(url) {
      page = await browser.open(url);
    },
    openAnother: async () => createFormScreen(browser),
    url: () => shown().url,
    heading: async () => heading(),
    text: async () => shown().text,
    has: async (name) =>
      name === 'refresh'
        ? shown().html.includes('http-equiv="refresh"')
        : shown().forms.some(({ method, fields }) => method === 'POST' && fields.some((field) => field.name === name)),
    async send(values, button) {
      // The bank of a link that leads to one bank stands in the form already.
      page = await shown()
        .submit(values, button)
        .catch(() => shown().submit(values));
    },
    async waitForChange(before) {
      const { url } = shown();
      await eventually(async () => {
        page = await browser.open(url);
        return heading() !== before;
      });
    },
  };
}

/** What Chromium shows, scripts and all. */
export function createChromiumScreen(page: ChromiumPage): Screen {
  return {
    open: async (url) => void (await page.goto(url)),
    openAnother: async () => createChromiumScreen(await page.context().newPage()),
    url: () => page.url(),
    heading: async () => (await page.locator('h1').textContent()) ?? '',
    text: async () => (await page.locator('body').textContent()) ?? '',
    has: async (name) =>
      (await page
        .locator(name === 'refresh' ? 'meta[http-equiv=refresh]' : `form[method=post] [name=${name}]`)
        .count()) > 0,
    async send(values, button) {
      for (const [name, value] of Object.entries(values)) {
        const field = page.locator(`[name=${name}]`);
        if ((await field.first().getAttribute('type')) === 'radio')
          await page.check(`[name=${name}][value="${value}"]`);
        else await field.fill(value);
      }
      const named = page.locator(`button[value="${button}"]`);
      const pressed = button && (await named.count()) > 0 ? named : page.locator('form[method=post] button').first();
      await Promise.all([page.waitForEvent('load'), pressed.click()]);
    },
    waitForChange: (before) => page.locator('h1').filter({ hasNotText: before }).waitFor({ timeout: 30_000 }),
  };
}

/** The same without a mouse: the Tab key, letters and Enter. */
export function createKeyboardScreen(page: ChromiumPage): Screen {
  const tabTo = async (selector: string): Promise<void> => {
    for (let i = 0; i < 40; i++) {
      await page.keyboard.press('Tab');
      if (await page.evaluate((wanted) => document.activeElement?.matches(wanted) ?? false, selector)) return;
    }
    throw new Error(`The Tab key does not come to ${selector} on ${page.url()}`);
  };
  return {
    ...createChromiumScreen(page),
    async send(values, button) {
      for (const [name, value] of Object.entries(values)) {
        await tabTo(`[name="${name}"]`);
        const type = await page.evaluate(() => document.activeElement?.getAttribute('type'));
        if (type === 'radio') continue;
        await page.keyboard.press('ControlOrMeta+a');
        await page.keyboard.type(value);
      }
      const hasNamed = (await page.locator(`button[value="${button}"]`).count()) > 0;
      await tabTo(button && hasNamed ? `button[value="${button}"]` : 'form[method=post] button');
      await Promise.all([page.waitForEvent('load'), page.keyboard.press('Enter')]);
    },
  };
}
