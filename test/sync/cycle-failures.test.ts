import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { type ClaimedEntry, createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleRunner, type LaneTask } from '../../src/sync/cycle-runner.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createCycles } from '../../src/sync/cycles.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

/** A cycle over the one user of a world whose bank is down, worked through by hand. */
async function startCycle(prepare: (world: SynchronizationWorld) => Promise<unknown> = async () => {}) {
  const world = await createSynchronizationWorld();
  await prepare(world);
  const { database, clock, eventLog } = world;
  const lanes = createCycleLaneStore(database);
  const users = createCycleUserStore(database);
  const synchronizeUser = createUserSynchronizer({ clock, users, synchronizeLogin: world.synchronizeLogin });
  const queued: LaneTask[] = [];
  const queue = {
    enqueueLane: async (cycleId: string, lane: number) => void queued.push({ cycleId, lane, touch: async () => {} }),
  };
  const runner = createCycleRunner({ clock, lanes, synchronizeUser, onUnexpected: () => {} });
  const cycles = createCycles({ clock, store: createCycleStore(database), lanes, eventLog, queue, laneCount: 1 });
  const { id } = await cycles.runExtraCycle();
  world.bank.beforeAnswer = () => {
    throw new BankFailure('BANK_UNAVAILABLE', 'down');
  };
  return {
    ...world,
    id,
    cycles,
    queued,
    /** Until there is nothing to do any more for now; returns the entries by status and reason. */
    async work() {
      for (let task = queued.shift(); task; task = queued.shift()) {
        const progress = await runner.workLane(task);
        if (progress === 'continue') queued.push(task);
        if (progress === 'finished') await cycles.completeIfDone(id);
      }
      const entries = await database.prisma.cycleEntry.findMany({ orderBy: { position: 'asc' } });
      return entries.map(({ status, reason, attemptCount }) => `${status} ${reason} ${attemptCount}`);
    },
    /** As a process does that then dies, or records the outcome first. */
    async tryNext(recording: 'recorded' | 'not recorded') {
      await lanes.releaseAllLanes();
      const hold = await lanes.takeLane(id, 0, 'somebody');
      const entry = hold && (await lanes.claimNext(hold, clock.now(), null));
      if (!hold || !entry) throw new Error('nothing to do');
      const outcome = await synchronizeUser(entry as ClaimedEntry, new AbortController().signal);
      if (typeof outcome === 'string') throw new Error(outcome);
      if (recording === 'recorded') await lanes.finishEntry(hold, clock.now(), { userId: entry.userId, outcome });
      return outcome;
    },
    failures: async () => (await world.events()).filter(({ type }) => type === 'BANK_LOGIN_SYNCHRONIZATION_FAILED'),
  };
}

it('a failure that waits for its other try when the window closes is told of then, once', async () => {
  const { tryNext, failures, cycles, clock, database } = await startCycle();
  expect(await tryNext('recorded')).toMatchObject({ status: 'RETRY', reason: 'BANK_UNAVAILABLE' });
  expect(await failures()).toEqual([]);
  clock.set('2026-03-10T16:00:00Z');
  await cycles.reconcile();
  await cycles.reconcile();
  expect(await failures()).toMatchObject([{ data: { errorCode: 'BANK_UNAVAILABLE', trigger: 'SCHEDULER' } }]);
  const entries = await database.prisma.cycleEntry.findMany({ where: { status: 'FAILED' } });
  expect(entries).toMatchObject([{ reason: 'BANK_UNAVAILABLE' }]);
});

it('a failed login is tried once more and told of once, wherever processes die in between', async () => {
  const { tryNext, failures, bank } = await startCycle();
  await tryNext('not recorded');
  expect(await failures()).toEqual([]);
  expect(await tryNext('not recorded')).toEqual({ status: 'FAILED', reason: 'BANK_UNAVAILABLE' });
  expect(await failures()).toHaveLength(1);
  const calls = bank.calls.length;
  expect(await tryNext('recorded')).toEqual({ status: 'FAILED', reason: 'BANK_UNAVAILABLE' });
  expect(bank.calls).toHaveLength(calls);
  expect(await failures()).toHaveLength(1);
});

it('a login that failed for good is not tried again for the sake of another', async () => {
  const { tryNext, failures, bank } = await startCycle();
  bank.beforeAnswer = () => {
    throw new BankFailure('MALFORMED_REPLY', 'what?');
  };
  await tryNext('not recorded');
  expect(await tryNext('recorded')).toEqual({ status: 'FAILED', reason: 'MALFORMED_REPLY' });
  expect(bank.calls).toHaveLength(1);
  expect(await failures()).toHaveLength(1);
});

it('a login whose consent ends while the one before it is under way is left alone', async () => {
  const { tryNext, database, bank } = await startCycle((world) => addLogin(world));
  bank.beforeAnswer = async () => {
    await database.prisma.consent.update({
      where: { id: 'cns_zz' },
      data: { status: 'TERMINATED', credentials: null },
    });
  };
  expect(await tryNext('recorded')).toEqual({ status: 'SYNCHRONIZED' });
  const attempts = await database.prisma.synchronizationAttempt.findMany({ select: { bankLoginId: true } });
  expect(attempts).toHaveLength(1);
  expect(attempts).not.toContainEqual({ bankLoginId: 'login_zz' });
});

/** Twelve users in all. */
async function enrolEleven({ database, clientId, clock, encryption }: SynchronizationWorld): Promise<void> {
  for (let n = 0; n < 11; n++) {
    const credentials = sealedCredentials(encryption, `consent-of-${n}`);
    await insertEnrolledUser(database, { clientId, now: clock.now(), credentials });
    clock.advance(1_000);
  }
}

it('users of a bank that is passed over have their turn when it may be asked again, and are told of nothing', async () => {
  const { work, cycles, queued, bank, clock, failures } = await startCycle(enrolEleven);
  const waiting = [...Array(5).fill('RETRY BANK_UNAVAILABLE 1'), ...Array(7).fill('RETRY BANK_UNAVAILABLE 0')];
  expect(await work()).toEqual(waiting);
  expect(bank.calls).toHaveLength(5);
  // Until then there is nothing to do, and nobody is called to do it.
  await cycles.reconcile();
  expect(queued).toEqual([]);
  clock.advance(5 * 60_000);
  bank.beforeAnswer = () => {};
  await cycles.reconcile();
  expect(await work()).toEqual([...Array(5).fill('SYNCHRONIZED null 2'), ...Array(7).fill('SYNCHRONIZED null 1')]);
  expect(await failures()).toEqual([]);
  expect(await cycles.findRunning()).toBeNull();
});

it('a bank that is down for the whole window is asked by one login after each pause, and all are told of at the end', async () => {
  const { id, work, cycles, bank, clock, failures, database } = await startCycle(enrolEleven);
  await work();
  for (const minutes of [5, 10, 20, 30]) {
    const calls = bank.calls.length;
    clock.advance(minutes * 60_000);
    await cycles.reconcile();
    await work();
    expect(bank.calls).toHaveLength(calls + 1);
  }
  clock.set('2026-03-10T16:00:00Z');
  await cycles.reconcile();
  const entries = await database.prisma.cycleEntry.findMany({ where: { cycleId: id } });
  expect(entries.map(({ status, reason }) => `${status} ${reason}`)).toEqual(Array(12).fill('FAILED BANK_UNAVAILABLE'));
  const told = await failures();
  expect(told.map(({ data }) => (data as { errorCode: string }).errorCode)).toEqual(Array(12).fill('BANK_UNAVAILABLE'));
  expect(new Set(told.map(({ bankLoginId }) => bankLoginId)).size).toBe(12);
});

it('a failure that was noted by a process that then died is told of when the window closes', async () => {
  const { id, tryNext, failures, cycles, clock, database } = await startCycle();
  await tryNext('not recorded');
  clock.set('2026-03-10T16:00:00Z');
  await cycles.reconcile();
  expect(await failures()).toHaveLength(1);
  const entries = await database.prisma.cycleEntry.findMany({ where: { cycleId: id } });
  expect(entries).toMatchObject([{ status: 'FAILED', reason: 'BANK_UNAVAILABLE' }]);
});

it('a user who opts out while the bank of one login is asked is not asked for by the next', async () => {
  const { tryNext, database, bank, userId } = await startCycle((world) => addLogin(world));
  bank.beforeAnswer = async () => {
    await database.prisma.user.update({ where: { id: userId }, data: { recurring: false } });
  };
  expect(await tryNext('recorded')).toEqual({ status: 'SYNCHRONIZED' });
  expect(await database.prisma.synchronizationAttempt.count()).toBe(1);
});

it('a login that must be authenticated anew while the one before it is under way is left alone', async () => {
  const { tryNext, database, bank } = await startCycle((world) => addLogin(world));
  bank.beforeAnswer = async () => {
    await database.prisma.bankLogin.update({ where: { id: 'login_zz' }, data: { status: 'SCA_REQUIRED' } });
  };
  expect(await tryNext('recorded')).toEqual({ status: 'SYNCHRONIZED' });
  expect(await database.prisma.synchronizationAttempt.count()).toBe(1);
});

async function addLogin({ database, encryption, clock, clientId, userId }: SynchronizationWorld): Promise<void> {
  const given = { clientId, userId, bankId: 'bank_test', createdAt: clock.now() };
  await database.prisma.bankLogin.create({ data: { ...given, id: 'login_zz' } });
  await database.prisma.consent.create({
    data: {
      ...given,
      id: 'cns_zz',
      bankLoginId: 'login_zz',
      status: 'VALID',
      recurring: true,
      validUntil: new Date(clock.now().getTime() + 90 * 86_400_000),
      frequencyPerDay: 4,
      authorisedAt: clock.now(),
      credentials: sealedCredentials(encryption, 'consent-2')('cns_zz'),
    },
  });
}
