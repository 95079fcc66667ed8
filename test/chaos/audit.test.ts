import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, inject, it, onTestFinished } from 'vitest';
import { openDatabase } from '../../src/storage/database.ts';
import { type EnrolledUser, insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';
import { audit } from './audit.ts';

const postgresUrl = inject('postgresUrl');
const opensAt = new Date('2026-03-10T16:00:00Z');
const hourMs = 3_600_000;

/** What a run leaves behind over three logins: a cycle that synchronized the first two and skipped the third. */
async function createRun() {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const database = await openDatabase({ databaseUrl, directory: null });
  onTestFinished(async () => await database.close());
  const { prisma } = database;
  const clientId = await insertClient(database, opensAt);
  const users: EnrolledUser[] = [];
  for (let n = 0; n < 3; n++) users.push(await insertEnrolledUser(database, { clientId, now: opensAt }));
  const [finishedAt, closesAt] = [new Date(opensAt.getTime() + hourMs), new Date(opensAt.getTime() + 12 * hourMs)];
  const cycle = { id: 'cyc_1', kind: 'SCHEDULED', status: 'COMPLETED', laneCount: 1, opensAt } as const;
  await prisma.synchronizationCycle.create({ data: { ...cycle, startedAt: opensAt, finishedAt, closesAt } });
  let position = 0n;
  const addEvent = async (bankLoginId: string, sequence: number) => {
    const id = `evt_${++position}`;
    const event = { id, clientId, position, bankLoginId, cycleId: 'cyc_1', occurredAt: opensAt };
    await prisma.event.create({ data: { ...event, type: 'BANK_LOGIN_SYNCHRONIZED', data: { sequence } } });
    await prisma.bankLogin.update({ where: { id: bankLoginId }, data: { sequence } });
    accepted.set(id, 1);
  };
  const accepted = new Map<string, number>();
  for (const [n, { userId, loginId }] of users.entries()) {
    const done = n < 2;
    const entry = { cycleId: 'cyc_1', userId, clientId, lane: 0, position: n + 1 };
    const end = done ? { status: 'SYNCHRONIZED' as const } : { status: 'SKIPPED' as const, reason: 'ACCESS_LIMIT' };
    await prisma.cycleEntry.create({ data: { ...entry, ...end } });
    if (done) await addEvent(loginId, 1);
  }
  const accesses: Array<{ hour: number; attended?: boolean }> = [0, 1, 2, 3, 24].map((hour) => ({ hour }));
  const accessLogFile = join(await temporaryDirectory(), 'accesses.jsonl');
  const receiver = { name: 'steady', url: '', verifyWith() {}, accepted, stop: async () => {} };
  return {
    ...{ prisma, users, accepted, addEvent, accesses },
    async audit() {
      const lines = accesses.map(({ hour, attended = false }) =>
        JSON.stringify({ consentId: 'c', path: '/v1/accounts', atMs: hour * hourMs, attended, status: 200 }),
      );
      await writeFile(accessLogFile, lines.join('\n'));
      return await audit({
        databaseUrl,
        accessLogFile,
        receivers: [{ ...receiver, counts: { received: accepted.size, unverified: 0 } }],
        loginIds: users.map(({ loginId }) => loginId),
        since: opensAt,
        now: new Date(opensAt.getTime() + 2 * hourMs),
        longestSleepMs: 0,
      });
    },
  };
}

type Run = Awaited<ReturnType<typeof createRun>>;

it.skipIf(postgresUrl === null)('a run in which all is well has no violations', async () => {
  const run = await createRun();
  run.accesses.push({ hour: 4, attended: true });
  expect(await run.audit()).toMatchObject({
    ...{ cyclesOpened: 1, usersEligible: 3, usersSynchronized: 2, usersSkipped: { ACCESS_LIMIT: 1 } },
    ...{ duplicates: 0, omissions: 0, eventsWithoutDelivery: 0, deliveriesReceived: 2, accessesAboveBudget: 0 },
    violations: [],
  });
});

it.skipIf(postgresUrl === null)('who waits for a later moment within the last cycle is not left out', async () => {
  const run = await createRun();
  const notBefore = new Date(opensAt.getTime() + 3 * hourMs);
  await run.prisma.cycleEntry.updateMany({ where: { status: 'SKIPPED' }, data: { status: 'RETRY', notBefore } });
  await run.prisma.synchronizationCycle.updateMany({ data: { status: 'RUNNING', finishedAt: null } });
  expect(await run.audit()).toMatchObject({ usersWaiting: 1, omissions: 0, violations: [] });
});

it.skipIf(postgresUrl === null).each<[what: string, spoil: (run: Run) => Promise<unknown> | unknown, count: object]>([
  ['a login done twice', ({ addEvent, users }) => addEvent(users[0]?.loginId ?? '', 2), { duplicates: 1 }],
  [
    'a login done that counts as skipped',
    ({ addEvent, users }) => addEvent(users[2]?.loginId ?? '', 1),
    { duplicates: 1 },
  ],
  [
    'a user without an entry',
    ({ prisma, users }) => prisma.cycleEntry.deleteMany({ where: { userId: users[2]?.userId ?? '' } }),
    { omissions: 1 },
  ],
  [
    'an entry that never ended',
    ({ prisma }) => prisma.cycleEntry.updateMany({ where: { status: 'SKIPPED' }, data: { status: 'RETRY' } }),
    { omissions: 1 },
  ],
  [
    'an entry whose time has come and that is not tried',
    ({ prisma }) =>
      prisma.cycleEntry.updateMany({ where: { status: 'SKIPPED' }, data: { status: 'RETRY', notBefore: opensAt } }),
    { omissions: 1 },
  ],
  [
    'an entry that counts as synchronized, without an event',
    ({ prisma }) => prisma.cycleEntry.updateMany({ where: { status: 'SKIPPED' }, data: { status: 'SYNCHRONIZED' } }),
    { omissions: 1 },
  ],
  ['an event that was not delivered', ({ accepted }) => accepted.delete('evt_2'), { eventsWithoutDelivery: 1 }],
  ['a delivery of what there is not', ({ accepted }) => accepted.set('evt_9', 1), {}],
  ['a hole in the log', ({ prisma }) => prisma.event.deleteMany({ where: { id: 'evt_1' } }), {}],
  ['an access too many in 24 hours', ({ accesses }) => accesses.push({ hour: 23.9 }), { accessesAboveBudget: 2 }],
  [
    'a cycle that never ended',
    ({ prisma }) => prisma.synchronizationCycle.updateMany({ data: { finishedAt: null } }),
    {},
  ],
])('%s is a violation', async (_what, spoil, count) => {
  const run = await createRun();
  await spoil(run);
  const findings = await run.audit();
  expect(findings).toMatchObject(count);
  expect(findings.violations.length).toBeGreaterThan(0);
});
