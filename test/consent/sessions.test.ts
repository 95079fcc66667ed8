import { expect, it } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { createConnectedWorld, oneBrowser, returnUrl } from './connected-world.ts';

const overview = { addBankLogin: false, returnUrl: null, idempotencyKey: null };

it('shows a session, and lets it be cancelled, by its own client alone', async () => {
  const world = await createConnectedWorld();
  const other = await insertClient(world.database, world.clock.now());
  const session = await world.createSession();
  const { sessions } = world.connections;

  expect(await sessions.find(world.clientId, session.id)).toMatchObject({ id: session.id });
  expect(await sessions.find(other, session.id)).toBeNull();
  await expect(sessions.cancel(other, session.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(sessions.createManagementSession(other, { ...overview, userId: session.userId })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
  expect(await world.session(session.id)).toMatchObject({ status: 'AWAITING_USER' });
});

it('keeps of a link only what cannot be used: a hash, and the secret encrypted', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const secret = world.linkOf(session).split('/').at(-1) ?? '';
  expect(Buffer.from(secret, 'base64url')).toHaveLength(32);
  expect(JSON.stringify(await world.session(session.id))).not.toContain(secret);
});

it('gives the same session for the same idempotency key, and refuses other input under it', async () => {
  const world = await createConnectedWorld();
  const first = await world.createSession({ idempotencyKey: 'k', returnUrl });
  expect((await world.createSession({ idempotencyKey: 'k', returnUrl })).id).toBe(first.id);
  await expect(world.createSession({ idempotencyKey: 'k', returnUrl: null })).rejects.toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
  });
  expect(await world.database.prisma.user.count()).toBe(1);
});

it('gives the same overview for the same idempotency key, and refuses other input under it', async () => {
  const world = await createConnectedWorld();
  const { userId } = await world.createSession({ idempotencyKey: 'k' });
  const open = (input = {}) =>
    world.connections.sessions.createManagementSession(world.clientId, {
      ...overview,
      userId,
      returnUrl,
      idempotencyKey: 'k',
      ...input,
    });
  const [first, second] = await Promise.all([open(), open()]);
  expect(second.id).toBe(first.id);
  // What was accepted once is answered again, whatever is allowed by now.
  await world.database.prisma.client.updateMany({ data: { returnOrigins: [] } });
  expect((await open()).id).toBe(first.id);
  expect((await open({ idempotencyKey: 'k2', returnUrl: null })).id).not.toBe(first.id);
  await expect(open({ addBankLogin: true })).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  await expect(open({ idempotencyKey: '', returnUrl: 'no address' })).rejects.toMatchObject({
    fields: [{ path: 'input.returnUrl' }, { path: 'input.idempotencyKey' }],
  });
});

const newUser = { externalId: 'ada', type: 'PERSON' as const, recurring: true, idempotencyKey: null };

it('makes one session and one user of calls with one idempotency key, however many come at the same moment', async () => {
  const world = await createConnectedWorld();
  const calls = Array.from({ length: 10 }, () => world.createSession({ idempotencyKey: 'k', user: newUser }));
  const ids = (await Promise.all(calls)).map(({ id }) => id);
  expect(new Set(ids).size).toBe(1);
  expect(await world.database.prisma.user.count()).toBe(1);
  const other = world.createSession({ idempotencyKey: 'k', user: { ...newUser, externalId: 'bob' } });
  await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

it('goes on where a call with the same idempotency key ended between the user and the session', async () => {
  const world = await createConnectedWorld();
  const first = await world.createSession({ idempotencyKey: 'k', user: newUser });
  await world.database.prisma.session.deleteMany();
  const repeated = await world.createSession({ idempotencyKey: 'k', user: newUser });
  expect(repeated.userId).toBe(first.userId);
  const other = world.createSession({ idempotencyKey: 'k', user: { ...newUser, recurring: false } });
  await expect(other).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
});

it('names every fault of the input at once', async () => {
  const world = await createConnectedWorld();
  const faulty = world.createSession({ returnUrl: 'https://evil.example/', bankId: 'bank_none', user: null });
  await expect(faulty).rejects.toMatchObject({
    fields: [{ path: 'input.returnUrl' }, { path: 'input.bankId' }, { path: 'input.userId' }],
  });
  const user = { externalId: '', type: 'PERSON' as const, recurring: false, idempotencyKey: 'k'.repeat(201) };
  const withUser = world.createSession({ returnUrl: 'https://evil.example/', idempotencyKey: '', user });
  await expect(withUser).rejects.toMatchObject({
    fields: [
      { path: 'input.returnUrl' },
      { path: 'input.user.externalId' },
      { path: 'input.user.idempotencyKey' },
      { path: 'input.idempotencyKey' },
    ],
  });
});

it('knows no user of another client', async () => {
  const world = await createConnectedWorld();
  await expect(world.createSession({ userId: newId('user', world.clock.now()) })).rejects.toMatchObject({
    code: 'NOT_FOUND',
  });
});

it('cancels a session that waits, ends its link, and cancels it once', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const { sessions } = world.connections;
  const link = world.linkOf(session);
  const cancelled = await sessions.cancel(world.clientId, session.id);
  expect(cancelled.status).toBe('CANCELLED');
  expect(sessions.redirectUrl(cancelled)).toBeNull();
  expect(await (await fetch(link, { headers: oneBrowser })).text()).toContain('Cancelled');
  await expect(sessions.cancel(world.clientId, session.id)).rejects.toMatchObject({ code: 'SESSION_NOT_WAITING' });
});

it('lets sessions that nobody came for expire', async () => {
  const world = await createConnectedWorld();
  const session = await world.createSession();
  const { sessions } = world.connections;
  world.clock.advance(30 * 60_000 - 1);
  expect(await sessions.expireOverdue()).toBe(0);
  world.clock.advance(1);
  expect(await sessions.expireOverdue()).toBe(1);
  expect(await world.session(session.id)).toMatchObject({ status: 'EXPIRED' });
});
