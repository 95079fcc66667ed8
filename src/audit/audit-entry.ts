import { createHash } from 'node:crypto';
import { z } from 'zod';
import { newId } from '../domain/ids.ts';

/** What happened, in the past tense: `key.revoked`. */
export type AuditAction = `${string}.${string}`;

/** What is to be written. Ids and codes only: never a secret, an IBAN, or a text that an end user or a bank has given. */
export interface NewAuditEntry {
  action: AuditAction;
  /** Null: it belongs to no client, such as a key that nobody has. */
  clientId: string | null;
  /** The id of the key that did it; null: nobody with a key. */
  actorId: string | null;
  subjectId: string | null;
  requestId: string | null;
  ipAddress: string | null;
  details: Readonly<Record<string, unknown>>;
}

export interface AuditEntry extends NewAuditEntry {
  id: string;
  at: Date;
}

/** The chain of what belongs to no client. */
export const commonChain = 'common';

const stored = z.object({
  id: z.string(),
  at: z.iso.datetime().transform((text) => new Date(text)),
  action: z.string().transform((text) => text as AuditAction),
  clientId: z.string().nullable(),
  actorId: z.string().nullable(),
  subjectId: z.string().nullable(),
  requestId: z.string().nullable(),
  ipAddress: z.string().nullable(),
  details: z.record(z.string(), z.unknown()),
});

export function toAuditEntry(entry: NewAuditEntry, now: Date): AuditEntry {
  return { id: newId('auditEntry', now), at: now, ...entry };
}

/** The text that is hashed and stored: always the same fields in the same order. */
export function toContent(entry: AuditEntry): string {
  const { id, at, action, clientId, actorId, subjectId, requestId, ipAddress, details } = entry;
  return JSON.stringify({ id, at, action, clientId, actorId, subjectId, requestId, ipAddress, details });
}

export function fromContent(content: string): AuditEntry {
  return stored.parse(JSON.parse(content));
}

/** SHA-256, hex, of the hash before and this content, a line feed between them; the first entry's hash before is empty. */
export function chainHash(hashBefore: string, content: string): string {
  return createHash('sha256').update(`${hashBefore}\n${content}`, 'utf8').digest('hex');
}
