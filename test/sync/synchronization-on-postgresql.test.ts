import { describe, expect, inject, it, onTestFinished } from 'vitest';
import { createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { type Database, openDatabase, Prisma } from '../../src/storage/database.ts';
import { createCycleLaneStore } from '../../src/sync/cycle-lane-store.ts';
import { createCycleUserStore } from '../../src/sync/cycle-user-store.ts';
import { startAttemptCtes } from '../../src/sync/synchronization-attempt-store.ts';
import { createSynchronizationContextStore } from '../../src/sync/synchronization-context-store.ts';
import type { SynchronizationRequest } from '../../src/sync/synchronize-login.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { createSynchronizationWorld, type SynchronizationWorld } from './synchronization-world.ts';

const postgresUrl = inject('postgresUrl');

async function openServerDatabase(): Promise<Database> {
  const database = await openDatabase({
    databaseUrl: await createPostgresDatabase(postgresUrl ?? ''),
    directory: null,
  });
  onTestFinished(async () => await database.close());
  return database;
}

function request(world: SynchronizationWorld, given: Partial<SynchronizationRequest> = {}): SynchronizationRequest {
  const { signal } = new AbortController();
  return { loginId: world.loginId, trigger: 'SCHEDULER', psu: null, signal, ...given };
}

/** How many statements wait for a row that another transaction holds. */
async function countWaiting(database: Database): Promise<number> {
  const [row] = await database.query<{ waiting: number }>(Prisma.sql`
    SELECT count(*)::int AS waiting FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`);
  return row?.waiting ?? 0;
}

// The embedded database is one session: only a server shows what happens at the same moment.
describe.skipIf(postgresUrl === null)('on a PostgreSQL server', () => {
  it('synchronizations of one login at the same moment follow each other without a gap', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const psu = { ipAddress: '192.0.2.1' };
    const outcomes = await Promise.all(
      Array.from({ length: 5 }, () => world.synchronizeLogin(request(world, { psu, trigger: 'MANUAL' }))),
    );
    expect(outcomes.map(({ kind }) => kind)).toEqual(Array(5).fill('synchronized'));
    const events = await world.events();
    expect(events.map(({ position }) => position)).toEqual([1n, 2n, 3n, 4n, 5n]);
    expect(events.map(({ data }) => ('sequence' in data ? data.sequence : null))).toEqual([null, 1, 2, 3, 4]);
    expect(await world.database.prisma.account.count()).toBe(1);
    expect(await world.database.prisma.transaction.count()).toBe(1);
  });

  it('accesses asked for at the same moment are never more than allowed', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const consentId = (await world.login()).consents[0]?.id ?? '';
    const asked = await Promise.all(
      Array.from({ length: 12 }, () =>
        world.budget.reserve({
          consentId,
          bankLoginId: world.loginId,
          frequencyPerDay: 4,
          trigger: 'SCHEDULER',
          attended: false,
          accesses: [{ resourceId: '', endpoint: 'ACCOUNTS' }],
          now: world.clock.now(),
        }),
      ),
    );
    expect(asked.filter(({ outcome }) => outcome === 'granted').length).toBeLessThanOrEqual(4);
    expect(await world.database.prisma.bankAccess.count()).toBeLessThanOrEqual(4);
  });

  it('requests at the same moment leave to the cycles what is kept for them', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const consentId = (await world.login()).consents[0]?.id ?? '';
    const reserve = (trigger: 'MANUAL' | 'SCHEDULER') =>
      world.budget.reserve({
        consentId,
        bankLoginId: world.loginId,
        frequencyPerDay: 4,
        trigger,
        attended: false,
        accesses: [{ resourceId: '', endpoint: 'ACCOUNTS' }],
        now: world.clock.now(),
      });
    // All have looked and written before any of them sees another: they wait for the consent that they refer to.
    const holder = await world.database.pool.connect();
    await holder.query('BEGIN');
    await holder.query('SELECT FROM consents FOR UPDATE');
    // No more than the law allows in all: only what is kept for the cycles is at stake.
    const requests = Promise.all(Array.from({ length: 4 }, () => reserve('MANUAL')));
    await eventually(async () => (await countWaiting(world.database)) === 4);
    await holder.query('COMMIT');
    holder.release();
    await requests;
    expect(await world.database.prisma.bankAccess.count()).toBeLessThanOrEqual(2);
    expect([await reserve('SCHEDULER'), await reserve('SCHEDULER')]).toEqual(Array(2).fill({ outcome: 'granted' }));
  });

  // Who has read the login's row asks in one statement, and must notice whoever asks for more beside it.
  it('of two who ask at the same moment for the last access, one with the login at hand, one gets it', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const { database, loginId } = world;
    const consentId = (await world.login()).consents[0]?.id ?? '';
    const reservation = {
      consentId,
      bankLoginId: loginId,
      frequencyPerDay: 1,
      trigger: 'SCHEDULER' as const,
      attended: false,
      accesses: [{ resourceId: '', endpoint: 'ACCOUNTS' as const }],
      now: world.clock.now(),
    };
    const { rowVersion = null } = (await createSynchronizationContextStore(database).load(loginId)) ?? {};
    const started = {
      bankLoginId: loginId,
      trigger: 'SCHEDULER' as const,
      cycleId: null,
      startedAt: world.clock.now(),
    };
    const ctes = (version: string | null) => startAttemptCtes({ id: 'att_1', ...started }, version);
    // The one has looked and written by now, but has not committed when the other looks.
    const first = await database.pool.connect();
    await first.query('BEGIN');
    const beside = createAccessBudget({ ...database, query: async (sql) => (await first.query(sql)).rows });
    expect(await beside.reserve(reservation)).toEqual({ outcome: 'granted' });
    const second = createAccessBudget(database).reserve(reservation, { ctes, rowVersion });
    await eventually(async () => (await countWaiting(database)) > 0);
    await first.query('COMMIT');
    first.release();
    expect(await second).toMatchObject({ outcome: 'refused' });
    expect(await database.prisma.bankAccess.count()).toBe(1);
    expect(await database.prisma.synchronizationAttempt.count()).toBe(1);
  });

  // The planner looks at values for the first five times, and for ever where a plan for all values seems dearer to it.
  it('the statements of a synchronization are planned once, and not for every login', async () => {
    const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
    const database = await openDatabase({ databaseUrl, directory: null, poolSize: 1 });
    onTestFinished(async () => await database.close());
    const world = await createSynchronizationWorld({ database });
    await database.prisma.consent.updateMany({ data: { frequencyPerDay: 4 } });
    for (let times = 0; times < 12; times += 1) {
      expect(await world.synchronizeLogin(request(world))).toMatchObject({ kind: 'synchronized' });
      world.clock.advance(7 * 3_600_000);
    }
    const planned = await database.query<{ statement: string }>(Prisma.sql`
      SELECT statement FROM pg_prepared_statements WHERE custom_plans > 5`);
    expect(planned.map(({ statement }) => statement.trim().slice(0, 60))).toEqual([]);
  });

  it('nothing is written for an entry that is taken over in the moment of writing', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const { database, clock, clientId, userId } = world;
    const now = clock.now();
    const cycle = { cycleId: 'cyc_1', userId, fencingToken: 1 };
    await database.prisma.synchronizationCycle.create({
      data: { id: 'cyc_1', kind: 'SCHEDULED', opensAt: now, closesAt: now, laneCount: 1, startedAt: now },
    });
    await database.prisma.cycleEntry.create({
      data: { ...cycle, clientId, lane: 0, position: 1, status: 'RUNNING' },
    });
    // Another process takes the entry over, and has not committed yet when we write.
    const successor = await database.pool.connect();
    await successor.query('BEGIN');
    await successor.query('UPDATE cycle_entries SET fencing_token = 2');
    const working = world.synchronizeLogin(request(world, { cycle }));
    await eventually(async () => (await countWaiting(database)) > 0);
    await successor.query('COMMIT');
    successor.release();
    expect(await working).toEqual({ kind: 'stale' });
    expect(await world.login()).toMatchObject({ version: 0, lastCycleId: null, accounts: [] });
    expect(await world.events()).toEqual([]);
  });

  it('a lane that is taken over in the moment of claiming hands nothing out, and blocks nobody', async () => {
    const { database, clock, clientId, userId } = await createSynchronizationWorld({
      database: await openServerDatabase(),
    });
    const now = clock.now();
    const cycle = {
      id: 'cyc_1',
      kind: 'SCHEDULED' as const,
      opensAt: now,
      closesAt: now,
      laneCount: 1,
      startedAt: now,
    };
    await database.prisma.synchronizationCycle.create({ data: cycle });
    await database.prisma.cycleLane.create({ data: { cycleId: 'cyc_1', lane: 0, fencingToken: 0 } });
    const entry = { cycleId: 'cyc_1', clientId, lane: 0 };
    await database.prisma.cycleEntry.createMany({
      data: [
        { ...entry, userId, position: 1 },
        { ...entry, userId: 'usr_other', position: 2 },
      ],
    });
    const lanes = createCycleLaneStore(database);
    const hold = await lanes.takeLane('cyc_1', 0, 'sleeper');
    if (!hold) throw new Error('no lane');
    await lanes.claimNext(hold, now, null);
    // Another process takes the lane and then the entry, and has not committed yet when we record and claim.
    const successor = await database.pool.connect();
    await successor.query('BEGIN');
    await successor.query('UPDATE cycle_lanes SET fencing_token = 2');
    const claiming = lanes.claimNext(hold, now, { userId, outcome: { status: 'SYNCHRONIZED' } });
    await eventually(async () => (await countWaiting(database)) > 0);
    await successor.query("UPDATE cycle_entries SET fencing_token = 2 WHERE status = 'RUNNING'");
    await successor.query('COMMIT');
    successor.release();
    expect(await claiming).toBeNull();
    const entries = await database.prisma.cycleEntry.findMany({ orderBy: { position: 'asc' } });
    expect(entries).toMatchObject([{ status: 'RUNNING', fencingToken: 2 }, { status: 'PENDING' }]);
  });

  // The statement that claims sees the login as it was before it waited: it must not be what the claim brings along.
  it('what is stored in the moment in which the entry is taken over is seen by whoever takes it', async () => {
    const world = await createSynchronizationWorld({ database: await openServerDatabase() });
    const { database, clock, clientId, userId } = world;
    const now = clock.now();
    await database.prisma.synchronizationCycle.create({
      data: { id: 'cyc_1', kind: 'SCHEDULED', opensAt: now, closesAt: now, laneCount: 1, startedAt: now },
    });
    await database.prisma.cycleLane.create({ data: { cycleId: 'cyc_1', lane: 0, fencingToken: 0 } });
    await database.prisma.cycleEntry.create({ data: { cycleId: 'cyc_1', userId, clientId, lane: 0, position: 1 } });
    const lanes = createCycleLaneStore(database);
    const sleeping = await lanes.takeLane('cyc_1', 0, 'sleeper');
    if (!sleeping) throw new Error('no lane');
    const claimed = await lanes.claimNext(sleeping, now, null);
    expect(claimed?.logins).toMatchObject([{ id: world.loginId, done: false, context: { userId } }]);
    await lanes.releaseAllLanes();
    const hold = await lanes.takeLane('cyc_1', 0, 'successor');
    if (!hold) throw new Error('no lane');
    // The sleeper wakes up with what the bank gave, writes, and has not committed yet when its entry is taken over.
    const sleeper = await database.pool.connect();
    await sleeper.query('BEGIN');
    await sleeper.query("SELECT FROM cycle_entries WHERE status = 'RUNNING' FOR UPDATE");
    await sleeper.query("UPDATE bank_logins SET last_cycle_id = 'cyc_1', version = version + 1");
    const taking = lanes.claimNext(hold, now, null);
    await eventually(async () => (await countWaiting(database)) > 0);
    await sleeper.query('COMMIT');
    sleeper.release();
    const entry = await taking;
    if (!entry) throw new Error('no entry');
    const logins = entry.logins ?? (await createCycleUserStore(database).listLogins(entry, now));
    expect(logins).toMatchObject([{ id: world.loginId, done: true }]);
  });
});
