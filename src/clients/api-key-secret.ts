import { hash, randomBytes } from 'node:crypto';

const prefixLength = 12;

/** A new API key: `tdw_` and 32 random bytes in base64url. */
export function newApiKeySecret(): string {
  return `tdw_${randomBytes(32).toString('base64url')}`;
}

/** What is kept of a key: its SHA-256, which is enough for a key that nobody can guess, and the beginning, to recognise it by. */
export function toStoredKey(key: string): { hash: string; prefix: string } {
  // Of a key that the operator chose, no more than a third is shown.
  const shown = Math.min(prefixLength, Math.floor(key.length / 3));
  return { hash: hash('sha256', key, 'hex'), prefix: key.slice(0, shown) };
}
