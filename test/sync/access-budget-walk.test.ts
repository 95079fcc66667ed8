import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createCycles } from '../../src/sync/cycles.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { bankAccount } from './scripted-bank.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

const endOfDay = (atMs: number) => (Math.floor(atMs / day) + 1) * day;

type Step =
  | { kind: 'wait'; minutes: number }
  | { kind: 'synchronize'; trigger: 'SCHEDULER' | 'MANUAL'; attended: boolean; answer: Answer };
type Answer = 'fine' | 'down' | 'enough' | 'new account' | 'an account twice';

const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.constantFrom(1, 90, 11 * 60, 13 * 60, 24 * 60) }),
  fc.record({
    kind: fc.constant('synchronize' as const),
    trigger: fc.constantFrom('SCHEDULER' as const, 'MANUAL' as const),
    attended: fc.constantFrom(false, false, false, true),
    answer: fc.constantFrom<Answer>(
      'fine',
      'fine',
      'fine',
      'fine',
      'down',
      'enough',
      'new account',
      'an account twice',
    ),
  }),
);

interface Asked {
  atMs: number;
  what: string;
  trigger: string;
}

/** A new login of the world's, through these steps. */
async function walk(world: SynchronizationWorld, steps: readonly Step[]) {
  const { bank, clock, clientId, database, encryption } = world;
  const credentials = sealedCredentials(encryption, 'consent');
  const { loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), credentials });
  bank.accounts = [bankAccount()];
  const unattended: Asked[] = [];
  const refusedAtMs: number[] = [];
  for (const each of steps) {
    if (each.kind === 'wait') {
      clock.advance(each.minutes * minute);
      continue;
    }
    if (each.answer === 'new account')
      bank.accounts = [...bank.accounts, bankAccount({ resourceId: `new${steps.indexOf(each)}`, iban: null })];
    if (each.answer === 'an account twice') bank.accounts = [...bank.accounts, bankAccount({ iban: null })];
    bank.beforeAnswer = ({ operation, resourceId, psuIpAddress }) => {
      const atMs = clock.now().getTime();
      if (psuIpAddress === null) unattended.push({ atMs, what: `${operation} ${resourceId}`, trigger: each.trigger });
      if (each.answer === 'down') throw new BankFailure('BANK_UNAVAILABLE', 'down');
      if (each.answer !== 'enough') return;
      refusedAtMs.push(atMs);
      throw new BankFailure('ACCESS_EXCEEDED', 'enough', { retryAt: new Date(atMs + 2 * 60 * minute) });
    };
    const psu = each.attended ? { ipAddress: '192.0.2.1' } : null;
    await world.synchronizeLogin({ loginId, trigger: each.trigger, psu, signal: new AbortController().signal });
  }
  return { unattended, refusedAtMs };
}

it('however it is asked and whatever it answers, no bank is asked more often without the end user than allowed', async () => {
  const world = await createSynchronizationWorld();
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
      const { unattended, refusedAtMs } = await walk(world, steps);
      for (const { atMs, what } of unattended) {
        const inTheDayBefore = unattended.filter((a) => a.what === what && a.atMs <= atMs && a.atMs > atMs - day);
        expect(inTheDayBefore.length).toBeLessThanOrEqual(4);
        const onRequest = inTheDayBefore.filter(({ trigger }) => trigger === 'MANUAL');
        expect(onRequest.length).toBeLessThanOrEqual(2);
        // Two hours are what the bank asks for; for the rest of its day it would say the same.
        expect(refusedAtMs.filter((t) => t < atMs && atMs < Math.max(t + 2 * 60 * minute, endOfDay(t)))).toEqual([]);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 120_000);

/** Works through the cycle that is open as its lane does, waiting where an entry is to wait; how the user's entry ends. */
async function workCycle(world: SynchronizationWorld) {
  const { database, clock, eventLog, synchronizeLogin } = world;
  const lanes = createCycleLaneStore(database);
  const synchronizeUser = createUserSynchronizer({ clock, users: createCycleUserStore(database), synchronizeLogin });
  const queue = { enqueueLane: async () => {} };
  const cycles = createCycles({ clock, store: createCycleStore(database), lanes, eventLog, queue, laneCount: 1 });
  await cycles.reconcile();
  const cycle = await cycles.findRunning();
  const hold = cycle && (await lanes.takeLane(cycle.id, 0, 'somebody'));
  if (!hold) throw new Error('no lane to work on');
  for (;;) {
    const entry = await lanes.claimNext(hold, clock.now(), null);
    if (!entry) throw new Error('no entry to work on');
    const outcome = await synchronizeUser(entry, new AbortController().signal);
    if (typeof outcome === 'string') return outcome;
    await lanes.finishEntry(hold, clock.now(), { userId: entry.userId, outcome });
    if (outcome.status === 'RETRY') {
      if (outcome.notBefore) clock.set(outcome.notBefore);
      continue;
    }
    await lanes.finishLane(hold, clock.now());
    await cycles.completeIfDone(hold.cycleId);
    return outcome.status;
  }
}

// Yesterday's access at 04:00:30 still counts at 04:00:20 today: such cycles were skipped.
it.each([2, 4])(
  'of %i accesses a day every cycle of two weeks has its own, some seconds earlier or later, whatever clients ask for',
  async (frequencyPerDay) => {
    const world = await createSynchronizationWorld();
    const { clock, database, bank, loginId } = world;
    await database.prisma.consent.updateMany({ data: { frequencyPerDay } });
    const asked: Asked[] = [];
    let trigger = 'SCHEDULER';
    bank.beforeAnswer = ({ operation, resourceId }) =>
      void asked.push({ atMs: clock.now().getTime(), what: `${operation} ${resourceId}`, trigger });
    const ends: string[] = [];
    for (let slot = 0; slot < 28; slot++) {
      const opensAt = Date.parse('2026-03-11T04:00:00Z') + slot * 12 * 60 * minute;
      clock.set(new Date(opensAt + ((slot * 37) % 60) * 1_000));
      trigger = 'SCHEDULER';
      ends.push(await workCycle(world));
      expect(clock.now().getTime()).toBeLessThan(opensAt + 5 * minute);
      clock.set(new Date(opensAt + (1 + ((slot * 7) % 11)) * 60 * minute));
      trigger = 'MANUAL';
      await world.synchronizeLogin({ loginId, trigger: 'MANUAL', psu: null, signal: new AbortController().signal });
    }
    expect(ends).toEqual(ends.map(() => 'SYNCHRONIZED'));
    for (const { atMs, what } of asked) {
      const inTheDayBefore = asked.filter((a) => a.what === what && a.atMs <= atMs && a.atMs > atMs - day);
      expect(inTheDayBefore.length).toBeLessThanOrEqual(frequencyPerDay);
    }
    expect(asked.some((a) => a.trigger === 'MANUAL')).toBe(frequencyPerDay === 4);
  },
);
