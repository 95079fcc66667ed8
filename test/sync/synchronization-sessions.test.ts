import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers } from '../../src/clients/users.ts';
import { createBankStore } from '../../src/consent/bank-store.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createSessionStore } from '../../src/consent/session-store.ts';
import { createSessions } from '../../src/consent/sessions.ts';
import { Conflict, InvalidInput, LimitReached, NotFound } from '../../src/domain/errors.ts';
import { openDatabase } from '../../src/storage/database.ts';
import { createSynchronizationSessionStore } from '../../src/sync/synchronization-session-store.ts';
import {
  createSynchronizationSessions,
  type NewSynchronizationSession,
} from '../../src/sync/synchronization-sessions.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { silence } from './scripted-bank.ts';
import { createSynchronizationWorld, type SynchronizationWorld, type WorldOptions } from './synchronization-world.ts';

async function createSessionWorld({ patienceMs = 60_000, ...options }: WorldOptions & { patienceMs?: number } = {}) {
  const world = await createSynchronizationWorld(options);
  const { database, clock, encryption, budget, runner, clientId, loginId } = world;
  const sessionStore = createSessionStore(database);
  const sessions = createSessions({
    clock,
    store: sessionStore,
    banks: createBankStore(database),
    users: createUsers({ clock, store: createUserStore(database) }),
    encryption,
    publicUrl: () => 'http://tidewater.test',
    allowLoopbackReturnUrls: true,
  });
  const synchronizationSessions = createSynchronizationSessions({
    clock,
    store: createSynchronizationSessionStore(database),
    sessionStore,
    sessions,
    budget,
    runner,
    patienceMs,
  });
  const create = (input: Partial<NewSynchronizationSession> = {}, as = clientId) =>
    synchronizationSessions.createSynchronizationSession(as, {
      bankLoginId: loginId,
      psuIpAddress: null,
      returnUrl: null,
      idempotencyKey: null,
      ...input,
    });
  return { ...world, sessions, create, find: (id: string) => sessions.find(clientId, id) };
}

const awaitsConsent: Array<[why: string, change: (world: SynchronizationWorld) => Promise<unknown>]> = [
  ['the user is not recurring', ({ database }) => database.prisma.user.updateMany({ data: { recurring: false } })],
  ['there is no consent', ({ database }) => database.prisma.consent.deleteMany()],
  [
    'the consent is a one-off one',
    ({ database }) => database.prisma.consent.updateMany({ data: { recurring: false } }),
  ],
  [
    'the consent ended yesterday',
    ({ database }) => database.prisma.consent.updateMany({ data: { validUntil: new Date('2026-03-09') } }),
  ],
  [
    'the SCA is 181 days old',
    ({ database, clock }) =>
      database.prisma.consent.updateMany({
        data: { authorisedAt: new Date(clock.now().getTime() - 181 * 24 * 3_600_000) },
      }),
  ],
  [
    'the SCA is older than this bank allows',
    async ({ database, clock }) => {
      await database.prisma.bank.updateMany({ data: { scaValidityDays: 90 } });
      await database.prisma.consent.updateMany({
        data: { authorisedAt: new Date(clock.now().getTime() - 91 * 24 * 3_600_000) },
      });
    },
  ],
  [
    'the bank demands SCA',
    ({ database }) => database.prisma.bankLogin.updateMany({ data: { status: 'SCA_REQUIRED' } }),
  ],
];

describe('a synchronization session', () => {
  it('runs at once for a recurring user with a valid consent, and comes back with its event', async () => {
    const { create, events, bank, login } = await createSessionWorld();
    const session = await create();
    const [event] = await events();
    expect(session).toMatchObject({
      kind: 'SYNCHRONIZATION',
      status: 'COMPLETED',
      eventId: event?.id,
      attended: false,
    });
    expect(session.finishedAt).not.toBeNull();
    expect(bank.calls.every(({ psuIpAddress }) => psuIpAddress === null)).toBe(true);
    expect(await login()).toMatchObject({ lastAttempt: { trigger: 'MANUAL' } });
  });

  it('comes back running when the bank takes its time, and ends by itself', async () => {
    const { create, find, bank } = await createSessionWorld({ patienceMs: 100 });
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    bank.beforeAnswer = () => waiting;
    const session = await create();
    expect(session.status).toBe('RUNNING');
    await expect(create()).rejects.toMatchObject({ constructor: Conflict, code: 'SESSION_ACTIVE' });
    answer();
    await eventually(async () => (await find(session.id))?.status === 'COMPLETED');
  });

  it('is alone with its login, even where two are asked for at the same moment', async () => {
    const { create, events } = await createSessionWorld();
    const asked = await Promise.allSettled([create(), create(), create()]);
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const each of asked) {
      if (each.status === 'rejected') expect(each.reason).toMatchObject({ code: 'SESSION_ACTIVE' });
    }
    expect(await events()).toHaveLength(1);
  });

  it('fails with the bank, and says why', async () => {
    const { create, bank } = await createSessionWorld();
    bank.beforeAnswer = () => {
      throw new BankFailure('BANK_UNAVAILABLE', 'down');
    };
    expect(await create()).toMatchObject({ status: 'FAILED', errorCode: 'BANK_UNAVAILABLE', eventId: null });
    bank.beforeAnswer = () => {};
    expect(await create()).toMatchObject({ status: 'COMPLETED', errorCode: null });
  });

  it.each(awaitsConsent)('awaits the end user at a link when %s', async (_why, change) => {
    const world = await createSessionWorld();
    await change(world);
    const session = await world.create({ returnUrl: 'http://localhost:3000/back' });
    expect(session).toMatchObject({ status: 'AWAITING_USER', bankLoginId: world.loginId, bankId: 'bank_test' });
    expect(world.sessions.redirectUrl(session)).toMatch(/^http:\/\/tidewater\.test\/sessions\/[\w-]{43}$/);
    expect(world.bank.calls).toEqual([]);
    await expect(world.create()).rejects.toMatchObject({ code: 'SESSION_ACTIVE' });
    world.clock.advance(31 * 60_000);
    expect(await world.create()).toMatchObject({ status: 'AWAITING_USER' });
  });

  it('leaves the cycles two accesses of the four, unless the end user is there', async () => {
    const { create, clock, bank } = await createSessionWorld();
    for (let n = 0; n < 2; n++) expect(await create()).toMatchObject({ status: 'COMPLETED' });
    clock.advance(3_600_000);
    const refused = await create().catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(LimitReached);
    expect(refused).toMatchObject({ code: 'ACCESS_LIMIT', retryAt: new Date(clock.now().getTime() + 23 * 3_600_000) });
    expect(await create({ psuIpAddress: '2001:db8::1' })).toMatchObject({ status: 'COMPLETED', attended: true });
    expect(bank.calls.at(-1)?.psuIpAddress).toBe('2001:db8::1');
    clock.advance(23 * 3_600_000);
    expect(await create()).toMatchObject({ status: 'COMPLETED' });
  });

  it('is the first one again under the same idempotency key', async () => {
    const { create, bank } = await createSessionWorld();
    const [first, second] = await Promise.all([create({ idempotencyKey: 'k1' }), create({ idempotencyKey: 'k1' })]);
    expect(second.id).toBe(first.id);
    expect((await create({ idempotencyKey: 'k1' })).id).toBe(first.id);
    expect(bank.calls).toHaveLength(3);
    const reused = create({ idempotencyKey: 'k1', psuIpAddress: '192.0.2.1' });
    await expect(reused).rejects.toMatchObject({ constructor: Conflict, code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is the first one again although its returnUrl would not be taken any more', async () => {
    const { create, database } = await createSessionWorld();
    const returnUrl = 'https://app.example.com/done';
    await database.prisma.client.updateMany({ data: { returnOrigins: ['https://app.example.com'] } });
    const first = await create({ idempotencyKey: 'k1', returnUrl });
    await database.prisma.client.updateMany({ data: { returnOrigins: [] } });
    expect((await create({ idempotencyKey: 'k1', returnUrl })).id).toBe(first.id);
    await expect(create({ idempotencyKey: 'k2', returnUrl })).rejects.toBeInstanceOf(InvalidInput);
    const reused = create({ idempotencyKey: 'k1', returnUrl: null });
    await expect(reused).rejects.toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' });
  });

  it('is refused for the login of another client, and for input that means nothing', async () => {
    const { create, database, clock } = await createSessionWorld();
    const stranger = await insertClient(database, clock.now(), 'Stranger');
    await expect(create({}, stranger)).rejects.toBeInstanceOf(NotFound);
    const bad = await create({ psuIpAddress: '300.1.2.3', returnUrl: 'javascript:alert(1)', idempotencyKey: '' }).catch(
      (error: unknown) => error,
    );
    expect(bad).toBeInstanceOf(InvalidInput);
    expect((bad as InvalidInput).fields.map(({ path }) => path).sort()).toEqual([
      'input.idempotencyKey',
      'input.psuIpAddress',
      'input.returnUrl',
    ]);
  });

  it.each(['COMPLETED', 'FAILED'])('that %s keeps no consent of a login that stores no secrets', async (end) => {
    const { create, database, login, encryption, clock, runner, bank, find } = await createSessionWorld();
    await database.prisma.bankLogin.updateMany({ data: { secretsStored: false } });
    const session = await create();
    expect(session.status).toBe('AWAITING_USER');
    // As after consent and SCA: the connect flow sets the session running.
    await database.prisma.session.updateMany({
      data: { status: 'RUNNING', attended: true, psuIpAddress: '192.0.2.1' },
    });
    bank.beforeAnswer = () => {
      if (end === 'FAILED') throw new BankFailure('BANK_UNAVAILABLE', 'down');
    };
    await runner.runSession(session.id);
    expect(await find(session.id)).toMatchObject({ status: end });
    expect(await login()).toMatchObject({
      status: end === 'FAILED' ? 'SYNC_FAILED' : 'OK',
      consents: [{ status: 'TERMINATED', credentials: null, endedAt: clock.now() }],
    });
    const [termination] = await database.prisma.consentTermination.findMany();
    const place = credentialsOf(termination?.consentId ?? null);
    expect(encryption.decrypt(termination?.credentials ?? '', place)).toBe('consent-1');
  });
});

describe('a session whose process is gone', () => {
  it('is taken over by another one when its lease has run out, and ends once', async () => {
    const { create, find, bank, runner, createRunner, database, events } = await createSessionWorld({
      patienceMs: 100,
    });
    let answer = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      answer = resolve;
    });
    bank.beforeAnswer = () => waiting;
    const { id } = await create();
    const other = createRunner();
    await other.resumeStalledSessions();
    expect((await find(id))?.fencingToken).toBe(1);

    await database.prisma.session.updateMany({ data: { leaseUntil: new Date(0) } });
    bank.beforeAnswer = () => {};
    await other.resumeStalledSessions();
    await eventually(async () => (await find(id))?.status === 'COMPLETED');
    const before = await find(id);
    answer();
    // The first process finds out when it wants to store.
    await eventually(() => bank.calls.length === 6);
    await runner.stop(5_000);
    expect(await find(id)).toEqual(before);
    expect(await events()).toHaveLength(1);
  });

  it('is handed back at once by a process that stops', async () => {
    const { create, find, bank, runner, createRunner } = await createSessionWorld({ patienceMs: 100 });
    bank.beforeAnswer = (_call, access) => silence(access);
    const { id } = await create();
    await runner.stop(50);
    expect(await find(id)).toMatchObject({ status: 'RUNNING', leaseUntil: null });
    bank.beforeAnswer = () => {};
    await createRunner().resumeStalledSessions();
    await eventually(async () => (await find(id))?.status === 'COMPLETED');
  });

  it('fails when its consent is gone by then', async () => {
    const { create, find, bank, runner, createRunner, database } = await createSessionWorld({ patienceMs: 100 });
    bank.beforeAnswer = (_call, access) => silence(access);
    const { id } = await create();
    await runner.stop(50);
    await database.prisma.consent.updateMany({ data: { status: 'REVOKED_BY_PSU' } });
    await createRunner().resumeStalledSessions();
    expect(await eventually(async () => ((await find(id))?.status === 'FAILED' ? find(id) : null))).toMatchObject({
      errorCode: 'CONSENT_MISSING',
    });
  });
});

const postgresUrl = inject('postgresUrl');

// The embedded database is one session: only a server shows what happens at the same moment.
describe.skipIf(postgresUrl === null)('on a PostgreSQL server a synchronization session', () => {
  it.each<[what: string, secretsStored: boolean, status: string]>([
    ['that runs at once', true, 'COMPLETED'],
    ['that awaits the end user', false, 'AWAITING_USER'],
  ])('%s is alone with its login, however many ask at the same moment', async (_what, secretsStored, status) => {
    const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
    const database = await openDatabase({ databaseUrl, directory: null });
    onTestFinished(async () => await database.close());
    const { create, clock, bank } = await createSessionWorld({ database });
    await database.prisma.bankLogin.updateMany({ data: { secretsStored } });
    for (let round = 0; round < 10; round++) {
      // The one that runs is not over before all others have been refused.
      let refusedCount = 0;
      let answer = (): void => {};
      const allRefused = new Promise<void>((resolve) => {
        answer = resolve;
      });
      bank.beforeAnswer = () => allRefused;
      const asking = [create(), create(), create(), create()];
      for (const each of asking) {
        each.catch(() => {
          refusedCount += 1;
          if (refusedCount === asking.length - 1) answer();
        });
      }
      const asked = await Promise.allSettled(asking);
      const [created, ...others] = asked.sort((a, b) => a.status.localeCompare(b.status));
      expect(created).toMatchObject({ status: 'fulfilled', value: { status } });
      for (const other of others) expect(other).toMatchObject({ reason: { code: 'SESSION_ACTIVE' } });
      expect(await database.prisma.session.count()).toBe(round + 1);
      // Long enough for the waiting one to be over, and for the allowance to be whole again.
      clock.advance(24 * 3_600_000);
    }
  });
});
