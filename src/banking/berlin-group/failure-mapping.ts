import { errors } from 'undici';
import { z } from 'zod';
import { BankFailure, type BankFailureCode } from '../bank-failure.ts';

/** What was asked of which bank: all that a failure's message says of the request, for paths and bodies hold secrets. */
export interface FailureContext {
  bankId: string;
  /** In words: `list accounts`. */
  operation: string;
  /** The X-Request-ID, by which the bank finds the call; authorisation servers have none. */
  requestId?: string;
}

export interface Refusal {
  status: number;
  retryAfter: string | null;
  /** The reply's body: parsed JSON, or null where it is none. */
  body: unknown;
  now: Date;
}

/** The bank has answered, but not with what was asked for. */
export function toRefusalFailure(refusal: Refusal, context: FailureContext): BankFailure {
  const messageCodes = readMessageCodes(refusal.body);
  const code = toFailureCode(refusal.status, messageCodes);
  const messageCode = messageCodes.find((known) => toConsequence(known) === code) ?? messageCodes[0] ?? null;
  const answer = [refusal.status, messageCode].filter((part) => part !== null).join(' ');
  return new BankFailure(code, `${context.bankId} answered ${answer} when asked to ${context.operation}.`, {
    details: { ...context, httpStatus: refusal.status, messageCode, missesPsuId: missesPsuId(refusal.body) },
    retryAt: parseRetryAfter(refusal.retryAfter, refusal.now),
    concernsPeriod: mayConcernPeriod(code, refusal.status, messageCodes),
  });
}

// Banks name a date that lies too far back by any code, or not at all; and some of them break over a long period.
function mayConcernPeriod(code: BankFailureCode, status: number, messageCodes: readonly string[]): boolean {
  if (status === 500) return true;
  if (code !== 'REQUEST_REFUSED' || status === 401 || status === 406) return false;
  return !messageCodes.some((messageCode) => /^(RESOURCE_UNKNOWN|SERVICE_BLOCKED)$/.test(messageCode));
}

/** The bank's message codes decide; where it gives none that we know, the HTTP status does. */
export function toFailureCode(status: number, messageCodes: readonly string[]): BankFailureCode {
  if (status >= 500 || status === 408) return 'BANK_UNAVAILABLE';
  if (status === 429) return 'ACCESS_EXCEEDED';
  if (status < 400) return 'MALFORMED_REPLY';
  for (const messageCode of messageCodes) {
    const consequence = toConsequence(messageCode);
    if (consequence) return consequence;
  }
  return 'REQUEST_REFUSED';
}

const consequences: Readonly<Record<string, BankFailureCode>> = {
  CONSENT_EXPIRED: 'CONSENT_EXPIRED',
  CONSENT_INVALID: 'CONSENT_INVALID',
  CONSENT_UNKNOWN: 'CONSENT_INVALID',
  TOKEN_UNKNOWN: 'CONSENT_INVALID',
  TOKEN_INVALID: 'CONSENT_INVALID',
  TOKEN_EXPIRED: 'CONSENT_INVALID',
  PSU_CREDENTIALS_INVALID: 'CREDENTIALS_INVALID',
  ACCESS_EXCEEDED: 'ACCESS_EXCEEDED',
};

function toConsequence(messageCode: string): BankFailureCode | null {
  // Banks differ in the ending (REVOKE, REVOKED), and the operator's part is the same for all of them.
  if (messageCode.startsWith('CERTIFICATE_')) return 'CERTIFICATE_REJECTED';
  if (messageCode.startsWith('SIGNATURE_')) return 'SIGNATURE_REJECTED';
  return Object.hasOwn(consequences, messageCode) ? (consequences[messageCode] ?? null) : null;
}

const tppMessage = z.object({ category: z.string().nullish(), code: z.string() });
const errorBody = z.object({
  tppMessages: z.array(z.unknown()).catch([]).default([]),
  code: z.string().nullish().catch(null),
  additionalErrors: z.array(z.unknown()).catch([]).default([]),
});

/** The codes of a NextGenPSD2 or problem+json error body, warnings left out; empty for any other body. */
export function readMessageCodes(body: unknown): string[] {
  const parsed = errorBody.safeParse(body);
  if (!parsed.success) return [];
  const messages = [...parsed.data.tppMessages, ...parsed.data.additionalErrors].flatMap((message) => {
    const { data } = tppMessage.safeParse(message);
    return data && data.category !== 'WARNING' ? [data.code] : [];
  });
  // The code ends up in messages and logs: whatever does not look like one stays out.
  return [parsed.data.code ?? '', ...messages].filter((code) => /^[A-Z][A-Z0-9_]{0,63}$/.test(code));
}

/** Whether the bank wants to know the user name first: it says so in words alone, or in the path of the fault. */
function missesPsuId(body: unknown): boolean {
  const parsed = errorBody.safeParse(body);
  const words = parsed.success ? JSON.stringify([parsed.data.tppMessages, parsed.data.additionalErrors]) : '';
  return /psu[-_ ]?id\b/i.test(words);
}

/** RFC 9110, 10.2.3: seconds or an HTTP date; null for anything else. */
export function parseRetryAfter(value: string | null, now: Date): Date | null {
  if (value === null) return null;
  const text = value.trim();
  const time = /^\d+$/.test(text) ? now.getTime() + Number(text) * 1000 : Date.parse(/GMT$/.test(text) ? text : '');
  const date = new Date(time);
  return Number.isNaN(date.getTime()) ? null : date;
}

/**
 * The call itself went wrong: no connection, no answer in time, or an answer that is not HTTP as we take it.
 * `showsCertificate`: whether we show the bank a client certificate.
 */
export function toConnectionFailure(error: unknown, context: FailureContext, showsCertificate: boolean): BankFailure {
  const errorCode = readErrorCode(error);
  const details = { ...context, errorCode };
  const asked = `when asked to ${context.operation}`;
  if (errorCode === 'UND_ERR_RES_EXCEEDED_MAX_SIZE') {
    return new BankFailure('MALFORMED_REPLY', `${context.bankId} answered with more than we take ${asked}.`, {
      details,
    });
  }
  if (error instanceof errors.HTTPParserError || errorCode === 'UND_ERR_HEADERS_OVERFLOW') {
    // The parser's error carries the raw reply: it is no cause to pass on.
    return new BankFailure('MALFORMED_REPLY', `${context.bankId} answered with no valid HTTP ${asked}.`, { details });
  }
  if (errorCode && certificateAlert.test(errorCode)) {
    const ours = showsCertificate ? 'did not accept our client certificate' : 'wants a client certificate of us';
    const message = `${context.bankId} ${ours} (${errorCode}) ${asked}.`;
    return new BankFailure('CERTIFICATE_REJECTED', message, { details, cause: error });
  }
  const hint = showsCertificate && isSilentEnd(error) ? silentEndHint : '';
  const message = `${context.bankId} could not be reached (${errorCode ?? 'unknown error'}) ${asked}.${hint}`;
  return new BankFailure('BANK_UNAVAILABLE', message, { details, cause: error });
}

/**
 * TLS alerts that speak of the peer's (our) certificate, as OpenSSL 3 names them in its older and newer versions. Where we
 * show none, TLS 1.2 says no more than that the handshake has failed (RFC 5246, 7.4.6).
 */
const certificateAlert =
  /^ERR_SSL_.*ALERT_(NO_CERTIFICATE|(BAD_|UNSUPPORTED_)?CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED|HANDSHAKE_FAILURE)/;

/** Many gateways refuse a certificate without a word; a bank in trouble looks the same, so it is a hint and no verdict. */
const silentEndHint = ' It closed the connection without an answer: it may not accept our client certificate.';

function isSilentEnd(error: unknown): boolean {
  const { code, socket } = (error ?? {}) as { code?: string; socket?: { bytesRead?: number } };
  return code === 'ECONNRESET' || (code === 'UND_ERR_SOCKET' && socket?.bytesRead === 0);
}

function readErrorCode(error: unknown): string | null {
  const alert = (error as { cause?: { code?: unknown } } | null)?.cause?.code;
  if (typeof alert === 'string' && alert.startsWith('ERR_SSL_')) return alert;
  const code = (error as { code?: unknown } | null)?.code;
  if (typeof code === 'string' && code !== '') return code;
  // Happy eyeballs: one error per address tried, the first tells enough.
  const first = (error as { errors?: unknown[] } | null)?.errors?.[0];
  return first === undefined ? null : readErrorCode(first);
}

export function toMalformedReply(
  why: string,
  context: FailureContext,
  details: Record<string, unknown> = {},
): BankFailure {
  const message = `${context.bankId} gave a reply that cannot be used when asked to ${context.operation}: ${why}.`;
  return new BankFailure('MALFORMED_REPLY', message, { details: { ...context, ...details } });
}
