import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Every column that holds encrypted text. A consent that is to be ended at its bank carries the text of its consent on. */
export type EncryptedColumn =
  | 'consents.credentials'
  | 'sessions.authorisation'
  | 'sessions.link_secret'
  | 'return_codes.secret'
  | 'signing_keys.private_key'
  | 'idempotency_records.secret'
  | 'webhook_endpoints.headers'
  | 'webhook_endpoints.secrets'
  // Not stored: it goes out in a form and comes back.
  | 'form.handover';

/** Where an encrypted text stands. It is bound to this place: moved to another row or column, it cannot be decrypted. */
export interface EncryptedPlace {
  column: EncryptedColumn;
  rowId: string;
}

/** Encrypts what must not be readable in a copy of the database: credentials at banks, webhook secrets, headers. */
export interface Encryption {
  encrypt(plain: string, place: EncryptedPlace): string;
  /** Throws when the text was encrypted for another place or with a key that is not at hand, or was changed. */
  decrypt(encrypted: string, place: EncryptedPlace): string;
}

export interface EncryptionKey {
  /** Stands in every text that the key encrypted; without dots. */
  id: string;
  /** 32 bytes. */
  key: Buffer;
}

/** The keys at hand. */
export interface EncryptionKeys {
  /** What is written from now on is encrypted with this one. */
  current(): EncryptionKey;
  find(id: string): EncryptionKey | null;
  /** Keys of texts of the first format, which carry no key id and are bound to no place; empty once none is left. */
  unnamed(): readonly EncryptionKey[];
}

const firstFormat = 'v1';
const format = 'v2';
const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM; the output is `v2.`, the key's id, a dot, and base64url of iv, tag and ciphertext; the place is authenticated with it. */
export function createEncryption(keys: EncryptionKeys): Encryption {
  return {
    encrypt(plain, place) {
      const { id, key } = keys.current();
      return `${prefixOf(id)}${seal(Buffer.from(plain, 'utf8'), key, toContext(place))}`;
    },
    decrypt(encrypted, place) {
      const [version, ...rest] = encrypted.split('.');
      if (version === firstFormat && rest.length === 1) return openUnnamed(rest[0] as string, keys.unnamed());
      if (version !== format || rest.length !== 2) throw new Error('Not a text that we encrypted.');
      const [id, body] = rest as [string, string];
      const found = keys.find(id);
      if (!found) throw new Error(`The encryption key ${id} is not at hand.`);
      return open(body, found.key, toContext(place)).toString('utf8');
    },
  };
}

/** What every text begins with that this key encrypted. */
export function prefixOf(keyId: string): string {
  return `${format}.${keyId}.`;
}

/** One key that never changes. */
export function singleKey(key: Buffer, id = 'only'): EncryptionKeys {
  return { current: () => ({ id, key }), find: (given) => (given === id ? { id, key } : null), unnamed: () => [] };
}

/** AES-256-GCM, in base64url; `context` is authenticated with it and must be given again to open it. */
export function seal(plain: Buffer, key: Buffer, context: string): string {
  const iv = randomBytes(ivBytes);
  const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(context, 'utf8'));
  const ciphertext = Buffer.concat([cipher.update(plain), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url');
}

/** Opens what `seal` made; throws with another key, another context, or a changed text. */
export function open(sealed: string, key: Buffer, context: string): Buffer {
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < ivBytes + tagBytes) throw new Error('Not a text that we encrypted.');
  const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes), { authTagLength: tagBytes });
  if (context !== '') decipher.setAAD(Buffer.from(context, 'utf8'));
  decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
  return Buffer.concat([decipher.update(bytes.subarray(ivBytes + tagBytes)), decipher.final()]);
}

/** Texts stay bound to the name that their column had when they were written first. */
const boundNames: Partial<Record<EncryptedColumn, string>> = { 'consents.credentials': 'consents.bank_consent_id' };

function toContext({ column, rowId }: EncryptedPlace): string {
  return `${boundNames[column] ?? column}:${rowId}`;
}

function openUnnamed(body: string, candidates: readonly EncryptionKey[]): string {
  for (const { key } of candidates) {
    try {
      return open(body, key, '').toString('utf8');
    } catch {
      // Authentication fails under every key but its own: the next one is tried.
    }
  }
  throw new Error('No key at hand decrypts this text of the first format.');
}
