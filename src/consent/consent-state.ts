import type { BankConsentStatus } from '../banking/bank-port.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';

const meanings: Record<Exclude<BankConsentStatus, 'unknown'>, ConsentStatus> = {
  received: 'RECEIVED',
  'partially-authorised': 'PARTIALLY_AUTHORISED',
  valid: 'VALID',
  rejected: 'REJECTED',
  expired: 'EXPIRED',
  'revoked-by-psu': 'REVOKED_BY_PSU',
  terminated: 'TERMINATED',
};

const successors: Record<ConsentStatus, readonly ConsentStatus[]> = {
  RECEIVED: ['PARTIALLY_AUTHORISED', 'VALID', 'REJECTED', 'EXPIRED', 'REVOKED_BY_PSU', 'TERMINATED'],
  PARTIALLY_AUTHORISED: ['VALID', 'REJECTED', 'EXPIRED', 'REVOKED_BY_PSU', 'TERMINATED'],
  VALID: ['EXPIRED', 'REVOKED_BY_PSU', 'TERMINATED', 'SUPERSEDED'],
  REJECTED: [],
  EXPIRED: [],
  REVOKED_BY_PSU: [],
  TERMINATED: [],
  SUPERSEDED: [],
};

/**
 * What a consent is after the bank's word on it (Berlin Group consentStatus). What cannot follow, and a word that we do not know,
 * changes nothing: a final state stays final.
 */
export function nextConsentStatus(present: ConsentStatus, word: BankConsentStatus): ConsentStatus {
  if (word === 'unknown') return present;
  const told = meanings[word];
  return successors[present].includes(told) ? told : present;
}

/** Whether the consent can never be valid again. */
export function isFinal(status: ConsentStatus): boolean {
  return successors[status].length === 0;
}
