import { randomBytes } from 'node:crypto';
import { expect, inject, it, onTestFinished } from 'vitest';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import { verifyChains } from '../../src/audit/chain-verification.ts';
import { type Database, openDatabase, Prisma } from '../../src/storage/database.ts';
import { eventually } from '../support/eventually.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { spawnTidewater, testApiKey } from '../support/spawn-tidewater.ts';

const postgresUrl = inject('postgresUrl');

/** Held by the test: an entry of a user that is created waits for it, after the user's row and before the commit. */
const gate = 4711;

async function prepare() {
  const databaseUrl = await createPostgresDatabase(postgresUrl ?? '');
  const database = await openDatabase({ databaseUrl, directory: null });
  onTestFinished(async () => await database.close());
  await database.query(Prisma.sql`
    CREATE FUNCTION wait_at_gate() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF NEW.action = 'user.created' THEN PERFORM pg_advisory_xact_lock_shared(4711); END IF;
      RETURN NEW;
    END $$`);
  await database.query(Prisma.sql`
    CREATE TRIGGER gate BEFORE INSERT ON audit_entries FOR EACH ROW EXECUTE FUNCTION wait_at_gate()`);
  const start = () =>
    spawnTidewater({
      PORT: '0',
      DATABASE_URL: databaseUrl,
      ENCRYPTION_KEY: randomBytes(32).toString('base64'),
      BOOTSTRAP_API_KEY: testApiKey,
      SANDBOX_BANK_PORT: '0',
      ROLE: 'api',
      LOG_LEVEL: 'silent',
    });
  return { database, start };
}

async function createUser(url: string, externalId: string): Promise<string> {
  const response = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${testApiKey}` },
    body: JSON.stringify({
      query: 'mutation ($id: String) { createUser(input: { externalId: $id }) { __typename } }',
      variables: { id: externalId },
    }),
  });
  return await response.text();
}

/** Users without an entry of the same transaction, and entries without a user. */
async function findLoose(database: Database): Promise<unknown[]> {
  return await database.query(Prisma.sql`
    SELECT u.id, e.subject_id FROM users u
    FULL JOIN (SELECT subject_id, xmin AS transaction FROM audit_entries WHERE action = 'user.created') e
      ON e.subject_id = u.id AND e.transaction::text = u.xmin::text
    WHERE u.id IS NULL OR e.subject_id IS NULL`);
}

it.skipIf(postgresUrl === null)(
  'a process that is killed between a change and its commit leaves neither the change nor its entry',
  { timeout: 180_000 },
  async () => {
    const { database, start } = await prepare();
    const app = await start();
    expect(await createUser(app.url, 'before')).toContain('CreateUserPayload');
    const holder = await database.pool.connect();
    await holder.query(`SELECT pg_advisory_lock(${gate})`);
    const lost = Promise.allSettled([createUser(app.url, 'a'), createUser(app.url, 'b')]);
    // The first waits at the gate, and the second behind it for the end of the chain.
    await eventually(async () => {
      const waiting = await holder.query("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      return waiting.rows.length === 2;
    });
    await app.kill();
    await holder.query(`SELECT pg_advisory_unlock(${gate})`);
    holder.release();
    for (const { status } of await lost) expect(status).toBe('rejected');
    await eventually(async () => {
      const [others] = await database.query<{ count: number }>(Prisma.sql`
        SELECT count(*)::int AS count FROM pg_stat_activity
        WHERE datname = current_database() AND state <> 'idle' AND pid <> pg_backend_pid()`);
      return others?.count === 0;
    });
    expect(await database.prisma.user.count()).toBe(1);
    expect(await findLoose(database)).toEqual([]);
    for await (const fault of verifyChains(createAuditStore(database))) expect(fault).toBeNull();
  },
);
