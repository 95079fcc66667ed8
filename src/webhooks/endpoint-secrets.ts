import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
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
  sealSecrets(endpointId: string, secrets: readonly EndpointSecret[]): string;
  openSecrets(endpointId: string, sealed: string): EndpointSecret[];
  sealHeaders(endpointId: string, headers: readonly CustomHeader[]): string | null;
  openHeaders(endpointId: string, sealed: string | null): CustomHeader[];
  /** The keys that sign now, the newest first. */
  signingKeys(endpointId: string, sealed: string, now: Date): SigningKey[];
}

const maximumCached = 2_000;

/** Opened texts are kept in memory under their endpoint and encrypted form, which changes with every change of the endpoint. */
export function createEndpointSecrets(encryption: Encryption): EndpointSecrets {
  const openedKeys = createCache((id, sealed) =>
    openSecrets(id, sealed).map(({ secret, expiresAt }) => ({ key: parseSigningKey(secret), expiresAt })),
  );
  const openedHeaders = createCache(
    (id, sealed) => JSON.parse(encryption.decrypt(sealed, headersOf(id))) as CustomHeader[],
  );

  function openSecrets(id: string, sealed: string): EndpointSecret[] {
    const stored = JSON.parse(encryption.decrypt(sealed, secretsOf(id))) as {
      secret: string;
      expiresAt: string | null;
    }[];
    return stored.map(({ secret, expiresAt }) => ({
      secret,
      expiresAt: expiresAt === null ? null : new Date(expiresAt),
    }));
  }

  return {
    sealSecrets: (id, secrets) => encryption.encrypt(JSON.stringify(secrets), secretsOf(id)),
    openSecrets,
    sealHeaders: (id, headers) =>
      headers.length === 0 ? null : encryption.encrypt(JSON.stringify(headers), headersOf(id)),
    openHeaders: (id, sealed) => (sealed === null ? [] : openedHeaders(id, sealed)),
    signingKeys: (id, sealed, now) =>
      openedKeys(id, sealed)
        .filter(({ expiresAt }) => expiresAt === null || expiresAt > now)
        .map(({ key }) => key),
  };
}

const secretsOf = (rowId: string): EncryptedPlace => ({ column: 'webhook_endpoints.secrets', rowId });
const headersOf = (rowId: string): EncryptedPlace => ({ column: 'webhook_endpoints.headers', rowId });

function createCache<T>(open: (id: string, sealed: string) => T): (id: string, sealed: string) => T {
  const opened = new Map<string, T>();
  return (id, sealed) => {
    const key = `${id} ${sealed}`;
    const known = opened.get(key);
    if (known !== undefined) return known;
    const value = open(id, sealed);
    const oldest = opened.size >= maximumCached ? opened.keys().next().value : undefined;
    if (oldest !== undefined) opened.delete(oldest);
    opened.set(key, value);
    return value;
  };
}
