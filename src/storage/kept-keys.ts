import type { Clock } from '../domain/clock.ts';
import { StartupError } from '../domain/errors.ts';
import { type DataDirectory, newEncryptionKey } from './data-directory.ts';
import type { Database } from './database.ts';
import { createEncryption, type Encryption } from './encryption.ts';
import { hasEncryptedTexts, keyRefreshMs, openEncryptionKeys, type StoredEncryptionKeys } from './encryption-keys.ts';
import { createLocalKeyManagement, type KeyManagement } from './key-management.ts';

export interface KeysAtRestDeps {
  /** The operator's keys in base64, the newest first; null: the one that the data directory keeps. */
  given: readonly string[] | null;
  data: DataDirectory | null;
  database: Database;
  clock: Clock;
}

export interface KeysAtRest {
  keys: StoredEncryptionKeys;
  management: KeyManagement;
}

const keyFile = 'encryption-key';

/** Opens the database's keys with the operator's. Throws a StartupError, and changes nothing, when they do not fit. */
export async function openKeysAtRest({ given, data, database, clock }: KeysAtRestDeps): Promise<KeysAtRest> {
  const unnamed = await findEncryptionKeys({ given, data, database });
  const management = createLocalKeyManagement(unnamed);
  return { management, keys: await openEncryptionKeys({ database, management, unnamed, clock }) };
}

/** Such keys for a process that runs: it learns of new ones until it is closed. */
export async function openEncryption(
  deps: KeysAtRestDeps & { onError(error: Error): void },
): Promise<{ encryption: Encryption; close(): Promise<void> }> {
  const { keys } = await openKeysAtRest(deps);
  return { encryption: createEncryption(keys), close: keys.keepFresh(keyRefreshMs, deps.onError).close };
}

async function findEncryptionKeys({
  given,
  data,
  database,
}: Pick<KeysAtRestDeps, 'given' | 'data' | 'database'>): Promise<[Buffer, ...Buffer[]]> {
  if (given?.[0] !== undefined) return toKeys(given);
  if (!data) throw new StartupError('ENCRYPTION_KEY: is needed with DATABASE_URL.');
  const kept = await data.read(keyFile);
  if (kept === null && (await hasEncryptedTexts(database))) {
    throw new StartupError(
      `DATA_DIR: ${data.path}/${keyFile} is missing, and nothing else reads the secrets in the database. ` +
        'Put it back, or give the key as ENCRYPTION_KEY. Nothing has been changed.',
    );
  }
  const keys = toKeys((kept ?? (await data.keep(keyFile, newEncryptionKey)).value).split(/[\s,]+/));
  if (keys.every((key) => key.length === 32)) return keys;
  throw new StartupError(
    `DATA_DIR: ${data.path}/${keyFile} holds no key of 32 bytes in base64; put the right file back.`,
  );
}

function toKeys(texts: readonly string[]): [Buffer, ...Buffer[]] {
  return texts.map((text) => Buffer.from(text, 'base64')) as [Buffer, ...Buffer[]];
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
