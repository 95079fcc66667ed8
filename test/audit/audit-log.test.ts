import { expect, onTestFinished, test } from 'vitest';
import type { NewAuditEntry } from '../../src/audit/audit-entry.ts';
import { toAuditEntry } from '../../src/audit/audit-entry.ts';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { removeOldAuditEntries } from '../../src/audit/audit-retention.ts';
import { appendSql, createAuditStore } from '../../src/audit/audit-store.ts';
import { verifyChains } from '../../src/audit/chain-verification.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';

const everything = { actorId: null, subjectId: null, action: null, since: null };
const firstPage = { before: null, limit: 100 };

async function createWorld() {
  const database = await openTestDatabase();
  const clock = fixedClock();
  const store = createAuditStore(database);
  const errors: Error[] = [];
  const audit = createAuditLog({ clock, store, onError: (error) => errors.push(error) });
  onTestFinished(() => audit.close());
  const record = async (change: Partial<NewAuditEntry> = {}) => {
    clock.advance(1);
    await audit.record({ ...entry, ...change });
  };
  const faults = async () => {
    const found = [];
    for await (const fault of verifyChains(store)) if (fault) found.push(fault);
    return found;
  };
  return { database, clock, store, audit, record, faults, errors };
}

const entry: NewAuditEntry = {
  action: 'user.created',
  clientId: 'cli_a',
  actorId: 'key_a',
  subjectId: 'usr_ä',
  requestId: 'req_1',
  ipAddress: '192.0.2.1',
  details: { state: 'DONE', text: 'ünïcode "quoted" \n' },
};

/** As somebody would who owns the database. */
async function tamper(database: Database, sql: Prisma.Sql): Promise<void> {
  await database.query(Prisma.sql`ALTER TABLE audit_entries DISABLE TRIGGER audit_entries_append_only`);
  await database.query(sql);
  await database.query(Prisma.sql`ALTER TABLE audit_entries ENABLE TRIGGER audit_entries_append_only`);
}

test('entries are listed newest first, each client its own, and filters choose among them', async () => {
  const { audit, record } = await createWorld();
  await record();
  await record({ action: 'user.erased', subjectId: 'usr_b' });
  await record({ clientId: 'cli_b', actorId: 'key_b' });
  const actions = async (clientId: string | null, filter = {}) =>
    (await audit.list(clientId, { ...everything, ...filter }, firstPage)).map(({ action }) => action);
  expect(await actions('cli_a')).toEqual(['user.erased', 'user.created']);
  expect(await actions(null)).toEqual(['user.created', 'user.erased', 'user.created']);
  expect(await actions(null, { actorId: 'key_b' })).toEqual(['user.created']);
  expect(await actions('cli_a', { subjectId: 'usr_b' })).toEqual(['user.erased']);
  expect(await actions('cli_a', { action: 'user.created' })).toEqual(['user.created']);
  const [newest] = await audit.list('cli_a', everything, firstPage);
  expect(newest).toMatchObject({
    ...entry,
    action: 'user.erased',
    subjectId: 'usr_b',
    id: expect.stringMatching(/^aud_/),
  });
  expect(await audit.list('cli_a', everything, { before: newest?.position ?? 0n, limit: 5 })).toHaveLength(1);
});

test('many at once make one chain without a gap', async () => {
  const { audit, store, faults } = await createWorld();
  await Promise.all(Array.from({ length: 50 }, () => audit.record(entry)));
  expect(await store.listChains()).toMatchObject([{ id: 'cli_a', sequence: 50n }]);
  expect(await faults()).toEqual([]);
});

test.each([
  [
    'changed',
    Prisma.sql`UPDATE audit_entries SET content = replace(content, 'key_a', 'key_z') WHERE chain_id = 'cli_a' AND sequence = 3`,
    3n,
  ],
  ['removed', Prisma.sql`DELETE FROM audit_entries WHERE chain_id = 'cli_a' AND sequence = 3`, 3n],
  ['removed at the beginning', Prisma.sql`DELETE FROM audit_entries WHERE chain_id = 'cli_a' AND sequence = 1`, 1n],
  ['removed at the end', Prisma.sql`DELETE FROM audit_entries WHERE chain_id = 'cli_a' AND sequence = 5`, 5n],
  [
    'put in',
    Prisma.sql`INSERT INTO audit_entries SELECT chain_id, 6, 'aud_x', 1000, at, action, actor_id, subject_id, content, hash
    FROM audit_entries WHERE chain_id = 'cli_a' AND sequence = 5`,
    6n,
  ],
])('an entry that was %s is found', async (_how, sql, sequence) => {
  const { database, record, faults } = await createWorld();
  for (let n = 0; n < 5; n++) await record();
  await record({ clientId: 'cli_b' });
  expect(await faults()).toEqual([]);
  await tamper(database, sql);
  expect(await faults()).toEqual([{ chainId: 'cli_a', sequence }]);
});

test('the database itself refuses a change and a removal', async () => {
  const { database, record } = await createWorld();
  await record();
  for (const sql of [Prisma.sql`UPDATE audit_entries SET actor_id = NULL`, Prisma.sql`DELETE FROM audit_entries`]) {
    await expect(database.query(sql)).rejects.toThrow('append-only');
  }
});

test('an entry commits with what it tells of, or not at all', async () => {
  const { database, clock, store, faults } = await createWorld();
  const failing = database.atomically(async (query) => {
    await query(appendSql(toAuditEntry(entry, clock.now())));
    throw new Error('given up');
  });
  await expect(failing).rejects.toThrow('given up');
  expect(await store.listChains()).toEqual([]);
  await database.atomically((query) => query(appendSql(toAuditEntry(entry, clock.now()))));
  expect(await store.listChains()).toMatchObject([{ sequence: 1n }]);
  expect(await faults()).toEqual([]);
});

test('retention takes the oldest, and what is left verifies still', async () => {
  const { database, clock, store, record, faults } = await createWorld();
  for (let n = 0; n < 7; n++) await record();
  const before = new Date(clock.now().getTime() - 1);
  const steps: number[] = [];
  for await (const count of removeOldAuditEntries(store, before, 2)) steps.push(count);
  expect(steps).toEqual([2, 2, 1]);
  expect(await faults()).toEqual([]);
  await record();
  expect(await faults()).toEqual([]);
  await tamper(database, Prisma.sql`DELETE FROM audit_entries WHERE sequence = 6`);
  expect(await faults()).toEqual([{ chainId: 'cli_a', sequence: 6n }]);
});

test('reads and refused keys are written when they begin, and counted by key and hour', async () => {
  const { audit, clock, errors } = await createWorld();
  for (let n = 0; n < 1_000; n++) audit.noteRead({ clientId: 'cli_a', keyId: 'key_a' });
  audit.noteRead({ clientId: 'cli_a', keyId: 'key_other' });
  audit.noteRefusedKey({ clientId: 'cli_a', keyId: 'key_a', reason: 'revoked' });
  audit.noteRefusedKey({ clientId: null, keyId: null, reason: 'unknown' });
  await audit.flush();
  const listed = async () =>
    (await audit.list(null, everything, firstPage)).map(({ action, clientId, actorId, details }) => [
      ...[action, clientId, actorId],
      ...[details.reason, details.count],
    ]);
  expect(await listed()).toHaveLength(4);
  clock.advance(3_600_000);
  await audit.flush();
  await audit.flush();
  expect((await listed()).sort()).toEqual(
    [
      ['data.read', 'cli_a', 'key_a', undefined, undefined],
      ['data.read', 'cli_a', 'key_a', undefined, 1_000],
      ['data.read', 'cli_a', 'key_other', undefined, undefined],
      ['key.refused', null, null, 'unknown', undefined],
      ['key.refused', 'cli_a', 'key_a', 'revoked', undefined],
    ].sort(),
  );
  expect(errors).toEqual([]);
});

test('what is counted is written together, in chains that are whole, beside calls of the same clients', async () => {
  const { audit, database, store, clock, faults, errors } = await createWorld();
  for (let n = 0; n < 1_200; n++) {
    audit.noteBankAccess({ clientId: `cli_${n % 3}`, bankLoginId: `login_${n}`, trigger: 'SCHEDULER' });
  }
  audit.noteLimited({ clientId: 'cli_0', keyId: 'key_0' });
  await Promise.all([audit.flush(), audit.record({ ...entry, clientId: 'cli_0' })]);
  expect((await store.listChains()).map(({ id, sequence }) => [id, sequence])).toEqual([
    ['cli_0', 402n],
    ['cli_1', 400n],
    ['cli_2', 400n],
  ]);
  expect(await faults()).toEqual([]);
  const [access] = await audit.list('cli_1', { ...everything, subjectId: 'login_4' }, firstPage);
  expect(access).toMatchObject({ action: 'bank.accessed', actorId: null, details: { reason: 'SCHEDULER' } });
  // One login, twice in the same hour and once in the next.
  audit.noteBankAccess({ clientId: 'cli_1', bankLoginId: 'login_4', trigger: 'SCHEDULER' });
  clock.advance(3_600_000);
  audit.noteBankAccess({ clientId: 'cli_1', bankLoginId: 'login_4', trigger: 'SCHEDULER' });
  await audit.flush();
  const accesses = await audit.list('cli_1', { ...everything, subjectId: 'login_4' }, firstPage);
  expect(accesses.map(({ details }) => details.count)).toEqual([undefined, 2, undefined]);
  await database.query(Prisma.sql`SELECT 1`);
  expect(errors).toEqual([]);
});

test('while the log cannot be written, what is counted waits, and is written later', async () => {
  const { audit, database, errors } = await createWorld();
  await database.query(Prisma.sql`ALTER TABLE audit_entries RENAME TO audit_entries_away`);
  audit.noteRead({ clientId: 'cli_a', keyId: 'key_a' });
  await audit.flush();
  expect(errors).toHaveLength(1);
  await database.query(Prisma.sql`ALTER TABLE audit_entries_away RENAME TO audit_entries`);
  await audit.flush();
  expect(await audit.list('cli_a', everything, firstPage)).toMatchObject([{ action: 'data.read' }]);
});

const call = {
  entry: { ...entry, details: {} },
  toSubject: (changed: unknown) => ({ subjectId: (changed as { id: string }).id }),
  toOutcome: (settled: object) => ({ state: 'error' in settled ? 'FAILED' : 'UNCHANGED' }),
};

test('a call is recorded in the first transaction that changes something, and once', async () => {
  const { audit, database, faults } = await createWorld();
  await audit.perform(call, async () => {
    await database.atomically(async (query) => query(Prisma.sql`SELECT 1 WHERE false`));
    await database.atomically(async (query) => (await query(Prisma.sql`SELECT 'usr_1' AS id`))[0]);
    await database.transaction(async () => ({ id: 'usr_2' }));
  });
  const [only, ...others] = await audit.list('cli_a', everything, firstPage);
  expect(only).toMatchObject({ subjectId: 'usr_1', details: { state: 'DONE' } });
  expect(others).toEqual([]);
  // Nor is what comes after the call, or beside it, recorded as the call's.
  await database.transaction(async () => ({ id: 'usr_3' }));
  expect(await audit.list('cli_a', everything, firstPage)).toHaveLength(1);
  expect(await faults()).toEqual([]);
});

test('a transaction that is undone leaves no entry; the call, when it gives up, says so', async () => {
  const { audit, database } = await createWorld();
  const failing = audit.perform(call, () =>
    database.atomically(async (query) => {
      await query(Prisma.sql`INSERT INTO clients (id, name, created_at) VALUES ('cli_z', 'Z', now())`);
      // Refused at the commit, after the entry has been written.
      await query(Prisma.sql`
        CREATE CONSTRAINT TRIGGER late AFTER INSERT ON audit_entries DEFERRABLE INITIALLY DEFERRED
        FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()`);
      return { id: 'cli_z' };
    }),
  );
  await expect(failing).rejects.toThrow();
  expect(await database.prisma.client.count()).toBe(0);
  expect((await audit.list('cli_a', everything, firstPage)).map(({ details }) => details.state)).toEqual(['FAILED']);
});

test('what a call leaves running records nothing of it', async () => {
  const { audit, database } = await createWorld();
  let go = () => {};
  const gate = new Promise<void>((resolve) => {
    go = resolve;
  });
  let left: Promise<unknown> = Promise.resolve();
  await audit.perform(call, async () => {
    left = gate.then(() => database.transaction(async () => ({ id: 'usr_left' })));
  });
  // Another call is open meanwhile.
  await audit.perform(call, async () => {
    go();
    await left;
  });
  expect((await audit.list('cli_a', everything, firstPage)).map(({ details }) => details.state)).toEqual([
    'UNCHANGED',
    'UNCHANGED',
  ]);
});

test('what is witnessed commits with its entry, made of what has changed; without a change there is none', async () => {
  const { audit, database } = await createWorld();
  const toEntry = (changed: unknown) => ({ ...entry, subjectId: (changed as { id: string }).id });
  await audit.witness(toEntry, () => database.transaction(async () => null));
  await audit.witness(toEntry, () => database.transaction(async () => ({ id: 'con_1' })));
  expect((await audit.list('cli_a', everything, firstPage)).map(({ subjectId }) => subjectId)).toEqual(['con_1']);
});
