import { describe, expect, test } from 'vitest';
import type { EnteredStep, NextStep } from '../../src/banking/bank-port.ts';
import { toNextStep } from '../../src/banking/berlin-group/authorisation-mapping.ts';
import { scaReply } from '../../src/banking/berlin-group/consent-replies.ts';
import { type BankReply, failureOf, kept, openBank, psu, startFakeBank } from './fake-bank.ts';

type Input = EnteredStep['input'];

/** Of a consent that was begun by a version which kept no more than the two ids. */
const begun = (authorisationId: string | null = 'au-1') => kept(authorisationId ? `c-1 ${authorisationId}` : 'c-1');
const anna = { psuId: 'anna', corporateId: null };
const entered = (input: Input): EnteredStep => ({ psu, input });
const link = { href: '/v1/consents/c-1/authorisations/au-1' };
const wrong: BankReply = {
  status: 401,
  body: { tppMessages: [{ category: 'ERROR', code: 'PSU_CREDENTIALS_INVALID' }] },
};
const sms = { authenticationType: 'SMS_OTP', authenticationMethodId: 'm-1', name: 'Phone ending 12' };
const own = { authenticationType: 'OUR_OWN', authenticationMethodId: 'm-2' };

describe('continuing', () => {
  test.each<[input: Input, body: object]>([
    [{ step: 'identify', ...anna }, {}],
    [{ step: 'authenticate', ...anna, password: 'sandbox' }, { psuData: { password: 'sandbox' } }],
    [{ step: 'choose-method', methodId: 'm-1' }, { authenticationMethodId: 'm-1' }],
    [{ step: 'enter-otp', otp: '123456' }, { scaAuthenticationData: '123456' }],
    [{ step: 'enter-confirmation-code', code: 'c-9' }, { confirmationCode: 'c-9' }],
  ])('%j goes to the authorisation', async (input, body) => {
    const fake = await startFakeBank({ body: { scaStatus: 'finalised', _links: {} } });
    expect(await openBank(fake.url).continue(begun(), entered(input))).toEqual({
      next: { step: 'done' },
      message: null,
    });
    expect(fake.request()).toMatchObject({ method: 'PUT', url: '/v1/consents/c-1/authorisations/au-1', body });
    expect(fake.request().headers).toMatchObject({ 'psu-ip-address': psu.ipAddress });
  });

  test('the end user’s id goes out with every call from then on', async () => {
    const reply = { body: { scaStatus: 'psuAuthenticated', scaMethods: [sms] } };
    const fake = await startFakeBank(reply, { body: { scaStatus: 'finalised' } });
    const bank = openBank(fake.url, { psuIdType: 'RETAIL' });
    const credentials = begun();
    await bank.continue(credentials, entered({ step: 'authenticate', ...anna, password: 'sandbox' }));
    await bank.continue(credentials, entered({ step: 'choose-method', methodId: 'm-1' }));
    for (const { headers } of fake.requests)
      expect(headers).toMatchObject({ 'psu-id': 'anna', 'psu-id-type': 'RETAIL' });
  });

  test('an authorisation that is not there yet is started with the end user’s id', async () => {
    const reply = { scaStatus: 'psuIdentified', authorisationId: 'au-9', _links: { updatePsuAuthentication: link } };
    const fake = await startFakeBank({ status: 201, body: reply });
    const { next } = await openBank(fake.url).continue(begun(null), entered({ step: 'identify', ...anna }));
    expect(next).toEqual({ step: 'authenticate' });
    expect(fake.request()).toMatchObject({ method: 'POST', url: '/v1/consents/c-1/authorisations', body: {} });
  });

  test('where the bank takes the id only with the password, the password is asked for and both sent', async () => {
    const reply = { scaStatus: 'psuAuthenticated', authorisationId: 'au-9', scaMethods: [sms, own], _links: {} };
    const refusal = { status: 400, body: { tppMessages: [{ category: 'ERROR', code: 'FORMAT_ERROR' }] } };
    for (const [authorisationId, method] of [
      [null, 'POST'],
      ['au-1', 'PUT'],
    ] as const) {
      const fake = await startFakeBank(refusal, { status: 201, body: reply });
      const bank = openBank(fake.url);
      const credentials = begun(authorisationId);
      const first = await bank.continue(credentials, entered({ step: 'identify', ...anna }));
      expect(first).toEqual({ next: { step: 'authenticate' }, message: null });
      await bank.continue(credentials, entered({ step: 'authenticate', ...anna, password: 'sandbox' }));
      expect(fake.request(1)).toMatchObject({ method, body: { psuData: { password: 'sandbox' } } });
    }
  });

  test.each<[what: string, input: Input]>([
    ['password', { step: 'authenticate', ...anna, password: 'wrong-password' }],
    ['OTP', { step: 'enter-otp', otp: '000000' }],
  ])('a wrong %s can be corrected as long as the bank goes on', async (_what, input) => {
    const fake = await startFakeBank(wrong, { body: { scaStatus: 'scaMethodSelected' } });
    const failure = await failureOf(openBank(fake.url).continue(begun(), entered(input)));
    expect(failure.code).toBe('CREDENTIALS_INVALID');
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toMatch(/wrong-password|000000/);
    expect(fake.request(1)).toMatchObject({ method: 'GET', url: '/v1/consents/c-1/authorisations/au-1' });
  });

  const wrongOtp = entered({ step: 'enter-otp', otp: '000000' });

  test('with the last wrong OTP the bank ends the authorisation, and that is no wrong OTP any more', async () => {
    const fake = await startFakeBank(wrong, { body: { scaStatus: 'failed', psuMessage: 'Blocked' } });
    const progress = await openBank(fake.url).continue(begun(), wrongOtp);
    expect(progress).toEqual({ next: { step: 'failed' }, message: 'Blocked' });
  });

  test('wrong credentials stay that when the bank does not tell how the authorisation stands', async () => {
    const fake = await startFakeBank(wrong, { status: 503 });
    expect((await failureOf(openBank(fake.url).continue(begun(), wrongOtp))).code).toBe('CREDENTIALS_INVALID');
  });

  test('any other failure is that failure', async () => {
    const fake = await startFakeBank({
      status: 403,
      body: { tppMessages: [{ category: 'ERROR', code: 'CONSENT_EXPIRED' }] },
    });
    expect((await failureOf(openBank(fake.url).continue(begun(), wrongOtp))).code).toBe('CONSENT_EXPIRED');
    expect(fake.requests).toHaveLength(1);
  });
});

test.each<[scaStatus: string, step: string]>([
  ['started', 'approve-in-app'],
  ['psuIdentified', 'approve-in-app'],
  ['finalised', 'done'],
  ['exempted', 'done'],
  ['failed', 'failed'],
  ['unconfirmed', 'enter-confirmation-code'],
])('while the bank’s app is at work, %s means %s', async (scaStatus, next) => {
  const fake = await startFakeBank({ body: { scaStatus, psuMessage: 'Bitte bestätigen' } });
  const bank = openBank(fake.url, { preferredApproach: 'decoupled' });
  expect(await bank.getProgress(begun('au/1'))).toEqual({ next: { step: next }, message: 'Bitte bestätigen' });
  expect(fake.request()).toMatchObject({ method: 'GET', url: '/v1/consents/c-1/authorisations/au%2F1' });
});

test('a status that we cannot go on from is malformed, never guessed', async () => {
  const fake = await startFakeBank({ body: { scaStatus: 'ourOwn' } });
  const bank = openBank(fake.url, { preferredApproach: 'embedded' });
  expect((await failureOf(bank.getProgress(begun()))).code).toBe('MALFORMED_REPLY');
});

test('credentials that another protocol has written are those of no consent', async () => {
  const bank = openBank('http://127.0.0.1:1');
  for (const text of ['{"version":"swift-1"}', '', 'a b c d']) {
    expect((await failureOf(bank.getConsent(kept(text)))).code).toBe('CONSENT_INVALID');
  }
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
  const known = { isIdentified: true, methodType: null };
  const noChallenge = { text: null, image: null, otpFormat: null, otpMaxLength: null };
  const png = 'data:image/png;base64,iVBORw0KGgoAAAANSUhEUg==';
  const methods = [
    { id: 'm-1', name: 'Phone ending 12', type: 'SMS_OTP' },
    { id: 'm-2', name: 'OUR_OWN', type: 'OUR_OWN' },
  ];

  const table: [reply: object, embedded: NextStep | null, decoupled: NextStep | null][] = [
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
    [{ scaStatus: 'scaMethodSelected' }, { step: 'approve-in-app' }, { step: 'approve-in-app' }],
    [
      { scaStatus: 'scaMethodSelected', chosenScaMethod: sms },
      { step: 'enter-otp', challenge: noChallenge },
      { step: 'approve-in-app' },
    ],
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
      { step: 'approve-in-app' },
    ],
    [{ scaStatus: 'started' }, { step: 'approve-in-app' }, { step: 'approve-in-app' }],
    [{ scaStatus: 'finalised', scaMethods: [sms] }, { step: 'done' }, { step: 'done' }],
    [{ scaStatus: 'exempted' }, { step: 'done' }, { step: 'done' }],
    [{ scaStatus: 'failed' }, { step: 'failed' }, { step: 'failed' }],
    [{ scaStatus: 'unconfirmed' }, { step: 'enter-confirmation-code' }, { step: 'enter-confirmation-code' }],
    [{ scaStatus: 'ourOwn' }, null, { step: 'approve-in-app' }],
  ];

  test('hands on to browsers no image but a PNG of a bearable size', () => {
    for (const image of ['PHN2ZyBvbmxvYWQ9', 'iVBORw0KGgo"><script>', 'iVBORw0KGgo'.padEnd(800_000, 'A')]) {
      const parsed = scaReply.parse({ scaStatus: 'scaMethodSelected', challengeData: { image } });
      expect(toNextStep(parsed, { ...known, approach: 'embedded' })).toEqual({
        step: 'enter-otp',
        challenge: noChallenge,
      });
    }
  });

  test.each(table)('after %j', (reply, embedded, decoupled) => {
    const parsed = scaReply.parse(reply);
    expect(toNextStep(parsed, { ...known, approach: 'embedded' })).toEqual(embedded);
    expect(toNextStep(parsed, { ...known, approach: 'decoupled' })).toEqual(decoupled);
  });
});
