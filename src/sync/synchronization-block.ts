import { type Eligibility, isScaTooOld } from './eligibility.ts';

export type SynchronizationBlock =
  | 'NOT_RECURRING'
  | 'SECRETS_NOT_STORED'
  | 'CONSENT_MISSING'
  | 'CONSENT_EXPIRED'
  | 'SCA_REQUIRED'
  | 'ACCESS_LIMIT'
  | 'BANK_UNAVAILABLE';

export type NextAction = 'NONE' | 'WAIT' | 'CREATE_SYNCHRONIZATION_SESSION' | 'CONTACT_SUPPORT';

export interface StandingOfLogin extends Eligibility {
  /** Whether the last consent that was granted has run out, rather than been withdrawn. */
  consentExpired: boolean;
  /** Whether a synchronization session of the login runs, or awaits the end user. */
  sessionActive: boolean;
  unattendedAccessesLeft: number;
  /** Failures in a row. */
  bankFailureCount: number;
  /** Of the last attempt that has ended, where it failed. */
  lastErrorCode: string | null;
}

export interface NextStep {
  /** Why the next cycle will not bring fresh data; null when nothing stands in the way. */
  blockedBy: SynchronizationBlock | null;
  /** Who has to act, and how. */
  nextAction: NextAction;
}

// One failure is an accident; a bank that has failed both cycles of a day is likely to fail the next.
const failuresThatBlock = 3;

// The same request would be refused again: only the operator can help.
const operatorCodes = new Set(['CERTIFICATE_REJECTED', 'SIGNATURE_REJECTED', 'REQUEST_REFUSED', 'MALFORMED_REPLY']);

/** Answers "why is there no fresh data?": what lasts longest comes first. Pure. */
export function decideNextStep(login: StandingOfLogin, now: Date): NextStep {
  const forEndUser = blockForEndUser(login, now);
  // Another session beside the one that is open would be refused.
  if (forEndUser && login.sessionActive) return { blockedBy: forEndUser, nextAction: 'WAIT' };
  if (forEndUser) return { blockedBy: forEndUser, nextAction: 'CREATE_SYNCHRONIZATION_SESSION' };
  if (login.lastErrorCode !== null && operatorCodes.has(login.lastErrorCode)) {
    return { blockedBy: 'BANK_UNAVAILABLE', nextAction: 'CONTACT_SUPPORT' };
  }
  const isBankSilent = login.bankFailureCount >= failuresThatBlock || login.lastErrorCode === 'BANK_PASSED_OVER';
  if (isBankSilent) return { blockedBy: 'BANK_UNAVAILABLE', nextAction: 'WAIT' };
  if (login.unattendedAccessesLeft === 0) return { blockedBy: 'ACCESS_LIMIT', nextAction: 'WAIT' };
  return { blockedBy: null, nextAction: login.status === 'SYNC_FAILED' ? 'WAIT' : 'NONE' };
}

function blockForEndUser(login: StandingOfLogin, now: Date): SynchronizationBlock | null {
  const { recurring, secretsStored, status, consent, consentExpired } = login;
  if (!recurring) return 'NOT_RECURRING';
  if (!secretsStored) return 'SECRETS_NOT_STORED';
  if (!consent) return consentExpired ? 'CONSENT_EXPIRED' : 'CONSENT_MISSING';
  if (consent.validUntil < now.toISOString().slice(0, 10)) return 'CONSENT_EXPIRED';
  // A one-off consent, from before the user became recurring.
  if (!consent.recurring) return 'NOT_RECURRING';
  return status === 'SCA_REQUIRED' || isScaTooOld(consent, now) ? 'SCA_REQUIRED' : null;
}
