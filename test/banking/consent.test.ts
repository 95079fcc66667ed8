import { describe, expect, test } from 'vitest';
import type { BankConsentStatus, NextStep } from '../../src/banking/bank-port.ts';
import type { ScaApproach } from '../../src/domain/bank-entry.ts';
import {
  type BankReply,
  beginConsent,
  consentIdOf,
  consentRequest,
  failureOf,
  kept,
  openBank,
  psu,
  startFakeBank,
} from './fake-bank.ts';

const created = (links: object, rest: object = {}, headers: Record<string, string> = {}): BankReply => ({
  status: 201,
  headers,
  body: { consentId: 'c-1', consentStatus: 'received', _links: links, ...rest },
});
const to = (href: string) => ({ href });
const identify = { step: 'identify', psuId: 'anna', corporateId: null } as const;

/** What is wanted first of the end user, who is asked for the user name where the bank wants it. */
async function firstStep(bank: ReturnType<typeof openBank>): Promise<NextStep> {
  return (await beginConsent(bank)).progress.next;
}
const decoupled = { 'aspsp-sca-approach': 'DECOUPLED' };
const embedded = { 'ASPSP-SCA-Approach': 'EMBEDDED' };
const error = (status: number, code: string): BankReply => ({
  status,
  body: { tppMessages: [{ category: 'ERROR', code }] },
});

describe('creating a consent', () => {
  test('is within the protocol for an end user who has IPv6 alone, where our own address is known', async () => {
    const fake = await startFakeBank(created({ scaRedirect: to('https://login.bank.example/sca') }));
    const bank = openBank(fake.url, { ownIpAddress: '198.51.100.4' });
    await bank.begin({ ...consentRequest, psu: { ipAddress: '2001:db8::1' } });
    expect(fake.request().headers['psu-ip-address']).toBe('198.51.100.4');
  });

  test('asks for all accounts, and says where the end user is to come back to', async () => {
    const fake = await startFakeBank(created({ scaRedirect: to('https://login.bank.example/sca?x=1') }));
    const { credentials, progress } = await beginConsent(openBank(fake.url));
    expect(progress).toEqual({
      next: { step: 'go-to-bank', url: 'https://login.bank.example/sca?x=1', state: 's1' },
      message: null,
    });
    expect(consentIdOf(credentials)).toBe('c-1');
    const request = fake.request();
    expect(request).toMatchObject({ method: 'POST', url: '/v1/consents' });
    expect(request.body).toEqual({
      access: { allPsd2: 'allAccounts' },
      recurringIndicator: true,
      validUntil: '2026-09-06',
      frequencyPerDay: 4,
      combinedServiceIndicator: false,
    });
    expect(request.headers).toMatchObject({
      'content-type': 'application/json',
      'psu-ip-address': psu.ipAddress,
      'psu-user-agent': psu.userAgent,
      'tpp-redirect-uri': consentRequest.redirectUrl,
      'tpp-nok-redirect-uri': consentRequest.nokRedirectUrl,
    });
    expect(request.headers['psu-id']).toBeUndefined();
  });

  test.each<[preferred: ScaApproach, redirect: string, decoupled: string]>([
    ['redirect', 'true', 'false'],
    ['decoupled', 'false', 'true'],
    ['embedded', 'false', 'false'],
  ])('tells the bank that %s is preferred', async (preferredApproach, redirectPreferred, decoupledPreferred) => {
    const fake = await startFakeBank(created({ scaRedirect: to('http://bank.example/sca') }));
    const bank = openBank(fake.url, { preferredApproach, asksPsuId: true });
    const { credentials, progress } = await beginConsent(bank);
    expect(progress.next).toEqual({ step: 'identify' });
    expect(fake.requests).toEqual([]);
    await bank.continue(credentials, { psu, input: identify });
    expect(fake.request().headers).toMatchObject({
      'tpp-redirect-preferred': redirectPreferred,
      'tpp-decoupled-preferred': decoupledPreferred,
      'psu-id': 'anna',
    });
  });

  test('starts the authorisation itself where the bank wants that, and takes the redirect from there', async () => {
    const fake = await startFakeBank(
      () => created({ startAuthorisation: to(`${fake.url}/v1/consents/c-1/authorisations`) }),
      {
        status: 201,
        body: { scaStatus: 'received', authorisationId: 'au-1', _links: { scaRedirect: to('/login?au-1') } },
      },
    );
    const next = await firstStep(openBank(fake.url));
    expect(next).toEqual({ step: 'go-to-bank', url: `${fake.url}/login?au-1`, state: 's1' });
    expect(fake.request(1)).toMatchObject({ method: 'POST', url: '/v1/consents/c-1/authorisations', body: {} });
    expect(fake.request(1).headers).toMatchObject({
      'tpp-redirect-uri': consentRequest.redirectUrl,
      'psu-ip-address': psu.ipAddress,
    });
  });

  test.each(['javascript:alert(1)', 'ftp://bank.example/', 'http://['])(
    'refuses to send the end user to %s',
    async (href) => {
      const fake = await startFakeBank(created({ scaRedirect: to(href) }));
      expect((await failureOf(openBank(fake.url).begin(consentRequest))).code).toBe('MALFORMED_REPLY');
    },
  );

  test('a decoupled SCA that the bank has started itself is waited for', async () => {
    const fake = await startFakeBank(
      created(
        { scaStatus: to('/v1/consents/c-1/authorisations/au%2D7') },
        { scaStatus: 'started', psuMessage: 'Open the app' },
        decoupled,
      ),
    );
    expect((await beginConsent(openBank(fake.url))).progress).toEqual({
      next: { step: 'approve-in-app' },
      message: 'Open the app',
    });
    expect(fake.requests).toHaveLength(1);
  });

  test('one whose status is not in the reply is asked for', async () => {
    const fake = await startFakeBank(
      created({ scaStatus: to('/v1/consents/c-1/authorisations/au-7') }, {}, decoupled),
      { body: { scaStatus: 'psuIdentified' }, headers: decoupled },
    );
    expect(await firstStep(openBank(fake.url))).toEqual({ step: 'approve-in-app' });
    expect(fake.request(1)).toMatchObject({ method: 'GET', url: '/v1/consents/c-1/authorisations/au-7' });
  });

  test.each(['/v1/consents/c-1', '/authorisations/%zz'])('an SCA status at %s is malformed', async (href) => {
    const fake = await startFakeBank(created({ scaStatus: to(href) }, { scaStatus: 'started' }, decoupled));
    expect((await failureOf(openBank(fake.url).begin(consentRequest))).code).toBe('MALFORMED_REPLY');
    expect(fake.requests).toHaveLength(1);
  });

  test.each(['startAuthorisationWithPsuIdentification', 'startAuthorisationWithPsuAuthentication'])(
    'asks for the end user’s id first where it is not known (%s)',
    async (link) => {
      const fake = await startFakeBank(created({ [link]: to('/v1/consents/c-1/authorisations') }, {}, embedded));
      expect(await firstStep(openBank(fake.url))).toEqual({ step: 'identify' });
      expect(fake.requests).toHaveLength(1);
    },
  );

  test.each<[what: string, links: object, headers: Record<string, string>]>([
    ['waits for a password', { updatePsuAuthentication: to('/v1/consents/c-1/authorisations/au-1') }, embedded],
    ['will call an app', {}, decoupled],
  ])('asks whose it is before an authorisation that %s', async (_what, links, headers) => {
    const scaStatus = { scaStatus: to('/v1/consents/c-1/authorisations/au-1') };
    const implicit = await startFakeBank(created({ ...links, ...scaStatus }, { scaStatus: 'received' }, headers));
    const explicit = await startFakeBank(
      created({ startAuthorisation: to('/v1/consents/c-1/authorisations') }, {}, headers),
      {
        status: 201,
        body: { scaStatus: 'received', authorisationId: 'au-1', _links: links },
      },
    );
    for (const { url } of [implicit, explicit]) expect(await firstStep(openBank(url))).toEqual({ step: 'identify' });
  });

  test('starts the authorisation with the end user’s id where it is known', async () => {
    const fake = await startFakeBank(
      created({ startAuthorisationWithPsuIdentification: to('/v1/consents/c-1/authorisations') }, {}, decoupled),
      { status: 201, body: { scaStatus: 'started', authorisationId: 'au-1', _links: {}, psuMessage: 'Open the app' } },
    );
    const bank = openBank(fake.url, { asksPsuId: true });
    const { credentials } = await beginConsent(bank);
    expect(await bank.continue(credentials, { psu, input: identify })).toEqual({
      next: { step: 'approve-in-app' },
      message: 'Open the app',
    });
    expect(fake.request(1).headers['psu-id']).toBe('anna');
  });

  test('waits for the password where the bank wants id and password together', async () => {
    const fake = await startFakeBank(
      created({ startAuthorisationWithPsuAuthentication: to('/v1/consents/c-1/authorisations') }),
    );
    const bank = openBank(fake.url, { asksPsuId: true });
    const { credentials } = await beginConsent(bank);
    expect((await bank.continue(credentials, { psu, input: identify })).next).toEqual({ step: 'authenticate' });
    expect(fake.requests).toHaveLength(1);
  });

  test.each<[consentStatus: string, step: string]>([
    ['valid', 'done'],
    ['rejected', 'failed'],
  ])('a consent that is %s at once needs no SCA', async (consentStatus, step) => {
    const fake = await startFakeBank(created({}, { consentStatus }));
    expect(await firstStep(openBank(fake.url))).toEqual({ step });
  });

  test.each<[what: string, links: object]>([
    ['OAuth', { scaOAuth: to('https://bank.example/.well-known/oauth-authorization-server') }],
    ['nothing', {}],
  ])('a bank that offers %s for the SCA cannot be used', async (_what, links) => {
    const fake = await startFakeBank(created(links));
    expect((await failureOf(openBank(fake.url).begin(consentRequest))).code).toBe('REQUEST_REFUSED');
  });

  test.each(['jürgen\u0142', 'a\r\nPSU-ID: b', '', ' '])(
    'a PSU id that no header can carry is a wrong one: %j',
    async (psuId) => {
      const fake = await startFakeBank(created({}));
      const bank = openBank(fake.url, { asksPsuId: true });
      const { credentials } = await beginConsent(bank);
      const failure = await failureOf(bank.continue(credentials, { psu, input: { ...identify, psuId } }));
      expect(failure.code).toBe('CREDENTIALS_INVALID');
      expect(fake.requests).toEqual([]);
    },
  );

  test.each(['', 'with space', '..', 'x'.repeat(501)])('a consent id of %j is malformed', async (consentId) => {
    const fake = await startFakeBank(created({ scaRedirect: to('/sca') }, { consentId }));
    expect((await failureOf(openBank(fake.url).begin(consentRequest))).code).toBe('MALFORMED_REPLY');
  });
});

describe('reading a consent', () => {
  const body = {
    access: {},
    recurringIndicator: true,
    validUntil: '2026-06-01',
    frequencyPerDay: 2,
    lastActionDate: '2026-03-01',
  };

  test.each<[consentStatus: string, status: BankConsentStatus]>([
    ['received', 'received'],
    ['partiallyAuthorised', 'partially-authorised'],
    ['valid', 'valid'],
    ['rejected', 'rejected'],
    ['expired', 'expired'],
    ['revokedByPsu', 'revoked-by-psu'],
    ['terminatedByTpp', 'terminated'],
    ['replacedByOurOwn', 'unknown'],
  ])('%s is %s', async (consentStatus, status) => {
    const fake = await startFakeBank({ body: { ...body, consentStatus } });
    expect(await openBank(fake.url).getConsent(kept('c/1'))).toEqual({
      status,
      recurring: true,
      validUntil: '2026-06-01',
      frequencyPerDay: 2,
    });
    expect(fake.request()).toMatchObject({ method: 'GET', url: '/v1/consents/c%2F1' });
    expect(fake.request().headers['psu-ip-address']).toBeUndefined();
  });

  test.each(['consentStatus', 'validUntil'])('one without %s is malformed where we do not know it', async (field) => {
    const fake = await startFakeBank({ body: { ...body, consentStatus: 'valid', [field]: undefined } });
    expect((await failureOf(openBank(fake.url).getConsent(kept('c-1')))).code).toBe('MALFORMED_REPLY');
  });
});

describe('ending a consent', () => {
  test.each<[what: string, reply: BankReply]>([
    ['the bank ends it', { status: 204 }],
    ['the bank says so with a body', { status: 200, raw: 'ok' }],
    ['the bank has never heard of it', error(403, 'CONSENT_UNKNOWN')],
    ['it is another’s', error(400, 'CONSENT_UNKNOWN')],
    ['there is no such thing', error(404, 'RESOURCE_UNKNOWN')],
    ['there is nothing at all', { status: 404 }],
    ['it has expired', error(401, 'CONSENT_EXPIRED')],
  ])('it is ended when %s', async (_what, reply) => {
    const fake = await startFakeBank(reply);
    await openBank(fake.url).end(kept('c-1'));
    expect(fake.request()).toMatchObject({ method: 'DELETE', url: '/v1/consents/c-1', rawBody: '' });
    expect(fake.request().headers['content-type']).toBeUndefined();
  });

  test.each<[status: number, code: string, failure: string]>([
    [401, 'CERTIFICATE_EXPIRED', 'CERTIFICATE_REJECTED'],
    [401, 'TOKEN_EXPIRED', 'CONSENT_INVALID'],
    [503, 'SERVICE_UNAVAILABLE', 'BANK_UNAVAILABLE'],
  ])('it is not when the bank answers %i %s', async (status, code, failure) => {
    const fake = await startFakeBank(error(status, code));
    expect((await failureOf(openBank(fake.url).end(kept('c-1')))).code).toBe(failure);
  });
});
