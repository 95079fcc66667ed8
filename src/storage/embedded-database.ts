import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgConfig } from '@electric-sql/pglite/node-postgres';
import pg from 'pg';
import { StartupError } from '../domain/errors.ts';

export interface EmbeddedDatabase {
  /** The only pool there may be: the embedded database is one session, and a second pool would join its transactions. */
  pool: pg.Pool;
  close(): Promise<void>;
  /** The whole database as a tar file, to open copies from. */
  dump(): Promise<Blob>;
}

export interface EmbeddedOptions {
  /** Null: in memory. */
  directory: string | null;
  /** One that is open already, in memory, and stays so; for tests. */
  instance?: PGlite | undefined;
}

/** PostgreSQL inside the process (PGlite). Survives a crash of the process, but not of the machine: it never calls fsync. */
export async function openEmbeddedDatabase(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  if (options.directory) await prepareDirectory(options.directory);
  const pglite = options.instance ?? (await openPglite(options));
  const config = createPgConfig(pglite);
  acceptTypeParsers(config.connection);
  const pool = new pg.Pool({ ...config, max: 1, idleTimeoutMillis: 0 } as unknown as pg.PoolConfig);
  keepConnectionAfterFailures(pool);
  return {
    pool,
    dump: async () => await pglite.dumpDataDir('none'),
    close: async () => {
      await pool.end();
      if (!options.instance) await pglite.close();
    },
  };
}

/**
 * An empty directory is filled beside its place and moved there when complete, so that a crash in the middle of the first
 * start leaves nothing half made. Whatever else is found there must look like a database of this version.
 */
async function prepareDirectory(directory: string): Promise<void> {
  if (!existsSync(directory) || (await readdir(directory)).length === 0) {
    const draft = `${directory}.new`;
    await rm(draft, { recursive: true, force: true });
    const pglite = await PGlite.create({ dataDir: draft });
    await pglite.close();
    await rm(directory, { recursive: true, force: true });
    await rename(draft, directory);
    return;
  }
  const version = await readFile(join(directory, 'PG_VERSION'), 'utf8').catch(() => '');
  const control = await stat(join(directory, 'global', 'pg_control')).catch(() => null);
  if (version.trim() !== '18' || !control || control.size === 0) throw damaged(directory);
}

async function openPglite({ directory }: EmbeddedOptions): Promise<PGlite> {
  try {
    const pglite = await PGlite.create(directory ? { dataDir: directory } : {});
    await pglite.query('select count(*) from pg_class');
    return pglite;
  } catch (cause) {
    throw directory ? damaged(directory, cause) : cause;
  }
}

function damaged(directory: string, cause?: unknown): StartupError {
  return new StartupError(
    `DATA_DIR: the embedded database in ${directory} is damaged or not a database of this version. ` +
      'Nothing was changed. Put back a copy of the directory, or name another DATA_DIR to start anew.',
    { cause },
  );
}

// PrismaPg hands `types` over as an object of parsers, for the driver's own use; PGlite's wire serializer expects there the
// list of parameter types and fails on anything else.
function acceptTypeParsers(connection: { parse(query: { types?: unknown }): void }): void {
  const parse = connection.parse.bind(connection);
  connection.parse = (query) => parse(Array.isArray(query.types) ? query : { ...query, types: undefined });
}

// pg's own pool.query closes the connection on which a statement failed. Here there is no other: whoever came next would
// read what was left of the answer.
function keepConnectionAfterFailures(pool: pg.Pool): void {
  const query = async (...args: Parameters<pg.ClientBase['query']>) => {
    const client = await pool.connect();
    try {
      return await client.query(...args);
    } finally {
      client.release();
    }
  };
  Object.assign(pool, { query });
}
