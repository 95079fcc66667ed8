import { expect, it } from 'vitest';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import { verifyChains } from '../../src/audit/chain-verification.ts';
import { createFormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { Prisma } from '../../src/storage/database.ts';
import {
  type ConnectedWorld,
  connectByRedirect,
  createConnectedWorld,
  goToBank,
  logInAtBank,
  returnUrl,
} from './connected-world.ts';

/** What end users and cycles did, in order. */
async function readEntries({ audit, clientId }: ConnectedWorld) {
  await audit.flush();
  const filter = { actorId: null, subjectId: null, action: null, since: null };
  return (await audit.list(clientId, filter, { before: null, limit: 200 })).reverse();
}

async function readActions(world: ConnectedWorld): Promise<string[]> {
  return (await readEntries(world)).map(({ action }) => action);
}

function press(page: Page, label: string): Promise<Page> {
  return page.links.some(({ text }) => text === label) ? page.click(label) : page.submit({}, label);
}

/** The bank's form is in two steps, on our pages. */
async function enterPassword(link: string, password: string): Promise<Page> {
  const name = await goToBank(link, 'bank_sandbox_embedded');
  return await (await name.submit({ psu_id: 'anna' })).submit({ psu_id: 'anna', password });
}

async function openManagement(world: ConnectedWorld, userId: string) {
  const browser = createFormBrowser({ stopBefore: (url) => url.startsWith(returnUrl) });
  const given = { userId, addBankLogin: false, returnUrl, idempotencyKey: null };
  const session = await world.connections.sessions.createManagementSession(world.clientId, given);
  return { session, page: await browser.open(world.linkOf(session)) };
}

it('opening, consenting, fetching, renewing and removing each leave an entry, with ids and who else was there', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  await connectByRedirect(world.linkOf(session), 'anna');
  const { id: loginId } = await world.database.prisma.bankLogin.findFirstOrThrow();
  const connected = await readEntries(world);
  const about = { sessionId: session.id, kind: 'CONNECT' };
  expect(connected.map(({ action, subjectId, details }) => [action, subjectId, details])).toEqual([
    ['session.opened', session.id, about],
    ['consent.given', expect.stringMatching(/^con_/), { ...about, bankId: 'bank_sandbox' }],
    ['bank.accessed', loginId, { hour: '2026-03-10T10:00:00.000Z', reason: 'CONNECT' }],
  ]);
  expect(connected[1]).toMatchObject({ actorId: null, clientId: world.clientId, ipAddress: '127.0.0.1' });

  world.clock.advance(86_400_000);
  const { page } = await openManagement(world, session.userId);
  const back = await (await logInAtBank(await (await press(page, 'Renew')).submit(), 'anna')).submit({}, 'approve');
  await world.audit.flush();
  const removed = await press(await press(back, 'Remove'), 'Remove Sandbox Bank');
  expect(removed.title).toContain('Your banks');
  const later = (await readEntries(world)).slice(connected.length);
  expect(later.map(({ action, details }) => [action, details.kind ?? details.reason])).toEqual([
    ['session.opened', 'MANAGEMENT'],
    ['consent.renewed', 'SYNCHRONIZATION'],
    ['bank.accessed', 'MANUAL'],
    ['consent.ended', 'MANAGEMENT'],
  ]);
  expect(later.at(-1)).toMatchObject({ subjectId: loginId });
});

it('a consent and its entry are both there, or neither', async () => {
  const world = await createConnectedWorld();
  await world.database.query(Prisma.sql`
    CREATE FUNCTION refuse_consents() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.action = 'consent.given' THEN RAISE EXCEPTION 'no'; END IF;
      RETURN NEW;
    END $$`);
  await world.database.query(Prisma.sql`
    CREATE TRIGGER refuse BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION refuse_consents()`);
  const session = await world.createSession();
  await connectByRedirect(world.linkOf(session), 'anna').catch(() => {});
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
  expect(await world.database.prisma.consent.count({ where: { status: 'VALID' } })).toBe(0);

  await world.database.query(Prisma.sql`DROP TRIGGER refuse ON audit_entries`);
  await createFormBrowser()
    .open(world.linkOf(session))
    .catch(() => {});
  const given = (await readActions(world)).filter((action) => action === 'consent.given').length;
  expect(given).toBe(await world.database.prisma.bankLogin.count());
});

it('a wrong password, a wrong code and a login that the bank refuses are told, with where they came from', async () => {
  const world = await createConnectedWorld();
  const embedded = await world.createSession({ bankId: 'bank_sandbox_embedded' });
  const again = await enterPassword(world.linkOf(embedded), 'not-the-password');
  await again.submit({ psu_id: 'anna', password: 'sandbox' });
  const refused = await world.createSession();
  await connectByRedirect(world.linkOf(refused), 'greta').catch(() => {});
  const failures = (await readEntries(world)).filter(({ action }) => action === 'login.failed');
  const told = failures.map(({ subjectId, ipAddress, details }) => [subjectId, ipAddress, details.reason]);
  // At one moment of the clock they have no order.
  expect(new Set(told)).toEqual(
    new Set([
      [embedded.id, '127.0.0.1', 'CREDENTIALS_INVALID'],
      [refused.id, '127.0.0.1', 'CONSENT_REJECTED'],
    ]),
  );
  expect(told).toHaveLength(2);
});

it('end users who turn away, or are done with the overview, are told of', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const choice = await createFormBrowser().open(world.linkOf(session));
  await fetch(`${choice.url}/leave`, { method: 'POST', redirect: 'manual' });
  await world.connections.flow.leave(world.linkOf(session).split('/').at(-1) ?? '');
  expect((await readActions(world)).filter((action) => action.startsWith('session.'))).toEqual([
    'session.opened',
    'session.cancelled',
  ]);
});

it('of what the banks and the end users say nothing stands in the log, an erasure leaves it alone, and its chain is whole', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession({
    user: { externalId: 'customer-4711', type: 'PERSON', recurring: true, idempotencyKey: null },
  });
  await connectByRedirect(world.linkOf(session), 'anna');
  const failed = await world.createSession({ bankId: 'bank_sandbox_embedded' });
  await enterPassword(world.linkOf(failed), 'pass-4711');
  const { page } = await openManagement(world, session.userId);
  await press(await press(page, 'Remove'), 'Remove Sandbox Bank');
  const { prisma } = world.database;
  const [accounts, transactions, sessions] = await Promise.all([
    prisma.account.findMany(),
    prisma.transaction.findMany(),
    prisma.session.findMany(),
  ]);
  await world.audit.flush();
  const log = JSON.stringify((await prisma.auditEntry.findMany()).map(({ content }) => content));
  expect(log).toContain('consent.given');
  const secrets = [
    ...accounts.flatMap(({ iban, ownerName, name, identification }) => [iban, ownerName, name, identification]),
    ...transactions.flatMap(({ counterpartyName, counterpartyIban }) => [counterpartyName, counterpartyIban]),
    ...sessions.flatMap(({ linkHash, linkSecret, browserHash, stateHash }) => [
      linkHash,
      linkSecret,
      browserHash,
      stateHash,
    ]),
    world.linkOf(failed).split('/').at(-1),
    ...['customer-4711', 'anna', 'sandbox-psu', 'pass-4711', '123456', 'Sandbox Bank', 'DE89'],
  ];
  const known = secrets.filter((text): text is string => typeof text === 'string' && text.length >= 4);
  expect(known.length).toBeGreaterThan(8);
  for (const text of known) expect(log).not.toContain(text);
  const before = await readEntries(world);
  await world.connections.erasure.deleteUser(world.clientId, session.userId);
  expect(await readEntries(world)).toEqual(before);
  for await (const fault of verifyChains(createAuditStore(world.database))) expect(fault).toBeNull();
});
