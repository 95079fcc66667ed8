import { systemClock } from '../../src/domain/clock.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createEncryption, type Encryption } from '../../src/storage/encryption.ts';
import { openKeysAtRest } from '../../src/storage/kept-keys.ts';

/** Encrypts as a process does that runs on this database with this ENCRYPTION_KEY. */
export async function openTestEncryption(database: Database, key: Buffer): Promise<Encryption> {
  const given = [key.toString('base64')];
  return createEncryption((await openKeysAtRest({ given, data: null, database, clock: systemClock })).keys);
}

/** The same for a database that other processes have open. */
export async function openEncryptionAt(databaseUrl: string, key: Buffer): Promise<Encryption> {
  const database = await openDatabase({ databaseUrl, directory: null, poolSize: 1 });
  try {
    return await openTestEncryption(database, key);
  } finally {
    await database.close();
  }
}
