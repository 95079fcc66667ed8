import { describe, expect, it } from 'vitest';
import { createEventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { type CycleLaneStore, createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleRunner, type LaneProgress } from '../../src/sync/cycle-runner.ts';
import { createCycleStore } from '../../src/sync/cycle-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { createCycles } from '../../src/sync/cycles.ts';
import type { SynchronizeLogin } from '../../src/sync/synchronize-login.ts';
import { createUserSynchronizer } from '../../src/sync/synchronize-user.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

interface Process {
  cycles: ReturnType<typeof createCycles>;
  /** Works through what is queued until nothing is left; returns how the lanes ended. */
  work(): Promise<LaneProgress[]>;
  runner: ReturnType<typeof createCycleRunner>;
}

/** What the store of a synchronization does about the cycle: it writes only for the entry's present holder. */
async function storeGuarded(
  database: Database,
  cycle: { cycleId: string; userId: string; fencingToken: number },
  loginId: string,
) {
  const rows = await database.query(Prisma.sql`
    UPDATE bank_logins SET last_cycle_id = ${cycle.cycleId}, version = version + 1
    WHERE id = ${loginId} AND EXISTS (
      SELECT FROM cycle_entries WHERE cycle_id = ${cycle.cycleId} AND user_id = ${cycle.userId}
        AND fencing_token = ${cycle.fencingToken} AND status = 'RUNNING')
    RETURNING id`);
  return rows.length > 0;
}

/** A process that claims the lane's next entry, stores its login's data, and is never heard of again. */
async function diesAfterStoring(database: Database, given: { cycleId: string; loginId: string; now: Date }) {
  const lanes = createCycleLaneStore(database);
  const hold = await lanes.takeLane(given.cycleId, 0, 'dying');
  if (!hold) throw new Error('no lane');
  const entry = await lanes.claimNext(hold, given.now, null);
  if (!entry) throw new Error('no entry');
  expect(await storeGuarded(database, entry, given.loginId)).toBe(true);
  await lanes.releaseAllLanes();
}

/** The lane, taken by somebody, with the entry that it begins with. */
async function takeFirst(lanes: CycleLaneStore, cycleId: string, clock: FixedClock) {
  const hold = await lanes.takeLane(cycleId, 0, 'somebody');
  const entry = hold && (await lanes.claimNext(hold, clock.now(), null));
  if (!hold || !entry) throw new Error('nothing to do');
  return [hold, entry] as const;
}

type Answer = 'fine' | 'down' | 'limit';
type Bank = (loginId: string) => Promise<Answer> | Answer;

function startProcess(database: Database, clock: FixedClock, bank: Bank = () => 'fine', laneCount = 1): Process {
  const lanes = createCycleLaneStore(database);
  const queued: Array<{ cycleId: string; lane: number }> = [];
  const synchronizeLogin: SynchronizeLogin = async ({ loginId, cycle, claim }) => {
    if (claim && (await database.query(Prisma.sql`WITH ${claim} SELECT FROM claimed`)).length === 0)
      return { kind: 'unclaimed' };
    const answer = await bank(loginId);
    if (answer === 'down') return { kind: 'failed', code: 'BANK_UNAVAILABLE', retryable: true };
    if (answer === 'limit') return { kind: 'skipped', reason: 'ACCESS_LIMIT' };
    if (!cycle) throw new Error('not a cycle');
    return (await storeGuarded(database, cycle, loginId))
      ? { kind: 'synchronized', eventId: 'evt_1' }
      : { kind: 'stale' };
  };
  const runner = createCycleRunner({
    clock,
    lanes,
    synchronizeUser: createUserSynchronizer({ clock, users: createCycleUserStore(database), synchronizeLogin }),
    onUnexpected: () => {},
  });
  const cycles = createCycles({
    clock,
    store: createCycleStore(database),
    lanes,
    eventLog: createEventLog({ database, signal: createLocalEventSignal(), fanOutSql }),
    queue: { enqueueLane: async (cycleId, lane) => void queued.push({ cycleId, lane }) },
    laneCount,
  });
  return {
    cycles,
    runner,
    async work() {
      const ends: LaneProgress[] = [];
      for (let task = queued.shift(); task; task = queued.shift()) {
        const progress = await runner.workLane({ ...task, touch: async () => {} });
        if (progress === 'continue') queued.push(task);
        if (progress === 'finished') await cycles.completeIfDone(task.cycleId);
        ends.push(progress);
      }
      return ends;
    },
  };
}

interface World {
  database: Database;
  clock: FixedClock;
  clientId: string;
  enrol(count: number): Promise<Array<{ userId: string; loginId: string }>>;
  entries(): Promise<Array<{ userId: string; status: string; reason: string | null; attemptCount: number }>>;
}

async function createWorld(start = '2026-03-10T10:00:00Z'): Promise<World> {
  const database = await openTestDatabase();
  const clock = fixedClock(start);
  const clientId = await insertClient(database, clock.now());
  return {
    database,
    clock,
    clientId,
    async enrol(count) {
      const users = [];
      for (let i = 0; i < count; i++) {
        clock.advance(1);
        users.push(await insertEnrolledUser(database, { clientId, now: clock.now() }));
      }
      return users;
    },
    entries: () =>
      database.prisma.cycleEntry.findMany({
        orderBy: [{ cycle: { opensAt: 'asc' } }, { position: 'asc' }],
        select: { userId: true, status: true, reason: true, attemptCount: true },
      }),
  };
}

const synchronized = (users: Array<{ userId: string }>) =>
  users.map(({ userId }) => ({ userId, status: 'SYNCHRONIZED' }));

describe('a cycle', () => {
  it('takes the eligible users one after another, in the order of their enrolment', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(5);
    const order: string[] = [];
    let atOnce = 0;
    const { cycles, work } = startProcess(database, clock, async (loginId): Promise<Answer> => {
      expect(++atOnce).toBe(1);
      order.push(loginId);
      await Promise.resolve();
      atOnce--;
      return 'fine';
    });
    await cycles.runExtraCycle();
    await work();
    expect(order).toEqual(users.map((user) => user.loginId));
    expect(await entries()).toMatchObject(synchronized(users));
    expect(await cycles.findRunning()).toBeNull();
  });

  it('opens once per slot, however many processes look', async () => {
    const { database, clock, enrol } = await createWorld();
    await enrol(2);
    const processes = [1, 2, 3].map(() => startProcess(database, clock));
    await Promise.all(processes.map(({ cycles }) => cycles.reconcile()));
    await Promise.all(processes.map(({ cycles }) => cycles.reconcile()));
    expect(await database.prisma.synchronizationCycle.findMany({ select: { opensAt: true } })).toEqual([
      { opensAt: new Date('2026-03-10T04:00:00Z') },
    ]);
  });

  it('that was missed is opened late, as long as its window lasts', async () => {
    const { database, clock, enrol } = await createWorld('2026-03-10T15:59:00Z');
    const users = await enrol(1);
    const { cycles, work } = startProcess(database, clock);
    await cycles.reconcile();
    await work();
    clock.set('2026-03-12T03:00:00Z');
    await cycles.reconcile();
    await work();
    const opened = await database.prisma.synchronizationCycle.findMany({ orderBy: { opensAt: 'asc' } });
    expect(opened.map((cycle) => cycle.opensAt.toISOString())).toEqual([
      '2026-03-10T04:00:00.000Z',
      '2026-03-11T16:00:00.000Z',
    ]);
    expect(users).toHaveLength(1);
  });

  it('leaves users who enrol after its opening to the next one', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const early = await enrol(1);
    const { cycles, work } = startProcess(database, clock);
    await cycles.runExtraCycle();
    const late = await enrol(1);
    await work();
    expect(await entries()).toMatchObject(synchronized(early));
    clock.set('2026-03-10T16:00:00Z');
    await cycles.reconcile();
    await work();
    expect(await entries()).toMatchObject(synchronized([...early, ...early, ...late]));
  });

  it('is refused while one is running', async () => {
    const { database, clock, enrol } = await createWorld();
    await enrol(1);
    const { cycles } = startProcess(database, clock);
    await cycles.runExtraCycle();
    await expect(cycles.runExtraCycle()).rejects.toMatchObject({ code: 'CYCLE_RUNNING' });
  });

  it('never overlaps the next: what is left when its window closes is skipped, with the reason', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(3);
    const { cycles } = startProcess(database, clock);
    await cycles.runExtraCycle();
    clock.set('2026-03-10T16:00:00Z');
    await cycles.reconcile();
    expect((await entries()).slice(0, 3)).toMatchObject(
      users.map(({ userId }) => ({ userId, status: 'SKIPPED', reason: 'WINDOW_CLOSED' })),
    );
    expect(await database.prisma.synchronizationCycle.count({ where: { status: 'RUNNING' } })).toBe(1);
  });

  it('counts as synchronized, not as skipped, whom a process had stored when it died and the window closed', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(2);
    const { cycles } = startProcess(database, clock);
    const { id } = await cycles.runExtraCycle();
    await diesAfterStoring(database, { cycleId: id, loginId: users[0]?.loginId ?? '', now: clock.now() });
    clock.set('2026-03-10T16:00:00Z');
    await cycles.reconcile();
    expect((await entries()).slice(0, 2)).toMatchObject([
      { status: 'SYNCHRONIZED', reason: null },
      { status: 'SKIPPED', reason: 'WINDOW_CLOSED' },
    ]);
  });

  it('counts as failed, with the reason, whom it was trying once more when its window closed', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    await enrol(1);
    const { cycles } = startProcess(database, clock);
    const { id } = await cycles.runExtraCycle();
    const lanes = createCycleLaneStore(database);
    const hold = await lanes.takeLane(id, 0, 'dying');
    if (!hold) throw new Error('no lane');
    const first = await lanes.claimNext(hold, clock.now(), null);
    const outcome = { status: 'RETRY', reason: 'BANK_UNAVAILABLE', notBefore: clock.now(), counts: true } as const;
    await lanes.claimNext(hold, clock.now(), { userId: first?.userId ?? '', outcome });
    clock.set('2026-03-10T16:00:00Z');
    await cycles.reconcile();
    expect((await entries())[0]).toMatchObject({ status: 'FAILED', reason: 'BANK_UNAVAILABLE', attemptCount: 2 });
  });

  it('tells each client at its end what to expect from it', async () => {
    const { database, clock, clientId, enrol } = await createWorld();
    await enrol(2);
    const other = await insertClient(database, clock.now(), 'Other');
    await insertEnrolledUser(database, { clientId: other, now: clock.now() });
    const { cycles, work } = startProcess(database, clock);
    const { id } = await cycles.runExtraCycle();
    await work();
    const manifests = await database.prisma.event.findMany({ where: { type: 'SYNCHRONIZATION_CYCLE_COMPLETED' } });
    expect(new Map(manifests.map((event) => [event.clientId, event.data]))).toMatchObject(
      new Map([
        [clientId, { cycle: expect.objectContaining({ id, usersEnrolled: 2, usersSynchronized: 2 }) }],
        [other, { cycle: expect.objectContaining({ id, usersEnrolled: 1, usersSynchronized: 1 }) }],
      ]),
    );
    await cycles.completeIfDone(id);
    expect(await database.prisma.event.count({ where: { type: 'SYNCHRONIZATION_CYCLE_COMPLETED' } })).toBe(2);
  });
});

describe('one user', () => {
  it('whose bank fails is tried once more at the end, and stops nobody else', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(3);
    const asked: string[] = [];
    const bad = users[0]?.loginId;
    const { cycles, work } = startProcess(database, clock, (loginId) => {
      asked.push(loginId);
      return loginId === bad ? 'down' : 'fine';
    });
    await cycles.runExtraCycle();
    await work();
    expect(asked).toEqual([bad, users[1]?.loginId, users[2]?.loginId, bad]);
    expect(await entries()).toMatchObject([
      { status: 'FAILED', reason: 'BANK_UNAVAILABLE', attemptCount: 2 },
      { status: 'SYNCHRONIZED' },
      { status: 'SYNCHRONIZED' },
    ]);
  });

  it('who brings a bug to light is tried once more at the end, and stops nobody else', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(3);
    const { cycles, work } = startProcess(database, clock, (loginId) => {
      if (loginId === users[0]?.loginId) throw new TypeError('cannot read properties of undefined');
      return 'fine';
    });
    await cycles.runExtraCycle();
    await work();
    expect(await entries()).toMatchObject([
      { status: 'FAILED', reason: 'UNEXPECTED', attemptCount: 2 },
      { status: 'SYNCHRONIZED' },
      { status: 'SYNCHRONIZED' },
    ]);
  });

  it('whose work breaks off because the database is restarted, again and again, loses no try by it', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(2);
    const restarts = ['57P01', '57P03', 'ECONNREFUSED'];
    const { cycles, work } = startProcess(database, clock, (loginId) => {
      const code = loginId === users[0]?.loginId ? restarts.pop() : undefined;
      if (code) throw Object.assign(new Error('the database is away'), { code });
      return 'fine';
    });
    await cycles.runExtraCycle();
    await work();
    expect(restarts).toEqual([]);
    expect(await entries()).toMatchObject([
      { status: 'SYNCHRONIZED', attemptCount: 1 },
      { status: 'SYNCHRONIZED', attemptCount: 1 },
    ]);
  });

  it('who is erased or opts out in the middle is skipped, with the reason', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const [first, second, third] = await enrol(3);
    const { cycles, work } = startProcess(database, clock);
    await cycles.runExtraCycle();
    await database.prisma.user.delete({ where: { id: first?.userId ?? '' } });
    await database.prisma.user.update({ where: { id: second?.userId ?? '' }, data: { recurring: false } });
    await work();
    expect(await entries()).toMatchObject([
      { status: 'SKIPPED', reason: 'USER_DELETED' },
      { status: 'SKIPPED', reason: 'NOT_RECURRING' },
      { userId: third?.userId, status: 'SYNCHRONIZED' },
    ]);
  });

  it('whose access budget is used up is skipped, with the reason', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    await enrol(1);
    const { cycles, work } = startProcess(database, clock, () => 'limit');
    await cycles.runExtraCycle();
    await work();
    expect(await entries()).toMatchObject([{ status: 'SKIPPED', reason: 'ACCESS_LIMIT' }]);
  });
});

describe('a lane', () => {
  it('is worked on by one process at a time', async () => {
    const { database, clock, enrol } = await createWorld();
    await enrol(2);
    let release = (): void => {};
    const waiting = new Promise<void>((resolve) => {
      release = resolve;
    });
    const asked: string[] = [];
    const first = startProcess(database, clock, async (loginId): Promise<Answer> => {
      asked.push(loginId);
      await waiting;
      return 'fine';
    });
    const { id } = await first.cycles.runExtraCycle();
    const working = first.work();
    const second = startProcess(database, clock);
    while (asked.length === 0) await new Promise(setImmediate);
    expect(await second.runner.workLane({ cycleId: id, lane: 0, touch: async () => {} })).toBe('busy');
    release();
    await working;
    expect(asked).toHaveLength(2);
  });

  it('left by a process that died is taken over; a process that was only thought dead writes nothing', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(2);
    let release = (): void => {};
    const asleep = new Promise<void>((resolve) => {
      release = resolve;
    });
    let asked = 0;
    const sleeper = startProcess(database, clock, async (): Promise<Answer> => {
      asked++;
      await asleep;
      return 'fine';
    });
    await sleeper.cycles.runExtraCycle();
    const sleeping = sleeper.work();
    while (asked === 0) await new Promise(setImmediate);
    await database.query(Prisma.sql`UPDATE cycle_lanes SET lease_until = now() - interval '1 second'`);

    const successor = startProcess(database, clock);
    await successor.cycles.reconcile();
    await successor.work();
    expect(await entries()).toMatchObject(synchronized(users));

    release();
    expect(await sleeping).toEqual(['busy']);
    const versions = await database.prisma.bankLogin.findMany({ select: { version: true } });
    expect(versions).toEqual([{ version: 1 }, { version: 1 }]);
    expect(await sleeper.cycles.findRunning()).toBeNull();
  });

  it('whose entry was taken over records nothing for it, and hands nothing out', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    await enrol(2);
    const { id } = await startProcess(database, clock).cycles.runExtraCycle();
    const lanes = createCycleLaneStore(database);
    const [stale, entry] = await takeFirst(lanes, id, clock);
    await lanes.releaseAllLanes();
    const [hold, sameEntry] = await takeFirst(lanes, id, clock);
    expect(sameEntry).toEqual({ ...entry, fencingToken: hold.fencingToken, logins: null });
    const finished = { userId: entry.userId, outcome: { status: 'FAILED', reason: 'BANK_UNAVAILABLE' } } as const;
    expect(await lanes.claimNext(stale, clock.now(), finished)).toBeNull();
    expect(await entries()).toMatchObject([{ status: 'RUNNING', reason: null }, { status: 'PENDING' }]);
  });

  it('that is closed while a user is under way records how that ended, and hands nothing out', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    await enrol(2);
    const { id } = await startProcess(database, clock).cycles.runExtraCycle();
    const lanes = createCycleLaneStore(database);
    const [hold, { userId }] = await takeFirst(lanes, id, clock);
    await lanes.closeLanes(id);
    expect(await lanes.claimNext(hold, clock.now(), { userId, outcome: { status: 'SYNCHRONIZED' } })).toBeNull();
    expect(await entries()).toMatchObject([{ status: 'SYNCHRONIZED' }, { status: 'PENDING' }]);
  });

  it('does no login twice when the process dies between storing and recording', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(1);
    const { cycles } = startProcess(database, clock);
    const { id } = await cycles.runExtraCycle();
    await diesAfterStoring(database, { cycleId: id, loginId: users[0]?.loginId ?? '', now: clock.now() });
    let asked = 0;
    const successor = startProcess(database, clock, () => {
      asked++;
      return 'fine';
    });
    await successor.cycles.reconcile();
    await successor.work();
    expect(asked).toBe(0);
    expect(await entries()).toMatchObject(synchronized(users));
  });

  it('is one of several where the operator says so: each user in the same one, all of them done', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(12);
    const { cycles, work } = startProcess(database, clock, () => 'fine', 3);
    await cycles.runExtraCycle();
    await work();
    const lanesOf = async () =>
      (
        await database.prisma.cycleEntry.findMany({ orderBy: { userId: 'asc' }, select: { userId: true, lane: true } })
      ).map(({ userId, lane }) => `${userId}/${lane}`);
    const first = new Set(await lanesOf());
    expect(new Set([...first].map((one) => one.split('/')[1])).size).toBeGreaterThan(1);
    clock.advance(1_000);
    await cycles.runExtraCycle();
    await work();
    expect(new Set(await lanesOf())).toEqual(first);
    expect((await entries()).filter((entry) => entry.status === 'SYNCHRONIZED')).toHaveLength(2 * users.length);
  });
});

describe('stopping', () => {
  it('hands the running user back, so that another process carries on at once', async () => {
    const { database, clock, enrol, entries } = await createWorld();
    const users = await enrol(2);
    const lanes = createCycleLaneStore(database);
    let asked = 0;
    const runner = createCycleRunner({
      clock,
      lanes,
      onUnexpected: () => {},
      synchronizeUser: (_entry, interrupt) =>
        new Promise((resolve) => {
          asked++;
          interrupt.addEventListener('abort', () => resolve('interrupted'));
        }),
    });
    const successor = startProcess(database, clock);
    const { id } = await successor.cycles.runExtraCycle();
    const working = runner.workLane({ cycleId: id, lane: 0, touch: async () => {} });
    while (asked === 0) await new Promise(setImmediate);
    await runner.stop(50);
    expect(await working).toBe('continue');
    expect(await successor.work()).toEqual(['finished']);
    expect(await entries()).toMatchObject(synchronized(users));
  });
});
