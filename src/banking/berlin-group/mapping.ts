import type { BankConsent, BankConsentStatus } from '../bank-port.ts';
import type { ConsentReply } from './replies.ts';

const consentStatuses: ReadonlyMap<string, BankConsentStatus> = new Map([
  ['received', 'received'],
  ['partiallyAuthorised', 'partially-authorised'],
  ['valid', 'valid'],
  ['rejected', 'rejected'],
  ['expired', 'expired'],
  ['revokedByPsu', 'revoked-by-psu'],
  ['terminatedByTpp', 'terminated'],
]);

export function toConsentStatus(consentStatus: string): BankConsentStatus {
  return consentStatuses.get(consentStatus) ?? 'unknown';
}

export function toBankConsent(reply: ConsentReply): BankConsent {
  return {
    status: toConsentStatus(reply.consentStatus),
    recurring: reply.recurringIndicator,
    validUntil: reply.validUntil,
    frequencyPerDay: reply.frequencyPerDay,
  };
}
