import { createHmac, createPublicKey, type KeyObject, timingSafeEqual, verify } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';

/** What a receiver checks signatures with: an endpoint's `whsec_` secret, or the `whpk_` public key of an Ed25519 endpoint. */
export interface VerificationKey {
  version: 'v1' | 'v1a';
  fits(signed: Buffer, signature: Buffer): boolean;
}

export type Verdict = { outcome: 'verified'; id: string } | { outcome: 'refused'; reason: string };

/** A webhook older than this may be a recording that somebody plays back. */
const toleranceSeconds = 300;

// What DER puts before the 32 bytes of an Ed25519 public key (RFC 8410).
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** Reads a secret. Throws, saying what is wrong with it, without showing it. */
export function parseVerificationKey(text: string): VerificationKey {
  if (text.startsWith('whpk_')) {
    const raw = Buffer.from(text.slice('whpk_'.length), 'base64');
    if (raw.length !== 32) throw new Error(`A whpk_ key has 32 bytes in base64; this one has ${raw.length}.`);
    const key = createPublicKey({ key: Buffer.concat([publicKeyHeader, raw]), format: 'der', type: 'spki' });
    return { version: 'v1a', fits: (signed, signature) => verify(null, signed, key, signature) };
  }
  if (!text.startsWith('whsec_')) throw new Error('A secret begins with whsec_, a public key with whpk_.');
  const secret = Buffer.from(text.slice('whsec_'.length), 'base64');
  if (secret.length < 24)
    throw new Error(`A whsec_ secret has 24 bytes or more in base64; this one has ${secret.length}.`);
  return { version: 'v1', fits: (signed, signature) => isHmac(secret, signed, signature) };
}

function isHmac(secret: Buffer | KeyObject, signed: Buffer, signature: Buffer): boolean {
  const expected = createHmac('sha256', secret).update(signed).digest();
  return signature.length === expected.length && timingSafeEqual(signature, expected);
}

/** Whether one of the signatures fits one of the keys (Standard Webhooks 1.0); if not, the likeliest cause. */
export function verifyWebhook(
  { headers, body }: { headers: IncomingHttpHeaders; body: Buffer },
  keys: readonly VerificationKey[],
  now: Date,
): Verdict {
  const [id, timestamp, signatures] = ['webhook-id', 'webhook-timestamp', 'webhook-signature'].map(
    (name) => headers[name],
  );
  if (typeof id !== 'string' || typeof timestamp !== 'string' || typeof signatures !== 'string') {
    return refuse('webhook-id, webhook-timestamp or webhook-signature is missing: this is no webhook.');
  }
  if (!/^\d+$/.test(timestamp)) return refuse('webhook-timestamp is not a number of seconds.');
  const ageSeconds = Math.round(now.getTime() / 1_000) - Number(timestamp);
  if (Math.abs(ageSeconds) > toleranceSeconds) {
    const when = ageSeconds > 0 ? `${ageSeconds} s ago` : `${-ageSeconds} s from now`;
    return refuse(
      `It was signed ${when}, and ${toleranceSeconds} s are allowed: a recording, or a clock that is wrong.`,
    );
  }
  const given = signatures.split(' ').map((signature) => {
    const [version = '', value = ''] = signature.split(',');
    return { version, value: Buffer.from(value, 'base64') };
  });
  const known = new Set(keys.map(({ version }) => version as string));
  const usable = given.filter(({ version }) => known.has(version));
  if (usable.length === 0) {
    const versions = [...new Set(given.map(({ version }) => version))].join(', ');
    return refuse(
      versions === 'v1a'
        ? 'It is signed with Ed25519 (v1a): give the public key of the endpoint, whpk_…, in place of a secret.'
        : `It is signed as ${versions}, and the key given is for ${[...known].join(', ')}.`,
    );
  }
  const signed = Buffer.concat([Buffer.from(`${id}.${timestamp}.`, 'utf8'), body]);
  const isGenuine = usable.some(({ version, value }) =>
    keys.some((key) => key.version === version && key.fits(signed, value)),
  );
  if (isGenuine) return { outcome: 'verified', id };
  return refuse(
    'No signature fits: the secret is of another endpoint or has been rotated, or something on the way has changed the body.',
  );
}

function refuse(reason: string): Verdict {
  return { outcome: 'refused', reason };
}
