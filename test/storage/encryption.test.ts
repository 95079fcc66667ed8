import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createEncryption, type EncryptedPlace, seal, singleKey } from '../../src/storage/encryption.ts';

const place: EncryptedPlace = { column: 'sessions.link_secret', rowId: 'csn_1' };

describe('encryption', () => {
  const encryption = createEncryption(singleKey(randomBytes(32)));

  it('gives back what was encrypted, and never writes the same text twice', () => {
    const secret = 'whsec_ü€ secret';
    const [first, second] = [encryption.encrypt(secret, place), encryption.encrypt(secret, place)];
    expect(first).not.toBe(second);
    expect(first).not.toContain('secret');
    expect([encryption.decrypt(first, place), encryption.decrypt(second, place)]).toEqual([secret, secret]);
  });

  it('refuses a text that was changed, cut short, or encrypted with another key', () => {
    const encrypted = encryption.encrypt('secret', place);
    const flipped = encrypted.slice(0, -2) + (encrypted.at(-2) === 'A' ? 'B' : 'A') + encrypted.at(-1);
    for (const text of [flipped, encrypted.slice(0, 20), 'v2.only', 'v2.other.abc', 'plain', '']) {
      expect(() => encryption.decrypt(text, place)).toThrow();
    }
    expect(() => createEncryption(singleKey(randomBytes(32))).decrypt(encrypted, place)).toThrow();
  });

  it('refuses a text in another row or column than the one it was encrypted for', () => {
    const encrypted = encryption.encrypt('secret', place);
    expect(() => encryption.decrypt(encrypted, { ...place, rowId: 'csn_2' })).toThrow();
    expect(() => encryption.decrypt(encrypted, { ...place, column: 'sessions.authorisation' })).toThrow();
  });

  it('reads credentials that were written before their column was renamed', () => {
    const key = randomBytes(32);
    const before = `v2.only.${seal(Buffer.from('consent-1'), key, 'consents.bank_consent_id:con_1')}`;
    const credentials: EncryptedPlace = { column: 'consents.credentials', rowId: 'con_1' };
    expect(createEncryption(singleKey(key)).decrypt(before, credentials)).toBe('consent-1');
  });
});
