import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/** Encrypts what must not be readable in a copy of the database: bank tokens, consent ids, webhook secrets, headers. */
export interface Encryption {
  encrypt(plain: string): string;
  /** Throws when the text was not encrypted with this key, or was changed. */
  decrypt(encrypted: string): string;
}

const version = 'v1';
const ivBytes = 12;
const tagBytes = 16;

/** AES-256-GCM; the output is `v1.` and base64url of iv, tag and ciphertext. `key` has 32 bytes. */
export function createEncryption(key: Buffer): Encryption {
  return {
    encrypt(plain) {
      const iv = randomBytes(ivBytes);
      const cipher = createCipheriv('aes-256-gcm', key, iv);
      const ciphertext = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()]);
      return `${version}.${Buffer.concat([iv, cipher.getAuthTag(), ciphertext]).toString('base64url')}`;
    },
    decrypt(encrypted) {
      const [prefix, body = ''] = encrypted.split('.');
      const bytes = Buffer.from(body, 'base64url');
      if (prefix !== version || bytes.length < ivBytes + tagBytes) throw new Error('Not a text that we encrypted.');
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, ivBytes));
      decipher.setAuthTag(bytes.subarray(ivBytes, ivBytes + tagBytes));
      return decipher.update(bytes.subarray(ivBytes + tagBytes), undefined, 'utf8') + decipher.final('utf8');
    },
  };
}
