import fc from 'fast-check';
import { expect, it } from 'vitest';
import { BankFailure } from '../../src/banking/bank-failure.ts';
import { insertEnrolledUser } from '../support/enrolled-users.ts';
import { bankAccount } from './scripted-bank.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

const minute = 60_000;
const day = 24 * 60 * minute;

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
  const bankConsentId = encryption.encrypt('consent');
  const { loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), bankConsentId });
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
        expect(refusedAtMs.filter((t) => t < atMs && atMs < t + 2 * 60 * minute)).toEqual([]);
      }
    }),
    { numRuns: 60, endOnFailure: true },
  );
}, 120_000);
