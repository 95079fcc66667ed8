import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PGlite } from '@electric-sql/pglite';
import { onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { openEmbeddedDatabase } from '../../src/storage/embedded-database.ts';
import { applyMigrations, readMigrations } from '../../src/storage/migrations.ts';
import { temporaryDirectory } from './spawn-tidewater.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/tidewater', import.meta.url));

const logSizeLimit = 300_000_000;

let snapshot: Promise<Blob> | undefined;
let pristine: string | undefined;
let idle: PGlite | undefined;

/**
 * A migrated, empty embedded database of the test's own, in memory; closed when the test has finished. The next test gets the same one,
 * emptied, by a pool of its own, and so does the next file of tests: opening one takes longer than most tests.
 */
export async function openTestDatabase(): Promise<Database> {
  const database = await openFileDatabase();
  onTestFinished(database.close);
  return database;
}

/** The same for a whole file of tests, which closes it. */
export async function openFileDatabase(): Promise<Database> {
  const instance = idle ?? (await PGlite.create({ loadDataDir: await migratedSnapshot() }));
  idle = undefined;
  pristine ??= await readObjects(instance);
  const database = await openDatabase({ databaseUrl: null, directory: null, instance });
  return {
    ...database,
    close: async () => {
      await database.close();
      if (idle || !(await empty(instance))) await instance.close();
      else idle = instance;
    },
  };
}

/** Makes it as it was when it was opened; false where a test has changed more than rows, or where it has grown old. */
async function empty(instance: PGlite): Promise<boolean> {
  await instance.exec('ROLLBACK');
  await instance.exec('DISCARD ALL');
  if ((await readObjects(instance)) !== pristine) return false;
  const { rows } = await instance.query<{ tables: string; log_size: number }>(`
    SELECT string_agg(quote_ident(tablename), ', ') AS tables, (SELECT sum(size)::float FROM pg_ls_waldir()) AS log_size FROM pg_tables
    WHERE schemaname = 'public' AND tablename <> '_prisma_migrations'`);
  // Its files are in memory.
  if (!rows[0] || rows[0].log_size > logSizeLimit) return false;
  await instance.exec(`TRUNCATE ${rows[0].tables} RESTART IDENTITY`);
  return true;
}

/**
 * What there is besides rows: tables, columns, indexes, constraints, triggers, functions, statistics, roles, settings. PostgreSQL's own
 * objects, whose numbers are below 16384, nobody changes.
 */
async function readObjects(instance: PGlite): Promise<string> {
  const { rows } = await instance.query<{ objects: string }>(`
    SELECT md5(string_agg(object, ' ' ORDER BY object)) AS objects FROM (
      SELECT 'class ' || oid AS object FROM pg_class WHERE oid >= 16384
      UNION ALL SELECT concat_ws(' ', 'column', attrelid, attnum, attname, atttypid, attnotnull, atthasdef) FROM pg_attribute
        WHERE attrelid >= 16384
      UNION ALL SELECT concat_ws(' ', 'constraint', oid, convalidated) FROM pg_constraint WHERE oid >= 16384
      UNION ALL SELECT concat_ws(' ', 'trigger', oid, tgenabled) FROM pg_trigger
      UNION ALL SELECT concat_ws(' ', 'function', oid, xmin) FROM pg_proc WHERE oid >= 16384
      UNION ALL SELECT concat_ws(' ', 'index', indexrelid, indisvalid) FROM pg_index WHERE indexrelid >= 16384
      UNION ALL SELECT concat_ws(' ', 'statistic', starelid, staattnum) FROM pg_statistic WHERE starelid >= 16384
      UNION ALL SELECT concat_ws(' ', 'role', oid, rolcanlogin) FROM pg_roles
      UNION ALL SELECT concat_ws(' ', 'setting', setdatabase, setrole, setconfig) FROM pg_db_role_setting
      UNION ALL SELECT concat_ws(' ', 'migration', id) FROM _prisma_migrations) AS objects`);
  return rows[0]?.objects ?? '';
}

/** A migrated, empty embedded database as a tar file: opening a copy is much faster than making one. */
function migratedSnapshot(): Promise<Blob> {
  snapshot ??= readSnapshot();
  return snapshot;
}

/** Puts into a new DATA_DIR the database that a first start makes there, for tests that are not about first starts. */
export async function fillDataDirectory(dataDir: string): Promise<void> {
  const template = (await nameSnapshot()).replace(/\.tar$/, '');
  if (!existsSync(template)) {
    const draft = `${template}.${process.pid}`;
    await (await PGlite.create({ dataDir: draft, loadDataDir: await migratedSnapshot() })).close();
    // Where another has been faster, that one is as good.
    await rename(draft, template).catch(() => rm(draft, { recursive: true }));
  }
  await cp(template, join(dataDir, 'database'), { recursive: true });
}

/** A new directory, filled so, and removed when the test has finished. */
export async function temporaryDataDirectory(): Promise<string> {
  const directory = await temporaryDirectory();
  await fillDataDirectory(directory);
  return directory;
}

async function readSnapshot(): Promise<Blob> {
  const file = await nameSnapshot();
  const kept = await readFile(file).catch(() => null);
  if (kept) return new Blob([kept]);
  const embedded = await openEmbeddedDatabase({ directory: null });
  await applyMigrations(embedded.pool);
  const dump = await embedded.dump();
  await embedded.close();
  await mkdir(cache, { recursive: true });
  const draft = `${file}.${process.pid}`;
  await writeFile(draft, Buffer.from(await dump.arrayBuffer()));
  await rename(draft, file);
  return dump;
}

// Kept between runs, under a name that changes with the migrations and with the embedded PostgreSQL.
async function nameSnapshot(): Promise<string> {
  const hash = createHash('sha256').update(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  hash.update(await readFile(join(dirname(cache), '..', '@electric-sql', 'pglite', 'package.json')));
  for (const { checksum } of await readMigrations()) hash.update(checksum);
  return join(cache, `database-${hash.digest('hex').slice(0, 16)}.tar`);
}
