import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { openEmbeddedDatabase } from '../../src/storage/embedded-database.ts';
import { applyMigrations, readMigrations } from '../../src/storage/migrations.ts';

const cache = fileURLToPath(new URL('../../node_modules/.cache/tidewater', import.meta.url));

let snapshot: Promise<Blob> | undefined;

/** A migrated, empty embedded database of the test's own, in memory; closed when the test has finished. */
export async function openTestDatabase(): Promise<Database> {
  const database = await openDatabase({ databaseUrl: null, directory: null, snapshot: await migratedSnapshot() });
  onTestFinished(async () => await database.close());
  return database;
}

/** A migrated, empty embedded database as a tar file: opening a copy is much faster than making one. */
export function migratedSnapshot(): Promise<Blob> {
  snapshot ??= readSnapshot();
  return snapshot;
}

// Kept between runs, under a name that changes with the migrations and with the embedded PostgreSQL.
async function readSnapshot(): Promise<Blob> {
  const hash = createHash('sha256').update(createRequire(import.meta.url).resolve('@electric-sql/pglite'));
  hash.update(await readFile(join(dirname(cache), '..', '@electric-sql', 'pglite', 'package.json')));
  for (const { checksum } of await readMigrations()) hash.update(checksum);
  const file = join(cache, `database-${hash.digest('hex').slice(0, 16)}.tar`);
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
