import { createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { generateSecret, parseSigningKey, signWebhook, verificationKey } from '../../src/webhooks/signing.ts';

const sign = (message: { id: string; sentAt: Date; body: string }, ...secrets: string[]) =>
  signWebhook({ ...message, body: Buffer.from(message.body) }, secrets.map(parseSigningKey));

describe('published vectors', () => {
  test('of the Standard Webhooks libraries', () => {
    const message = {
      id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
      sentAt: new Date(1614265330 * 1000),
      body: '{"test": 2432232314}',
    };
    expect(sign(message, 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw')).toEqual({
      'webhook-id': message.id,
      'webhook-timestamp': '1614265330',
      'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    });
  });

  test('of the guide to verifying by hand', () => {
    const message = {
      id: 'msg_loFOjxBNrRLzqYUf',
      sentAt: new Date(1731705121 * 1000),
      body: '{"event_type":"ping","data":{"success":true}}',
    };
    const headers = sign(message, 'whsec_plJ3nmyCDGBKInavdOK15jsl');
    expect(headers['webhook-signature']).toBe('v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0=');
  });

  test('of RFC 8032, 7.1, test 1: the public key follows from the seed, which may stand alone', () => {
    const seed = Buffer.from('9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60', 'hex');
    const publicKey = Buffer.from('d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a', 'hex');
    expect(verificationKey(`whsk_${seed.toString('base64')}`)).toBe(`whpk_${publicKey.toString('base64')}`);
    const both = Buffer.concat([seed, publicKey]).toString('base64');
    expect(verificationKey(`whsk_${both}`)).toBe(`whpk_${publicKey.toString('base64')}`);
  });
});

test('what we sign, the standardwebhooks package verifies, whatever the body', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.string({ minLength: 1 }), (text, id) => {
      const secret = generateSecret('HMAC_SHA256');
      const body = JSON.stringify({ text });
      const headers = sign({ id, sentAt: new Date(), body }, secret);
      expect(new Webhook(secret).verify(body, { ...headers })).toEqual({ text });
    }),
    { numRuns: 50 },
  );
});

test('with several secrets each of them verifies, and none verifies another body', () => {
  const [older, newer] = [generateSecret('HMAC_SHA256'), generateSecret('HMAC_SHA256')];
  const headers = { ...sign({ id: 'evt_1', sentAt: new Date(), body: '{}' }, newer, older) };
  expect(headers['webhook-signature'].split(' ')).toHaveLength(2);
  for (const secret of [older, newer]) {
    expect(new Webhook(secret).verify('{}', headers)).toEqual({});
    expect(() => new Webhook(secret).verify('{ }', headers)).toThrow('No matching signature');
  }
  expect(() => new Webhook(generateSecret('HMAC_SHA256')).verify('{}', headers)).toThrow('No matching signature');
});

test('a secret is 32 random bytes in base64, after whsec_', () => {
  const secrets = Array.from({ length: 20 }, () => generateSecret('HMAC_SHA256'));
  for (const secret of secrets) expect(Buffer.from(secret.replace(/^whsec_/, ''), 'base64')).toHaveLength(32);
  expect(new Set(secrets).size).toBe(20);
  expect(secrets[0]).toMatch(/^whsec_[A-Za-z0-9+/]{43}=$/);
});

test('an Ed25519 signature verifies with the whpk_ key and no other', () => {
  const secret = generateSecret('ED25519');
  const headers = sign({ id: 'evt_1', sentAt: new Date(1614265330_999), body: '{"ä":1}' }, secret);
  const signature = headers['webhook-signature'];
  expect(signature).toMatch(/^v1a,/);
  const isVerified = (key: string) => {
    const raw = Buffer.from(key.replace(/^whpk_/, ''), 'base64');
    expect(raw).toHaveLength(32);
    const publicKey = createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: raw.toString('base64url') },
      format: 'jwk',
    });
    const content = Buffer.from('evt_1.1614265330.{"ä":1}');
    return verify(null, content, publicKey, Buffer.from(signature.slice(4), 'base64'));
  };
  expect(isVerified(verificationKey(secret))).toBe(true);
  expect(isVerified(verificationKey(generateSecret('ED25519')))).toBe(false);
});

test('a text that is no secret signs nothing', () => {
  expect(() => parseSigningKey('secret')).toThrow('Not a webhook secret');
});
