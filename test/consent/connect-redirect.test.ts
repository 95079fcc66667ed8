import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  goToBank,
  logInAtBank,
  returnUrl,
} from './connected-world.ts';

it('connects a recurring user: a consent of 180 days and four accesses a day, kept', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const page = await connectByRedirect(world.linkOf(session), 'anna');

  expect(page.status).toBe(200);
  expect(page.title).toContain('Done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', stateHash: null, authorisation: null });
  const [consent] = await world.database.prisma.consent.findMany();
  expect(consent).toMatchObject({
    status: 'VALID',
    recurring: true,
    frequencyPerDay: 4,
    authorisedAt: world.clock.now(),
  });
  expect(consent?.validUntil.toISOString().slice(0, 10)).toBe('2026-09-06');
  expect(consent?.credentials).not.toBeNull();
  const [login] = await world.database.prisma.bankLogin.findMany({ include: { accounts: true } });
  expect(login).toMatchObject({ status: 'OK', bankId: 'bank_sandbox' });
  expect(login?.accounts.length).toBeGreaterThan(0);
  expect((await world.events()).map(({ type }) => type)).toEqual(['BANK_LOGIN_CONNECTED']);
});

it('connects a one-off user: a consent for today, ended at the bank once the data is there', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession({
    user: { externalId: null, type: 'PERSON', recurring: false, idempotencyKey: null },
    storeSecrets: false,
    returnUrl,
  });
  const browser = createFormBrowser({ stopBefore: (url) => url.startsWith(returnUrl) });
  const chosen = await (await browser.open(world.linkOf(session))).submit({}, 'bank_sandbox');
  const back = await (await logInAtBank(chosen, 'anna')).submit({}, 'approve');

  expect(back.url).toBe(`${returnUrl}?session=${session.id}&status=COMPLETED`);
  const [consent] = await world.database.prisma.consent.findMany();
  expect(consent).toMatchObject({ recurring: false, frequencyPerDay: 1, credentials: null });
  await runMaintenance(world);
  expect(world.bankCalls).toContain('end');
  expect(await world.database.prisma.consentTermination.count()).toBe(0);
});

it('supersedes the old consent when it is renewed: one is valid at any time, and the old one is ended at the bank', async () => {
  const world = await createConnectedWorld();
  const first = await world.createSession();
  await connectByRedirect(world.linkOf(first), 'anna');
  const login = await world.database.prisma.bankLogin.findFirstOrThrow();
  const { userId, bankId, id: bankLoginId } = login;
  // Ids of one millisecond are in no order.
  world.clock.advance(1_000);
  const renewal = await world.connections.sessions.awaitEndUser({
    clientId: world.clientId,
    userId,
    bankLoginId,
    bankId,
    storeSecrets: true,
    returnUrl: null,
    psuIpAddress: null,
    idempotencyKey: null,
    idempotencyHash: null,
  });
  if (!renewal) throw new Error('There is another session.');
  await connectByRedirect(world.linkOf(renewal), 'anna');

  const consents = await world.database.prisma.consent.findMany({ orderBy: { id: 'asc' } });
  expect(consents.map(({ status }) => status)).toEqual(['SUPERSEDED', 'VALID']);
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
  const queued = await world.database.prisma.consentTermination.findMany();
  expect(queued.map(({ credentials }) => credentials)).toEqual([consents[0]?.credentials]);
  expect((await world.events()).map(({ type }) => type)).toEqual(['BANK_LOGIN_CONNECTED', 'BANK_LOGIN_SYNCHRONIZED']);
});

it('keeps exactly one valid consent when two renewals are granted in the same moment', async () => {
  const world = await createConnectedWorld();
  await connectByRedirect(world.linkOf(await world.createSession()), 'anna');
  const { userId } = await world.database.prisma.bankLogin.findFirstOrThrow();
  const browser = createFormBrowser();
  // On the overview of its banks an end user may begin as often as it likes.
  const renew = async () => {
    const overview = { userId, addBankLogin: false, returnUrl: null, idempotencyKey: null };
    const session = await world.connections.sessions.createManagementSession(world.clientId, overview);
    const explained = await (await browser.open(world.linkOf(session))).submit({}, 'Renew');
    return await logInAtBank(await explained.submit(), 'anna');
  };
  const questions = [await renew(), await renew()];
  await Promise.all(questions.map((question) => question.submit({}, 'approve')));

  const valid = await world.database.prisma.consent.findMany({ where: { status: 'VALID' } });
  expect(valid).toHaveLength(1);
  expect(await world.database.prisma.consentTermination.count()).toBe(2);
});

it('connects nothing when the SCA fails at the bank, says so, and lets the end user try again with another bank', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const code = await (await goToBank(world.linkOf(session))).submit({ psu_id: 'greta', password: 'sandbox' });
  const denied = await code.submit({ otp: '123456' });

  expect(denied.title).toContain('Not approved');
  expect(await world.session(session.id)).toMatchObject({
    status: 'FAILED',
    errorCode: 'CONSENT_REJECTED',
    bankLoginId: null,
  });
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
  expect(await world.database.prisma.account.count()).toBe(0);
  expect(await world.events()).toEqual([]);

  const again = await denied.click('Try again');
  const choice = await again.click('Choose another bank');
  expect(choice.status).toBe(200);
  const atBank = await choice.submit({}, 'bank_sandbox');
  const done = await (await logInAtBank(atBank, 'anna')).submit({}, 'approve');
  expect(done.title).toContain('Done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', errorCode: null });
});

it('lets the end user try the same bank again after a denial', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession({ bankId: 'bank_sandbox' });
  const question = await logInAtBank(await goToBank(world.linkOf(session)), 'anna');
  const denied = await question.submit({}, 'deny');
  expect(denied.title).toContain('Not approved');
  const atBank = await (await denied.click('Try again')).submit();
  const done = await (await logInAtBank(atBank, 'anna')).submit({}, 'approve');
  expect(done.title).toContain('Done');
});

// A one-off consent after a 429 failed the same way for ever: it was run again under the consent that is used up.
it('asks for a new consent where the present one is useless, and goes on under it where the bank was only away', async () => {
  for (const [code, isKept] of [
    ['BANK_UNAVAILABLE', true],
    ['ACCESS_EXCEEDED', false],
    ['MALFORMED_REPLY', false],
    ['REQUEST_REFUSED', false],
  ] as const) {
    const world = await createConnectedWorld();
    const user = { externalId: null, type: 'PERSON', recurring: false, idempotencyKey: null } as const;
    const session = await world.createSession({ user });
    world.bankOverrides.listAccounts = () => Promise.reject(new BankFailure(code, 'not now'));
    const failed = await connectByRedirect(world.linkOf(session), 'anna');
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: code });
    delete world.bankOverrides.listAccounts;

    const next = await (await failed.click('Try again')).submit();
    const done = isKept ? next : await (await logInAtBank(next, 'anna')).submit({}, 'approve');
    expect(done.title).toContain('Done');
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', errorCode: null });
    expect(world.bankCalls.filter((call) => call === 'begin')).toHaveLength(isKept ? 1 : 2);
    expect(await world.database.prisma.consent.count({ where: { status: 'VALID' } })).toBe(1);
    expect(await world.database.prisma.bankLogin.count()).toBe(1);
  }
});

it('shows a link that has waited for too long as expired, and begins nothing', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const page = await createFormBrowser().open(world.linkOf(session));
  world.clock.advance(31 * 60_000);

  const expired = await page.submit({}, 'bank_sandbox');
  expect(expired.status).toBe(410);
  expect(expired.text).toContain('expired');
  expect(await world.session(session.id)).toMatchObject({ status: 'EXPIRED' });
  expect(world.bankCalls).toEqual([]);
});

it('gives up the consent of a session that expires, here and at the bank', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  await goToBank(world.linkOf(session));
  world.clock.advance(31 * 60_000);
  await runMaintenance(world);

  expect(await world.session(session.id)).toMatchObject({ status: 'EXPIRED' });
  expect((await world.database.prisma.consent.findFirst())?.status).toBe('TERMINATED');
  expect(world.bankCalls).toContain('end');
});

it('answers a replayed callback with 400 and changes nothing', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const done = await connectByRedirect(world.linkOf(session), 'anna');
  const callback = done.hops.find(({ to }) => to.includes('/callback'))?.to ?? '';
  expect(callback).toContain('state=');
  const before = await snapshot(world);

  const replayed = await createFormBrowser().open(callback);
  expect(replayed.status).toBe(400);
  expect(await snapshot(world)).toEqual(before);
});

it('answers a callback without a state, or with one of nobody, with 400', async () => {
  const world = await createConnectedWorld();
  for (const query of ['', '?state=', '?state=guessed', '?state=guessed&error=access_denied']) {
    expect((await createFormBrowser().open(`${world.url}/callback${query}`)).status).toBe(400);
  }
});

it('believes the bank, not the redirect: a callback before the approval leaves the session waiting', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const callbacks: string[] = [];
  world.bankOverrides.begin = async ({ redirectUrl, state }) => {
    callbacks.push(redirectUrl);
    return {
      credentials: 'scripted',
      progress: { next: { step: 'go-to-bank', url: world.bankUrl, state }, message: null },
    };
  };
  world.bankOverrides.getConsent = async () => ({
    status: 'received',
    recurring: true,
    validUntil: '2026-09-06',
    frequencyPerDay: 4,
  });
  const browser = createFormBrowser();
  await (await browser.open(world.linkOf(session))).submit({}, 'bank_sandbox');

  const page = await browser.open(callbacks[0] ?? '');
  expect(page.title).toContain('not confirmed yet');
  expect(page.html).toContain('http-equiv="refresh"');
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
});

async function runMaintenance(world: ConnectedWorld): Promise<void> {
  for (const { run } of world.connections.maintenance) await run();
}

async function snapshot({ database }: ConnectedWorld): Promise<unknown> {
  const { prisma } = database;
  return await Promise.all([
    prisma.session.findMany(),
    prisma.consent.findMany(),
    prisma.bankLogin.findMany(),
    prisma.event.findMany(),
    prisma.consentTermination.findMany(),
  ]);
}
