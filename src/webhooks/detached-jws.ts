import { FlattenedSign } from 'jose';
import { type MessageHeaders, toTimestamp, type WebhookMessage } from './signing.ts';
import type { JwsKey, SigningKeys } from './signing-keys.ts';

/** Where the public keys are, below the address of this installation. */
export const jwksPath = '/.well-known/jwks.json';

export interface JwsHeaders extends MessageHeaders {
  'x-jws-signature': string;
}

/** Signs for receivers that trust this installation instead of sharing a secret with it. */
export interface JwsSigner {
  sign(message: WebhookMessage, endpointId: string): Promise<JwsHeaders>;
  /** Makes the first key where there is none yet. Resolves to the address of the public keys. */
  prepare(): Promise<string>;
}

/**
 * A JWS over the body as it is sent, detached from it (RFC 7515, appendix F) and not encoded (RFC 7797). One key signs for every
 * client, so the header names the endpoint as audience: else one client could pass its webhooks on to another as genuine.
 */
export function createJwsSigner({ keys, issuer }: { keys: SigningKeys; issuer(): string }): JwsSigner {
  return {
    async sign(message, endpointId) {
      const issuedAt = toTimestamp(message.sentAt);
      const claims = { iss: issuer(), aud: endpointId, iat: issuedAt, jti: message.id };
      return {
        'webhook-id': message.id,
        'webhook-timestamp': String(issuedAt),
        'x-jws-signature': await signDetached(message.body, await keys.current(), claims),
      };
    },
    async prepare() {
      await keys.current();
      return issuer() + jwksPath;
    },
  };
}

async function signDetached(body: Buffer, { id, key }: JwsKey, claims: Readonly<Record<string, unknown>>) {
  const header = { alg: 'ES256', kid: id, b64: false, crit: ['b64'], ...claims };
  const { protected: encodedHeader, signature } = await new FlattenedSign(body).setProtectedHeader(header).sign(key);
  return `${encodedHeader}..${signature}`;
}
