import { randomBytes } from 'node:crypto';
import type { Clock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import { type Database, Prisma, type Query } from './database.ts';
import { storedColumns } from './encrypted-columns.ts';
import { createEncryption, type EncryptionKey, type EncryptionKeys } from './encryption.ts';
import type { KeyManagement } from './key-management.ts';

/** The data keys of this database, opened. A key that another process adds is known after the next `refresh`. */
export interface StoredEncryptionKeys extends EncryptionKeys {
  refresh(): Promise<void>;
  /** Refreshes every so often, until closed. */
  keepFresh(everyMs: number, onError: (error: Error) => void): { close(): Promise<void> };
}

export interface EncryptionKeysDeps {
  database: Database;
  management: KeyManagement;
  /** Keys that texts of the first format may have been encrypted with: those that the operator gives. */
  unnamed: readonly Buffer[];
  clock: Clock;
}

/** How long before a new key is written with it must be known to every process; they look twice as often and more. */
export const keyNoticeMs = 30_000;
export const keyRefreshMs = 10_000;

const unnamedPrefix = 'unnamed-';

interface KeyRow {
  id: string;
  wrapped: string;
  wrappedWith: string;
  activeAt: Date;
}

interface OpenedKey extends EncryptionKey {
  activeAt: Date;
}

/**
 * Opens the keys that the database holds, or makes the first one. Throws a StartupError, and changes nothing, when the operator's
 * key is not the one that they were wrapped with, or cannot read what the first format has written.
 */
export async function openEncryptionKeys(deps: EncryptionKeysDeps): Promise<StoredEncryptionKeys> {
  const { database, management, clock } = deps;
  const opened = new Map<string, OpenedKey>();

  async function refresh(): Promise<void> {
    const rows = await readKeys(database.query);
    for (const row of rows) {
      if (opened.has(row.id)) continue;
      const key = await management.unwrap(row, toKeyContext(row.id));
      opened.set(row.id, { id: row.id, key, activeAt: row.activeAt });
    }
  }

  function current(): EncryptionKey {
    const now = clock.now();
    const active = named().filter(({ activeAt }) => activeAt <= now);
    const newest = active.sort((a, b) => b.activeAt.getTime() - a.activeAt.getTime() || (a.id < b.id ? 1 : -1))[0];
    if (!newest) throw new Error('There is no encryption key to write with.');
    return newest;
  }

  const named = (): OpenedKey[] => [...opened.values()].filter(({ id }) => !id.startsWith(unnamedPrefix));

  if ((await readKeys(database.query)).length === 0) await createFirstKeys(deps);
  await refresh();
  return {
    refresh,
    current,
    find: (id) => (id.startsWith(unnamedPrefix) ? null : (opened.get(id) ?? null)),
    unnamed: () => [...opened.values()].filter(({ id }) => id.startsWith(unnamedPrefix)),
    keepFresh(everyMs, onError) {
      let running = Promise.resolve();
      const timer = setInterval(() => {
        running = refresh().catch(onError);
      }, everyMs);
      timer.unref();
      return {
        close: async () => {
          clearInterval(timer);
          await running;
        },
      };
    },
  };
}

/** Adds a data key that is written with from `activeAt` on. Resolves to its id. */
export async function addEncryptionKey(
  query: Query,
  management: KeyManagement,
  { now, activeAt }: { now: Date; activeAt: Date },
): Promise<string> {
  const id = randomBytes(6).toString('hex');
  await insertKey(query, management, { id, key: randomBytes(32), now, activeAt });
  return id;
}

/** Whether the database holds anything that only its key can read. */
export async function hasEncryptedTexts(database: Database): Promise<boolean> {
  if ((await readKeys(database.query)).length > 0) return true;
  return (await readSamples(database.query)).length > 0;
}

/** What a wrapped data key is authenticated with. */
export function toKeyContext(id: string): string {
  return `encryption_keys.wrapped:${id}`;
}

export async function readKeys(query: Query): Promise<KeyRow[]> {
  return await query<KeyRow>(Prisma.sql`
    SELECT id, wrapped, wrapped_with AS "wrappedWith", active_at AS "activeAt" FROM encryption_keys ORDER BY active_at, id`);
}

// Under a lock: of two processes that start on a new database at the same moment one makes the key.
async function createFirstKeys({ database, management, unnamed, clock }: EncryptionKeysDeps): Promise<void> {
  await database.atomically(async (query) => {
    await query(Prisma.sql`LOCK TABLE encryption_keys IN EXCLUSIVE MODE`);
    if ((await readKeys(query)).length > 0) return;
    const now = clock.now();
    const samples = await readSamples(query);
    if (samples.length > 0) {
      assertReadable(samples, unnamed);
      for (const [index, key] of unnamed.entries()) {
        await insertKey(query, management, { id: `${unnamedPrefix}${index}`, key, now, activeAt: now });
      }
    }
    await addEncryptionKey(query, management, { now, activeAt: now });
  });
}

async function insertKey(
  query: Query,
  management: KeyManagement,
  { id, key, now, activeAt }: { id: string; key: Buffer; now: Date; activeAt: Date },
): Promise<void> {
  const { wrapped, wrappedWith } = await management.wrap(key, toKeyContext(id));
  await query(Prisma.sql`
    INSERT INTO encryption_keys (id, wrapped, wrapped_with, created_at, active_at)
    VALUES (${id}, ${wrapped}, ${wrappedWith}, ${now}, ${activeAt})`);
}

const samplesPerColumn = 5;

/** Texts of the first format, the newest rows of every column. */
async function readSamples(query: Query): Promise<string[]> {
  const samples: string[] = [];
  for (const { table, column, key = 'id' } of storedColumns) {
    const rows = await query<{ text: string }>(Prisma.sql`
      SELECT ${Prisma.raw(column)} AS text FROM ${Prisma.raw(table)} WHERE ${Prisma.raw(column)} LIKE 'v1.%'
      ORDER BY ${Prisma.raw(key)} DESC LIMIT ${samplesPerColumn}::int`);
    samples.push(...rows.map(({ text }) => text));
  }
  return samples;
}

function assertReadable(samples: readonly string[], keys: readonly Buffer[]): void {
  const candidates = keys.map((key, index) => ({ id: String(index), key }));
  const encryption = createEncryption({
    current: () => candidates[0] as EncryptionKey,
    find: () => null,
    unnamed: () => candidates,
  });
  const isReadable = (text: string): boolean => {
    try {
      encryption.decrypt(text, { column: 'consents.credentials', rowId: '' });
      return true;
    } catch {
      return false;
    }
  };
  // One that opens is proof enough: earlier versions took any key, so that a few texts of another one may lie about.
  if (samples.some(isReadable)) return;
  throw new StartupError(
    'ENCRYPTION_KEY: decrypts nothing of what the database holds. Give the key that it was used with. Nothing has been changed.',
  );
}
