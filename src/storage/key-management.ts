import { createHash } from 'node:crypto';
import { StartupError } from '../domain/errors.ts';
import { open, seal } from './encryption.ts';

/** A data key as it is stored: encrypted by a key that the database never sees. */
export interface WrappedKey {
  wrapped: string;
  /** Names the wrapping key; no secret. */
  wrappedWith: string;
}

/**
 * Keeps the keys that encrypt the data keys (envelope encryption): a key management service, or keys that the operator gives.
 * `context` is authenticated: a wrapped key opens under the context that it was wrapped with and no other.
 */
export interface KeyManagement {
  /** What new data keys are wrapped with. */
  readonly currentKeyId: string;
  wrap(key: Buffer, context: string): Promise<WrappedKey>;
  /** Throws a StartupError that names the key that is missing. */
  unwrap(wrapped: WrappedKey, context: string): Promise<Buffer>;
}

/** Wraps with keys of 32 bytes each that the operator gives: the first one wraps, the others only unwrap. */
export function createLocalKeyManagement(keys: readonly [Buffer, ...Buffer[]]): KeyManagement {
  const byId = new Map(keys.map((key) => [wrappingKeyId(key), key]));
  const currentKeyId = wrappingKeyId(keys[0]);
  return {
    currentKeyId,
    wrap: async (key, context) => ({ wrapped: seal(key, keys[0], context), wrappedWith: currentKeyId }),
    async unwrap({ wrapped, wrappedWith }, context) {
      const key = byId.get(wrappedWith);
      if (!key) {
        throw new StartupError(
          `ENCRYPTION_KEY: the database is encrypted under the key ${wrappedWith}; given ${[...byId.keys()].join(', ')}. ` +
            'Give the right key, or several separated by commas, the newest first. Nothing has been changed.',
        );
      }
      try {
        return open(wrapped, key, context);
      } catch (cause) {
        throw new StartupError(
          `ENCRYPTION_KEY: a data key in the database was changed by somebody else (${context}); put back a backup.`,
          { cause },
        );
      }
    },
  };
}

/** Tells keys apart without telling anything of them. */
export function wrappingKeyId(key: Buffer): string {
  return createHash('sha256').update('tidewater wrapping key').update(key).digest('hex').slice(0, 12);
}
