import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import { flattenedVerify, importJWK } from 'jose';
import { describe, expect, test } from 'vitest';
import { createSigningKeys, type JwkSet } from '../../src/webhooks/signing-keys.ts';
import { createWorld, hours, type World } from './webhook-world.ts';

interface Sent {
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** As a receiver does it that has nothing but RFC 7515, RFC 7797 and node:crypto; gives the header, or null. */
function verified({ headers, body }: Sent, { keys }: JwkSet): Record<string, unknown> | null {
  const [encodedHeader = '', payload, signature = ''] = String(headers['x-jws-signature']).split('.');
  expect(payload).toBe('');
  const header = JSON.parse(Buffer.from(encodedHeader, 'base64url').toString('utf8'));
  expect(header).toMatchObject({ alg: 'ES256', b64: false, crit: ['b64'] });
  const jwk = keys.find(({ kid }) => kid === header.kid);
  if (!jwk) return null;
  const key = createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' });
  const signed = Buffer.concat([Buffer.from(`${encodedHeader}.`, 'ascii'), Buffer.from(body, 'utf8')]);
  const isGenuine = verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, Buffer.from(signature, 'base64url'));
  return isGenuine ? header : null;
}

async function openJwsWorld() {
  const world = await createWorld();
  const receiver = await world.receiver();
  const { endpoint, secret } = await world.endpoint(receiver.url, { signatureAlgorithm: 'JWS_ES256' });
  const deliver = async (from: World = world) => {
    await from.emit();
    await from.dispatcher().drain();
    return receiver.received.at(-1) as Sent;
  };
  return { world, receiver, endpoint, secret, deliver };
}

describe('an endpoint with JWS_ES256', () => {
  test('gets the body under a detached JWS that names issuer, audience, time and event, and no shared secret', async () => {
    const { world, endpoint, secret, deliver } = await openJwsWorld();
    const sent = await deliver();
    expect(secret).toBe('https://tidewater.test/.well-known/jwks.json');
    expect(verified(sent, await world.endpoints.jwks())).toMatchObject({
      iss: 'https://tidewater.test',
      aud: endpoint.id,
      iat: Math.floor(world.clock.now().getTime() / 1_000),
      jti: sent.headers['webhook-id'],
    });
    expect(sent.headers['webhook-timestamp']).toBe(String(Math.floor(world.clock.now().getTime() / 1_000)));
    expect(sent.headers).not.toHaveProperty('webhook-signature');
    expect(world.endpoints.publicKey(endpoint)).toBeNull();
  });

  test('is verified by another library too, and with another body, another header or another key by none', async () => {
    const { world, deliver } = await openJwsWorld();
    const sent = await deliver();
    const { keys } = await world.endpoints.jwks();
    const [encodedHeader = '', , signature = ''] = String(sent.headers['x-jws-signature']).split('.');
    const jws = { protected: encodedHeader, payload: Buffer.from(sent.body), signature };
    const key = await importJWK(keys[0] as JsonWebKey, 'ES256');
    expect((await flattenedVerify(jws, key)).protectedHeader?.kid).toBe(keys[0]?.kid);
    expect(verified({ ...sent, body: `${sent.body} ` }, { keys })).toBeNull();
    const header = JSON.parse(Buffer.from(encodedHeader, 'base64url').toString('utf8'));
    const forOther = Buffer.from(JSON.stringify({ ...header, aud: 'whe_other' })).toString('base64url');
    expect(
      verified({ ...sent, headers: { ...sent.headers, 'x-jws-signature': `${forOther}..${signature}` } }, { keys }),
    ).toBeNull();
    const other = await openJwsWorld();
    await other.deliver();
    expect(verified(sent, await other.world.endpoints.jwks())).toBeNull();
  });

  test('is shown by a preview as it would be signed', async () => {
    const { world, endpoint } = await openJwsWorld();
    const eventId = await world.emit();
    const preview = await world.endpoints.preview(world.clientId, endpoint.id, eventId);
    const headers = Object.fromEntries(preview.headers.map(({ name, value }) => [name, value]));
    expect(verified({ headers, body: preview.body }, await world.endpoints.jwks())).toMatchObject({ jti: eventId });
  });

  test('has no secret to rotate, and no header of its own in place of the signature', async () => {
    const { world, endpoint } = await openJwsWorld();
    await expect(world.endpoints.rotateSecret(world.clientId, endpoint.id, 0)).rejects.toMatchObject({
      fields: [{ path: 'id', message: expect.stringContaining('/.well-known/jwks.json') }],
    });
    const headers = [{ name: 'X-JWS-Signature', value: 'e..e' }];
    await expect(world.endpoints.update(world.clientId, endpoint.id, { headers })).rejects.toMatchObject({
      fields: [{ path: 'input.headers.0.name', message: 'is a header that we set ourselves' }],
    });
  });

  test('is signed for while other endpoints of the same event have theirs', async () => {
    const { world, deliver } = await openJwsWorld();
    const other = await world.receiver();
    await world.endpoint(other.url);
    await deliver();
    expect(other.received[0]?.headers).toHaveProperty('webhook-signature');
    expect(other.received[0]?.headers).not.toHaveProperty('x-jws-signature');
  });

  test('is verified before, while and after the key is rotated, with keys that were fetched just before', async () => {
    const { world, deliver } = await openJwsWorld();
    await deliver();
    // Receivers fetch again when what they have is five minutes old.
    let cached = await world.endpoints.jwks();
    let fetchedAt = world.clock.now().getTime();
    const kids = new Set<unknown>();
    for (let minute = 0; minute < 30; minute++) {
      if (minute === 3) await createSigningKeys(world).rotate();
      if (world.clock.now().getTime() - fetchedAt >= 300_000) {
        cached = await world.endpoints.jwks();
        fetchedAt = world.clock.now().getTime();
      }
      const header = verified(await deliver(), cached);
      expect(header).not.toBeNull();
      kids.add(header?.kid);
      world.clock.advance(60_000);
    }
    expect(kids.size).toBe(2);
    world.clock.advance(hours(24));
    expect((await world.endpoints.jwks()).keys).toHaveLength(2);
  });
});
