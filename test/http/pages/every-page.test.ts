import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, BrowserContextOptions, Page as ChromiumPage } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { englishWords } from '../../../src/http/pages/english-words.ts';
import { germanWords } from '../../../src/http/pages/german-words.ts';
import { type Page, pageHeaders, renderPage } from '../../../src/http/pages/page-layout.ts';
import { launchChromium } from '../../support/chromium.ts';
import { describeFocus, findFaintTexts, listFocusStops } from './accessibility.ts';
import { listPages } from './page-samples.ts';

const address = 'http://pages.example/sessions/secret';
const languages = { en: englishWords, de: germanWords };
const devices: Record<string, BrowserContextOptions> = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true, hasTouch: true },
  'small phone in the dark': { viewport: { width: 320, height: 568 }, isMobile: true, colorScheme: 'dark' },
  desktop: { viewport: { width: 1280, height: 800 } },
};

let chromium: Browser | null = null;
beforeAll(async () => {
  chromium = await launchChromium();
});
afterAll(async () => await chromium?.close());

async function openWindow(options: BrowserContextOptions): Promise<ChromiumPage | null> {
  if (!chromium) return null;
  const context = await chromium.newContext(options);
  onTestFinished(async () => await context.close());
  return await context.newPage();
}

/** With its headers: what the policy forbids does not work here either. Whatever looks again by itself stays as it is. */
async function show(window: ChromiumPage, page: Page, words: (typeof languages)['en']): Promise<void> {
  const body = renderPage(page, words).replace(/<meta http-equiv="refresh"[^>]*>/, '');
  await window.unroute(address);
  await window.route(address, (route) => route.fulfill({ status: page.status, headers: pageHeaders(page, []), body }));
  await window.goto(address);
}

/** SCREENSHOTS names a directory to keep what is shown. */
async function look(window: ChromiumPage, name: string): Promise<void> {
  const directory = process.env.SCREENSHOTS;
  if (!directory) return;
  await mkdir(directory, { recursive: true });
  await window.screenshot({ path: join(directory, `${name}.png`), fullPage: true });
}

describe.each(Object.entries(languages))('in %s', (language, words) => {
  it.for(Object.entries(devices))('every page is readable and usable on a %s', async ([device, options], { skip }) => {
    const window = await openWindow({ ...options, javaScriptEnabled: true });
    if (!window) return skip('no Chromium');
    const complaints: string[] = [];
    window.on('console', (message) => complaints.push(message.text()));
    for (const { name, page } of listPages(words)) {
      await show(window, page, words);
      await look(window, `${name}-${language}-${device.replaceAll(' ', '-')}`);
      expect(await window.locator('html').getAttribute('lang'), name).toBe(language);
      expect(await window.locator('h1').allTextContents(), name).toEqual([page.title]);
      expect(await window.title(), name).toContain(page.title);
      const { width = 0 } = window.viewportSize() ?? {};
      expect(await window.evaluate('document.documentElement.scrollWidth'), `${name} is too wide`).toBeLessThanOrEqual(
        width,
      );
      const images = await window
        .locator('img')
        .evaluateAll((all) => all.map((one) => (one as HTMLImageElement).naturalWidth));
      expect(images, `${name}: an image is not shown`).not.toContain(0);
      expect(await window.evaluate(findFaintTexts), name).toEqual([]);
      for (const control of await window
        .locator('main :is(button, a.button, input:not([type=hidden], [type=radio]))')
        .all()) {
        expect((await control.boundingBox())?.height ?? 0, `${name}: too small for a thumb`).toBeGreaterThanOrEqual(44);
      }
    }
    // A page that is refused is an error in the browser's console, and nothing else may be.
    expect(complaints.filter((text) => !text.startsWith('Failed to load resource'))).toEqual([]);
  });

  it('every page can be used by keyboard alone, and says what its fields are', async ({ skip }) => {
    const window = await openWindow({});
    if (!window) return skip('no Chromium');
    for (const { name, page } of listPages(words)) {
      await show(window, page, words);
      const alert = window.locator('#problem');
      const hasProblem = (await alert.count()) > 0;
      if (hasProblem) expect(await alert.evaluate((element) => element === document.activeElement), name).toBe(true);
      const stops: { name: string; outline: string }[] = [];
      const expected = await window.evaluate<string[]>(listFocusStops);
      for (let n = 0; n < expected.length; n++) {
        await window.keyboard.press('Tab');
        stops.push(await window.evaluate(describeFocus));
      }
      // In the order in which they are read, each with a name, each to be seen.
      expect(
        stops.map((stop) => stop.name),
        name,
      ).toEqual(expected);
      for (const stop of stops)
        expect(stop, name).toMatchObject({ name: expect.stringMatching(/\S/), outline: 'solid' });
      const levels = await window
        .locator('h1, h2, h3')
        .evaluateAll((all) => all.map(({ tagName }) => Number(tagName[1])));
      for (const [i, level] of levels.entries()) {
        expect(level - (levels[i - 1] ?? 0), `${name}: a heading is skipped`).toBeLessThanOrEqual(1);
      }
    }
  });
});
