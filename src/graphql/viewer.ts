import type { ApiKeyScope } from '../generated/prisma/client.ts';

/** Who asks: the holder of a key. */
export interface Viewer {
  clientId: string;
  keyId: string;
  scopes: readonly ApiKeyScope[];
  expiresAt: Date | null;
}

/** Whose audit log the key sees: its client's, or with OPERATOR (null) everybody's. */
export function auditedClient({ clientId, scopes }: Viewer): string | null {
  return scopes.includes('OPERATOR') ? null : clientId;
}
