import type { Viewer } from '../graphql/context.ts';

/** Whom a key stands for, and whence it may be used; without networks, from anywhere. */
export type KeyHolder = Viewer & { allowedNetworks?: readonly string[] };

/** Null: no such key, or it has expired or been revoked. */
export type Authenticate = (key: string) => Promise<KeyHolder | null>;

/** The key in an Authorization header; null when there is none. */
export function parseAuthorization(header: unknown): string | null {
  if (typeof header !== 'string') return null;
  return /^Bearer +(\S+)\s*$/i.exec(header)?.[1] ?? null;
}

/**
 * The key in the payload of a WebSocket's connection_init: `authorization`, in any case, with a Bearer key, or `apiKey`. GraphiQL
 * and some clients put their headers under `headers`.
 */
export function parseConnectionParameters(parameters: unknown): string | null {
  if (typeof parameters !== 'object' || parameters === null) return null;
  let found: string | null = null;
  for (const [name, value] of Object.entries(parameters)) {
    const lowered = name.toLowerCase();
    if (lowered === 'authorization') found ??= parseAuthorization(value);
    else if (lowered === 'apikey' && typeof value === 'string' && value !== '') found ??= value;
    else if (lowered === 'headers') found ??= parseConnectionParameters(value);
  }
  return found;
}
