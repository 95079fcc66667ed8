import { expect, inject, it, onTestFinished } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createFormBrowser, type Page } from '../../src/cli/form-browser.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { type ConnectedWorld, createConnectedWorld, goToBank, oneBrowser } from './connected-world.ts';

/** A form for the password, at a bank that accepts none. */
async function openLogin(world: ConnectedWorld, headers: Record<string, string> = {}, psuId = 'anna'): Promise<Page> {
  const session = await world.createSession({ bankId: 'bank_sandbox_embedded' });
  const login = await goToBank(world.linkOf(session), 'bank_sandbox_embedded', createFormBrowser({ headers }));
  return await login.submit({ psu_id: psuId });
}

function refusePasswords(world: ConnectedWorld): void {
  world.bankOverrides.continue = () => Promise.reject(new BankFailure('CREDENTIALS_INVALID', 'no'));
}

const enter = (page: Page, psuId = 'anna'): Promise<Page> => page.submit({ psu_id: psuId, password: 'wrong' });
const entriesAtBank = ({ bankCalls }: ConnectedWorld): number => bankCalls.filter((name) => name === 'continue').length;

// Each from another network, so that it counts for nothing else.
const from = (network: number): Record<string, string> => ({ 'x-forwarded-for': `93.184.216.${network}` });

it('hands on five wrong passwords, then pauses for a minute, and longer with each further one; the page says how long', async () => {
  const world = await createConnectedWorld();
  const login = await openLogin(world);
  refusePasswords(world);
  const before = entriesAtBank(world);
  for (let n = 0; n < 5; n++) expect((await enter(login)).status).toBe(422);

  for (const minutes of [1, 2, 4]) {
    const paused = await enter(login);
    expect([paused.status, paused.headers['retry-after']]).toEqual([429, String(minutes * 60)]);
    expect(paused.text).toContain(`please wait ${minutes === 1 ? 'a minute' : `${minutes} minutes`}`);
    world.clock.advance(minutes * 60_000 - 1_000);
    expect((await enter(login)).headers['retry-after']).toBe('1');
    world.clock.advance(1_000);
    expect((await enter(login)).status).toBe(422);
  }
  expect(entriesAtBank(world) - before).toBe(8);
});

it('counts a login’s wrong entries over all its sessions and networks', async () => {
  const world = await createConnectedWorld();
  const logins = await Promise.all([1, 2, 3, 4, 5, 6].map((n) => openLogin(world, from(n))));
  const other = await openLogin(world, from(7), 'boris');
  refusePasswords(world);
  for (const login of logins.slice(0, 5)) expect((await enter(login)).status).toBe(422);
  expect((await enter(logins[5] as Page, 'ANNA')).status).toBe(429);
  expect((await enter(other, 'boris')).status).toBe(422);
});

it('counts a network’s wrong entries over all its logins; a network is a whole /64 of IPv6', async () => {
  const world = await createConnectedWorld();
  const names = ['anna', 'boris', 'clara', 'dmitri', 'elena', 'felix'];
  const open = (name: string, n: number) => openLogin(world, { 'x-forwarded-for': `2606:2800:220:1::${n + 1}` }, name);
  const logins = await Promise.all(names.map(open));
  const elsewhere = await openLogin(world, { 'x-forwarded-for': '2606:2800:220:2::1' }, 'hugo');
  refusePasswords(world);
  for (const [n, login] of logins.slice(0, 5).entries()) expect((await enter(login, names[n] ?? '')).status).toBe(422);
  expect((await enter(logins[5] as Page, 'felix')).status).toBe(429);
  expect((await enter(elsewhere, 'hugo')).status).toBe(422);
});

it('lets no more through when many are sent at once', async () => {
  const world = await createConnectedWorld();
  const login = await openLogin(world);
  refusePasswords(world);
  const before = entriesAtBank(world);
  const answers = await Promise.all(
    Array.from({ length: 20 }, (_, n) => login.submit({ psu_id: 'anna', password: `wrong ${n}` })),
  );
  expect(entriesAtBank(world) - before).toBe(5);
  expect(answers.filter(({ status }) => status === 429)).toHaveLength(15);
});

const postgresUrl = inject('postgresUrl');

it.skipIf(!postgresUrl)('lets five through in all when forty are sent at once to two processes', async () => {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const openWorld = async () => {
    const database = await openDatabase({ databaseUrl, directory: null });
    onTestFinished(() => database.close());
    return await createConnectedWorld({ database });
  };
  const worlds = [await openWorld(), await openWorld()] as const;
  const login = await openLogin(worlds[0], oneBrowser);
  for (const world of worlds) refusePasswords(world);
  const before = worlds.map(entriesAtBank);
  const { action } = login.forms.find(({ fields }) => fields.some(({ name }) => name === 'password')) ?? {};
  const statuses = await Promise.all(
    Array.from({ length: 40 }, async (_, n) => {
      const url = String(action).replace(worlds[0].url, worlds[n % 2 === 0 ? 0 : 1].url);
      const body = new URLSearchParams({ psu_id: 'anna', password: `wrong ${n}` });
      const headers = { ...oneBrowser, 'content-type': 'application/x-www-form-urlencoded' };
      return (await fetch(url, { method: 'POST', body, headers, redirect: 'manual' })).status;
    }),
  );
  expect(statuses.toSorted()).toEqual([...Array(5).fill(422), ...Array(35).fill(429)]);
  const entered = worlds.map((world, n) => entriesAtBank(world) - (before[n] ?? 0));
  expect(entered.reduce((sum, count) => sum + count, 0)).toBe(5);
});

it('forgets the wrong entries after the right one, and counts none that the bank could not judge', async () => {
  const world = await createConnectedWorld();
  const login = await openLogin(world);
  world.bankOverrides.continue = () => Promise.reject(new BankFailure('BANK_UNAVAILABLE', 'down'));
  for (let n = 0; n < 7; n++) expect((await enter(login)).status).toBe(502);
  expect(await world.database.prisma.wrongEntry.count()).toBe(0);

  refusePasswords(world);
  for (let n = 0; n < 4; n++) expect((await enter(login)).status).toBe(422);
  delete world.bankOverrides.continue;
  const methods = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  const code = await methods.submit({ methodId: 'sms' });
  expect((await code.submit({ otp: '123456' })).title).toContain('Done');
  // What has come from the network before is remembered there: who guesses at others' logins has one of its own.
  expect(await world.database.prisma.wrongEntry.findMany()).toMatchObject([{ count: 4, pausedUntil: null }]);
});

/** Up to the form for the code, at a bank that takes the password. */
async function openCode(world: ConnectedWorld, network: number): Promise<Page> {
  const login = await openLogin(world, { ...from(network), ...oneBrowser });
  const methods = await login.submit({ psu_id: 'anna', password: 'sandbox' });
  return await methods.submit({ methodId: 'sms' });
}

it('counts wrong codes of a login on where the right password is entered in between, in another session and network', async () => {
  const world = await createConnectedWorld();
  const codes = [await openCode(world, 1), await openCode(world, 2), await openCode(world, 3)];
  refusePasswords(world);
  for (const code of [...codes, ...codes].slice(0, 4)) expect((await code.submit({ otp: '000000' })).status).toBe(422);
  delete world.bankOverrides.continue;
  const fourth = await openCode(world, 4);
  refusePasswords(world);
  expect((await fourth.submit({ otp: '000000' })).status).toBe(422);
  expect((await fourth.submit({ otp: '000001' })).status).toBe(429);
});

it('counts a code for the login that the session is of, whatever name is sent along', async () => {
  const world = await createConnectedWorld();
  const codes = [await openCode(world, 1), await openCode(world, 2)];
  refusePasswords(world);
  const guess = async (page: Page, n: number): Promise<number> => {
    const { action } = page.forms.find(({ fields }) => fields.some(({ name }) => name === 'otp')) ?? {};
    const body = new URLSearchParams({ otp: `00000${n}`, psu_id: `nobody-${n}` });
    const headers = { ...from(10 + n), ...oneBrowser, 'content-type': 'application/x-www-form-urlencoded' };
    return (await fetch(action ?? '', { method: 'POST', body, headers, redirect: 'manual' })).status;
  };
  const statuses: number[] = [];
  for (let n = 0; n < 6; n++) statuses.push(await guess(codes[n % 2] as Page, n));
  expect(statuses).toEqual([422, 422, 422, 422, 422, 429]);
});

it('counts a password that the bank refuses by a code of another meaning', async () => {
  const world = await createConnectedWorld();
  const login = await openLogin(world);
  world.bankOverrides.continue = () => Promise.reject(new BankFailure('REQUEST_REFUSED', 'FORMAT_ERROR'));
  for (let n = 0; n < 5; n++) expect((await enter(login)).status).not.toBe(429);
  expect((await enter(login)).status).toBe(429);
});

it('forgets wrong entries after an hour without one, and removes them after a day', async () => {
  const world = await createConnectedWorld();
  for (let hour = 0; hour < 2; hour++) {
    const login = await openLogin(world);
    refusePasswords(world);
    for (let n = 0; n < 4; n++) expect((await enter(login)).status).toBe(422);
    delete world.bankOverrides.continue;
    world.clock.advance(3_600_000 + 1);
  }
  world.clock.advance(24 * 3_600_000);
  expect(await world.database.prisma.wrongEntry.count()).toBeGreaterThan(0);
  for (const { run } of world.connections.maintenance) await run();
  expect(await world.database.prisma.wrongEntry.count()).toBe(0);
});
