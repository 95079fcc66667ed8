import { expect, it } from 'vitest';
import { removeOldCycles } from '../../src/sync/cycle-retention-store.ts';
import { insertClient } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const dayMs = 86_400_000;
const now = new Date('2026-06-01T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs);

it('removes cycles that finished long ago with their entries, in small steps; one that an event tells of stays with it', async () => {
  const database = await openTestDatabase();
  const { prisma } = database;
  const clientId = await insertClient(database, now);
  const cycle = async (id: string, days: number, finishedAt: Date | null) => {
    await prisma.synchronizationCycle.create({
      data: {
        ...{ id, kind: 'SCHEDULED', laneCount: 1, finishedAt },
        status: finishedAt ? 'COMPLETED' : 'RUNNING',
        opensAt: daysAgo(days),
        closesAt: daysAgo(days),
        startedAt: daysAgo(days),
        lanes: { create: { lane: 0 } },
        entries: {
          create: [0, 1, 2].map((position) => ({ clientId, userId: `usr_${position}`, lane: 0, position })),
        },
      },
    });
  };
  await cycle('cyc_old', 100, daysAgo(100));
  await cycle('cyc_told', 99, daysAgo(99));
  await cycle('cyc_new', 89, daysAgo(89));
  await cycle('cyc_running', 98, null);
  await prisma.event.create({
    data: {
      ...{ id: 'evt_1', clientId, position: 1, cycleId: 'cyc_told', data: {} },
      type: 'SYNCHRONIZATION_CYCLE_COMPLETED',
      occurredAt: daysAgo(99),
    },
  });

  const steps: number[] = [];
  for await (const removed of removeOldCycles(database, daysAgo(90), 2)) steps.push(removed);
  expect(steps).toEqual([2, 1]);
  const left = await prisma.synchronizationCycle.findMany({ orderBy: { id: 'asc' }, include: { entries: true } });
  expect(left.map(({ id, entries }) => [id, entries.length])).toEqual([
    ['cyc_new', 3],
    ['cyc_running', 3],
    ['cyc_told', 3],
  ]);
  expect(await prisma.cycleLane.count({ where: { cycleId: 'cyc_old' } })).toBe(0);
});
