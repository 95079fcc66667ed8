import { createHash, randomBytes } from 'node:crypto';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';

/** How long a hosted link works. */
export const linkMs = 30 * 60_000;

/** 256 random bits in base64url: what makes a hosted link, or a bank's callback, unguessable. */
export function newLinkSecret(): string {
  return randomBytes(32).toString('base64url');
}

/** What is looked up and stored instead of the secret. */
export function hashLinkSecret(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** Where a session's link secret is stored. */
export function linkSecretOf(sessionId: string): EncryptedPlace {
  return { column: 'sessions.link_secret', rowId: sessionId };
}

/** What a session that is to await its end user is made with. */
export function newLink(encryption: Encryption, sessionId: string, now: Date) {
  const secret = newLinkSecret();
  return {
    linkHash: hashLinkSecret(secret),
    linkSecret: encryption.encrypt(secret, linkSecretOf(sessionId)),
    status: 'AWAITING_USER' as const,
    expiresAt: new Date(now.getTime() + linkMs),
    createdAt: now,
    updatedAt: now,
  };
}
