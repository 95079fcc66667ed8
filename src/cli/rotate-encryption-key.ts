import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { parseConfig } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import { openDataDirectory } from '../storage/data-directory.ts';
import { openDatabase } from '../storage/database.ts';
import { openKeysAtRest } from '../storage/kept-keys.ts';
import { rotateEncryptionKey } from '../storage/key-rotation.ts';

// npm run rotate-encryption-key     with the settings of the processes that run; exit code 2 when texts could not be read
async function main(): Promise<void> {
  const config = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  const data = config.databaseUrl ? null : await openDataDirectory(config.dataDir);
  const databaseUrl = config.databaseUrl?.reveal() ?? null;
  const database = await openDatabase({ databaseUrl, directory: data?.database ?? null, poolSize: 2 });
  try {
    const given = config.encryptionKeys?.map((key) => key.reveal()) ?? null;
    const opened = await openKeysAtRest({ given, data, database, clock: systemClock });
    const rotation = await rotateEncryptionKey({ ...opened, database, clock: systemClock, wait });
    process.stdout.write(`Encrypted ${rotation.reencryptedCount} secrets with the new key ${rotation.keyId}.\n`);
    if (rotation.removedKeyIds.length > 0) process.stdout.write(`Removed: ${rotation.removedKeyIds.join(', ')}.\n`);
    for (const place of rotation.unreadable) process.stderr.write(`No key at hand decrypts ${place}.\n`);
    if (rotation.unreadable.length > 0) process.exitCode = 2;
  } finally {
    await database.close();
    await data?.release();
  }
}

async function wait(ms: number): Promise<void> {
  process.stdout.write(`Waiting ${ms / 1000} s until every process knows the new key.\n`);
  await delay(ms);
}

main().catch((error: unknown) => {
  const text = error instanceof StartupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`The keys were not rotated.\n${text}\n`);
  process.exit(1);
});
