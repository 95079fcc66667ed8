import { createHash, randomUUID } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { StartupError } from '../domain/errors.ts';

// The advisory lock that Prisma's own migration engine takes: either waits for the other.
const migrationLock = 72707369;

const migrationsDirectory = fileURLToPath(new URL('../../prisma/migrations', import.meta.url));

export interface Migration {
  name: string;
  sql: string;
  /** SHA-256 of the file, hex, as Prisma records it. */
  checksum: string;
}

/** The migrations in the repository, oldest first. */
export async function readMigrations(directory = migrationsDirectory): Promise<Migration[]> {
  const entries = await readdir(directory, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory()).map((entry) => entry.name);
  return await Promise.all(
    names.sort().map(async (name) => {
      const sql = await readFile(join(directory, name, 'migration.sql'), 'utf8');
      return { name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
    }),
  );
}

/**
 * Applies what the database lacks, each migration in a transaction of its own, under a lock that lets one process at a time.
 * Keeps the same table as `prisma migrate deploy`, so that either can follow the other. Returns the names applied.
 */
export async function applyMigrations(pool: pg.Pool, migrations?: Migration[]): Promise<string[]> {
  const known = migrations ?? (await readMigrations());
  const client = await pool.connect();
  try {
    await client.query('SELECT pg_advisory_lock($1)', [migrationLock]);
    try {
      await client.query(createLedger);
      const missing = findMissing(known, await readLedger(client));
      for (const migration of missing) await apply(client, migration);
      return missing.map((migration) => migration.name);
    } finally {
      await client.query('SELECT pg_advisory_unlock($1)', [migrationLock]);
    }
  } finally {
    client.release();
  }
}

const createLedger = `CREATE TABLE IF NOT EXISTS _prisma_migrations (
  id varchar(36) PRIMARY KEY NOT NULL, checksum varchar(64) NOT NULL, finished_at timestamptz,
  migration_name varchar(255) NOT NULL, logs text, rolled_back_at timestamptz,
  started_at timestamptz NOT NULL DEFAULT now(), applied_steps_count integer NOT NULL DEFAULT 0)`;

interface LedgerRow {
  migration_name: string;
  checksum: string;
  finished_at: Date | null;
}

async function readLedger(client: pg.PoolClient): Promise<LedgerRow[]> {
  const result = await client.query<LedgerRow>(
    'SELECT migration_name, checksum, finished_at FROM _prisma_migrations WHERE rolled_back_at IS NULL',
  );
  return result.rows;
}

function findMissing(known: Migration[], ledger: LedgerRow[]): Migration[] {
  const byName = new Map(ledger.map((row) => [row.migration_name, row]));
  const unknown = ledger.find((row) => !known.some((migration) => migration.name === row.migration_name));
  if (unknown) {
    throw new StartupError(
      `The database has been migrated by a newer version (${unknown.migration_name}); start that version or put back a backup.`,
    );
  }
  return known.filter((migration) => {
    const row = byName.get(migration.name);
    if (!row) return true;
    if (row.finished_at === null) {
      throw new StartupError(`The migration ${migration.name} failed before: mend it with \`prisma migrate resolve\`.`);
    }
    if (row.checksum !== migration.checksum) {
      throw new StartupError(`The migration ${migration.name} differs from the one that the database has applied.`);
    }
    return false;
  });
}

async function apply(client: pg.PoolClient, migration: Migration): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query(migration.sql);
    await client.query(
      `INSERT INTO _prisma_migrations (id, checksum, finished_at, migration_name, applied_steps_count) VALUES ($1, $2, now(), $3, 1)`,
      [randomUUID(), migration.checksum, migration.name],
    );
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK');
    throw new StartupError(`The migration ${migration.name} could not be applied; nothing of it was kept.`, { cause });
  }
}
