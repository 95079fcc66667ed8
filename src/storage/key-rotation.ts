import type { Clock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import { type Database, Prisma } from './database.ts';
import { type StoredColumn, storedColumns } from './encrypted-columns.ts';
import { createEncryption, type Encryption, prefixOf } from './encryption.ts';
import { addEncryptionKey, keyNoticeMs, readKeys, type StoredEncryptionKeys, toKeyContext } from './encryption-keys.ts';
import type { KeyManagement } from './key-management.ts';

export interface KeyRotationDeps {
  database: Database;
  keys: StoredEncryptionKeys;
  management: KeyManagement;
  clock: Clock;
  /** Until the other processes have seen the new key. */
  wait(ms: number): Promise<void>;
  onProgress?(reencryptedCount: number): void;
  /** @default 200 */
  batchSize?: number;
}

export interface KeyRotation {
  keyId: string;
  reencryptedCount: number;
  /** Texts that no key at hand decrypts, left as they are: `table.column` and the row's id. */
  unreadable: string[];
  removedKeyIds: string[];
}

/** Longer than any process holds on to a text that it has read. */
const keptAfterRotationMs = 3_600_000;

/**
 * Wraps every data key with the operator's first key, makes a new data key, and encrypts every stored text with it, in small steps
 * beside whatever runs. The keys before are removed by the next rotation that comes an hour later or more, once nothing is left of
 * them. Broken off, it is simply run again.
 */
export async function rotateEncryptionKey(deps: KeyRotationDeps): Promise<KeyRotation> {
  const { database, keys, management, clock } = deps;
  await rewrapKeys(deps);
  const now = clock.now();
  const activeAt = new Date(now.getTime() + keyNoticeMs);
  const keyId = await addEncryptionKey(database.query, management, { now, activeAt });
  await keys.refresh();
  await deps.wait(keyNoticeMs);
  await keys.refresh();
  if (keys.current().id !== keyId) throw new StartupError('Another rotation has begun meanwhile; run this one again.');
  const encryption = createEncryption(keys);
  const unreadable = new Set<string>();
  let reencryptedCount = 0;
  // Once more for what was copied from one table to another in the meantime.
  for (let changed = -1; changed !== 0; reencryptedCount += changed) {
    changed = 0;
    for (const column of storedColumns) changed += await reencryptColumn(column, { deps, encryption, unreadable });
  }
  const removedKeyIds = await retireKeys(deps, { keyId, hasUnreadable: unreadable.size > 0 });
  return { keyId, reencryptedCount, unreadable: [...unreadable], removedKeyIds };
}

async function rewrapKeys({ database, management }: KeyRotationDeps): Promise<void> {
  for (const row of await readKeys(database.query)) {
    if (row.wrappedWith === management.currentKeyId) continue;
    const context = toKeyContext(row.id);
    const next = await management.wrap(await management.unwrap(row, context), context);
    await database.query(Prisma.sql`
      UPDATE encryption_keys SET wrapped = ${next.wrapped}, wrapped_with = ${next.wrappedWith} WHERE id = ${row.id}`);
  }
}

interface Row {
  id: string;
  boundTo: string | null;
  text: string;
}

interface Pass {
  deps: KeyRotationDeps;
  encryption: Encryption;
  unreadable: Set<string>;
}

async function reencryptColumn(column: StoredColumn, { deps, encryption, unreadable }: Pass): Promise<number> {
  const { database, keys, batchSize = 200 } = deps;
  let after = '';
  let count = 0;
  for (;;) {
    const rows = await readOutdated(database, column, { after, prefix: prefixOf(keys.current().id), limit: batchSize });
    const changes = rows.flatMap((row) => {
      try {
        const place = { column: column.boundAs, rowId: row.boundTo ?? '' };
        return [{ ...row, next: encryption.encrypt(encryption.decrypt(row.text, place), place) }];
      } catch {
        unreadable.add(`${column.table}.${column.column} ${row.id}`);
        return [];
      }
    });
    count += await writeBack(database, column, changes);
    deps.onProgress?.(changes.length);
    if (rows.length < batchSize) return count;
    after = rows.at(-1)?.id ?? after;
  }
}

async function readOutdated(
  database: Database,
  { table, column, key = 'id', rowId }: StoredColumn,
  { after, prefix, limit }: { after: string; prefix: string; limit: number },
): Promise<Row[]> {
  const [text, id] = [Prisma.raw(column), Prisma.raw(key)];
  return await database.query<Row>(Prisma.sql`
    SELECT ${id} AS id, ${Prisma.raw(rowId)} AS "boundTo", ${text} AS text FROM ${Prisma.raw(table)}
    WHERE ${id} > ${after} AND ${text} IS NOT NULL AND NOT starts_with(${text}, ${prefix}) ORDER BY ${id} LIMIT ${limit}::int`);
}

// Only where the row still holds the text that was read: whoever has changed it meanwhile used the new key already.
async function writeBack(
  database: Database,
  { table, column, key = 'id' }: StoredColumn,
  changes: ReadonlyArray<Row & { next: string }>,
): Promise<number> {
  if (changes.length === 0) return 0;
  const [text, id] = [Prisma.raw(column), Prisma.raw(key)];
  const written = await database.query(Prisma.sql`
    UPDATE ${Prisma.raw(table)} t SET ${text} = c.next
    FROM unnest(${changes.map(({ id }) => id)}::text[], ${changes.map((change) => change.text)}::text[],
      ${changes.map(({ next }) => next)}::text[]) AS c (id, before, next)
    WHERE t.${id} = c.id AND t.${text} = c.before RETURNING t.${id}`);
  return written.length;
}

async function retireKeys(
  { database, clock }: KeyRotationDeps,
  { keyId, hasUnreadable }: { keyId: string; hasUnreadable: boolean },
): Promise<string[]> {
  const now = clock.now();
  const before = new Date(now.getTime() - keptAfterRotationMs);
  // With unreadable texts about, no key goes: one of them may be needed yet.
  const removed = hasUnreadable
    ? []
    : await database.query<{ id: string }>(
        Prisma.sql`DELETE FROM encryption_keys WHERE retired_at < ${before} AND id <> ${keyId} RETURNING id`,
      );
  await database.query(Prisma.sql`
    UPDATE encryption_keys SET retired_at = ${now} WHERE retired_at IS NULL AND active_at < (
      SELECT active_at FROM encryption_keys WHERE id = ${keyId})`);
  return removed.map(({ id }) => id);
}
