import fc from 'fast-check';
import { expect, it } from 'vitest';
import {
  type AccessEndpoint,
  type AccessReservation,
  createAccessBudget,
  unattendedLimit,
} from '../../src/consent/access-budget-store.ts';
import type { Database } from '../../src/storage/database.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const start = new Date('2026-03-10T10:00:00Z');
const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;

async function insertConsent(database: Database, clientId: string) {
  const { loginId } = await insertEnrolledUser(database, { clientId, now: start });
  const { id } = await database.prisma.consent.findFirstOrThrow({ where: { bankLoginId: loginId } });
  return { consentId: id, bankLoginId: loginId };
}

async function createWorld() {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, start);
  const budget = createAccessBudget(database);
  return { database, clientId, budget, newConsent: () => insertConsent(database, clientId) };
}

const access = (resourceId: string, endpoint: AccessEndpoint = 'TRANSACTIONS') => ({ resourceId, endpoint });

it.each([
  [0, 0],
  [1, 1],
  [3, 3],
  [4, 4],
  [5, 4],
  [100, 4],
])('a consent for %i accesses a day allows %i without the end user', (frequencyPerDay, limit) => {
  expect(unattendedLimit(frequencyPerDay)).toBe(limit);
});

const attempts = fc.array(
  fc.record({
    minutesLater: fc.integer({ min: 0, max: 13 * 60 }),
    trigger: fc.constantFrom('SCHEDULER' as const, 'MANUAL' as const),
    attended: fc.boolean(),
    resources: fc.uniqueArray(fc.constantFrom('r1', 'r2', 'r3'), { minLength: 1 }),
  }),
  { minLength: 5, maxLength: 30 },
);

it('never grants more than the consent and the law allow in any 24 hours, and keeps two for the cycles', async () => {
  const { database, budget, newConsent } = await createWorld();
  const property = fc.asyncProperty(fc.integer({ min: 0, max: 6 }), attempts, async (frequencyPerDay, tries) => {
    const consent = await newConsent();
    let at = start.getTime();
    for (const { minutesLater, trigger, attended, resources } of tries) {
      at += minutesLater * minuteMs;
      await budget.reserve({
        ...consent,
        frequencyPerDay,
        trigger,
        attended,
        accesses: resources.map((resource) => access(resource)),
        now: new Date(at),
      });
    }
    const ledger = await database.prisma.bankAccess.findMany({
      where: { consentId: consent.consentId, attended: false },
    });
    const limit = Math.min(frequencyPerDay, 4);
    for (const { resourceId, accessedAt } of ledger) {
      const window = ledger.filter((other) => {
        const age = accessedAt.getTime() - other.accessedAt.getTime();
        return other.resourceId === resourceId && age >= 0 && age < dayMs;
      });
      expect(window.length).toBeLessThanOrEqual(limit);
      expect(window.filter(({ trigger }) => trigger !== 'SCHEDULER').length).toBeLessThanOrEqual(
        Math.max(limit - 2, 0),
      );
    }
  });
  await fc.assert(property, { numRuns: 15 });
});

it('reserves all accesses or none, and says when to come back', async () => {
  const { database, budget, newConsent } = await createWorld();
  const consent = await newConsent();
  const reservation: AccessReservation = {
    ...consent,
    frequencyPerDay: 1,
    trigger: 'SCHEDULER',
    attended: false,
    accesses: [access('r1')],
    now: start,
  };
  expect(await budget.reserve(reservation)).toEqual({ outcome: 'granted' });
  const now = new Date(start.getTime() + dayMs - 1);
  expect(await budget.reserve({ ...reservation, accesses: [access('r1'), access('r2')], now })).toEqual({
    outcome: 'refused',
    retryAt: new Date(start.getTime() + dayMs),
  });
  expect(await database.prisma.bankAccess.count({ where: { resourceId: 'r2' } })).toBe(0);
  const retried = await budget.reserve({ ...reservation, now: new Date(start.getTime() + dayMs) });
  expect(retried).toEqual({ outcome: 'granted' });
});

it('counts every endpoint by itself, and the end user’s own accesses not at all', async () => {
  const { budget, newConsent } = await createWorld();
  const consent = await newConsent();
  const reserve = (endpoint: AccessEndpoint, attended = false) =>
    budget.reserve({
      ...consent,
      frequencyPerDay: 1,
      trigger: 'SCHEDULER',
      attended,
      accesses: [access('r1', endpoint)],
      now: start,
    });
  expect((await reserve('BALANCES')).outcome).toBe('granted');
  expect((await reserve('TRANSACTIONS')).outcome).toBe('granted');
  expect((await reserve('BALANCES')).outcome).toBe('refused');
  expect((await reserve('BALANCES', true)).outcome).toBe('granted');
});

it('grants the last slot once at most, whatever number ask for it in the same moment', async () => {
  const { database, budget, newConsent } = await createWorld();
  const consent = await newConsent();
  const reserve = (minutes: number) =>
    budget.reserve({
      ...consent,
      frequencyPerDay: 4,
      trigger: 'SCHEDULER',
      attended: false,
      accesses: [access('r1')],
      now: new Date(start.getTime() + minutes * minuteMs),
    });
  for (const minutes of [0, 1, 2]) expect((await reserve(minutes)).outcome).toBe('granted');
  const outcomes = (await Promise.all([3, 3, 3, 3, 3].map(reserve))).map(({ outcome }) => outcome);
  expect(outcomes.filter((outcome) => outcome === 'granted').length).toBeLessThanOrEqual(1);
  expect(await database.prisma.bankAccess.count()).toBeLessThanOrEqual(4);
});

it('is closed until then when the bank has said that it is enough', async () => {
  const { budget, newConsent } = await createWorld();
  const consent = await newConsent();
  const until = new Date(start.getTime() + 3 * 60 * minuteMs);
  await budget.close(consent.consentId, until);
  const reservation: AccessReservation = {
    ...consent,
    frequencyPerDay: 4,
    trigger: 'SCHEDULER',
    attended: false,
    accesses: [access('r1')],
    now: start,
  };
  expect(await budget.reserve(reservation)).toEqual({ outcome: 'refused', retryAt: until });
  expect((await budget.reserve({ ...reservation, now: until })).outcome).toBe('granted');
});

it('forgets what has not counted for days, and nothing else', async () => {
  const { database, budget, newConsent } = await createWorld();
  const consent = await newConsent();
  for (const days of [0, 6]) {
    await budget.reserve({
      ...consent,
      frequencyPerDay: 4,
      trigger: 'SCHEDULER',
      attended: false,
      accesses: [access('r1')],
      now: new Date(start.getTime() + days * dayMs),
    });
  }
  await budget.forget(new Date(start.getTime() + 7 * dayMs + 1));
  expect(await database.prisma.bankAccess.count()).toBe(1);
});
