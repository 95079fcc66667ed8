import { describe, expect, test } from 'vitest';
import { openSpecification } from './xs2a-specification.ts';

const specification = openSpecification();
if (!specification) {
  process.stderr.write(
    '\n*** The Berlin Group’s OpenAPI file is not at hand: requests to banks are NOT CHECKED against it.\n\n',
  );
}

describe.skipIf(!specification)('the check of requests against the protocol’s own file', () => {
  const headers = { 'x-request-id': '99391c7e-ad88-49ec-a2ad-99ddcb1f7721', 'psu-ip-address': '192.0.2.7' };
  const body = {
    access: { allPsd2: 'allAccounts' },
    recurringIndicator: true,
    validUntil: '2026-09-06',
    frequencyPerDay: 4,
    combinedServiceIndicator: false,
  };
  const findFaults = (url: string, changes: { method?: string; headers?: object; body?: object } = {}) => {
    const sent = { method: 'GET', ...changes };
    const request = { ...sent, url, headers: { ...headers, ...changes.headers }, body: sent.body };
    return specification?.findFaults({ ...request, rawBody: sent.body ? JSON.stringify(sent.body) : '' }, '');
  };
  const consents = (changes: { headers?: object; body?: object }) =>
    findFaults('/v1/consents', { method: 'POST', body, ...changes });

  test('lets through what is right', () => {
    expect(consents({})).toEqual([]);
    const authorisation = '/v1/consents/c-1/authorisations/a-1';
    expect(findFaults(authorisation, { method: 'PUT', body: { psuData: { password: 'x' } } })).toEqual([]);
    expect(findFaults('/v1/accounts', { headers: { 'consent-id': 'c-1' } })).toEqual([]);
  });

  test.each<[what: string, faults: () => string[] | undefined, fault: RegExp]>([
    ['a missing header', () => findFaults('/v1/accounts'), /Consent-ID is missing/i],
    ['a header of the wrong kind', () => consents({ headers: { 'tpp-redirect-preferred': 'maybe' } }), /boolean/],
    ['a request id that is no UUID', () => consents({ headers: { 'x-request-id': '1' } }), /uuid/],
    ['an address that is none', () => consents({ headers: { 'psu-ip-address': 'localhost' } }), /ipv4/],
    ['a header without place', () => findFaults('/v1/consents/c-1', { headers: { 'consent-id': 'c-1' } }), /no place/],
    ['a field that is missing', () => consents({ body: { ...body, validUntil: undefined } }), /validUntil/],
    ['a code that is none', () => consents({ body: { ...body, access: { allPsd2: 'everything' } } }), /allPsd2/],
    [
      'a body of no known shape',
      () => findFaults('/v1/consents/c-1/authorisations', { method: 'POST', body: { otp: '1' } }),
      /variants/,
    ],
    [
      'a query that is missing',
      () => findFaults('/v1/accounts/a-1/transactions', { headers: { 'consent-id': 'c' } }),
      /bookingStatus/,
    ],
    ['a path that is none', () => findFaults('/v1/konten'), /no GET/],
  ])('finds %s', (_what, faults, fault) => {
    expect(faults()).toContainEqual(expect.stringMatching(fault));
  });
});
