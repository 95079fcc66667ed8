import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { Prisma } from '../../src/storage/database.ts';
import { createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleRunner } from '../../src/sync/cycle-runner.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';

// While the bank of one user is asked, the next is read ahead, to be claimed by the statement that counts their accesses.

/** A cycle over three users; `meanwhile` happens once the bank has been asked for the first, and the second has been read ahead. */
async function runCycle(meanwhile: (world: Awaited<ReturnType<typeof createWorld>>) => Promise<unknown>) {
  const world = await createWorld();
  const { bank, cycleRunner, cycleId, database, expected } = world;
  bank.beforeAnswer = async ({ operation, consentId }) => {
    if (operation !== 'listTransactions' || consentId !== 'consent-1') return;
    await expected.read;
    await meanwhile(world);
  };
  const progress = await cycleRunner.workLane({ cycleId, lane: 0, touch: async () => {} });
  const entries = await database.prisma.cycleEntry.findMany({ orderBy: { position: 'asc' } });
  const asked = bank.calls.filter(({ consentId }) => consentId === 'consent-2').length;
  return { ...world, progress, entries, asked };
}

async function createWorld() {
  const world = await createSynchronizationWorld();
  const { database, clock, clientId, encryption } = world;
  const enrol = (consent: string) => {
    clock.advance(1);
    return insertEnrolledUser(database, {
      clientId,
      now: clock.now(),
      credentials: sealedCredentials(encryption, consent),
    });
  };
  const [second, third] = [await enrol('consent-2'), await enrol('consent-3')];
  const now = clock.now();
  const lanes = createCycleLaneStore(database);
  const expected: { read: ReturnType<typeof lanes.expectNext> | null; claims: string[] } = { read: null, claims: [] };
  const cycleRunner = createCycleRunner({
    clock,
    lanes: {
      ...lanes,
      expectNext(...given) {
        const reading = lanes.expectNext(...given);
        expected.read ??= reading;
        return reading;
      },
      async claimNext(hold, at, before) {
        const entry = await lanes.claimNext(hold, at, before);
        expected.claims.push(entry?.userId ?? 'nobody');
        return entry;
      },
    },
    synchronizeUser: createUserSynchronizer({
      clock,
      users: createCycleUserStore(database),
      synchronizeLogin: world.synchronizeLogin,
    }),
    onUnexpected: (error) => {
      throw error;
    },
  });
  const slot = { opensAt: now, closesAt: new Date('2026-03-10T16:00:00Z') };
  const opened = await createCycleStore(database).open(slot, 'EXTRA', { laneCount: 1, now });
  return { ...world, second, third, expected, cycleRunner, cycleId: opened?.cycle.id ?? '' };
}

const set = (table: 'users' | 'bank_logins' | 'consents' | 'cycle_lanes', values: string, id: string) =>
  Prisma.raw(`UPDATE ${table} SET ${values} WHERE ${table === 'cycle_lanes' ? 'cycle_id' : 'id'} = '${id}'`);

it('the next user is claimed with their accesses, in one step, once the one before is stored', async () => {
  const { entries, asked, expected, userId, second, third, database, events } = await runCycle(async (world) => {
    const rows = await world.database.prisma.cycleEntry.findMany({ orderBy: { position: 'asc' } });
    expect(rows).toMatchObject([{ status: 'RUNNING' }, { status: 'PENDING', attemptCount: 0 }, { status: 'PENDING' }]);
    expect(await world.database.prisma.bankAccess.count({ where: { bankLoginId: world.second.loginId } })).toBe(0);
  });
  expect(entries).toMatchObject([
    { userId, status: 'SYNCHRONIZED', attemptCount: 1 },
    { userId: second.userId, status: 'SYNCHRONIZED', attemptCount: 1, reason: null },
    { userId: third.userId, status: 'SYNCHRONIZED', attemptCount: 1 },
  ]);
  expect(expected.claims).toEqual([userId, 'nobody']);
  expect(asked).toBeGreaterThan(0);
  expect((await events()).map(({ bankLoginId }) => bankLoginId)).toContain(second.loginId);
  const attempts = await database.prisma.synchronizationAttempt.findMany({ where: { bankLoginId: second.loginId } });
  expect(attempts).toMatchObject([{ trigger: 'SCHEDULER', errorCode: null }]);
});

it('who opts out while the one before is asked for is skipped, and their bank not asked', async () => {
  const { entries, asked, database, second } = await runCycle(({ database: db, second: { userId } }) =>
    db.query(set('users', 'recurring = false', userId)),
  );
  expect(entries[1]).toMatchObject({ status: 'SKIPPED', reason: 'NOT_RECURRING' });
  expect(asked).toBe(0);
  expect(await database.prisma.bankAccess.count({ where: { bankLoginId: second.loginId } })).toBe(0);
});

it('who loses the consent meanwhile is skipped, and their bank not asked', async () => {
  const { entries, asked } = await runCycle(async ({ database, second: { loginId } }) => {
    const [consent] = await database.prisma.consent.findMany({ where: { bankLoginId: loginId } });
    await database.query(set('consents', `status = 'EXPIRED'`, consent?.id ?? ''));
  });
  expect(entries[1]).toMatchObject({ status: 'SKIPPED', reason: 'NOT_ELIGIBLE' });
  expect(asked).toBe(0);
});

it('whose login is stored meanwhile is synchronized by what is stored now', async () => {
  const { entries, asked, database, second } = await runCycle(({ database: db, second: { loginId } }) =>
    db.query(set('bank_logins', 'version = version + 7', loginId)),
  );
  expect(entries[1]).toMatchObject({ status: 'SYNCHRONIZED', attemptCount: 1 });
  expect(asked).toBeGreaterThan(0);
  expect(await database.prisma.bankLogin.findUnique({ where: { id: second.loginId } })).toMatchObject({ version: 8 });
});

it('who is erased meanwhile is passed by', async () => {
  const { entries, asked, progress } = await runCycle(({ database, second: { userId } }) =>
    database.prisma.user.delete({ where: { id: userId } }),
  );
  expect(entries[1]).toMatchObject({ status: 'SKIPPED', reason: 'USER_DELETED' });
  expect(asked).toBe(0);
  expect(progress).toBe('finished');
});

it('who may not be accessed any more waits, as if read a moment ago', async () => {
  const { entries, asked, second } = await runCycle(async ({ database, budget, clock, second: { loginId } }) => {
    const [consent] = await database.prisma.consent.findMany({ where: { bankLoginId: loginId } });
    await budget.close(consent?.id ?? '', new Date(clock.now().getTime() + 3_600_000));
  });
  expect(entries[1]).toMatchObject({ userId: second.userId, status: 'RETRY', reason: 'ACCESS_LIMIT' });
  expect(asked).toBe(0);
});

it('a lane that another process takes meanwhile hands nobody out', async () => {
  const { entries, asked, progress } = await runCycle(({ database, cycleId }) =>
    database.query(set('cycle_lanes', 'fencing_token = fencing_token + 1', cycleId)),
  );
  expect(entries).toMatchObject([
    { status: 'SYNCHRONIZED' },
    { status: 'PENDING', attemptCount: 0 },
    { status: 'PENDING' },
  ]);
  expect(asked).toBe(0);
  expect(progress).toBe('busy');
});

it('where the one before is to be tried again, the next comes first all the same', async () => {
  let isDown = true;
  const { entries, expected, userId, second } = await runCycle(async () => {
    if (!isDown) return;
    isDown = false;
    throw new BankFailure('BANK_UNAVAILABLE', 'The line is cut.');
  });
  expect(entries).toMatchObject([
    { status: 'SYNCHRONIZED', attemptCount: 2 },
    { status: 'SYNCHRONIZED', attemptCount: 1 },
    { status: 'SYNCHRONIZED', attemptCount: 1 },
  ]);
  expect(expected.claims).toEqual([userId, second.userId, userId, 'nobody']);
});
