import { expect, it } from 'vitest';
import { createFormBrowser, type Page } from '../../src/cli/form-browser.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  logInAtBank,
  oneBrowser,
  returnUrl,
} from './connected-world.ts';

async function connectAnna(world: ConnectedWorld): Promise<{ userId: string; bankLoginId: string }> {
  const session = await world.createSession();
  await connectByRedirect(world.linkOf(session), 'anna');
  const { id } = await world.database.prisma.bankLogin.findFirstOrThrow();
  return { userId: session.userId, bankLoginId: id };
}

async function openManagement(
  world: ConnectedWorld,
  userId: string,
  { addBankLogin = false, browser = createFormBrowser({ stopBefore: (url) => url.startsWith(returnUrl) }) } = {},
) {
  const session = await world.connections.sessions.createManagementSession(world.clientId, {
    userId,
    addBankLogin,
    returnUrl,
    idempotencyKey: null,
  });
  return { session, browser, link: world.linkOf(session), page: await browser.open(world.linkOf(session)) };
}

function press(page: Page, label: string): Promise<Page> {
  const link = page.links.find(({ text }) => text === label);
  return link ? page.click(label) : page.submit({}, label);
}

it('shows the end user its logins: bank, accounts, consent', async () => {
  const world = await createConnectedWorld();
  const { userId } = await connectAnna(world);
  const { page } = await openManagement(world, userId);
  const accounts = await world.database.prisma.account.findMany();

  expect(page.title).toContain('Your banks');
  expect(page.text).toContain('Sandbox Bank');
  for (const { iban } of accounts) {
    expect(page.text.replaceAll(' ', '')).toContain(`${iban?.slice(0, 4)}…${iban?.slice(-4)}`);
    expect(page.html).not.toContain(iban);
  }
  expect(page.text).toContain('Consent until 6 September 2026');
  expect(page.text).toContain('Approved at the bank on 10 March 2026');
});

it('renews a consent in a session of its own, which leads back to the overview', async () => {
  const world = await createConnectedWorld();
  const { userId, bankLoginId } = await connectAnna(world);
  world.clock.advance(86_400_000);
  const { page, session } = await openManagement(world, userId);
  const explained = await press(page, 'Renew');
  expect(explained.title).toContain('Renew your consent with Sandbox Bank');
  const back = await (await logInAtBank(await explained.submit(), 'anna')).submit({}, 'approve');

  expect(back.title).toContain('Your banks');
  expect(back.text).toContain('Approved at the bank on 11 March 2026');
  const child = await world.database.prisma.session.findFirstOrThrow({ where: { parentId: session.id } });
  expect(child).toMatchObject({ kind: 'SYNCHRONIZATION', status: 'COMPLETED', bankLoginId });
  expect(await world.database.prisma.consent.count({ where: { status: 'VALID' } })).toBe(1);
});

// Each made a session of its own, and while the first one waited the client was refused for half an hour.
it('renews in one session, however often it is asked for, and in the one that the client has asked for', async () => {
  const world = await createConnectedWorld();
  const { userId, bankLoginId } = await connectAnna(world);
  const { link, browser } = await openManagement(world, userId);
  const renew = async () => await press(await browser.open(link), 'Renew');
  const [first, second] = [await renew(), await renew()];
  expect(second.url).toBe(first.url);
  expect(await world.database.prisma.session.count({ where: { bankLoginId, status: 'AWAITING_USER' } })).toBe(1);

  const back = await (await logInAtBank(await second.submit(), 'anna')).submit({}, 'approve');
  expect(back.title).toContain('Your banks');
  await world.database.prisma.bankLogin.updateMany({ data: { status: 'SCA_REQUIRED' } });
  const input = { bankLoginId, psuIpAddress: null, returnUrl: null, idempotencyKey: null };
  const asked = await world.synchronizationSessions.createSynchronizationSession(world.clientId, input);
  expect((await renew()).url).toBe(world.linkOf(asked));
  expect(await world.database.prisma.session.count({ where: { bankLoginId, status: 'AWAITING_USER' } })).toBe(1);
});

it('stays on the overview where the login is being synchronized', async () => {
  const world = await createConnectedWorld();
  const { userId, bankLoginId } = await connectAnna(world);
  await world.database.prisma.session.updateMany({ where: { bankLoginId }, data: { status: 'RUNNING' } });
  const { page } = await openManagement(world, userId);
  expect((await press(page, 'Renew')).title).toContain('Your banks');
  expect(await world.database.prisma.session.count({ where: { bankLoginId } })).toBe(1);
});

it('adds a bank, and comes back to the overview', async () => {
  const world = await createConnectedWorld();
  const { userId } = await connectAnna(world);
  const { page, session } = await openManagement(world, userId);
  const choice = await press(page, 'Add a bank');
  const atBank = await choice.submit({}, 'bank_sandbox');
  const back = await (await logInAtBank(atBank, 'hugo')).submit({}, 'approve');

  expect(back.title).toContain('Your banks');
  expect(await world.database.prisma.bankLogin.count({ where: { userId } })).toBe(2);
  const child = await world.database.prisma.session.findFirstOrThrow({ where: { parentId: session.id } });
  expect(child).toMatchObject({ kind: 'CONNECT', userId, clientId: world.clientId });
});

it('begins with the choice of banks where the client asks for another login', async () => {
  const world = await createConnectedWorld();
  const { userId } = await connectAnna(world);
  const { page } = await openManagement(world, userId, { addBankLogin: true });
  expect(page.title).toContain('Choose your bank');
});

it('removes a login only once the end user has said so twice, and has the consent ended', async () => {
  const world = await createConnectedWorld();
  const { userId, bankLoginId } = await connectAnna(world);
  const { page } = await openManagement(world, userId);
  const question = await press(page, 'Remove');
  expect(question.title).toContain('Remove Sandbox Bank?');
  expect(await world.database.prisma.bankLogin.count()).toBe(1);

  const back = await question.submit();
  expect(back.text).toContain('No bank is connected.');
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
  expect(await world.database.prisma.account.count()).toBe(0);
  expect((await world.events()).map(({ type, bankLoginId }) => [type, bankLoginId])).toEqual([
    ['BANK_LOGIN_DELETED', bankLoginId],
  ]);
  expect(await world.database.prisma.consentTermination.count()).toBe(1);
});

it('touches no login of somebody else', async () => {
  const world = await createConnectedWorld();
  const { bankLoginId } = await connectAnna(world);
  const stranger = await world.createSession();
  const { link } = await openManagement(world, stranger.userId, {
    browser: createFormBrowser({ headers: oneBrowser }),
  });
  for (const action of ['renew', 'remove']) {
    const answer = await fetch(`${link}/${action}`, {
      method: 'POST',
      headers: { ...oneBrowser, 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams({ bankLoginId }),
      redirect: 'manual',
    });
    expect(answer.status).toBe(400);
  }
  expect((await fetch(`${link}/remove?bankLoginId=${bankLoginId}`, { headers: oneBrowser })).status).toBe(404);
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
});

// The page's policy allowed no form to lead to the client: the browser stopped where a stale one did.
it('lets the removal lead back to the client where the overview was finished in another tab', async () => {
  const world = await createConnectedWorld();
  const { userId, bankLoginId } = await connectAnna(world);
  const { page } = await openManagement(world, userId);
  const stale = await press(page, 'Remove');
  const policy = stale.headers['content-security-policy'];
  expect(policy).toMatch(/form-action 'self' https:\/\/client\.example(;|$)/);
  await page.submit({}, 'Finish');

  const back = await stale.submit();
  expect(back.url.startsWith(returnUrl)).toBe(true);
  expect(await world.database.prisma.bankLogin.count({ where: { id: bankLoginId } })).toBe(1);
});

it('ends when the end user is done, and leads back to the client', async () => {
  const world = await createConnectedWorld();
  const { userId } = await connectAnna(world);
  const { page, session } = await openManagement(world, userId);
  const back = await page.submit({}, 'Finish');
  expect(back.url).toBe(`${returnUrl}?session=${session.id}&status=COMPLETED`);
});
