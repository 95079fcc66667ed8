import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
} from 'node:crypto';

// Standard Webhooks 1.0.0: https://www.standardwebhooks.com

/** Signed with a secret of the endpoint's own: shared, or the private half of a pair. */
export const secretAlgorithms = ['HMAC_SHA256', 'ED25519'] as const;
export type SecretAlgorithm = (typeof secretAlgorithms)[number];

/** The last one: with the keys of this installation, see detached-jws.ts. */
export const signatureAlgorithms = [...secretAlgorithms, 'JWS_ES256'] as const;
export type SignatureAlgorithm = (typeof signatureAlgorithms)[number];

export interface WebhookMessage {
  id: string;
  sentAt: Date;
  body: Buffer;
}

/** A secret made ready to sign with. */
export interface SigningKey {
  /** `v1,…` or `v1a,…` over `id.timestamp.body`. */
  sign(prefix: string, body: Buffer): string;
}

const symmetricPrefix = 'whsec_';
const privatePrefix = 'whsk_';
const publicPrefix = 'whpk_';
const secretBytes = 32;
const seedBytes = 32;

// What DER puts before the 32 bytes of an Ed25519 key (RFC 8410).
const privateKeyHeader = Buffer.from('302e020100300506032b657004220420', 'hex');
const publicKeyHeader = Buffer.from('302a300506032b6570032100', 'hex');

/** A new secret: `whsec_` and 32 random bytes, or `whsk_` and an Ed25519 key (seed and public key), in base64. */
export function generateSecret(algorithm: SecretAlgorithm): string {
  if (algorithm === 'HMAC_SHA256') return symmetricPrefix + randomBytes(secretBytes).toString('base64');
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(privateKeyHeader.length);
  return privatePrefix + Buffer.concat([seed, rawPublicKey(publicKey)]).toString('base64');
}

/** Reads a `whsec_` or `whsk_` secret. Throws for anything else. */
export function parseSigningKey(secret: string): SigningKey {
  if (secret.startsWith(privatePrefix)) {
    const key = parsePrivateKey(secret);
    return {
      sign: (prefix, body) =>
        `v1a,${sign(null, Buffer.concat([Buffer.from(prefix, 'utf8'), body]), key).toString('base64')}`,
    };
  }
  if (!secret.startsWith(symmetricPrefix)) throw new Error('Not a webhook secret.');
  const key = createSecretKey(Buffer.from(secret.slice(symmetricPrefix.length), 'base64'));
  return { sign: (prefix, body) => `v1,${createHmac('sha256', key).update(prefix).update(body).digest('base64')}` };
}

/** What the receiver verifies with: the secret itself, or the `whpk_` public key of an Ed25519 secret. */
export function verificationKey(secret: string): string {
  if (!secret.startsWith(privatePrefix)) return secret;
  return publicPrefix + rawPublicKey(createPublicKey(parsePrivateKey(secret))).toString('base64');
}

/** What names the message and when it was sent. */
export interface MessageHeaders {
  'webhook-id': string;
  'webhook-timestamp': string;
}

export interface SignedHeaders extends MessageHeaders {
  'webhook-signature': string;
}

/** The three headers of Standard Webhooks; several keys while a secret is being rotated, the newest first. */
export function signWebhook(message: WebhookMessage, keys: readonly SigningKey[]): SignedHeaders {
  const timestamp = toTimestamp(message.sentAt);
  const prefix = `${message.id}.${timestamp}.`;
  return {
    'webhook-id': message.id,
    'webhook-timestamp': String(timestamp),
    'webhook-signature': keys.map((key) => key.sign(prefix, message.body)).join(' '),
  };
}

/** Seconds since 1970. */
export function toTimestamp(sentAt: Date): number {
  return Math.floor(sentAt.getTime() / 1000);
}

function parsePrivateKey(secret: string): KeyObject {
  const seed = Buffer.from(secret.slice(privatePrefix.length), 'base64').subarray(0, seedBytes);
  return createPrivateKey({ key: Buffer.concat([privateKeyHeader, seed]), format: 'der', type: 'pkcs8' });
}

function rawPublicKey(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' }).subarray(publicKeyHeader.length);
}
