import { expect, it } from 'vitest';
import type { Database } from '../../src/storage/database.ts';
import { createCyclePlan } from '../../src/sync/cycle-plan.ts';
import { createCyclePlanStore } from '../../src/sync/cycle-plan-store.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

const second = 1_000;

async function createPlanWorld(userCount: number) {
  const database = await openTestDatabase();
  const clock = fixedClock('2026-03-10T10:00:00Z');
  const clientId = await insertClient(database, clock.now());
  const userIds: string[] = [];
  for (let n = 0; n < userCount; n++) {
    clock.advance(second);
    userIds.push((await insertEnrolledUser(database, { clientId, now: clock.now() })).userId);
  }
  const planWith = (laneCount: number) => createCyclePlan({ clock, store: createCyclePlanStore(database), laneCount });
  return { database, clock, userIds, planWith };
}

/** A cycle of the past, opened then, that took so long for so many users. */
async function addCompletedCycle(database: Database, given: { opensAt: string; seconds: number; users: number }) {
  const opensAt = new Date(given.opensAt);
  const id = `cyc_${given.opensAt}`;
  const finishedAt = new Date(opensAt.getTime() + given.seconds * second);
  await database.prisma.synchronizationCycle.create({
    data: {
      ...{ id, kind: 'SCHEDULED', status: 'COMPLETED', laneCount: 1 },
      ...{ opensAt, startedAt: opensAt, closesAt: finishedAt, finishedAt },
    },
  });
  await database.prisma.cycleEntry.createMany({
    data: Array.from({ length: given.users }, (_, n) => ({
      ...{ cycleId: id, userId: `usr_${n}`, clientId: 'cli_1', lane: 0, position: n + 1 },
      ...{ status: 'SYNCHRONIZED' as const, attemptCount: 1 },
    })),
  });
}

it('the positions are those of the order of enrolment, whoever is asked for, in whatever order', async () => {
  const { userIds, planWith, database } = await createPlanWorld(6);
  await database.prisma.user.update({ where: { id: userIds[1] ?? '' }, data: { recurring: false } });
  const [first, optedOut, third, , , sixth] = userIds as [string, string, string, string, string, string];
  const plans = await planWith(1).planFor([sixth, optedOut, first, third]);
  expect([...plans].map(([id, { position }]) => [id, position]).sort()).toEqual(
    [
      [first, 1],
      [third, 2],
      [sixth, 5],
    ].sort(),
  );
});

it('the estimate follows from the pace of recent cycles, and learns from a new one', async () => {
  const { userIds, planWith, database } = await createPlanWorld(3);
  const third = userIds[2] ?? '';
  const plan = planWith(1);
  const estimate = async () => (await plan.planFor([third])).get(third)?.estimatedAt?.toISOString();
  // Before any cycle: a second each.
  expect(await estimate()).toBe('2026-03-10T16:00:02.000Z');
  await addCompletedCycle(database, { opensAt: '2026-03-09T04:00:00Z', seconds: 100, users: 10 });
  expect(await estimate()).toBe('2026-03-10T16:00:20.000Z');
  await addCompletedCycle(database, { opensAt: '2026-03-09T16:00:00Z', seconds: 300, users: 10 });
  expect(await estimate()).toBe('2026-03-10T16:00:40.000Z');
  // Only the last five count.
  for (let n = 1; n <= 5; n++) {
    await addCompletedCycle(database, { opensAt: `2026-03-10T0${n}:00:00Z`, seconds: 10, users: 10 });
  }
  expect(await estimate()).toBe('2026-03-10T16:00:02.000Z');
});

it('in a running cycle, the position counts those of the same lane who are not done', async () => {
  const { userIds, planWith, database, clock } = await createPlanWorld(5);
  const opensAt = clock.now();
  const slot = { opensAt, closesAt: new Date('2026-03-10T16:00:00Z') };
  await createCycleStore(database).open(slot, 'EXTRA', { laneCount: 1, now: clock.now() });
  const [first, next, , fourth, fifth] = userIds as [string, string, string, string, string];
  await database.prisma.cycleEntry.updateMany({ where: { userId: first }, data: { status: 'SYNCHRONIZED' } });
  await database.prisma.cycleEntry.updateMany({ where: { userId: next }, data: { status: 'RUNNING' } });
  const plans = await planWith(1).planFor([fifth, first, fourth]);
  expect(plans.get(fourth)).toMatchObject({ cycleOpensAt: opensAt, position: 3 });
  expect(plans.get(fifth)).toMatchObject({ cycleOpensAt: opensAt, position: 4 });
  expect(plans.get(fifth)?.estimatedAt).toEqual(new Date(clock.now().getTime() + 3 * second));
  // Who is done waits for the next.
  expect(plans.get(first)).toMatchObject({ cycleOpensAt: slot.closesAt, position: 1 });
});

it('in a running cycle, who waits for another try comes after all who have not had their turn, and not before it is time', async () => {
  const { userIds, planWith, database, clock } = await createPlanWorld(5);
  const slot = { opensAt: clock.now(), closesAt: new Date('2026-03-10T16:00:00Z') };
  await createCycleStore(database).open(slot, 'EXTRA', { laneCount: 1, now: clock.now() });
  const [first, second, third, , fifth] = userIds as [string, string, string, string, string];
  const inHalfAnHour = new Date(clock.now().getTime() + 1_800 * 1_000);
  const waits = (userId: string, notBefore: Date) =>
    database.prisma.cycleEntry.updateMany({ where: { userId }, data: { status: 'RETRY', notBefore } });
  await waits(first, inHalfAnHour);
  await waits(third, clock.now());
  const plans = await planWith(1).planFor(userIds);
  const positions = userIds.map((id) => plans.get(id)?.position);
  expect(positions).toEqual([5, 1, 4, 2, 3]);
  expect(plans.get(second)?.estimatedAt).toEqual(clock.now());
  expect(plans.get(fifth)?.estimatedAt).toEqual(new Date(clock.now().getTime() + 2 * 1_000));
  expect(plans.get(first)?.estimatedAt).toEqual(inHalfAnHour);
});
