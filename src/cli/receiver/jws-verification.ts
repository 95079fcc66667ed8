import type { IncomingHttpHeaders } from 'node:http';
import { createRemoteJWKSet, errors, flattenedVerify } from 'jose';
import type { Verdict } from './webhook-verification.ts';

/** Verifies detached JWS with the keys that an installation publishes. */
export type VerifyJws = (request: { headers: IncomingHttpHeaders; body: Buffer }, now: Date) => Promise<Verdict>;

const toleranceSeconds = 300;

/** `endpointId`: what it has to be signed for; null: any endpoint, which is enough to try things out and for nothing else. */
export function createJwsVerification(jwksUrl: string, endpointId: string | null): VerifyJws {
  const keys = createRemoteJWKSet(new URL(jwksUrl));
  return async ({ headers, body }, now) => {
    const [id, jws] = [headers['webhook-id'], headers['x-jws-signature']];
    if (typeof id !== 'string' || typeof jws !== 'string') {
      return refuse(
        'webhook-id or x-jws-signature is missing: this is no webhook, or its endpoint signs with a secret.',
      );
    }
    const [encodedHeader = '', , signature = ''] = jws.split('.');
    try {
      const signed = { protected: encodedHeader, payload: body, signature };
      const { protectedHeader } = await flattenedVerify(signed, keys, { algorithms: ['ES256'] });
      return judge(protectedHeader as Record<string, unknown>, { id, endpointId, now });
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error;
      return refuse(`The signature does not fit any of the keys at ${jwksUrl} (${error.code}).`);
    }
  };
}

function judge(
  { b64, aud, iat, jti }: Record<string, unknown>,
  { id, endpointId, now }: { id: string; endpointId: string | null; now: Date },
): Verdict {
  if (b64 !== false || jti !== id) return refuse('It is signed for another webhook-id, or in another way.');
  if (endpointId !== null && aud !== endpointId) return refuse(`It is signed for the endpoint ${String(aud)}.`);
  const ageSeconds = now.getTime() / 1_000 - Number(iat);
  if (Math.abs(ageSeconds) <= toleranceSeconds) return { outcome: 'verified', id };
  return refuse(`It was signed ${Math.round(ageSeconds)} s ago, and ${toleranceSeconds} s are allowed.`);
}

function refuse(reason: string): Verdict {
  return { outcome: 'refused', reason };
}
