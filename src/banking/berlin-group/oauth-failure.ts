import * as oauth from 'oauth4webapi';
import { BankFailure, type BankFailureCode } from '../bank-failure.ts';
import { toConnectionFailure } from './failure-mapping.ts';

/** Ours to mend, by the entry or at the bank. */
const ofClient = new Set(['invalid_client', 'unauthorized_client', 'invalid_request', 'invalid_scope']);

/**
 * What an authorisation server's refusal means to us. Neither tokens nor codes get into it: the causes, which hold requests, stay out.
 * `showsCertificate`: whether we show it a client certificate.
 */
export function toOAuthFailure(
  error: unknown,
  context: { bankId: string; operation: string },
  showsCertificate: boolean,
): unknown {
  if (error instanceof BankFailure) return error;
  const asked = `when asked to ${context.operation}`;
  const fail = (code: BankFailureCode, what: string, details: Record<string, unknown> = {}) =>
    new BankFailure(code, `${context.bankId}'s authorisation server ${what} ${asked}.`, {
      details: { ...context, ...details },
    });
  if (error instanceof oauth.ResponseBodyError) {
    const details = { httpStatus: error.status, oauthError: toWord(error.error) };
    if (error.status >= 500 || error.status === 429) return fail('BANK_UNAVAILABLE', 'is down', details);
    if (error.error === 'invalid_grant') return fail('CONSENT_INVALID', 'knows the grant no more', details);
    const hint = ofClient.has(error.error) ? ' (look at oauth in the entry)' : '';
    return fail('REQUEST_REFUSED', `answered ${error.status} ${details.oauthError}${hint}`, details);
  }
  const { cause } = (error ?? {}) as { cause?: unknown };
  const status = readStatus(error) ?? readStatus(cause);
  if (status !== null && (status >= 500 || status === 429))
    return fail('BANK_UNAVAILABLE', 'is down', { httpStatus: status });
  if (status !== null && status >= 400) return fail('REQUEST_REFUSED', `answered ${status}`, { httpStatus: status });
  if (error instanceof oauth.OperationProcessingError)
    return fail('MALFORMED_REPLY', 'gave a reply that cannot be used');
  // undici's fetch ends in a TypeError, a deadline in a DOMException; a mistake of ours is neither.
  if (error instanceof DOMException) return fail('BANK_UNAVAILABLE', 'did not answer in time');
  if (error instanceof TypeError && error.message === 'fetch failed') {
    const { code, message, details } = toConnectionFailure(cause, context, showsCertificate);
    return new BankFailure(code, message, { details });
  }
  return error;
}

function readStatus(value: unknown): number | null {
  const { status } = (value ?? {}) as { status?: unknown };
  return typeof status === 'number' ? status : null;
}

function toWord(error: string): string {
  return /^[a-z_]{1,40}$/.test(error) ? error : 'an error';
}
