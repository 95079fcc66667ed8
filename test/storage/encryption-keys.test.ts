import { createCipheriv, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { type DataDirectory, openDataDirectory } from '../../src/storage/data-directory.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { storedColumns } from '../../src/storage/encrypted-columns.ts';
import { createEncryption } from '../../src/storage/encryption.ts';
import { openKeysAtRest } from '../../src/storage/kept-keys.ts';
import { rotateEncryptionKey } from '../../src/storage/key-rotation.ts';
import { createSigningKeys } from '../../src/webhooks/signing-keys.ts';
import { idOf, insertClientData, secretOf } from '../support/client-data.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase, temporaryDataDirectory } from '../support/test-database.ts';

const clock = fixedClock();
const newKey = () => randomBytes(32).toString('base64');

/** As a process opens its keys with this ENCRYPTION_KEY. */
function openKeys(database: Database, given: string[] | null, data: DataDirectory | null = null) {
  return openKeysAtRest({ given, data, database, clock });
}

/** Every encrypted text in the database, by table, column and row. */
async function readTexts(database: Database) {
  const texts: { table: string; column: string; id: string; boundTo: string; text: string }[] = [];
  for (const { table, column, key = 'id', rowId } of storedColumns) {
    const rows = await database.query<{ id: string; boundTo: string; text: string }>(Prisma.sql`
      SELECT ${Prisma.raw(key)} AS id, ${Prisma.raw(rowId)} AS "boundTo", ${Prisma.raw(column)} AS text FROM ${Prisma.raw(table)}
      WHERE ${Prisma.raw(column)} IS NOT NULL ORDER BY 1`);
    texts.push(...rows.map((row) => ({ table, column, ...row })));
  }
  return texts;
}

/** As the versions before wrote: no key id, and bound to no place. */
function encryptAsBefore(plain: string, key: string): string {
  const iv = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', Buffer.from(key, 'base64'), iv);
  const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
  return `v1.${Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url')}`;
}

/** A database that a version before this one has left: its texts have the first format, and there are no data keys. */
async function openOldDatabase(key: string): Promise<Database> {
  const database = await openTestDatabase();
  const encryption = { encrypt: (plain: string) => encryptAsBefore(plain, key), decrypt: () => '' };
  await insertClientData(database, { tag: 'alpha', now: clock.now(), encryption });
  return database;
}

describe('encrypted texts', () => {
  it('stand in the listed columns and in no other', async () => {
    const database = await openTestDatabase();
    const { keys } = await openKeys(database, [newKey()]);
    const encryption = createEncryption(keys);
    await insertClientData(database, { tag: 'alpha', now: clock.now(), encryption });
    await createSigningKeys({ database, encryption, clock }).current();
    const columns = await database.query<{ table: string; column: string }>(Prisma.sql`
      SELECT table_name AS table, column_name AS column FROM information_schema.columns
      WHERE table_schema = 'public' AND data_type = 'text'`);
    const found: string[] = [];
    for (const { table, column } of columns) {
      const [row] = await database.query<{ found: boolean }>(Prisma.sql`
        SELECT EXISTS (SELECT FROM ${Prisma.raw(`"${table}"`)} WHERE ${Prisma.raw(`"${column}"`)} LIKE 'v2.%') AS found`);
      if (row?.found) found.push(`${table}.${column}`);
    }
    const listed = storedColumns.map(({ table, column }) => `${table}.${column}`);
    expect(listed).toEqual(expect.arrayContaining(found));
    expect(found.length).toBeGreaterThan(3);
  });

  it('decrypt nowhere when they are swapped between two rows, or between two columns of one', async () => {
    const database = await openTestDatabase();
    const { keys } = await openKeys(database, [newKey()]);
    const encryption = createEncryption(keys);
    for (const tag of ['alpha', 'beta']) await insertClientData(database, { tag, now: clock.now(), encryption });
    const signingKeys = createSigningKeys({ database, encryption, clock });
    for (let n = 0; n < 2; n++) await signingKeys.rotate();
    const texts = await readTexts(database);
    const bindingOf = (table: string, column: string) =>
      storedColumns.find((stored) => stored.table === table && stored.column === column)?.boundAs ??
      'sessions.link_secret';
    let swapCount = 0;
    for (const here of texts) {
      const place = { column: bindingOf(here.table, here.column), rowId: here.boundTo };
      expect(encryption.decrypt(here.text, place)).toBeTruthy();
      for (const there of texts) {
        if (there === here) continue;
        swapCount++;
        expect(() => encryption.decrypt(there.text, place)).toThrow();
      }
    }
    expect(swapCount).toBeGreaterThan(50);
  });
});

describe('a start', () => {
  it('with another key fails, says which key is needed, and changes nothing', async () => {
    const database = await openTestDatabase();
    const key = newKey();
    await openKeys(database, [key]);
    const before = await database.query(Prisma.sql`SELECT * FROM encryption_keys`);
    await expect(openKeys(database, [newKey()])).rejects.toThrow(
      /ENCRYPTION_KEY: the database is encrypted under the key [0-9a-f]{12}; given [0-9a-f]{12}.*Nothing has been changed/,
    );
    expect(await database.query(Prisma.sql`SELECT * FROM encryption_keys`)).toEqual(before);
    await openKeys(database, [newKey(), key]);
  });

  it('with another key on what a version before has written fails too', async () => {
    const key = newKey();
    const database = await openOldDatabase(key);
    await expect(openKeys(database, [newKey()])).rejects.toThrow('decrypts nothing of what the database holds');
    expect(await database.query(Prisma.sql`SELECT * FROM encryption_keys`)).toEqual([]);
    await openKeys(database, [key]);
  });

  it('without the file that kept the key fails while there is something to read, and makes no new one', async () => {
    const data = await openDataDirectory(await temporaryDataDirectory());
    onTestFinished(() => data.release());
    const key = newKey();
    const database = await openOldDatabase(key);
    await expect(openKeys(database, null, data)).rejects.toThrow(/encryption-key is missing.*Nothing has been changed/);
    expect(await data.read('encryption-key')).toBe(null);
    await writeFile(join(data.path, 'encryption-key'), `${key}\n`);
    await openKeys(database, null, data);
    const empty = await openTestDatabase();
    const other = await openDataDirectory(await temporaryDataDirectory());
    onTestFinished(() => other.release());
    await openKeys(empty, null, other);
    expect(await other.read('encryption-key')).toMatch(/^[\w+/]{43}=$/);
  });

  it('of two processes on a new database leaves them with the same key', async () => {
    const database = await openTestDatabase();
    const key = newKey();
    const opened = await Promise.all([openKeys(database, [key]), openKeys(database, [key])]);
    expect(opened[0].keys.current().id).toBe(opened[1].keys.current().id);
  });

  it('refuses a data key that somebody has put in the place of another', async () => {
    const database = await openTestDatabase();
    const key = newKey();
    await openKeys(database, [key]);
    await database.query(Prisma.sql`UPDATE encryption_keys SET id = 'other'`);
    await expect(openKeys(database, [key])).rejects.toThrow('was changed by somebody else');
  });
});

describe('an upgrade', () => {
  it('reads what the version before has written, and a rotation leaves nothing of it', async () => {
    const key = newKey();
    const database = await openOldDatabase(key);
    const { keys, management } = await openKeys(database, [key]);
    const encryption = createEncryption(keys);
    const consent = async () =>
      await database.prisma.consent.findUniqueOrThrow({ where: { id: idOf('alpha', 'consent') } });
    const place = { column: 'consents.credentials', rowId: idOf('alpha', 'consent') } as const;
    const before = (await consent()).credentials ?? '';
    expect(encryption.decrypt(before, place)).toBe(secretOf('alpha'));

    const rotation = await rotateEncryptionKey({
      database,
      keys,
      management,
      clock,
      wait: async (ms) => clock.advance(ms),
    });
    const texts = await readTexts(database);
    expect(rotation).toMatchObject({ reencryptedCount: texts.length, unreadable: [] });
    expect(texts.every(({ text }) => text.startsWith(`v2.${rotation.keyId}.`))).toBe(true);
    expect(encryption.decrypt((await consent()).credentials ?? '', place)).toBe(secretOf('alpha'));
  });
});
