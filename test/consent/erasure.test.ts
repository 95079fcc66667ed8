import { expect, it } from 'vitest';
import type { Database } from '../../src/storage/database.ts';
import { Prisma } from '../../src/storage/database.ts';
import { type ConnectedWorld, connectByRedirect, createConnectedWorld } from './connected-world.ts';

/** Every text of every row of every table in which one of the needles stands: table and column. */
async function findEverywhere(database: Database, needles: readonly string[]): Promise<string[]> {
  const tables = await database.query<{ name: string }>(Prisma.sql`
    SELECT table_name AS name FROM information_schema.tables
    WHERE table_schema = 'public' AND table_type = 'BASE TABLE' ORDER BY 1`);
  expect(tables.length).toBeGreaterThan(15);
  const found: string[] = [];
  for (const { name } of tables) {
    const rows = await database.query<{ text: string }>(
      Prisma.sql`SELECT to_jsonb(t)::text AS text FROM ${Prisma.raw(`"${name}"`)} t`,
    );
    for (const needle of needles) {
      if (rows.some(({ text }) => text.includes(needle))) found.push(`${name}: ${needle}`);
    }
  }
  return found;
}

async function connectUser(world: ConnectedWorld, externalId: string, psuId: string) {
  const session = await world.createSession({
    user: { externalId, type: 'PERSON', recurring: true, idempotencyKey: null },
    returnUrl: null,
  });
  await connectByRedirect(world.linkOf(session), psuId);
  const { userId } = session;
  const accounts = await world.database.prisma.account.findMany({ where: { bankLogin: { userId } } });
  const login = await world.database.prisma.bankLogin.findFirstOrThrow({ where: { userId } });
  return { userId, login, accounts, ibans: accounts.flatMap(({ iban }) => (iban ? [iban] : [])), session };
}

it('leaves nothing of a deleted user in any table, but the word that it was deleted', async () => {
  const world = await createConnectedWorld();
  const { prisma } = world.database;
  const gone = await connectUser(world, 'external-gone', 'anna');
  const stays = await connectUser(world, 'external-stays', 'felix');
  const consent = await prisma.consent.findFirstOrThrow({ where: { userId: gone.userId } });
  const counted = {
    bankLogins: 1,
    accounts: gone.accounts.length,
    transactions: await prisma.transaction.count({ where: { account: { bankLogin: { userId: gone.userId } } } }),
    events: 1,
  };
  expect(counted.transactions).toBeGreaterThan(0);
  const needles = [
    gone.login.id,
    gone.session.id,
    consent.id,
    'Anna Albrecht',
    'external-gone',
    ...gone.ibans,
    ...gone.accounts.map(({ id }) => id),
  ];
  expect(new Set((await findEverywhere(world.database, needles)).map((hit) => hit.split(': ')[1]))).toEqual(
    new Set(needles),
  );

  const receipt = await world.connections.erasure.deleteUser(world.clientId, gone.userId);
  expect(receipt).toMatchObject({ id: gone.userId, ...counted });

  // Our id of the consent stays for as long as its end at the bank is asked for: what names it there is bound to it.
  expect(await findOutsideAuditLog(world.database, needles)).toEqual([`consent_terminations: ${consent.id}`]);
  await world.connections.maintenance.find(({ name }) => name === 'end-consents')?.run();
  expect(await findOutsideAuditLog(world.database, needles)).toEqual([]);
  // The audit log goes on saying what was done, by our ids alone.
  const inAuditLog = (await findEverywhere(world.database, needles)).map((hit) => hit.split(': ')[1]);
  expect([gone.login.id, gone.session.id, consent.id]).toEqual(expect.arrayContaining(inAuditLog));
  // The event of the deletion tells by our id who it was; nothing else does.
  const told = await findOutsideAuditLog(world.database, [gone.userId]);
  expect([...new Set(told.map((hit) => hit.split(':')[0]))]).toEqual(['events']);
  const events = await world.events();
  expect(events.filter(({ userId }) => userId === gone.userId).map(({ type }) => type)).toEqual(['USER_DELETED']);

  expect(await findEverywhere(world.database, stays.ibans)).not.toEqual([]);
  expect(await prisma.consent.count({ where: { userId: stays.userId, status: 'VALID' } })).toBe(1);
});

async function findOutsideAuditLog(...given: Parameters<typeof findEverywhere>): Promise<string[]> {
  return (await findEverywhere(...given)).filter((hit) => !hit.startsWith('audit_entries: '));
}

it('erases a login with its events, and has its consent ended at the bank', async () => {
  const world = await createConnectedWorld();
  const { userId, login, ibans } = await connectUser(world, 'external', 'anna');
  await world.connections.erasure.deleteBankLogin(world.clientId, login.id);

  expect(await findEverywhere(world.database, ibans)).toEqual([]);
  expect((await world.events()).map(({ type, data }) => [type, data])).toEqual([
    ['BANK_LOGIN_DELETED', { userId, bankLoginId: login.id }],
  ]);
  for (const { run } of world.connections.maintenance) await run();
  expect(world.bankCalls.filter((name) => name === 'end')).toHaveLength(1);
});

it('erases nothing of another client', async () => {
  const world = await createConnectedWorld();
  const { userId, login } = await connectUser(world, 'external', 'anna');
  const { deleteUser, deleteBankLogin } = world.connections.erasure;
  await expect(deleteUser('cli_other', userId)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  await expect(deleteBankLogin('cli_other', login.id)).rejects.toMatchObject({ code: 'NOT_FOUND' });
  expect(await world.database.prisma.bankLogin.count()).toBe(1);
});
