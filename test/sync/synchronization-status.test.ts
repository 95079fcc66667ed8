import { describe, expect, it } from 'vitest';
import { BankFailure, type BankFailureCode } from '../../src/banking/bank-failure.ts';
import { createCyclePlan } from '../../src/sync/cycle-plan.ts';
import { createCyclePlanStore } from '../../src/sync/cycle-plan-store.ts';
import { createSynchronizationStatuses } from '../../src/sync/synchronization-status.ts';
import { createSynchronizationStatusStore } from '../../src/sync/synchronization-status-store.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { createSynchronizationWorld } from './synchronization-world.ts';

async function createStatusWorld() {
  const world = await createSynchronizationWorld();
  const { database, clock, budget, clientId, loginId, synchronizeLogin, bank } = world;
  const statuses = createSynchronizationStatuses({
    clock,
    store: createSynchronizationStatusStore(database),
    budget,
    plan: createCyclePlan({ clock, store: createCyclePlanStore(database), laneCount: 1 }),
  });
  return {
    ...world,
    statuses,
    async status() {
      const [status] = await statuses.listStatus(clientId, [loginId]);
      return status;
    },
    async synchronize(failure: BankFailureCode | null = null) {
      bank.beforeAnswer = () => {
        if (failure) throw new BankFailure(failure, 'refused');
      };
      await synchronizeLogin({ loginId, trigger: 'SCHEDULER', psu: null, signal: new AbortController().signal });
    },
  };
}

describe('the synchronization status of a login', () => {
  it('says when it was synchronized last, when it will be next and what is left', async () => {
    const { status, synchronize, clock } = await createStatusWorld();
    expect(await status()).toMatchObject({ lastSynchronization: null, lastAttempt: null, unattendedAccessesLeft: 4 });
    await synchronize();
    const fresh = await status();
    expect(fresh).toMatchObject({
      status: 'OK',
      active: true,
      lastSynchronization: clock.now(),
      lastAttempt: { trigger: 'SCHEDULER', startedAt: clock.now(), finishedAt: clock.now(), errorCode: null },
      consentValidUntil: '2026-06-08',
      nextSynchronization: { cycleOpensAt: new Date('2026-03-10T16:00:00Z'), position: 1 },
      unattendedAccessesLeft: 3,
      blockedBy: null,
      nextAction: 'NONE',
    });
  });

  it('counts an SCA that is older than its bank allows like a consent that has ended', async () => {
    const { status, database, clock } = await createStatusWorld();
    await database.prisma.bank.updateMany({ data: { scaValidityDays: 30 } });
    clock.set('2026-04-09T10:00:00Z');
    expect(await status()).toMatchObject({ active: true, unattendedAccessesLeft: 4, blockedBy: null });
    clock.advance(1);
    expect(await status()).toMatchObject({
      active: false,
      nextSynchronization: null,
      unattendedAccessesLeft: 0,
      blockedBy: 'SCA_REQUIRED',
      nextAction: 'CREATE_SYNCHRONIZATION_SESSION',
    });
  });

  it.each<[failure: BankFailureCode, status: object]>([
    [
      'CONSENT_EXPIRED',
      { status: 'SCA_REQUIRED', active: false, blockedBy: 'CONSENT_EXPIRED', consentValidUntil: null },
    ],
    ['CREDENTIALS_INVALID', { status: 'SCA_REQUIRED', active: false, blockedBy: 'SCA_REQUIRED' }],
    ['ACCESS_EXCEEDED', { status: 'OK', active: true, blockedBy: 'ACCESS_LIMIT', unattendedAccessesLeft: 0 }],
    ['CERTIFICATE_REJECTED', { status: 'OK', active: true, nextAction: 'CONTACT_SUPPORT' }],
    ['BANK_UNAVAILABLE', { status: 'SYNC_FAILED', active: true, blockedBy: null, nextAction: 'WAIT' }],
  ])('after %s names what stands in the way', async (failure, expected) => {
    const { status, synchronize } = await createStatusWorld();
    await synchronize();
    await synchronize(failure);
    const told = await status();
    expect(told).toMatchObject({ ...expected, lastAttempt: { errorCode: failure } });
    expect(told?.nextSynchronization === null).toBe(!told?.active);
  });

  it('is told to its own client only, in the order asked for', async () => {
    const { database, clock, statuses, clientId, userId, loginId } = await createStatusWorld();
    const stranger = await insertClient(database, clock.now(), 'Stranger');
    const other = await insertEnrolledUser(database, { clientId: stranger, now: clock.now() });
    const second = await insertEnrolledUser(database, { clientId, now: clock.now() });
    const rows = await statuses.listStatus(clientId, [second.loginId, other.loginId, loginId]);
    expect(rows.map(({ bankLoginId }) => bankLoginId)).toEqual([second.loginId, loginId]);
    expect(await statuses.listLoginIds(clientId, userId)).toEqual([loginId]);
    expect(await statuses.listLoginIds(clientId, other.userId)).toEqual([]);
    await database.prisma.bankLogin.deleteMany({ where: { userId } });
    expect(await statuses.listLoginIds(clientId, userId)).toEqual([]);
  });
});
