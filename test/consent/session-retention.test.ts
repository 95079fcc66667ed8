import { expect, it } from 'vitest';
import { removeOldSessions } from '../../src/consent/session-retention-store.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { openTestDatabase } from '../support/test-database.ts';

const dayMs = 86_400_000;
const now = new Date('2026-06-01T12:00:00Z');
const daysAgo = (days: number) => new Date(now.getTime() - days * dayMs);

it('removes sessions that ended long ago and consents that were never granted, in small steps; nothing that still waits', async () => {
  const database = await openTestDatabase();
  const clientId = await insertClient(database, now);
  const { userId } = await insertEnrolledUser(database, { clientId, now });
  const session = (id: string, status: 'COMPLETED' | 'FAILED' | 'AWAITING_USER' | 'RUNNING', days: number) =>
    database.prisma.session.create({
      data: {
        ...{ id, clientId, userId, status, kind: 'SYNCHRONIZATION', idempotencyKey: id },
        createdAt: daysAgo(days),
        updatedAt: daysAgo(days),
        finishedAt: status === 'COMPLETED' || status === 'FAILED' ? daysAgo(days) : null,
      },
    });
  for (let n = 0; n < 3; n++) await session(`ses_old_${n}`, n === 0 ? 'FAILED' : 'COMPLETED', 91 + n);
  await session('ses_new', 'COMPLETED', 89);
  await session('ses_waiting', 'AWAITING_USER', 100);
  await session('ses_running', 'RUNNING', 100);
  const bankId = (await database.prisma.bank.findFirstOrThrow()).id;
  const consent = (id: string, status: 'TERMINATED' | 'RECEIVED' | 'EXPIRED', days: number, isGranted = false) =>
    database.prisma.consent.create({
      data: {
        ...{ id, clientId, userId, bankId, status, recurring: true, frequencyPerDay: 4 },
        validUntil: daysAgo(0),
        createdAt: daysAgo(days),
        authorisedAt: isGranted ? daysAgo(days) : null,
      },
    });
  await consent('con_never_granted', 'TERMINATED', 91);
  await consent('con_new', 'TERMINATED', 89);
  await consent('con_waiting', 'RECEIVED', 100);
  await consent('con_granted', 'EXPIRED', 100, true);
  const consents = () => database.prisma.consent.findMany({ where: { id: { startsWith: 'con_' } } });
  const before = (await consents()).length;

  const steps: number[] = [];
  for await (const removed of removeOldSessions(database, daysAgo(90), 2)) steps.push(removed);
  expect(steps).toEqual([2, 1, 1]);
  const left = await database.prisma.session.findMany({ select: { id: true }, orderBy: { id: 'asc' } });
  expect(left.map(({ id }) => id)).toEqual(['ses_new', 'ses_running', 'ses_waiting']);
  const kept = (await consents()).map(({ id }) => id);
  expect(kept).toHaveLength(before - 1);
  expect(kept).not.toContain('con_never_granted');
});
