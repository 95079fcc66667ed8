import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createFormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { type ConnectedWorld, createConnectedWorld, goToBank } from './connected-world.ts';

async function approveInApp(world: ConnectedWorld, psuId: string): Promise<void> {
  const app = await createFormBrowser().open(`${world.bankUrl}/decoupled/app`);
  const code = await app.submit({ psu_id: psuId, password: 'sandbox' });
  const question = await code.submit({ psu_id: psuId, password: 'sandbox' }).catch(() => code);
  await (await question.submit({ otp: '123456' })).submit({}, 'approve');
}

it('decoupled: the waiting page asks the bank again and again, and goes on once the app has approved', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const browser = createFormBrowser();
  const waiting = await (await goToBank(link, 'bank_sandbox_decoupled', browser)).submit({ psu_id: 'anna' });
  expect(waiting.title).toContain('Approve in your bank’s app');
  expect(waiting.text).toContain('Please approve the access in the app of your bank.');
  expect(waiting.html).toContain('http-equiv="refresh"');

  const still = await browser.open(link);
  expect(still.title).toBe(waiting.title);
  expect(world.bankCalls).toContain('getProgress');

  await approveInApp(world, 'anna');
  const done = await browser.open(link);
  expect(done.title).toContain('Done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
});

it('decoupled: an SCA that fails in the app fails the session, although the bank leaves its consent at received', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const browser = createFormBrowser();
  await (await goToBank(link, 'bank_sandbox_decoupled', browser)).submit({ psu_id: 'anna' });
  world.bankOverrides.getProgress = async () => ({ next: { step: 'failed' }, message: null });

  const denied = await browser.open(link);
  expect(denied.title).toContain('Not approved');
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
  expect((await world.database.prisma.consent.findFirst())?.status).toBe('TERMINATED');
});

it('decoupled: a consent that the bank has rejected is rejected', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const browser = createFormBrowser();
  await (await goToBank(link, 'bank_sandbox_decoupled', browser)).submit({ psu_id: 'greta' });
  const app = await createFormBrowser().open(`${world.bankUrl}/decoupled/app`);
  await (await app.submit({ psu_id: 'greta', password: 'sandbox' })).submit({ otp: '123456' });

  const denied = await browser.open(link);
  expect(denied.title).toContain('Not approved');
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
  expect((await world.database.prisma.consent.findFirst())?.status).toBe('REJECTED');
});

it('decoupled: a bank that does not answer while it is asked keeps the end user waiting', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const browser = createFormBrowser();
  const waiting = await (await goToBank(link, 'bank_sandbox_decoupled', browser)).submit({ psu_id: 'anna' });
  world.bankOverrides.getProgress = () => Promise.reject(new BankFailure('BANK_UNAVAILABLE', 'down'));

  const still = await browser.open(link);
  expect(still.title).toBe(waiting.title);
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
});

async function enterEmbedded(link: string, password = 'sandbox', psuId = 'anna'): Promise<Page> {
  const login = await goToBank(link, 'bank_sandbox_embedded');
  const hasPassword = login.forms.some(({ fields }) => fields.some(({ name }) => name === 'password'));
  if (hasPassword) return await login.submit({ psu_id: psuId, password });
  const second = await login.submit({ psu_id: psuId });
  return await second.submit({ psu_id: psuId, password });
}

it('embedded: password, method and code on our own pages, none of which is kept', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const link = world.linkOf(session);
  const wrongPassword = await enterEmbedded(link, 'not-the-password');
  expect(wrongPassword.status).toBe(422);
  expect(wrongPassword.html).toContain('role="alert"');
  expect(wrongPassword.html).not.toContain('not-the-password');

  const methods = await wrongPassword.submit({ psu_id: 'anna', password: 'sandbox' });
  expect(methods.text).toContain('SMS to the phone ending in 42');
  const code = await methods.submit({ methodId: 'sms' });
  const wrongCode = await code.submit({ otp: '000000' });
  expect(wrongCode.status).toBe(422);
  expect(wrongCode.html).toContain('role="alert"');

  const done = await wrongCode.submit({ otp: '123456' });
  expect(done.title).toContain('Done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED', authorisation: null });
  expect(JSON.stringify(world.log.lines)).not.toMatch(/not-the-password|123456/);
});

it('embedded: the bank ends it after too many wrong codes, and so the session fails', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const methods = await enterEmbedded(world.linkOf(session));
  let page = await methods.submit({ methodId: 'sms' });
  for (let i = 0; i < 3; i++) page = await page.submit({ otp: '000000' });

  expect(page.title).toContain('Not approved');
  expect((await world.database.prisma.consent.findFirst())?.status).toBe('REJECTED');
  expect(await world.session(session.id)).toMatchObject({ status: 'FAILED', errorCode: 'CONSENT_REJECTED' });
  expect(await world.database.prisma.bankLogin.count()).toBe(0);
});

it('hands on nothing that the bank does not wait for: a form of an earlier step changes nothing', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const methods = await enterEmbedded(world.linkOf(session));
  const code = await methods.submit({ methodId: 'sms' });
  const calls = world.bankCalls.filter((name) => name === 'continue').length;

  const again = await methods.submit({ methodId: 'chip' });
  expect(again.status).toBe(409);
  expect(world.bankCalls.filter((name) => name === 'continue')).toHaveLength(calls);
  expect((await code.submit({ otp: '123456' })).title).toContain('Done');
});

it('a code that another process has handed on meanwhile is no trouble: the page goes on', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const code = await (await enterEmbedded(world.linkOf(session))).submit({ methodId: 'sms' });
  const secret = world.linkOf(session).split('/').at(-1) ?? '';
  const nothing = { psuId: null, corporateId: null, password: null, methodId: null, iban: null };
  const entered = { ...nothing, otp: '123456', psu: { ipAddress: '192.0.2.1' } };
  world.bankOverrides.continue = async () => {
    delete world.bankOverrides.continue;
    await world.connections.steps.enter(secret, entered);
    throw new BankFailure('REQUEST_REFUSED', 'The authorisation is finalised.');
  };
  expect((await code.submit({ otp: '123456' })).title).toContain('Done');
});

it('goes on with a session and a consent that an earlier version has begun, with the bank’s bare ids', async () => {
  const world = await createConnectedWorld();
  const { prisma } = world.database;
  const session = await world.createSession();
  const methods = await enterEmbedded(world.linkOf(session));
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const consent = await prisma.consent.findFirstOrThrow();
  const place = { column: 'sessions.authorisation', rowId: session.id } as const;
  const held = JSON.parse(encryption.decrypt(consent.credentials ?? '', credentialsOf(consent.id)));
  const kept = JSON.parse(encryption.decrypt((await world.session(session.id)).authorisation ?? '', place));
  const old = { authorisation: { authorisationId: held.authorisation.id, ...kept.progress }, psuId: 'anna' };
  await prisma.consent.update({
    where: { id: consent.id },
    data: { credentials: encryption.encrypt(held.consentId, credentialsOf(consent.id)) },
  });
  await prisma.session.update({
    where: { id: session.id },
    data: { authorisation: encryption.encrypt(JSON.stringify(old), place) },
  });

  const code = await methods.submit({ methodId: 'sms' });
  const { credentials } = await prisma.consent.findFirstOrThrow();
  const adopted = JSON.parse(encryption.decrypt(credentials ?? '', credentialsOf(consent.id)));
  expect(adopted).toMatchObject({ consentId: held.consentId, psuId: 'anna' });
  expect((await code.submit({ otp: '123456' })).title).toContain('Done');
  expect(await world.session(session.id)).toMatchObject({ status: 'COMPLETED' });
});
