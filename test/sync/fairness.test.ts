import { expect, it } from 'vitest';
import { createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleRunner } from '../../src/sync/cycle-runner.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createSynchronizationSessionStore } from '../../src/sync/synchronization-session-store.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { eventually } from '../support/eventually.ts';
import { silence } from './scripted-bank.ts';
import { createSynchronizationWorld, type WorldOptions } from './synchronization-world.ts';

/** A cycle on the embedded stores over two users, at whose bank nothing is answered under the first one's consent. */
async function createSilentWorld(options: WorldOptions = {}) {
  const world = await createSynchronizationWorld(options);
  const { database, clock, clientId, encryption } = world;
  const credentials = sealedCredentials(encryption, 'consent-2');
  const second = await insertEnrolledUser(database, { clientId, now: clock.now(), credentials });
  world.bank.beforeAnswer = (_call, access) => access.credentials.text === 'consent-1' && silence(access);
  const users = createCycleUserStore(database);
  const runner = createCycleRunner({
    clock,
    lanes: createCycleLaneStore(database),
    synchronizeUser: createUserSynchronizer({ clock, users, synchronizeLogin: world.synchronizeLogin }),
    onUnexpected: () => {},
  });
  const slot = { opensAt: clock.now(), closesAt: new Date('2026-03-10T16:00:00Z') };
  const opened = await createCycleStore(database).open(slot, 'EXTRA', { laneCount: 1, now: clock.now() });
  const cycleId = opened?.cycle.id ?? '';
  return { ...world, second, cycleRunner: runner, lane: { cycleId, lane: 0, touch: async () => {} } };
}

it('a session on request does not wait behind a cycle whose bank does not answer', async () => {
  const { database, clock, clientId, bank, runner, second, cycleRunner, lane } = await createSilentWorld();
  const working = cycleRunner.workLane(lane);
  await eventually(() => bank.calls.length === 1);
  const sessions = createSynchronizationSessionStore(database);
  const login = await sessions.findLogin(clientId, second.loginId);
  if (!login) throw new Error('no login');
  const input = { clientId, returnUrl: null, psuIpAddress: null, idempotencyKey: null, idempotencyHash: null };
  const session = await sessions.createRunning({ ...input, id: 'sync_1', login, now: clock.now() });
  await runner.runSession(session?.id ?? '');
  expect(await sessions.get('sync_1')).toMatchObject({ status: 'COMPLETED' });
  expect(bank.calls.filter(({ consentId }) => consentId === 'consent-1')).toHaveLength(1);
  await cycleRunner.stop(50);
  await working;
});

it('a bank that does not answer holds a lane up for no longer than a login’s time limit', async () => {
  const { cycleRunner, lane, second, database, bank } = await createSilentWorld({ unattendedLimitMs: 50 });
  expect(await cycleRunner.workLane(lane)).toBe('finished');
  const entries = await database.prisma.cycleEntry.findMany({ orderBy: { position: 'asc' } });
  expect(entries).toMatchObject([
    { status: 'FAILED', reason: 'BANK_UNAVAILABLE', attemptCount: 2 },
    { userId: second.userId, status: 'SYNCHRONIZED' },
  ]);
  // Once in its turn, and once more at the end.
  expect(bank.calls.filter(({ consentId }) => consentId === 'consent-1')).toHaveLength(2);
});
