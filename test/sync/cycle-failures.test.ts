import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { type ClaimedEntry, createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createCycles } from '../../src/sync/cycles.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';

/** A cycle over the one user of a world whose bank is down, worked through by hand. */
async function startCycle() {
  const world = await createSynchronizationWorld();
  const { database, clock, eventLog } = world;
  const lanes = createCycleLaneStore(database);
  const users = createCycleUserStore(database);
  const synchronizeUser = createUserSynchronizer({ clock, users, synchronizeLogin: world.synchronizeLogin });
  const queue = { enqueueLane: async () => {} };
  const cycles = createCycles({ clock, store: createCycleStore(database), lanes, eventLog, queue, laneCount: 1 });
  const { id } = await cycles.runExtraCycle();
  world.bank.beforeAnswer = () => {
    throw new BankFailure('BANK_UNAVAILABLE', 'down');
  };
  return {
    ...world,
    cycles,
    /** As a process does that then dies, or records the outcome first. */
    async tryNext(recording: 'recorded' | 'not recorded') {
      await lanes.releaseAllLanes();
      const hold = await lanes.takeLane(id, 0, 'somebody');
      const entry = hold && (await lanes.claimNext(hold, clock.now(), null));
      if (!hold || !entry) throw new Error('nothing to do');
      const outcome = await synchronizeUser(entry as ClaimedEntry, new AbortController().signal);
      if (outcome === 'stale' || outcome === 'interrupted') throw new Error(outcome);
      if (recording === 'recorded') await lanes.finishEntry(hold, clock.now(), { userId: entry.userId, outcome });
      return outcome;
    },
    failures: async () => (await world.events()).filter(({ type }) => type === 'BANK_LOGIN_SYNCHRONIZATION_FAILED'),
  };
}

it('a failure that waits for its other try when the window closes is told of then, once', async () => {
  const { tryNext, failures, cycles, clock, database } = await startCycle();
  expect(await tryNext('recorded')).toEqual({ status: 'RETRY', reason: 'BANK_UNAVAILABLE' });
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
  const { tryNext, database, bank, encryption, clock, clientId, userId } = await startCycle();
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
      bankConsentId: encryption.encrypt('consent-2'),
    },
  });
  bank.beforeAnswer = async () => {
    await database.prisma.consent.update({
      where: { id: 'cns_zz' },
      data: { status: 'TERMINATED', bankConsentId: null },
    });
  };
  expect(await tryNext('recorded')).toEqual({ status: 'SYNCHRONIZED' });
  const attempts = await database.prisma.synchronizationAttempt.findMany({ select: { bankLoginId: true } });
  expect(attempts).toHaveLength(1);
  expect(attempts).not.toContainEqual({ bankLoginId: 'login_zz' });
});
