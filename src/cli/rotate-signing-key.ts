import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { parseConfig } from '../config/config.ts';
import { systemClock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import { openDataDirectory } from '../storage/data-directory.ts';
import { openDatabase } from '../storage/database.ts';
import { createEncryption } from '../storage/encryption.ts';
import { openKeysAtRest } from '../storage/kept-keys.ts';
import { createSigningKeys } from '../webhooks/signing-keys.ts';

// npm run rotate-signing-key [-- --compromised]     with the settings of the processes that run
async function main(): Promise<void> {
  const { values } = parseArgs({ options: { compromised: { type: 'boolean', default: false } } });
  const config = parseConfig(process.env, (path) => readFileSync(path, 'utf8'));
  const data = config.databaseUrl ? null : await openDataDirectory(config.dataDir);
  const databaseUrl = config.databaseUrl?.reveal() ?? null;
  const database = await openDatabase({ databaseUrl, directory: data?.database ?? null, poolSize: 2 });
  try {
    const given = config.encryptionKeys?.map((key) => key.reveal()) ?? null;
    const { keys } = await openKeysAtRest({ given, data, database, clock: systemClock });
    const signingKeys = createSigningKeys({ database, encryption: createEncryption(keys), clock: systemClock });
    const { id, activeAt, removedIds } = await signingKeys.rotate({ isCompromised: values.compromised });
    process.stdout.write(`The key ${id} is published and signs from ${activeAt.toISOString()} on.\n`);
    if (removedIds.length > 0) process.stdout.write(`Removed: ${removedIds.join(', ')}.\n`);
  } finally {
    await database.close();
    await data?.release();
  }
}

main().catch((error: unknown) => {
  const text = error instanceof StartupError ? error.message : error instanceof Error ? error.stack : String(error);
  process.stderr.write(`The key was not rotated.\n${text}\n`);
  process.exit(1);
});
