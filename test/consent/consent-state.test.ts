import { describe, expect, it } from 'vitest';
import { isFinal, nextConsentStatus } from '../../src/consent/consent-state.ts';

const pending = ['RECEIVED', 'PARTIALLY_AUTHORISED'] as const;
const ended = ['REJECTED', 'EXPIRED', 'REVOKED_BY_PSU', 'TERMINATED', 'SUPERSEDED'] as const;
const words = [
  'received',
  'partially-authorised',
  'valid',
  'rejected',
  'expired',
  'revoked-by-psu',
  'terminated',
  'unknown',
] as const;

describe('what a consent is after the bank’s word on it', () => {
  it.each([
    ['RECEIVED', 'received', 'RECEIVED'],
    ['RECEIVED', 'partially-authorised', 'PARTIALLY_AUTHORISED'],
    ['RECEIVED', 'valid', 'VALID'],
    ['RECEIVED', 'rejected', 'REJECTED'],
    ['RECEIVED', 'expired', 'EXPIRED'],
    ['RECEIVED', 'revoked-by-psu', 'REVOKED_BY_PSU'],
    ['RECEIVED', 'terminated', 'TERMINATED'],
    ['PARTIALLY_AUTHORISED', 'received', 'PARTIALLY_AUTHORISED'],
    ['PARTIALLY_AUTHORISED', 'valid', 'VALID'],
    ['PARTIALLY_AUTHORISED', 'rejected', 'REJECTED'],
    ['VALID', 'valid', 'VALID'],
    ['VALID', 'received', 'VALID'],
    ['VALID', 'partially-authorised', 'VALID'],
    ['VALID', 'rejected', 'VALID'],
    ['VALID', 'expired', 'EXPIRED'],
    ['VALID', 'revoked-by-psu', 'REVOKED_BY_PSU'],
    ['VALID', 'terminated', 'TERMINATED'],
  ] as const)('%s, and the bank says %s: %s', (present, word, next) => {
    expect(nextConsentStatus(present, word)).toBe(next);
  });

  it.each([...pending, 'VALID', ...ended] as const)('%s stays what it is at a word that we do not know', (present) => {
    expect(nextConsentStatus(present, 'unknown')).toBe(present);
  });

  it.each(ended)('%s is final, whatever the bank says', (present) => {
    expect(isFinal(present)).toBe(true);
    for (const word of words) expect(nextConsentStatus(present, word)).toBe(present);
  });

  it.each([...pending, 'VALID'] as const)('%s is not final', (present) => {
    expect(isFinal(present)).toBe(false);
  });
});
