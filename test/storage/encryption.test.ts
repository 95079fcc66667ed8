import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createEncryption } from '../../src/storage/encryption.ts';

describe('encryption', () => {
  const encryption = createEncryption(randomBytes(32));

  it('gives back what was encrypted, and never writes the same text twice', () => {
    const secret = 'whsec_ü€ secret';
    const [first, second] = [encryption.encrypt(secret), encryption.encrypt(secret)];
    expect(first).not.toBe(second);
    expect(first).not.toContain('secret');
    expect([encryption.decrypt(first), encryption.decrypt(second)]).toEqual([secret, secret]);
  });

  it('refuses a text that was changed, cut short, or encrypted with another key', () => {
    const encrypted = encryption.encrypt('secret');
    const flipped = encrypted.slice(0, -2) + (encrypted.at(-2) === 'A' ? 'B' : 'A') + encrypted.at(-1);
    for (const text of [flipped, encrypted.slice(0, 20), 'plain', '']) expect(() => encryption.decrypt(text)).toThrow();
    expect(() => createEncryption(randomBytes(32)).decrypt(encrypted)).toThrow();
  });
});
