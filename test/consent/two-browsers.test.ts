import { describe, expect, it } from 'vitest';
import { createFormBrowser, type FormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { listCases, toHabitsEntry } from '../banking/bank-habits.ts';
import { askBankOfConsents, runMaintenance } from './bank-view.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  goToBank,
  hasField,
  logInAtBank,
  returnUrl,
} from './connected-world.ts';

// Invariant 17: a consent belongs to the browser that began it; nothing that can be passed on to somebody else completes it.

/** A session that the attacker has begun up to the bank, and the address of the bank that it passes on. */
async function beginAsAttacker(world: ConnectedWorld, given: { returnUrl?: string } = {}) {
  const session = await world.createSession(given);
  const link = world.linkOf(session);
  const attacker = createFormBrowser({ stopBefore: (url) => url.startsWith(returnUrl) });
  const bankAddress = (await goToBank(link, 'bank_sandbox', attacker)).url;
  expect(bankAddress).toContain(world.bankUrl);
  return { session, link, attacker, bankAddress };
}

/** The victim follows an address of the bank, and approves. */
async function authorise(bankAddress: string, browser: FormBrowser, decision = 'approve'): Promise<Page> {
  return await (await logInAtBank(await browser.open(bankAddress), 'anna')).submit({}, decision);
}

const readCode = (page: Page): string => /(\d{3}) (\d{3})/.exec(page.text)?.slice(1).join('') ?? '';

const secretOf = (link: string): string => link.split('/').at(-1) ?? '';

/** Everything that an attacker can do with a session of its own: no page gives it what the victim has approved. */
async function expectNothing(world: ConnectedWorld, link: string, attacker: FormBrowser): Promise<void> {
  for (const path of ['', '/again', '/banks', '/begin', '/authorise', '/confirm-return', '?returnToken=guessed']) {
    const page = await attacker.open(link + path);
    expect(page.title, path).not.toMatch(/Done|Fetching/);
  }
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
  expect(await world.database.prisma.account.count()).toBe(0);
  expect(await world.database.prisma.consent.count({ where: { status: 'VALID' } })).toBe(0);
  expect(world.bankCalls).not.toContain('listAccounts');
  expect(await world.events()).toEqual([]);
}

describe('who passes the bank’s address on gets nothing of whoever authorises it:', () => {
  it('the victim is told, is shown a code and no way into the session, and the attacker’s page waits for the code', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker, bankAddress } = await beginAsAttacker(world);
    const back = await authorise(bankAddress, createFormBrowser());
    expect(back.title).toContain('One more step');
    expect(readCode(back)).toMatch(/^\d{6}$/);
    expect(back.text).toContain('Never give this code to anybody');
    expect(back.html).not.toContain(secretOf(link));
    expect(back.html).not.toContain('/sessions/');

    await expectNothing(world, link, attacker);
    expect((await attacker.open(link)).title).toContain('Enter the code');
    expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
  });

  it('before the victim is back at the callback, whatever the bank says of the consent by then', async () => {
    const world = await createConnectedWorld();
    const { link, attacker, bankAddress } = await beginAsAttacker(world);
    await authorise(bankAddress, createFormBrowser({ stopBefore: (url) => url.includes('/callback') }));
    await expectNothing(world, link, attacker);
    expect(world.bankCalls).not.toContain('getConsent');
    world.clock.advance(31 * 60_000);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
  });

  it('after three guesses, and then not with the right code either; the consent is ended at the bank', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker, bankAddress } = await beginAsAttacker(world);
    const code = readCode(await authorise(bankAddress, createFormBrowser()));
    const wrong = code === '000000' ? '000001' : '000000';
    const form = await attacker.open(link);
    const guesses = [await form.submit({ code: wrong }), await form.submit({ code: wrong })];
    expect(guesses.map(({ status, text }) => [status, /You have (one try|\d tries) left/.exec(text)?.[1]])).toEqual([
      [422, '2 tries'],
      [422, 'one try'],
    ]);
    expect((await form.submit({ code: wrong })).title).toContain('Stopped for your safety');
    await form.submit({ code });
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    await expectNothing(world, link, attacker);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
  });

  it('with no more guesses when many are sent at once', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker, bankAddress } = await beginAsAttacker(world);
    const code = readCode(await authorise(bankAddress, createFormBrowser()));
    const form = await attacker.open(link);
    const guesses = Array.from({ length: 20 }, (_, n) => String((Number(code) + n + 1) % 1_000_000).padStart(6, '0'));
    await Promise.all(guesses.map((guess) => form.submit({ code: guess })));
    await form.submit({ code });
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    await expectNothing(world, link, attacker);
  });

  it('when five minutes have gone by without the code: the consent is ended, though nobody opens a page', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker, bankAddress } = await beginAsAttacker(world);
    const code = readCode(await authorise(bankAddress, createFormBrowser()));
    const form = await attacker.open(link);
    world.clock.advance(5 * 60_000 - 1);
    await runMaintenance(world);
    expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
    world.clock.advance(1);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    await form.submit({ code });
    await expectNothing(world, link, attacker);
  });

  it('when the victim says that it has not begun this', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker, bankAddress } = await beginAsAttacker(world);
    const back = await authorise(bankAddress, createFormBrowser());
    const code = readCode(back);
    const form = await attacker.open(link);
    expect((await back.submit({}, 'I did not begin this: stop it')).title).toContain('Stopped');
    await form.submit({ code });
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    await expectNothing(world, link, attacker);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
  });

  it('when the attacker opens the callback’s address itself, after the victim', async () => {
    const world = await createConnectedWorld();
    const { link, attacker, bankAddress } = await beginAsAttacker(world);
    const back = await authorise(bankAddress, createFormBrowser());
    expect((await attacker.open(back.url)).title).toContain('Enter the code');
    await expectNothing(world, link, attacker);
  });

  it('when the attacker has opened the callback’s address before the victim approves, and the victim comes back to it', async () => {
    const world = await createConnectedWorld();
    const addresses: string[] = [];
    world.bankOverrides.begin = async ({ redirectUrl, state }) => {
      addresses.push(redirectUrl);
      return {
        credentials: 'scripted',
        progress: { next: { step: 'go-to-bank', url: world.bankUrl, state }, message: null },
      };
    };
    const terms = { recurring: true, validUntil: '2026-09-06', frequencyPerDay: 4 };
    world.bankOverrides.getConsent = async () => ({ status: 'received', ...terms });
    const link = world.linkOf(await world.createSession());
    const attacker = createFormBrowser();
    await (await attacker.open(link)).submit({}, 'bank_sandbox');
    const callback = addresses[0] ?? '';
    expect((await attacker.open(callback)).title).toContain('not confirmed yet');
    expect((await createFormBrowser().open(callback)).title).toContain('One more step');
    world.bankOverrides.getConsent = async () => ({ status: 'valid', ...terms });
    expect((await attacker.open(callback)).title).toContain('Enter the code');
    await expectNothing(world, link, attacker);
  });

  it('where the bank’s page comes after a step of ours', async () => {
    const world = await createConnectedWorld();
    const link = world.linkOf(await world.createSession());
    const attacker = createFormBrowser({ stopBefore: (url) => url.startsWith(`${world.bankUrl}/pages`) });
    const identify = await goToBank(link, 'bank_sandbox_demanding', attacker);
    const { url: bankAddress } = await identify.submit({ psu_id: 'anna' });
    expect(bankAddress).toContain(world.bankUrl);
    await authorise(bankAddress, createFormBrowser({ stopBefore: (url) => url.includes('/callback') }));
    await expectNothing(world, link, attacker);
    expect(world.bankCalls).not.toContain('getConsent');
  });

  it('where the bank’s authorisation server is what the victim comes from; without its code the state is worth nothing', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const link = world.linkOf(session);
    const attacker = createFormBrowser();
    const { url: bankAddress } = await goToBank(link, 'bank_sandbox_oauth', attacker);
    const victim = createFormBrowser({ stopBefore: (url) => url.includes('/callback') });
    const back = new URL((await authorise(bankAddress, victim)).url);
    await expectNothing(world, link, attacker);
    back.searchParams.delete('code');
    await attacker.open(back.href);
    await expectNothing(world, link, attacker);
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED' });
    await runMaintenance(world);
    expect(world.bankCalls).toContain('end');
    expect(await world.database.prisma.consentTermination.count()).toBe(0);
  });

  it('with a code that is not the server’s', async () => {
    const world = await createConnectedWorld();
    const link = world.linkOf(await world.createSession());
    const attacker = createFormBrowser();
    const { url: bankAddress } = await goToBank(link, 'bank_sandbox_oauth', attacker);
    const victim = createFormBrowser({ stopBefore: (url) => url.includes('/callback') });
    const back = new URL((await authorise(bankAddress, victim)).url);
    back.searchParams.set('code', 'guessed');
    await attacker.open(back.href);
    await expectNothing(world, link, attacker);
  });

  it('with the address that the attacker has learnt by turning away at the bank', async () => {
    const world = await createConnectedWorld();
    const addresses: string[] = [];
    world.bankOverrides.begin = async ({ redirectUrl, nokRedirectUrl, state }) => {
      addresses.push(redirectUrl, nokRedirectUrl);
      return {
        credentials: 'scripted',
        progress: { next: { step: 'go-to-bank', url: world.bankUrl, state }, message: null },
      };
    };
    const terms = { recurring: true, validUntil: '2026-09-06', frequencyPerDay: 4 };
    world.bankOverrides.getConsent = async () => ({ status: 'valid', ...terms });
    const session = await world.createSession();
    const attacker = createFormBrowser();
    await (await attacker.open(world.linkOf(session))).submit({}, 'bank_sandbox');
    await attacker.open(addresses[1] ?? '');
    await expectNothing(world, world.linkOf(session), attacker);
    expect(addresses[1]).not.toBe(addresses[0]);
    expect((await createFormBrowser().open(addresses[1] ?? '')).title).toContain('Not in this browser');
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
  });
});

it('an authorisation before the consent and the redirect after it lead back with states of their own; each opens once', async () => {
  const tokenFirst = listCases().find(({ words }) => words.join(' ') === 'redirect implicit global oauth-before');
  if (!tokenFirst) throw new Error('There is no such bank.');
  const world = await createConnectedWorld({ toEntries: (url) => [toHabitsEntry(tokenFirst, url)] });
  const session = await world.createSession({ bankId: 'bank_test' });
  const owner = createFormBrowser({ stopBefore: (url) => url.includes('/callback') });
  const server = await (await owner.open(world.linkOf(session))).submit();
  const callbacks = [(await authorise(server.url, owner)).url];
  const atBank = await owner.open(callbacks[0] ?? '');
  expect(atBank.url).toContain(`${world.bankUrl}/with.`);
  // Whoever has seen the first address has nothing in hand, before the second is used and after.
  expect((await createFormBrowser().open(callbacks[0] ?? '')).status).toBe(400);
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER', awaitedReturn: 'CALLBACK' });
  callbacks.push((await authorise(atBank.url, owner)).url);
  const states = callbacks.map((url) => new URL(url).searchParams.get('state') ?? '');
  expect(states[0]).not.toBe(states[1]);
  expect(states).toEqual([expect.stringMatching(/^[\w-]{43}$/), expect.stringMatching(/^[\w-]{43}$/)]);
  expect((await owner.open(callbacks[1] ?? '')).title).toContain('Done');
});

describe('who passes a session’s link on gets nothing:', () => {
  it('what one browser has opened another cannot begin', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const link = world.linkOf(session);
    await createFormBrowser().open(link);
    const victim = createFormBrowser();
    for (const path of ['', '/banks', '/again', '/leave']) {
      const page = await victim.open(link + path);
      expect([page.status, page.title], path).toEqual([403, 'Not in this browser · Tidewater']);
      expect(page.links.concat(page.forms as never[]), path).toEqual([]);
    }
    expect(world.bankCalls).toEqual([]);
    // Opened elsewhere before a bank has been asked: the end user goes on where it began.
    expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER', consentId: null });
  });

  it.each([
    ['by redirect', 'bank_sandbox'],
    ['decoupled', 'bank_sandbox_decoupled'],
    ['embedded', 'bank_sandbox_embedded'],
  ])('%s, while the bank waits: the consent is ended there, and no entry reaches it', async (_approach, bankId) => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const link = world.linkOf(session);
    const attacker = createFormBrowser();
    const begun = await goToBank(link, bankId, attacker);
    // Before it knows whose it is there is no consent at this bank.
    if (bankId === 'bank_sandbox_decoupled') await begun.submit({ psu_id: 'anna' });
    const calls = world.bankCalls.length;
    const page = await createFormBrowser().open(link);
    expect(page.title).toContain('Not in this browser');
    expect(hasField(page, 'psu_id')).toBe(false);
    expect(world.bankCalls).toHaveLength(calls);
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'OTHER_BROWSER' });
    await expectNothing(world, link, attacker);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
  });

  it('a form that a second browser sends under it reaches no bank', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession({ bankId: 'bank_sandbox_embedded' });
    const link = world.linkOf(session);
    await goToBank(link, 'bank_sandbox_embedded', createFormBrowser());
    const calls = world.bankCalls.length;
    const headers = {
      'content-type': 'application/x-www-form-urlencoded',
      cookie: `tidewater-browser=${'v'.repeat(43)}`,
    };
    const body = new URLSearchParams({ psu_id: 'anna', password: 'sandbox' });
    const answer = await fetch(`${link}/authorise`, { method: 'POST', headers, body, redirect: 'manual' });
    expect(answer.status).toBe(403);
    expect(world.bankCalls).toHaveLength(calls);
    expect(await askBankOfConsents(world)).toEqual(['terminated']);
  });
});

it('a callback’s address that is passed on shows the victim nothing of the session, and gives it nothing to approve', async () => {
  const world = await createConnectedWorld();
  const { session, link, bankAddress } = await beginAsAttacker(world);
  const stopped = await authorise(bankAddress, createFormBrowser({ stopBefore: (url) => url.includes('/callback') }));
  const victim = await createFormBrowser().open(stopped.url);
  expect(victim.html).not.toContain(secretOf(link));
  expect(victim.html).not.toContain('/sessions/');
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
});

it('no page at the callback shows an overview’s link to a bank or another browser, and the overview opens in no other', async () => {
  const world = await createConnectedWorld();
  const first = await world.createSession();
  await connectByRedirect(world.linkOf(first), 'anna');
  const overview = { userId: first.userId, addBankLogin: true, returnUrl, idempotencyKey: null };
  const session = await world.connections.sessions.createManagementSession(world.clientId, overview);
  const link = world.linkOf(session);
  const owner = createFormBrowser();
  const atBank = await goToBank(link, 'bank_sandbox', owner);
  const back = await authorise(atBank.url, createFormBrowser());
  expect(back.title).toContain('One more step');
  expect(back.html).not.toContain(secretOf(link));
  expect(back.html).not.toContain('/sessions/');
  expect(JSON.stringify([back.headers, back.hops])).not.toContain('/sessions/');

  const stranger = await createFormBrowser().open(link);
  expect([stranger.status, stranger.title]).toEqual([403, 'Not in this browser · Tidewater']);
  expect(stranger.html).not.toContain('Sandbox Bank');
  expect((await owner.open(link)).title).toContain('Your banks');
});

describe('an end user whose bank’s app returns into another browser', () => {
  it('gets through with the code, entered where it began; it works once', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker: owner, bankAddress } = await beginAsAttacker(world);
    const elsewhere = createFormBrowser();
    const back = await authorise(bankAddress, elsewhere);
    const code = readCode(back);
    expect(readCode(await elsewhere.open(back.url)), 'the same when the page is loaded again').toBe(code);

    // A button of the page that it had left open leads to the form as well: nothing is begun anew.
    const form = await (await owner.open(`${link}/banks`)).submit({ code: '12' });
    expect(form.status).toBe(422);
    expect(world.bankCalls.filter((name) => name === 'begin')).toHaveLength(1);
    const done = await form.submit({ code: ` ${code.slice(0, 3)} ${code.slice(3)} ` });
    expect(done.title).toContain('Done');
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', awaitedReturn: null });
    expect(await world.database.prisma.returnCode.count()).toBe(0);
    expect((await elsewhere.open(back.url)).status).toBe(400);
  });

  it('gets through at a bank with OAuth, too: the server’s code reaches the bank from where the end user began', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const owner = createFormBrowser();
    const { url: bankAddress } = await goToBank(world.linkOf(session), 'bank_sandbox_oauth', owner);
    const code = readCode(await authorise(bankAddress, createFormBrowser()));
    const form = await owner.open(world.linkOf(session));
    expect((await form.submit({ code })).title).toContain('Done');
    expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', awaitedReturn: null });
  });

  it('is asked for the code by a stale page’s button, too', async () => {
    const world = await createConnectedWorld();
    const session = await world.createSession();
    const owner = createFormBrowser();
    const stale = await owner.open(world.linkOf(session));
    const atBank = await stale.submit({}, 'bank_sandbox');
    const code = readCode(await authorise(atBank.url, createFormBrowser()));
    const form = await stale.submit({}, 'bank_sandbox');
    expect(form.title).toContain('Enter the code');
    expect((await form.submit({ code })).title).toContain('Done');
  });

  it('needs no code where the client’s app brings the token from returnUrl to the browser that began', async () => {
    const world = await createConnectedWorld();
    const { session, link, bankAddress } = await beginAsAttacker(world, { returnUrl });
    const back = await authorise(bankAddress, createFormBrowser());
    const address = new URL(back.links.find(({ url }) => url.startsWith(returnUrl))?.url ?? '');
    expect(address.searchParams.get('session')).toBe(session.id);
    expect(address.searchParams.get('status')).toBe('AWAITING_USER');
    const token = address.searchParams.get('returnToken') ?? '';
    expect(token).toMatch(/^[\w-]{43}$/);
    expect((await createFormBrowser().open(`${link}?returnToken=${'x'.repeat(43)}`)).status).toBe(403);
    expect(await world.session(session.id)).toMatchObject({ status: 'FAILED' });

    const second = await beginAsAttacker(world, { returnUrl });
    const secondBack = await authorise(second.bankAddress, createFormBrowser());
    const url = secondBack.links.find((each) => each.url.startsWith(returnUrl))?.url ?? '';
    const { searchParams } = new URL(url);
    const wrong = await second.attacker.open(`${second.link}?returnToken=${token}`);
    expect(wrong.title).toContain('Enter the code');
    const done = await second.attacker.open(`${second.link}?returnToken=${searchParams.get('returnToken')}`);
    expect(done.url).toBe(`${returnUrl}?session=${second.session.id}&status=COMPLETED`);
  });

  it('can begin anew where it began, and the former code is good for nothing', async () => {
    const world = await createConnectedWorld();
    const { session, link, attacker: owner, bankAddress } = await beginAsAttacker(world);
    await authorise(bankAddress, createFormBrowser());
    world.clock.advance(5 * 60_000);
    const ended = await owner.open(link);
    expect(ended.title).toContain('Stopped for your safety');
    const again = await (await ended.click('Try again')).submit();
    await runMaintenance(world);
    expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
    const done = await (await logInAtBank(again, 'anna')).submit({}, 'approve');
    expect(done.title).toContain('Done');
  });
});

it('goes on in another tab of the same browser', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const browser = createFormBrowser();
  const atBank = await goToBank(world.linkOf(session), 'bank_sandbox', browser);
  await browser.open(world.linkOf(session));
  expect((await authorise(atBank.url, browser)).title).toContain('Done');
});

it('a HEAD, as of a link’s preview, neither takes a session nor uses up a way back', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const head = {
    method: 'HEAD',
    headers: { cookie: `tidewater-browser=${'v'.repeat(43)}` },
    redirect: 'manual',
  } as const;
  expect((await fetch(world.linkOf(session), head)).status).toBe(405);
  expect(await world.session(session.id)).toMatchObject({ browserHash: null });
  const owner = createFormBrowser({ stopBefore: (url) => url.includes('/callback') });
  const atBank = await goToBank(world.linkOf(session), 'bank_sandbox', owner);
  const { url: callback } = await authorise(atBank.url, owner);
  expect((await fetch(callback, head)).status).toBe(405);
  expect(await world.session(session.id)).toMatchObject({ awaitedReturn: 'CALLBACK' });
  expect((await owner.open(callback)).title).toContain('Done');
});

it('tells a browser that keeps no cookies so, before anything is begun', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const page = await fetch(world.linkOf(session));
  expect(page.status).toBe(403);
  expect(await page.text()).toContain('does not keep our cookie');
  expect(await world.session(session.id)).toMatchObject({ browserHash: null, status: 'AWAITING_USER' });
});
