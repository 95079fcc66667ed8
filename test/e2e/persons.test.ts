import { describe, expect, it } from 'vitest';
import { englishWords } from '../../src/http/pages/english-words.ts';
import { createFormScreen, type EndUser, walkThrough } from './end-user.ts';
import { approaches, connectPerson, courses, onlyStatus, playCourse } from './persons.ts';
import { usePersonsWorld } from './persons-world.ts';

const world = usePersonsWorld();

function endUser(psuId: string, bankId: string = approaches.Redirect): EndUser {
  return { screen: createFormScreen(), psuId, bankId, appUrl: world.appUrl };
}

describe.each(Object.entries(approaches))('by %s, without a browser', (_approach, bankId) => {
  it.each(Object.keys(courses))('%s connects, is synchronized again, and the API says how it stands', async (psuId) => {
    await world.deleteUser(await playCourse(world, endUser(psuId, bankId), englishWords));
  });

  it('greta is refused by her bank: nothing is kept but the session, and the page offers another try', async () => {
    const greta = endUser('greta', bankId);
    const { userId, session, headings } = await connectPerson(world, greta);
    expect(headings.at(-1)).toBe(englishWords.deniedTitle);
    expect(await greta.screen.text()).toContain(englishWords.deniedText);
    expect(await greta.screen.text()).toContain(englishWords.tryAgain);
    expect(await world.connectSession(session)).toEqual({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
    expect(await world.statuses(userId)).toEqual([]);
    expect(await world.events(userId)).toEqual([]);
    await world.deleteUser(userId);
  });

  it('dmitri consents anew, as the API asks for, and has fresh data', async () => {
    const dmitri = endUser('dmitri', bankId);
    const userId = await playCourse(world, dmitri, englishWords);
    const { bankLogin } = await onlyStatus(world, userId);
    const { session } = await world.synchronize(bankLogin.id);
    expect(session).toMatchObject({ status: 'AWAITING_USER', redirectUrl: expect.any(String) });
    const headings = await walkThrough(dmitri, session?.redirectUrl ?? '');
    expect(headings[0]).toMatch(/^Renew your consent with Sandbox Bank/);
    expect(headings.at(-1)).toBe(englishWords.doneTitle);
    expect(await world.synchronizationSession(session?.id ?? '')).toMatchObject({
      status: 'COMPLETED',
      event: { type: 'BANK_LOGIN_SYNCHRONIZED' },
    });
    expect(await onlyStatus(world, userId)).toMatchObject({ status: 'OK', blockedBy: null, nextAction: 'NONE' });
    expect(await world.events(userId)).toEqual([
      'BANK_LOGIN_CONNECTED',
      'CONSENT_EXPIRED',
      'BANK_LOGIN_SCA_REQUIRED',
      'BANK_LOGIN_SYNCHRONIZED',
    ]);
    await world.deleteUser(userId);
  });
});

it('elena’s bank blocks her after three failures in a row: there is nothing to do but wait', async () => {
  const userId = await playCourse(world, endUser('elena'), englishWords);
  const { bankLogin } = await onlyStatus(world, userId);
  expect((await world.synchronize(bankLogin.id)).session?.errorCode).toBe('BANK_UNAVAILABLE');
  // A cycle tries a bank that does not answer once more at its end.
  await world.runCycle();
  expect(await onlyStatus(world, userId)).toMatchObject({
    status: 'SYNC_FAILED',
    active: true,
    blockedBy: 'BANK_UNAVAILABLE',
    nextAction: 'WAIT',
  });
  await world.deleteUser(userId);
});

it('anna ends the consent in her online banking: it is revoked, and that is told once', async () => {
  const { userId } = await connectPerson(world, endUser('anna'));
  const { screen } = endUser('anna');
  await screen.open(new URL('/banking', world.appUrl).href);
  await screen.send({ psu_id: 'anna', password: 'sandbox' });
  await screen.send({ password: 'sandbox' }, 'End this access');
  await world.runCycle();
  await world.runCycle();
  expect(await onlyStatus(world, userId)).toMatchObject({
    status: 'SCA_REQUIRED',
    active: false,
    blockedBy: 'CONSENT_MISSING',
    nextAction: 'CREATE_SYNCHRONIZATION_SESSION',
    bankLogin: { consent: { status: 'REVOKED_BY_PSU' } },
  });
  expect(await world.events(userId)).toEqual(['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SCA_REQUIRED']);
  await world.deleteUser(userId);
});

// Moves the clock by a day: the last of all.
it('felix has two synchronizations on request and two by cycles in a day, and then has to wait', async () => {
  const userId = await playCourse(world, endUser('felix'), englishWords);
  const { bankLogin } = await onlyStatus(world, userId);
  expect((await world.synchronize(bankLogin.id)).session?.status).toBe('COMPLETED');
  expect(await world.synchronize(bankLogin.id)).toMatchObject({ __typename: 'AccessLimitError' });
  await world.runCycle();
  await world.runCycle();
  expect(await onlyStatus(world, userId)).toMatchObject({
    status: 'OK',
    active: true,
    unattendedAccessesLeft: 0,
    blockedBy: 'ACCESS_LIMIT',
    nextAction: 'WAIT',
  });
  world.clock.advance(24 * 3_600_000);
  expect(await onlyStatus(world, userId)).toMatchObject({ blockedBy: null, nextAction: 'NONE' });
  expect((await world.synchronize(bankLogin.id)).session?.status).toBe('COMPLETED');
  await world.deleteUser(userId);
});
