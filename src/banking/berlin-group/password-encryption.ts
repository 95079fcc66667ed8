import { createPublicKey, type JsonWebKey } from 'node:crypto';
import { CompactEncrypt, importJWK, type JWK } from 'jose';
import type { BankEntry } from '../../domain/bank-entry.ts';
import { StartupError } from '../../domain/errors.ts';

/** Encrypts a password for the bank's eyes alone, as a compact JWE; null where the entry has no key for it. */
export type PasswordEncryption = ((password: string) => Promise<string>) | null;

/** Throws a StartupError when the key cannot be used, so that it shows at start and not at the first login. */
export function createPasswordEncryption({ id, passwordKey }: BankEntry): PasswordEncryption {
  if (passwordKey === null) return null;
  const jwk = readKey(id, passwordKey);
  const alg = jwk.alg ?? (jwk.kty === 'EC' ? 'ECDH-ES' : 'RSA-OAEP-256');
  return async (password) => {
    const header = { alg, enc: 'A256GCM', ...(jwk.kid && { kid: jwk.kid }) };
    const key = await importJWK(jwk, alg);
    return await new CompactEncrypt(new TextEncoder().encode(password)).setProtectedHeader(header).encrypt(key);
  };
}

/** A JWK, or PEM of a public key or of a certificate. */
function readKey(bankId: string, text: string): JWK {
  try {
    if (text.trimStart().startsWith('{')) {
      const jwk = JSON.parse(text) as JWK;
      createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
      return jwk;
    }
    return createPublicKey(text).export({ format: 'jwk' }) as JWK;
  } catch (cause) {
    throw new StartupError(`${bankId}: passwordKeyFile is no public key in PEM or JWK.`, { cause });
  }
}
