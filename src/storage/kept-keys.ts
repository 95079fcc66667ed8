import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { StartupError } from '../domain/errors.ts';
import { type DataDirectory, newEncryptionKey } from './data-directory.ts';

/** The operator's encryption key, else the one that the data directory keeps; made at the very first start only. */
export async function findEncryptionKey(given: string | null, data: DataDirectory | null): Promise<Buffer> {
  if (given !== null) return Buffer.from(given, 'base64');
  if (!data) throw new StartupError('ENCRYPTION_KEY: is needed with DATABASE_URL.');
  const { value, made } = await data.keep('encryption-key', newEncryptionKey);
  // A new key beside a database that exists could not read what is in it.
  if (made && existsSync(join(data.path, 'api-key'))) {
    throw new StartupError(
      `DATA_DIR: ${data.path}/encryption-key is missing. Put it back, or give the key as ENCRYPTION_KEY.`,
    );
  }
  return Buffer.from(value, 'base64');
}

export interface BootstrapKey {
  value: string;
  /** This start has made it: the one time to show it. */
  made: boolean;
}

/** The operator's first API key, else the one that the data directory keeps; null where there is neither. */
export async function findBootstrapKey(
  given: string | null,
  data: DataDirectory | null,
  make: () => string,
): Promise<BootstrapKey | null> {
  if (given !== null) return { value: given, made: false };
  return data ? await data.keep('api-key', make) : null;
}
