import { BankFailure, type BankFailureCode } from '../banking/bank-failure.ts';
import { NotFound } from '../domain/errors.ts';

/** What a failure means for the login (domain rules of PSD2 and Berlin Group practice). */
export type FailureMeaning =
  /** Only the end user can help: new consent, new SCA. `status`: of the consent, if the bank says nothing else of it; null: it stands. */
  | { kind: 'consent-lost'; status: 'EXPIRED' | 'TERMINATED' | null }
  /** The bank's allowance is used up: not the login's failure. */
  | { kind: 'access-limit' }
  /** Our certificate or signature: the operator must act; users see nothing of it. */
  | { kind: 'operator' }
  /** The synchronization failed; retryable when the same request may succeed later. */
  | { kind: 'failed'; retryable: boolean };

const meanings: Record<BankFailureCode, FailureMeaning> = {
  CONSENT_EXPIRED: { kind: 'consent-lost', status: 'EXPIRED' },
  CONSENT_INVALID: { kind: 'consent-lost', status: 'TERMINATED' },
  // The consent stands; what was stored is not tried again, lest the bank lock the account.
  CREDENTIALS_INVALID: { kind: 'consent-lost', status: null },
  ACCESS_EXCEEDED: { kind: 'access-limit' },
  CERTIFICATE_REJECTED: { kind: 'operator' },
  SIGNATURE_REJECTED: { kind: 'operator' },
  BANK_UNAVAILABLE: { kind: 'failed', retryable: true },
  REQUEST_REFUSED: { kind: 'failed', retryable: false },
  MALFORMED_REPLY: { kind: 'failed', retryable: false },
};

/** Codes of failures that may pass: a cycle tries once more. */
export const retryableCodes = Object.entries(meanings).flatMap(([code, meaning]) =>
  meaning.kind === 'failed' && meaning.retryable ? [code as BankFailureCode] : [],
);

export function meaningOf(code: BankFailureCode): FailureMeaning {
  return meanings[code];
}

/** Why a login's synchronization failed; UNEXPECTED: by a fault of ours. */
export type LoginFailureCode = BankFailureCode | 'UNEXPECTED';

const messages: Record<LoginFailureCode, string> = {
  CONSENT_EXPIRED: 'The consent has ended at the bank; the end user must consent anew.',
  CONSENT_INVALID: 'The bank no longer accepts the consent; the end user must consent anew.',
  CREDENTIALS_INVALID: 'The bank refuses the credentials; the end user must authenticate anew.',
  ACCESS_EXCEEDED: 'The bank allows no more accesses without the end user today.',
  CERTIFICATE_REJECTED: 'The bank does not accept the service; the operator has been told.',
  SIGNATURE_REJECTED: 'The bank does not accept the service; the operator has been told.',
  BANK_UNAVAILABLE: 'The bank did not answer in time; it is tried again.',
  REQUEST_REFUSED:
    'The bank refused the request. This does not pass by waiting; the operator finds the reason in the log.',
  MALFORMED_REPLY: "The bank's reply could not be understood. The operator finds in the log what was wrong with it.",
  UNEXPECTED: 'The service failed unexpectedly; the operator has been told.',
};

/** The text for clients: it names no account and quotes nothing of the bank's. */
export function messageFor(code: LoginFailureCode): string {
  return messages[code];
}

/**
 * The failure that was thrown; a time-out of ours counts as the bank's silence, and so does a bank that the operator has taken
 * off the list. Everything else is a bug and passes.
 */
export function toBankFailure(error: unknown, timedOut: boolean): BankFailure {
  if (error instanceof BankFailure) return error;
  if (timedOut) return new BankFailure('BANK_UNAVAILABLE', 'The bank took too long.', { cause: error });
  if (error instanceof NotFound) return new BankFailure('BANK_UNAVAILABLE', error.message, { cause: error });
  throw error;
}
