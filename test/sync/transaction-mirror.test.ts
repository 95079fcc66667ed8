import fc from 'fast-check';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { createEventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { openDatabase, Prisma } from '../../src/storage/database.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { givenChange, givenTransaction } from '../accounts/given-transactions.ts';
import { insertClient, insertEnrolledUser } from '../support/enrolled-users.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createWalk } from './life-walk.ts';
import { randomLife } from './random-lives.ts';
import { createTransactionMirror, type TransactionMirror } from './transaction-mirror.ts';

const postgresUrl = inject('postgresUrl');
const lifeCount = Number(process.env.MIRROR_LIVES ?? 60);

it('who follows the changes has exactly what is stored after whatever lives, through kills, gaps and deletions', async () => {
  const database = await openTestDatabase();
  const walk = await createWalk(database);
  const [client] = await database.prisma.client.findMany();
  const mirror = createTransactionMirror(database, client?.id ?? '');
  let total = 0;
  const between = fc.record({
    reads: fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 5 }),
    notes: fc.boolean(),
    kills: fc.boolean(),
    deletes: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
  });
  await fc.assert(
    fc.asyncProperty(randomLife, between, async (life, { reads, notes, kills, deletes }) => {
      await walk(life);
      for (const first of reads) await mirror.readPage(first);
      if (notes) mirror.noteCursor();
      if (kills) mirror.kill();
      if (deletes) {
        const login = await database.prisma.bankLogin.findFirst({ orderBy: { id: 'asc' } });
        await database.prisma.bankLogin.deleteMany({ where: { id: login?.id ?? '' } });
        mirror.forgetLogin(login?.id ?? '');
      }
      if (kills || notes) return;
      await mirror.readAll(5);
      await mirror.expectExact();
      total = await database.prisma.transaction.count();
    }),
    { numRuns: lifeCount, seed: 20_261_129 },
  );
  await mirror.readAll(3);
  await mirror.expectExact();
  expect(total).toBeGreaterThan(lifeCount / 2);
}, 300_000);

it.skipIf(!postgresUrl)(
  'a cursor passes over nothing, however many logins of the client commit at once',
  async () => {
    const database = await openDatabase({
      databaseUrl: await createPostgresDatabase(postgresUrl as string),
      directory: null,
    });
    onTestFinished(() => database.close());
    const now = new Date('2026-03-10T10:00:00Z');
    const clientId = await insertClient(database, now);
    const mirror = createTransactionMirror(database, clientId);
    const logins: { userId: string; loginId: string }[] = [];
    for (let n = 0; n < 8; n += 1) logins.push(await insertEnrolledUser(database, { clientId, now }));
    let isOver = false;
    const following = follow(mirror, () => isOver);
    await Promise.all(logins.map(({ userId, loginId }, n) => synchronizeOften(n, userId, loginId)));
    isOver = true;
    await following;
    await mirror.readAll(100);
    await mirror.expectExact();
    expect(await database.prisma.transaction.count()).toBe(8 * 40);

    /** Adds one, changes the one before and removes the one before that and then brings it back. */
    async function synchronizeOften(login: number, userId: string, bankLoginId: string): Promise<void> {
      const bankData = createBankDataStore(database);
      const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
      const yes = Prisma.sql`true`;
      const given = (n: number, text: string) => ({
        ...givenTransaction({ remittanceInformation: text }),
        ...{ id: `txn_${login}_${n}`, identity: `${n}`, missingSince: null },
      });
      for (let version = 1; version <= 40; version += 1) {
        const change = givenChange({
          ...{ id: `acc_${login}`, resourceId: `r${login}` },
          added: [given(version, 'new'), ...(version > 3 ? [given(version - 3, 'back')] : [])],
          restoredIds: version > 3 ? [`txn_${login}_${version - 3}`] : [],
          updated: version > 1 ? [given(version - 1, 'changed')] : [],
          removed: version > 2 && version < 40 ? [given(version - 2, 'gone')] : [],
        });
        const login_ = { clientId, bankLoginId, version, now };
        const data = {
          user: { id: userId, externalId: null },
          bankLogin: { id: bankLoginId, bank: { id: 'b', name: 'B' } },
        };
        const event = { id: `evt_${login}_${version}`, clientId, userId, bankLoginId, occurredAt: now };
        const ctes = [
          bankData.storeCtes(login_, [change], yes),
          eventLog.appendCtes({ ...event, type: 'BANK_LOGIN_CONNECTED', data: { ...data, accounts: [] } }, yes),
          ...bankData.changeCtes({ ...login_, position: Prisma.sql`(SELECT position FROM new_event)` }, [change], yes),
        ];
        await database.query(Prisma.sql`WITH ${Prisma.join(ctes, ', ')} SELECT 1`);
      }
    }
  },
  120_000,
);

async function follow(mirror: TransactionMirror, isOver: () => boolean): Promise<void> {
  while (!isOver()) await mirror.readPage(3);
}
