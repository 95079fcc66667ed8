import type { BankConsent, BankConsentStatus } from '../bank-port.ts';
import type { ConsentReply } from './consent-replies.ts';
import type { Held } from './credentials.ts';

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

/** Null where neither the bank nor our own request says until when it is good. */
export function toBankConsent(reply: ConsentReply, { terms }: Held): BankConsent | null {
  const validUntil = reply.validUntil ?? terms?.validUntil;
  if (validUntil === undefined) return null;
  return {
    status: toConsentStatus(reply.consentStatus),
    recurring: reply.recurringIndicator ?? terms?.recurring ?? true,
    validUntil,
    frequencyPerDay: reply.frequencyPerDay ?? terms?.frequencyPerDay ?? 1,
  };
}
