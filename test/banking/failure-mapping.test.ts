import { describe, expect, test } from 'vitest';
import type { BankFailureCode } from '../../src/banking/bank-failure.ts';
import {
  parseRetryAfter,
  readMessageCodes,
  toConnectionFailure,
  toFailureCode,
  toRefusalFailure,
} from '../../src/banking/berlin-group/failure-mapping.ts';

const context = { bankId: 'bank_test', operation: 'list accounts', requestId: '6c1f3a8e-0000-4000-8000-000000000000' };
const now = new Date('2026-03-10T10:00:00Z');

// Every AIS message code that the protocol declares, with its HTTP status.
const table: [status: number, messageCodes: string[], failure: BankFailureCode][] = [
  [
    400,
    [
      'FORMAT_ERROR',
      'PARAMETER_NOT_CONSISTENT',
      'PARAMETER_NOT_SUPPORTED',
      'SERVICE_INVALID',
      'RESOURCE_UNKNOWN',
      'RESOURCE_EXPIRED',
      'RESOURCE_BLOCKED',
      'TIMESTAMP_INVALID',
      'PERIOD_INVALID',
      'SCA_METHOD_UNKNOWN',
      'SESSIONS_NOT_SUPPORTED',
    ],
    'REQUEST_REFUSED',
  ],
  [400, ['CONSENT_UNKNOWN'], 'CONSENT_INVALID'],
  [
    401,
    [
      'CERTIFICATE_INVALID',
      'CERTIFICATE_EXPIRED',
      'CERTIFICATE_BLOCKED',
      'CERTIFICATE_REVOKED',
      'CERTIFICATE_REVOKE',
      'CERTIFICATE_MISSING',
    ],
    'CERTIFICATE_REJECTED',
  ],
  [401, ['SIGNATURE_INVALID', 'SIGNATURE_MISSING'], 'SIGNATURE_REJECTED'],
  [401, ['CORPORATE_ID_INVALID'], 'REQUEST_REFUSED'],
  [401, ['PSU_CREDENTIALS_INVALID'], 'CREDENTIALS_INVALID'],
  [401, ['CONSENT_EXPIRED'], 'CONSENT_EXPIRED'],
  [401, ['CONSENT_INVALID', 'TOKEN_UNKNOWN', 'TOKEN_INVALID', 'TOKEN_EXPIRED'], 'CONSENT_INVALID'],
  [403, ['CONSENT_UNKNOWN'], 'CONSENT_INVALID'],
  [403, ['CONSENT_EXPIRED'], 'CONSENT_EXPIRED'],
  [403, ['SERVICE_BLOCKED', 'RESOURCE_UNKNOWN', 'RESOURCE_EXPIRED'], 'REQUEST_REFUSED'],
  [404, ['RESOURCE_UNKNOWN'], 'REQUEST_REFUSED'],
  [405, ['SERVICE_INVALID'], 'REQUEST_REFUSED'],
  [406, ['REQUESTED_FORMATS_INVALID'], 'REQUEST_REFUSED'],
  [409, ['STATUS_INVALID'], 'REQUEST_REFUSED'],
  [429, ['ACCESS_EXCEEDED'], 'ACCESS_EXCEEDED'],
];
const rows = table.flatMap(([status, codes, failure]) => codes.map((code) => [status, code, failure] as const));

test.each(rows)('%i %s means %s', (status, messageCode, failure) => {
  expect(toFailureCode(status, [messageCode])).toBe(failure);
  // 401 bodies come in two shapes; both must lead to the same.
  const nextGen = toRefusalFailure(
    { status, body: { tppMessages: [{ category: 'ERROR', code: messageCode }] }, retryAfter: null, now },
    context,
  );
  const problem = toRefusalFailure(
    { status, body: { type: 'about:blank', code: messageCode }, retryAfter: null, now },
    context,
  );
  for (const refusal of [nextGen, problem]) {
    expect(refusal).toMatchObject({ code: failure, details: { httpStatus: status, messageCode } });
  }
});

test.each<[number, BankFailureCode]>([
  [400, 'REQUEST_REFUSED'],
  [401, 'REQUEST_REFUSED'],
  [403, 'REQUEST_REFUSED'],
  [404, 'REQUEST_REFUSED'],
  [415, 'REQUEST_REFUSED'],
  [408, 'BANK_UNAVAILABLE'],
  [429, 'ACCESS_EXCEEDED'],
  [500, 'BANK_UNAVAILABLE'],
  [502, 'BANK_UNAVAILABLE'],
  [503, 'BANK_UNAVAILABLE'],
  [504, 'BANK_UNAVAILABLE'],
  [301, 'MALFORMED_REPLY'],
])('%i without a message code, or with one of the bank’s own, means %s', (status, failure) => {
  expect(toFailureCode(status, [])).toBe(failure);
  expect(toFailureCode(status, ['OUR_OWN_CODE', 'constructor'])).toBe(failure);
});

test('a server in trouble is unavailable whatever it says of the consent', () => {
  expect(toFailureCode(500, ['CONSENT_EXPIRED'])).toBe('BANK_UNAVAILABLE');
});

test('the first code with a consequence counts, wherever it stands', () => {
  expect(toFailureCode(401, ['FORMAT_ERROR', 'CONSENT_EXPIRED', 'CONSENT_INVALID'])).toBe('CONSENT_EXPIRED');
});

test.each<[status: number, messageCodes: string[], concernsPeriod: boolean]>([
  [400, ['PERIOD_INVALID'], true],
  [400, ['FORMAT_ERROR'], true],
  [400, [], true],
  [400, ['PARAMETER_NOT_SUPPORTED'], true],
  [400, ['OUR_OWN_CODE'], true],
  [422, [], true],
  [500, [], true],
  [503, [], false],
  [401, [], false],
  [401, ['CONSENT_INVALID'], false],
  [406, ['REQUESTED_FORMATS_INVALID'], false],
  [400, ['FORMAT_ERROR', 'CONSENT_UNKNOWN'], false],
  [403, ['SERVICE_BLOCKED'], false],
  [403, [], true],
  [404, ['RESOURCE_UNKNOWN'], false],
  [429, ['PERIOD_INVALID'], false],
])('of a refusal with %i %j, whether a shorter range of days may be granted: %s', (status, codes, concernsPeriod) => {
  const body = { tppMessages: codes.map((code) => ({ category: 'ERROR', code })) };
  expect(toRefusalFailure({ status, body, retryAfter: null, now }, context)).toMatchObject({ concernsPeriod });
});

describe('reading message codes', () => {
  test('warnings are no errors', () => {
    const tppMessages = [
      { category: 'WARNING', code: 'CONSENT_EXPIRED' },
      { category: 'ERROR', code: 'FORMAT_ERROR' },
    ];
    expect(readMessageCodes({ tppMessages })).toEqual(['FORMAT_ERROR']);
  });

  test('problem+json may hold more errors inside', () => {
    const body = { code: 'FORMAT_ERROR', additionalErrors: [{ code: 'CONSENT_UNKNOWN', title: 'no' }] };
    expect(readMessageCodes(body)).toEqual(['FORMAT_ERROR', 'CONSENT_UNKNOWN']);
  });

  test.each([null, 'text', 7, [], {}, { tppMessages: 'x' }, { tppMessages: [null, 3, { code: 5 }] }, { code: {} }])(
    'a body that is no error body has none: %j',
    (body) => {
      expect(readMessageCodes(body)).toEqual([]);
    },
  );

  test('what does not look like a code never reaches a message', () => {
    const secret = 'DE02120300000000202051 is overdrawn';
    const body = {
      code: secret,
      tppMessages: [{ category: 'ERROR', code: 'CONSENT_EXPIRED', text: secret, path: secret }],
    };
    const failure = toRefusalFailure({ status: 401, body, retryAfter: null, now }, context);
    expect(failure.code).toBe('CONSENT_EXPIRED');
    expect(`${failure.message} ${JSON.stringify(failure)} ${JSON.stringify(failure.details)}`).not.toContain('DE02');
  });
});

test.each<[value: string | null, retryAt: string | null]>([
  [null, null],
  ['120', '2026-03-10T10:02:00.000Z'],
  [' 0 ', '2026-03-10T10:00:00.000Z'],
  ['Tue, 10 Mar 2026 12:30:00 GMT', '2026-03-10T12:30:00.000Z'],
  ['tomorrow', null],
  ['-5', null],
  ['1.5', null],
  ['99999999999999999999', null],
  ['', null],
])('Retry-After %j is %j', (value, retryAt) => {
  expect(parseRetryAfter(value, now)?.toISOString() ?? null).toBe(retryAt);
});

test.each<[errorCode: string, failure: BankFailureCode]>([
  ['ECONNREFUSED', 'BANK_UNAVAILABLE'],
  ['ECONNRESET', 'BANK_UNAVAILABLE'],
  ['ENOTFOUND', 'BANK_UNAVAILABLE'],
  ['UND_ERR_CONNECT_TIMEOUT', 'BANK_UNAVAILABLE'],
  ['UND_ERR_HEADERS_TIMEOUT', 'BANK_UNAVAILABLE'],
  ['UND_ERR_BODY_TIMEOUT', 'BANK_UNAVAILABLE'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'BANK_UNAVAILABLE'],
  ['UND_ERR_RES_EXCEEDED_MAX_SIZE', 'MALFORMED_REPLY'],
  ['UND_ERR_HEADERS_OVERFLOW', 'MALFORMED_REPLY'],
  ['ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED', 'CERTIFICATE_REJECTED'],
  ['ERR_SSL_SSLV3_ALERT_BAD_CERTIFICATE', 'CERTIFICATE_REJECTED'],
  ['ERR_SSL_SSL/TLS_ALERT_CERTIFICATE_EXPIRED', 'CERTIFICATE_REJECTED'],
  ['ERR_SSL_TLSV1_ALERT_UNKNOWN_CA', 'CERTIFICATE_REJECTED'],
  ['ERR_SSL_SSLV3_ALERT_HANDSHAKE_FAILURE', 'CERTIFICATE_REJECTED'],
])('a call that ends with %s is %s', (errorCode, failure) => {
  const error = Object.assign(new Error('no'), { code: errorCode });
  expect(toConnectionFailure(error, context, false)).toMatchObject({ code: failure, details: { errorCode } });
});

test('of several addresses that were tried the first tells the reason', () => {
  const error = new AggregateError([Object.assign(new Error('no'), { code: 'ECONNREFUSED' })]);
  expect(toConnectionFailure(error, context, false).details.errorCode).toBe('ECONNREFUSED');
  expect(toConnectionFailure(new Error('odd'), context, false)).toMatchObject({ code: 'BANK_UNAVAILABLE' });
});
