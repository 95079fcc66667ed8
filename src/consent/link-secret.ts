import { createHash, randomBytes } from 'node:crypto';

/** 256 random bits in base64url: what makes a hosted link, or a bank's callback, unguessable. */
export function newLinkSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is looked up and stored instead of the secret. */
export function hashLinkSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
