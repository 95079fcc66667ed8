import { AppError } from '../domain/errors.ts';

/**
 * What a bank's refusal means to us (domain.md 7.1 of the briefing, Berlin Group message codes).
 * The consequence follows from the code alone; the bank's own code and HTTP status are kept in `details`.
 */
export type BankFailureCode =
  /** 401 CONSENT_EXPIRED: the end user must consent anew. */
  | 'CONSENT_EXPIRED'
  /** 401 CONSENT_INVALID, TOKEN_*; 400/403 CONSENT_UNKNOWN: the consent is no longer any good. */
  | 'CONSENT_INVALID'
  /** 401 PSU_CREDENTIALS_INVALID: wrong credentials, never retried by ourselves. */
  | 'CREDENTIALS_INVALID'
  /** 429 ACCESS_EXCEEDED: no more unattended access today. Not the login's failure. */
  | 'ACCESS_EXCEEDED'
  /** 401 CERTIFICATE_*: our certificate; the operator must act. */
  | 'CERTIFICATE_REJECTED'
  /** 401 SIGNATURE_*: our signature; the operator must act. */
  | 'SIGNATURE_REJECTED'
  /** 5xx, 408, time-out, no connection: worth another try later. */
  | 'BANK_UNAVAILABLE'
  /** 403 SERVICE_BLOCKED, other 4xx: the same request would be refused again. */
  | 'REQUEST_REFUSED'
  /** The reply does not parse. */
  | 'MALFORMED_REPLY';

export class BankFailure extends AppError {
  declare readonly code: BankFailureCode;
  /** The bank asked us not to come back before this (Retry-After); null when it did not say. */
  readonly retryAt: Date | null;
  /** Of a question for transactions: it may be the days that were asked for, and a shorter range be granted. */
  readonly concernsPeriod: boolean;

  constructor(
    code: BankFailureCode,
    message: string,
    options: {
      cause?: unknown;
      details?: Record<string, unknown>;
      retryAt?: Date | null;
      /** @default false */
      concernsPeriod?: boolean;
    } = {},
  ) {
    super(code, message, options);
    this.retryAt = options.retryAt ?? null;
    this.concernsPeriod = options.concernsPeriod ?? false;
  }
}

/**
 * What the log says of a failure: the bank's HTTP status, message code and our request id, the operation, and the reason in words, with
 * paths and kinds of fault. Never a value of the bank's reply.
 */
export function toLogFacts({ code, message, details }: AppError): Record<string, unknown> {
  return { code, reason: message, details };
}
