import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { germanWords } from '../../src/http/pages/german-words.ts';
import { launchChromium } from '../support/chromium.ts';
import { createChromiumScreen, createKeyboardScreen, type EndUser } from './end-user.ts';
import { approaches, connectPerson, courses, playCourse } from './persons.ts';
import { usePersonsWorld } from './persons-world.ts';

const world = usePersonsWorld();
let chromium: Browser | null = null;

beforeAll(async () => {
  chromium = await launchChromium();
});
afterAll(async () => await chromium?.close());

/** With a phone that speaks German and runs scripts; null where there is no browser. */
async function openEndUser(psuId: string, bankId: string): Promise<{ endUser: EndUser; complaints: string[] } | null> {
  if (!chromium) return null;
  const context = await chromium.newContext({ viewport: { width: 390, height: 844 }, isMobile: true, locale: 'de-DE' });
  onTestFinished(async () => await context.close());
  const complaints: string[] = [];
  context.on('console', (message) => complaints.push(message.text()));
  context.on('weberror', (error) => complaints.push(String(error.error())));
  const screen = createChromiumScreen(await context.newPage());
  return { endUser: { screen, psuId, bankId, appUrl: world.appUrl }, complaints };
}

/** anna by every approach, the others by one each. */
const journeys = Object.keys(courses).flatMap((psuId, i) => {
  const all = Object.entries(approaches);
  const chosen = psuId === 'anna' ? all : [all[i % all.length] as (typeof all)[number]];
  return chosen.map(([approach, bankId]) => ({ psuId, approach, bankId }));
});

describe('in Chromium, on a phone, in German', () => {
  it.for(journeys)(
    '$psuId by $approach: connected, synchronized again, told by the API',
    async ({ psuId, bankId }, { skip }) => {
      const opened = await openEndUser(psuId, bankId);
      if (!opened) return skip('no Chromium');
      await world.deleteUser(await playCourse(world, opened.endUser, germanWords));
      expect(opened.complaints).toEqual([]);
    },
  );

  it.for(Object.entries(approaches))('greta is refused by her bank, by %s', async ([, bankId], { skip }) => {
    const opened = await openEndUser('greta', bankId);
    if (!opened) return skip('no Chromium');
    const { userId, session, headings } = await connectPerson(world, opened.endUser);
    expect(headings.at(-1)).toBe(germanWords.deniedTitle);
    expect(await world.connectSession(session)).toEqual({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
    expect(await world.statuses(userId)).toEqual([]);
    await world.deleteUser(userId);
    expect(opened.complaints).toEqual([]);
  });

  it.for(Object.entries(approaches))('anna connects by keyboard alone, by %s', async ([, bankId], { skip }) => {
    if (!chromium) return skip('no Chromium');
    const context = await chromium.newContext({ locale: 'de-DE' });
    onTestFinished(async () => await context.close());
    const screen = createKeyboardScreen(await context.newPage());
    const anna = { screen, psuId: 'anna', bankId, appUrl: world.appUrl };
    const { userId, headings } = await connectPerson(world, anna);
    expect(headings.at(-1)).toBe(germanWords.doneTitle);
    await world.deleteUser(userId);
  });
});
