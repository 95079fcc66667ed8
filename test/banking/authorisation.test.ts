import { describe, expect, test } from 'vitest';
import type { Authorisation, AuthorisationStep } from '../../src/banking/bank-port.ts';
import { toNextStep } from '../../src/banking/berlin-group/authorisation-mapping.ts';
import { scaReply } from '../../src/banking/berlin-group/replies.ts';
import { type BankReply, failureOf, openBank, psu, startFakeBank } from './fake-bank.ts';

const step = (input: AuthorisationStep['input'], authorisationId: string | null = 'au-1'): AuthorisationStep => ({
  consentId: 'c-1',
  authorisationId,
  psu,
  psuId: 'anna',
  input,
});
const link = { href: '/v1/consents/c-1/authorisations/au-1' };
const wrong: BankReply = {
  status: 401,
  body: { tppMessages: [{ category: 'ERROR', code: 'PSU_CREDENTIALS_INVALID' }] },
};
const sms = { authenticationType: 'SMS_OTP', authenticationMethodId: 'm-1', name: 'Phone ending 12' };
const own = { authenticationType: 'OUR_OWN', authenticationMethodId: 'm-2' };

describe('continuing', () => {
  test.each<[input: AuthorisationStep['input'], body: object]>([
    [{ step: 'identify' }, {}],
    [{ step: 'authenticate', password: 'sandbox' }, { psuData: { password: 'sandbox' } }],
    [{ step: 'choose-method', methodId: 'm-1' }, { authenticationMethodId: 'm-1' }],
    [{ step: 'enter-otp', otp: '123456' }, { scaAuthenticationData: '123456' }],
  ])('%j goes to the authorisation', async (input, body) => {
    const fake = await startFakeBank({ body: { scaStatus: 'finalised', _links: {} } });
    expect(await openBank(fake.url).continueAuthorisation(step(input))).toEqual({
      authorisationId: 'au-1',
      next: { step: 'done' },
      message: null,
    });
    expect(fake.request()).toMatchObject({ method: 'PUT', url: '/v1/consents/c-1/authorisations/au-1', body });
    expect(fake.request().headers).toMatchObject({ 'psu-id': 'anna', 'psu-ip-address': psu.ipAddress });
  });

  test('an authorisation that is not there yet is started with the end user’s id', async () => {
    const reply = { scaStatus: 'psuIdentified', authorisationId: 'au-9', _links: { updatePsuAuthentication: link } };
    const fake = await startFakeBank({ status: 201, body: reply });
    const authorisation = await openBank(fake.url).continueAuthorisation(step({ step: 'identify' }, null));
    expect(authorisation).toEqual({ authorisationId: 'au-9', next: { step: 'authenticate' }, message: null });
    expect(fake.request()).toMatchObject({ method: 'POST', url: '/v1/consents/c-1/authorisations', body: {} });
  });

  test('a started authorisation that refuses the id alone gets it with the password', async () => {
    const refusal = { status: 400, body: { tppMessages: [{ category: 'ERROR', code: 'FORMAT_ERROR' }] } };
    const fake = await startFakeBank(refusal, { body: { scaStatus: 'finalised' } });
    const bank = openBank(fake.url);
    const first = await bank.continueAuthorisation(step({ step: 'identify' }));
    expect(first).toEqual({ authorisationId: 'au-1', next: { step: 'authenticate' }, message: null });
    await bank.continueAuthorisation(step({ step: 'authenticate', password: 'sandbox' }, first.authorisationId));
    expect(fake.request(1)).toMatchObject({ method: 'PUT', body: { psuData: { password: 'sandbox' } } });
  });

  test('where the bank takes the id only with the password, the password is asked for and both sent', async () => {
    const reply = { scaStatus: 'psuAuthenticated', authorisationId: 'au-9', scaMethods: [sms, own], _links: {} };
    const refusal = { status: 400, body: { tppMessages: [{ category: 'ERROR', code: 'FORMAT_ERROR' }] } };
    const fake = await startFakeBank(refusal, { status: 201, body: reply });
    const bank = openBank(fake.url);
    const first = await bank.continueAuthorisation(step({ step: 'identify' }, null));
    expect(first).toEqual({ authorisationId: null, next: { step: 'authenticate' }, message: null });
    const second = await bank.continueAuthorisation(step({ step: 'authenticate', password: 'sandbox' }, null));
    expect(second.authorisationId).toBe('au-9');
    expect(fake.request(1)).toMatchObject({ method: 'POST', body: { psuData: { password: 'sandbox' } } });
  });

  test.each<[what: string, input: AuthorisationStep['input']]>([
    ['password', { step: 'authenticate', password: 'wrong-password' }],
    ['OTP', { step: 'enter-otp', otp: '000000' }],
  ])('a wrong %s can be corrected as long as the bank goes on', async (_what, input) => {
    const fake = await startFakeBank(wrong, { body: { scaStatus: 'scaMethodSelected' } });
    const failure = await failureOf(openBank(fake.url).continueAuthorisation(step(input)));
    expect(failure.code).toBe('CREDENTIALS_INVALID');
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toMatch(/wrong-password|000000/);
    expect(fake.request(1)).toMatchObject({ method: 'GET', url: '/v1/consents/c-1/authorisations/au-1' });
  });

  test('with the last wrong OTP the bank ends the authorisation, and that is no wrong OTP any more', async () => {
    const fake = await startFakeBank(wrong, { body: { scaStatus: 'failed', psuMessage: 'Blocked' } });
    const authorisation = await openBank(fake.url).continueAuthorisation(step({ step: 'enter-otp', otp: '000000' }));
    expect(authorisation).toEqual({ authorisationId: 'au-1', next: { step: 'failed' }, message: 'Blocked' });
  });

  test('wrong credentials stay that when the bank does not tell how the authorisation stands', async () => {
    const fake = await startFakeBank(wrong, { status: 503 });
    const failure = await failureOf(openBank(fake.url).continueAuthorisation(step({ step: 'enter-otp', otp: '0' })));
    expect(failure.code).toBe('CREDENTIALS_INVALID');
  });

  test('any other failure is that failure', async () => {
    const fake = await startFakeBank({
      status: 403,
      body: { tppMessages: [{ category: 'ERROR', code: 'CONSENT_EXPIRED' }] },
    });
    const failure = await failureOf(openBank(fake.url).continueAuthorisation(step({ step: 'enter-otp', otp: '0' })));
    expect(failure.code).toBe('CONSENT_EXPIRED');
    expect(fake.requests).toHaveLength(1);
  });
});

test.each<[scaStatus: string, step: string]>([
  ['started', 'approve-in-app'],
  ['psuIdentified', 'approve-in-app'],
  ['finalised', 'done'],
  ['exempted', 'done'],
  ['failed', 'failed'],
])('while the bank’s app is at work, %s means %s', async (scaStatus, next) => {
  const fake = await startFakeBank({ body: { scaStatus, psuMessage: 'Bitte bestätigen' } });
  const bank = openBank(fake.url, { preferredApproach: 'decoupled' });
  expect(await bank.getAuthorisation('c-1', 'au/1')).toEqual({
    authorisationId: 'au/1',
    next: { step: next },
    message: 'Bitte bestätigen',
  });
  expect(fake.request()).toMatchObject({ method: 'GET', url: '/v1/consents/c-1/authorisations/au%2F1' });
});

test('a status that we cannot go on from is malformed, never guessed', async () => {
  const fake = await startFakeBank({ body: { scaStatus: 'unconfirmed' } });
  expect((await failureOf(openBank(fake.url).getAuthorisation('c-1', 'au-1'))).code).toBe('MALFORMED_REPLY');
});

describe('the next step', () => {
  const challenge = {
    text: 'Enter 4711 into your reader',
    image: null,
    otpFormat: 'integer' as const,
    otpMaxLength: 6,
  };
  const challengeData = {
    additionalInformation: 'Enter',
    data: ['4711 into your reader'],
    otpFormat: 'integer',
    otpMaxLength: 6,
  };
  const noChallenge = { text: null, image: null, otpFormat: null, otpMaxLength: null };
  const png = 'iVBORw0KGgoAAAANSUhEUg==';
  const methods = [
    { id: 'm-1', name: 'Phone ending 12', type: 'SMS_OTP' },
    { id: 'm-2', name: 'OUR_OWN', type: 'OUR_OWN' },
  ];

  const table: [reply: object, embedded: Authorisation['next'] | null, decoupled: Authorisation['next'] | null][] = [
    [{ scaStatus: 'received' }, { step: 'authenticate' }, { step: 'approve-in-app' }],
    [{ scaStatus: 'received', _links: { updatePsuIdentification: link } }, { step: 'identify' }, { step: 'identify' }],
    [{ scaStatus: 'psuIdentified' }, { step: 'authenticate' }, { step: 'approve-in-app' }],
    [
      { scaStatus: 'psuIdentified', _links: { updatePsuAuthentication: link } },
      { step: 'authenticate' },
      { step: 'authenticate' },
    ],
    [
      { scaStatus: 'psuIdentified', scaMethods: [sms, own] },
      { step: 'choose-method', methods },
      { step: 'choose-method', methods },
    ],
    [
      { scaStatus: 'psuAuthenticated', scaMethods: [sms, own] },
      { step: 'choose-method', methods },
      { step: 'choose-method', methods },
    ],
    [{ scaStatus: 'psuAuthenticated' }, { step: 'choose-method', methods: [] }, { step: 'approve-in-app' }],
    [
      { scaStatus: 'psuAuthenticated', challengeData },
      { step: 'enter-otp', challenge },
      { step: 'enter-otp', challenge },
    ],
    [
      { scaStatus: 'scaMethodSelected', challengeData },
      { step: 'enter-otp', challenge },
      { step: 'enter-otp', challenge },
    ],
    [{ scaStatus: 'scaMethodSelected' }, { step: 'enter-otp', challenge: noChallenge }, { step: 'approve-in-app' }],
    [
      { scaStatus: 'scaMethodSelected', challengeData: { otpFormat: 'emoji', data: 'Look at your phone' } },
      { step: 'enter-otp', challenge: { ...noChallenge, text: 'Look at your phone' } },
      { step: 'enter-otp', challenge: { ...noChallenge, text: 'Look at your phone' } },
    ],
    [
      { scaStatus: 'scaMethodSelected', challengeData: { image: `iVBORw0KGgo\nAAAANSUhEUg==` } },
      { step: 'enter-otp', challenge: { ...noChallenge, image: png } },
      { step: 'enter-otp', challenge: { ...noChallenge, image: png } },
    ],
    [
      { scaStatus: 'started', _links: { authoriseTransaction: link } },
      { step: 'enter-otp', challenge: noChallenge },
      { step: 'enter-otp', challenge: noChallenge },
    ],
    [{ scaStatus: 'started' }, { step: 'approve-in-app' }, { step: 'approve-in-app' }],
    [{ scaStatus: 'finalised', scaMethods: [sms] }, { step: 'done' }, { step: 'done' }],
    [{ scaStatus: 'exempted' }, { step: 'done' }, { step: 'done' }],
    [{ scaStatus: 'failed' }, { step: 'failed' }, { step: 'failed' }],
    [{ scaStatus: 'unconfirmed' }, null, null],
    [{ scaStatus: 'ourOwn' }, null, { step: 'approve-in-app' }],
  ];

  test('hands on to browsers no image but a PNG of a bearable size', () => {
    for (const image of ['PHN2ZyBvbmxvYWQ9', 'iVBORw0KGgo"><script>', 'iVBORw0KGgo'.padEnd(800_000, 'A')]) {
      const parsed = scaReply.parse({ scaStatus: 'scaMethodSelected', challengeData: { image } });
      expect(toNextStep(parsed, 'embedded')).toEqual({ step: 'enter-otp', challenge: noChallenge });
    }
  });

  test.each(table)('after %j', (reply, embedded, decoupled) => {
    const parsed = scaReply.parse(reply);
    expect(toNextStep(parsed, 'embedded')).toEqual(embedded);
    expect(toNextStep(parsed, 'decoupled')).toEqual(decoupled);
  });
});
