import type { Encryption } from '../storage/encryption.ts';
import { parseSigningKey, type SigningKey } from './signing.ts';

export interface EndpointSecret {
  secret: string;
  /** Null: the present one. Else it signs beside the present one until then. */
  expiresAt: Date | null;
}

export interface CustomHeader {
  name: string;
  value: string;
}

/** Reads and writes what of an endpoint is stored encrypted. */
export interface EndpointSecrets {
  sealSecrets(secrets: readonly EndpointSecret[]): string;
  openSecrets(sealed: string): EndpointSecret[];
  sealHeaders(headers: readonly CustomHeader[]): string | null;
  openHeaders(sealed: string | null): CustomHeader[];
  /** The keys that sign now, the newest first. */
  signingKeys(sealed: string, now: Date): SigningKey[];
}

const maximumCached = 2_000;

/** Opened texts are kept in memory under their encrypted form, which changes with every change of the endpoint. */
export function createEndpointSecrets(encryption: Encryption): EndpointSecrets {
  const openedKeys = createCache((sealed) =>
    openSecrets(sealed).map(({ secret, expiresAt }) => ({ key: parseSigningKey(secret), expiresAt })),
  );
  const openedHeaders = createCache((sealed) => JSON.parse(encryption.decrypt(sealed)) as CustomHeader[]);

  function openSecrets(sealed: string): EndpointSecret[] {
    const stored = JSON.parse(encryption.decrypt(sealed)) as { secret: string; expiresAt: string | null }[];
    return stored.map(({ secret, expiresAt }) => ({
      secret,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    }));
  }

  return {
    sealSecrets: (secrets) => encryption.encrypt(JSON.stringify(secrets)),
    openSecrets,
    sealHeaders: (headers) => (headers.length === 0 ? null : encryption.encrypt(JSON.stringify(headers))),
    openHeaders: (sealed) => (sealed === null ? [] : openedHeaders(sealed)),
    signingKeys: (sealed, now) =>
      openedKeys(sealed)
        .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
        .map(({ key }) => key),
  };
}

function createCache<T>(open: (sealed: string) => T): (sealed: string) => T {
  const opened = new Map<string, T>();
  return (sealed) => {
    const known = opened.get(sealed);
    if (known !== undefined) return known;
    const value = open(sealed);
    const oldest = opened.size >= maximumCached ? opened.keys().next().value : undefined;
    if (oldest !== undefined) opened.delete(oldest);
    opened.set(sealed, value);
    return value;
  };
}
