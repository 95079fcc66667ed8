import { type CryptoKey, calculateJwkThumbprint, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '../domain/clock.ts';
import type { Database } from '../storage/database.ts';
import type { Encryption } from '../storage/encryption.ts';
import { createSigningKeyStore, type StoredSigningKey } from './signing-key-store.ts';

export interface JwsKey {
  /** Its `kid`. */
  id: string;
  key: CryptoKey;
}

/** RFC 7517. */
export interface JwkSet {
  keys: JWK[];
}

/** The keys of this installation that sign detached JWS, for all processes and clients. */
export interface SigningKeys {
  /** The key that signs now; made when there is none. */
  current(): Promise<JwsKey>;
  /** Public keys: of what signs, will sign soon, or has signed until lately. */
  published(): Promise<JwkSet>;
  /**
   * Publishes a new key, which signs once every receiver may know it; the key before stays published for a week after that. A
   * compromised one is removed at once instead, with all others, and the new one signs at once.
   */
  rotate(options?: { isCompromised?: boolean }): Promise<{ id: string; activeAt: Date; removedIds: string[] }>;
}

export interface SigningKeysDeps {
  database: Database;
  encryption: Encryption;
  clock: Clock;
}

/** For so long a process, and whoever follows Cache-Control, goes by what it has read. */
export const signingKeysAgeSeconds = 300;
const ownAgeMs = 10_000;
/** Twice as long as anybody may know the old set alone. */
const noticeMs = 2 * signingKeysAgeSeconds * 1_000;
/** Longer than a receiver keeps a webhook before it looks at the signature. */
const publishedAfterwardsMs = 7 * 86_400_000;

export function createSigningKeys({ database, encryption, clock }: SigningKeysDeps): SigningKeys {
  const store = createSigningKeyStore(database);
  const opened = new Map<string, CryptoKey>();
  let read: { keys: Promise<StoredSigningKey[]>; at: number } | null = null;

  async function list(): Promise<StoredSigningKey[]> {
    const at = clock.now().getTime();
    if (read && at >= read.at && at - read.at < ownAgeMs) return await read.keys;
    const reading = { keys: store.list(), at };
    read = reading;
    try {
      return await reading.keys;
    } catch (error) {
      if (read === reading) read = null;
      throw error;
    }
  }

  async function open(row: StoredSigningKey): Promise<JwsKey> {
    const known = opened.get(row.id);
    if (known) return { id: row.id, key: known };
    const jwk = JSON.parse(encryption.decrypt(row.privateKey, placeOf(row.id))) as JWK;
    const key = (await importJWK(jwk, 'ES256')) as CryptoKey;
    opened.set(row.id, key);
    return { id: row.id, key };
  }

  async function make(activeAt: Date): Promise<StoredSigningKey> {
    const pair = await generateKeyPair('ES256', { extractable: true });
    const publicKey = await exportJWK(pair.publicKey);
    const id = await calculateJwkThumbprint(publicKey);
    return {
      id,
      publicKey: { ...publicKey, kid: id, use: 'sig', alg: 'ES256' } as StoredSigningKey['publicKey'],
      privateKey: encryption.encrypt(JSON.stringify(await exportJWK(pair.privateKey)), placeOf(id)),
      createdAt: clock.now(),
      activeAt,
    };
  }

  return {
    async current() {
      const now = clock.now();
      const active = (await list()).find(({ activeAt }) => activeAt <= now);
      if (active) return await open(active);
      await store.addFirst(await make(now));
      read = null;
      const [first] = await list();
      if (!first) throw new Error('There is no key to sign webhooks with.');
      return await open(first);
    },
    async published() {
      const keys = await list();
      const outdated = new Set(findOutdated(keys, clock.now()));
      return { keys: keys.filter(({ id }) => !outdated.has(id)).map(({ publicKey }) => publicKey as JWK) };
    },
    async rotate({ isCompromised = false } = {}) {
      const now = clock.now();
      const keys = await store.list();
      const activeAt = isCompromised || keys.length === 0 ? now : new Date(now.getTime() + noticeMs);
      const made = await make(activeAt);
      const removedIds = isCompromised ? keys.map(({ id }) => id) : findOutdated(keys, now);
      await store.replace(made, removedIds);
      read = null;
      return { id: made.id, activeAt, removedIds };
    },
  };
}

/** Those that a later one has taken over from long ago; `keys` has the newest first. */
function findOutdated(keys: readonly StoredSigningKey[], now: Date): string[] {
  const before = now.getTime() - publishedAfterwardsMs;
  const first = keys.findIndex(({ activeAt }) => activeAt.getTime() <= before);
  return first < 0 ? [] : keys.slice(first + 1).map(({ id }) => id);
}

function placeOf(rowId: string) {
  return { column: 'signing_keys.private_key', rowId } as const;
}
