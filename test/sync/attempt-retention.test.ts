import { expect, it } from 'vitest';
import { removeOldAttempts } from '../../src/sync/attempt-retention-store.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const dayMs = 86_400_000;

it('removes old attempts in small steps, but never a login’s latest', async () => {
  const database = await openTestDatabase();
  const now = new Date('2026-06-01T12:00:00Z');
  const clientId = await insertClient(database, now);
  const { loginId: busy } = await insertEnrolledUser(database, { clientId, now });
  const { loginId: quiet } = await insertEnrolledUser(database, { clientId, now });
  const attempt = async (id: string, bankLoginId: string, daysAgo: number) => {
    const startedAt = new Date(now.getTime() - daysAgo * dayMs);
    await database.prisma.synchronizationAttempt.create({ data: { id, bankLoginId, trigger: 'SCHEDULER', startedAt } });
    await database.prisma.bankLogin.update({ where: { id: bankLoginId }, data: { lastAttemptId: id } });
  };
  await attempt('att_quiet', quiet, 200);
  for (let n = 0; n < 5; n++) await attempt(`att_old_${n}`, busy, 100 - n);
  await attempt('att_new', busy, 1);

  const steps: number[] = [];
  for await (const removed of removeOldAttempts(database, new Date(now.getTime() - 90 * dayMs), 2)) steps.push(removed);
  expect(steps).toEqual([2, 2, 1]);
  const left = await database.prisma.synchronizationAttempt.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
  expect(left.map(({ id }) => id)).toEqual(['att_new', 'att_quiet']);
});
