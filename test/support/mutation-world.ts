import { execute, parse } from 'graphql';
import { expect } from 'vitest';
import { type Context, createContext } from '../../src/graphql/context.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { idOf, insertClientData, insertCycle } from './client-data.ts';
import { listRootFields, writeOperation } from './schema-walk.ts';
import { openTestDatabase } from './test-database.ts';
import { openWholeApi } from './whole-api.ts';

/** Of one row that was written: by which transaction, and where. */
interface Write {
  transaction: bigint;
  place: string;
}

/** Has the database note the transaction of every row that is written from now on. */
async function noteWrites(database: Database): Promise<() => Promise<Write[]>> {
  await database.query(Prisma.sql`CREATE TABLE noted_writes (transaction bigint, place text)`);
  await database.query(Prisma.sql`
    CREATE FUNCTION note_write() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      INSERT INTO noted_writes VALUES (txid_current(), TG_TABLE_NAME);
      RETURN NULL;
    END $$`);
  const tables = await database.query<{ name: string }>(Prisma.sql`
    SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public' AND tablename NOT IN ('noted_writes', 'audit_chains')`);
  for (const { name } of tables) {
    await database.query(
      Prisma.sql`${Prisma.raw(`CREATE TRIGGER noted AFTER INSERT OR UPDATE OR DELETE ON "${name}"
      FOR EACH ROW EXECUTE FUNCTION note_write()`)}`,
    );
  }
  return async () => {
    const writes = await database.query<Write>(Prisma.sql`SELECT DISTINCT transaction, place FROM noted_writes`);
    await database.query(Prisma.sql`TRUNCATE noted_writes`);
    return writes;
  };
}

/** A client of the tag `mine` with something of everything, whose mutations are run; what they write is noted. */
export async function openMutationWorld() {
  const database = await openTestDatabase();
  const api = openWholeApi(database);
  await insertClientData(database, { tag: 'mine', count: 3, now: api.clock.now(), encryption: api.encryption });
  await insertCycle(database, api.clock.now());
  // Not in the cycles, so that a session on request awaits the end user and no run of it writes beside the call.
  await database.query(Prisma.sql`UPDATE users SET recurring = false, enrolled_at = NULL`);
  await database.query(Prisma.sql`UPDATE webhook_endpoints SET document = NULL, document_error = NULL`);
  await database.query(Prisma.sql`UPDATE webhook_deliveries SET next_attempt_at = NULL`);
  await database.query(Prisma.sql`UPDATE sessions SET finished_at = NULL, event_id = NULL`);
  const takeWrites = await noteWrites(database);
  const viewer: Context['viewer'] = {
    clientId: idOf('mine', 'client'),
    keyId: idOf('mine', 'apiKey'),
    scopes: ['CLIENT', 'OPERATOR'],
    expiresAt: null,
  };
  const mutations = listRootFields(api.schema).filter(({ kind }) => kind === 'mutation');
  const run = async (name: string, args: Readonly<Record<string, unknown>>, as: Partial<Context['viewer']> = {}) => {
    const root = mutations.find((field) => field.name === name);
    if (!root) throw new Error(`no mutation ${name}`);
    const { data, errors } = await execute({
      schema: api.schema,
      document: parse(writeOperation(api.schema, root, args, 1)),
      contextValue: createContext(api.source, { viewer: { ...viewer, ...as }, requestId: 'req_walk' }),
      variableValues: args,
    });
    expect([name, errors]).toEqual([name, undefined]);
    return data?.root as Record<string, unknown> & { __typename: string };
  };
  const readEntries = async () => {
    const page = { before: null, limit: 100 };
    const filter = { actorId: null, subjectId: null, action: null, since: null };
    return (await api.audit.list(null, filter, page)).filter(({ action }) => action !== 'data.read');
  };
  return { ...api, database, mutations, run, takeWrites, readEntries };
}
