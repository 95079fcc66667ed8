import { generateKeyPairSync } from 'node:crypto';
import { compactDecrypt } from 'jose';
import { describe, expect, test } from 'vitest';
import type { EnteredStep, NextStep } from '../../../src/banking/bank-port.ts';
import type { BankEntry } from '../../../src/domain/bank-entry.ts';
import { Secret } from '../../../src/domain/secret.ts';
import {
  type BankReply,
  type BankRequest,
  beginConsent,
  consentIdOf,
  type FakeBank,
  failureOf,
  openBank,
  psu,
  startFakeBank,
} from '../fake-bank.ts';

/* What banks do with consents and their SCA, each habit by the smallest reply that shows it. */

const at = '/v1/consents/c-1/authorisations/au-1';
const anna = { psuId: 'anna', corporateId: null };
const identify: EnteredStep['input'] = { step: 'identify', ...anna };
const refusal = (status: number, code: string, text = ''): BankReply => ({
  status,
  body: { tppMessages: [{ category: 'ERROR', code, text }] },
});
const created = (links: object, rest: object = {}, headers: Record<string, string> = {}): BankReply => ({
  status: 201,
  headers,
  body: { consentId: 'c-1', consentStatus: 'received', _links: links, ...rest },
});
const sca = (scaStatus: string, rest: object = {}, headers: Record<string, string> = {}): BankReply => ({
  headers,
  body: { scaStatus, _links: {}, ...rest },
});
const redirect = created({ scaRedirect: { href: 'https://login.bank.example/x' } });
const embedded = { 'aspsp-sca-approach': 'EMBEDDED' };
const decoupled = { 'aspsp-sca-approach': 'DECOUPLED' };
const methods = [
  { authenticationType: 'SMS_OTP', authenticationMethodId: 'sms', name: 'SMS' },
  { authenticationType: 'PUSH_OTP', authenticationMethodId: 'push', name: 'App' },
];

interface Row {
  habit: string;
  entry?: Partial<BankEntry>;
  replies: BankReply[];
  inputs?: EnteredStep['input'][];
  /** Of every answer of ours, the first one included. */
  steps: NextStep['step'][];
  /** Of the last request, where it matters. */
  last?: Partial<Pick<BankRequest, 'method' | 'url' | 'body'>>;
  requestCount?: number;
}

const rows: Row[] = [
  {
    habit: 'all accounts refused with SERVICE_INVALID: those named at the bank are asked for',
    replies: [refusal(400, 'SERVICE_INVALID'), redirect],
    steps: ['go-to-bank'],
    last: { url: '/v1/consents' },
    requestCount: 2,
  },
  {
    habit: 'both refused: the end user is asked for the IBANs',
    replies: [refusal(400, 'FORMAT_ERROR'), refusal(400, 'PARAMETER_NOT_SUPPORTED')],
    steps: ['name-accounts'],
    requestCount: 2,
  },
  {
    habit: 'PSU-ID demanded with the consent: asked for after the refusal, and tried again',
    replies: [refusal(400, 'FORMAT_ERROR', 'The header PSU-ID is missing'), redirect],
    inputs: [identify],
    steps: ['identify', 'go-to-bank'],
    last: { method: 'POST', url: '/v1/consents' },
  },
  {
    habit: 'no update at all in a decoupled SCA: the id goes with the start, then the status is only read',
    entry: { preferredApproach: 'decoupled' },
    replies: [
      created({ startAuthorisation: { href: '/v1/consents/c-1/authorisations' } }, {}, decoupled),
      { ...sca('started', { authorisationId: 'au-1' }), status: 201 },
    ],
    inputs: [identify],
    steps: ['identify', 'approve-in-app'],
    last: { method: 'POST', url: '/v1/consents/c-1/authorisations' },
  },
  {
    habit:
      'a decoupled SCA that began before the id was known, and takes no update: another consent begins with the id',
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'received' }, decoupled),
      refusal(405, 'SERVICE_INVALID'),
      { status: 204 },
      created({ scaStatus: { href: at } }, { scaStatus: 'started' }, decoupled),
    ],
    inputs: [identify],
    steps: ['identify', 'approve-in-app'],
    last: { method: 'POST', url: '/v1/consents' },
  },
  {
    habit: 'a push method in an embedded SCA: the app is waited for, also when later replies do not say so',
    entry: { preferredApproach: 'embedded' },
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'psuAuthenticated', scaMethods: methods }, embedded),
      sca('scaMethodSelected', {}, decoupled),
    ],
    inputs: [{ step: 'choose-method', methodId: 'push' }],
    steps: ['choose-method', 'approve-in-app'],
  },
  {
    habit: 'no challenge after the choice of a push method: it waits for the app, not for a code',
    entry: { preferredApproach: 'embedded' },
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'psuAuthenticated', scaMethods: methods }, embedded),
      sca('started', { _links: { authoriseTransaction: { href: at } } }),
    ],
    inputs: [{ step: 'choose-method', methodId: 'push' }],
    steps: ['choose-method', 'approve-in-app'],
  },
  {
    habit: 'no challenge after the choice of SMS: a code is waited for',
    entry: { preferredApproach: 'embedded' },
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'psuAuthenticated', scaMethods: methods }, embedded),
      sca('scaMethodSelected'),
    ],
    inputs: [{ step: 'choose-method', methodId: 'sms' }],
    steps: ['choose-method', 'enter-otp'],
  },
  {
    habit: 'methods offered before identification: who it is comes first',
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'received', scaMethods: methods }, embedded),
      sca('psuIdentified', { scaMethods: methods }),
    ],
    inputs: [identify],
    steps: ['identify', 'choose-method'],
  },
  {
    habit: 'no authorisationId in the start reply: it is in the links',
    entry: { asksPsuId: true },
    replies: [
      created({ startAuthorisationWithPsuIdentification: { href: '/v1/consents/c-1/authorisations' } }, {}, embedded),
      {
        ...sca('psuIdentified', { _links: { updatePsuAuthentication: { href: `${at}?correlationId=7` } } }),
        status: 201,
      },
      sca('finalised'),
    ],
    inputs: [identify, { step: 'authenticate', ...anna, password: 'p' }],
    steps: ['identify', 'authenticate', 'done'],
    last: { method: 'PUT', url: `${at}?correlationId=7` },
  },
  {
    habit: 'links as plain strings, in kebab-case, with an inner host name and without /v1',
    replies: [
      created(
        { 'sca-status': 'http://inner.bank.local/consents/c-1/authorisations/au-1/' },
        { scaStatus: 'psuIdentified' },
        embedded,
      ),
      sca('finalised'),
    ],
    entry: { preferredApproach: 'embedded' },
    inputs: [{ step: 'authenticate', ...anna, password: 'p' }],
    steps: ['authenticate', 'done'],
    last: { method: 'PUT', url: at },
  },
  {
    habit: 'links as a list',
    replies: [created([{ rel: 'scaRedirect', href: 'https://login.bank.example/x' }])],
    steps: ['go-to-bank'],
  },
  {
    habit: 'a wrong code answered with FORMAT_ERROR or SCA_INVALID can be corrected',
    entry: { preferredApproach: 'embedded' },
    replies: [
      created({ scaStatus: { href: at } }, { scaStatus: 'scaMethodSelected', challengeData: {} }, embedded),
      sca('finalised'),
    ],
    inputs: [{ step: 'enter-otp', otp: '1' }],
    steps: ['enter-otp', 'done'],
  },
];

async function play({ entry = {}, replies, inputs = [] }: Row): Promise<{ fake: FakeBank; steps: string[] }> {
  const fake = await startFakeBank(...replies);
  const bank = openBank(fake.url, entry);
  const { credentials, progress } = await beginConsent(bank);
  const steps: string[] = [progress.next.step];
  for (const input of inputs) steps.push((await bank.continue(credentials, { psu, input })).next.step);
  return { fake, steps };
}

test.each(rows)('$habit', async (row) => {
  const { fake, steps } = await play(row);
  expect(steps).toEqual(row.steps);
  if (row.last) expect(fake.requests.at(-1)).toMatchObject(row.last);
  if (row.requestCount) expect(fake.requests).toHaveLength(row.requestCount);
});

describe('consent models', () => {
  test('what the bank took is remembered, and asked for first', async () => {
    const fake = await startFakeBank(refusal(400, 'SERVICE_INVALID'), redirect, redirect);
    const bank = openBank(fake.url);
    await beginConsent(bank);
    await beginConsent(bank);
    expect(fake.requests.map(({ body }) => (body as { access: object }).access)).toEqual([
      { allPsd2: 'allAccounts' },
      { accounts: [], balances: [], transactions: [] },
      { accounts: [], balances: [], transactions: [] },
    ]);
  });

  test('by IBAN: those that are known from before need not be asked for', async () => {
    const fake = await startFakeBank(redirect);
    const ibans = ['DE02120300000000202051'];
    const { progress } = await beginConsent(openBank(fake.url, { consentModel: 'by-iban' }), { ibans });
    expect(progress.next.step).toBe('go-to-bank');
    const list = [{ iban: ibans[0] }];
    expect(fake.request().body).toMatchObject({ access: { accounts: list, balances: list, transactions: list } });
  });

  test('a refusal that is none of the model is final at once', async () => {
    const fake = await startFakeBank(refusal(403, 'SERVICE_BLOCKED'));
    expect((await failureOf(beginConsent(openBank(fake.url)))).code).toBe('REQUEST_REFUSED');
    expect(fake.requests).toHaveLength(1);
  });
});

test.each(['SCA_INVALID', 'FORMAT_ERROR', 'PSU_CREDENTIALS_INVALID'])(
  'a wrong code is wrong as %s, too',
  async (code) => {
    const start = created({ scaStatus: { href: at } }, { scaStatus: 'scaMethodSelected', challengeData: {} }, embedded);
    const fake = await startFakeBank(start, refusal(400, code), sca('scaMethodSelected'), sca('finalised'));
    const bank = openBank(fake.url);
    const { credentials } = await beginConsent(bank);
    const input = { step: 'enter-otp', otp: '000000' } as const;
    expect((await failureOf(bank.continue(credentials, { psu, input }))).code).toBe('CREDENTIALS_INVALID');
    expect((await bank.continue(credentials, { psu, input })).next.step).toBe('done');
  },
);

test('corporate id and types: asked for on our page, and sent with every call', async () => {
  const fake = await startFakeBank(redirect);
  const bank = openBank(fake.url, { psuIdType: 'DE_ONLB_DB', psuCorporateIdType: 'DE_CORP' });
  const { credentials, progress } = await beginConsent(bank);
  expect(progress.next).toEqual({ step: 'identify', asksCorporateId: true });
  await bank.continue(credentials, { psu, input: { step: 'identify', psuId: 'anna', corporateId: 'acme' } });
  expect(fake.request().headers).toMatchObject({
    'psu-id': 'anna',
    'psu-id-type': 'DE_ONLB_DB',
    'psu-corporate-id': 'acme',
    'psu-corporate-id-type': 'DE_CORP',
  });
});

test('further headers of the entry go out with every call', async () => {
  const fake = await startFakeBank(redirect);
  await beginConsent(openBank(fake.url, { headers: { 'x-api-key': new Secret('k-1') } }));
  expect(fake.request().headers['x-api-key']).toBe('k-1');
});

describe('after the bank’s page', () => {
  const start = created({
    scaRedirect: { href: 'https://login.bank.example/x' },
    scaStatus: { href: at },
    confirmation: { href: at },
  });
  const back = async (query: string, ...replies: BankReply[]) => {
    const fake = await startFakeBank(start, ...replies);
    const bank = openBank(fake.url);
    const { credentials } = await beginConsent(bank);
    const parameters = new URLSearchParams(query);
    return { fake, bank, credentials, progress: await bank.callback(credentials, { psu, parameters }) };
  };

  test('unconfirmed: the code of the callback is handed to the bank', async () => {
    const { fake, progress } = await back('state=s1&confirmationCode=c-9', sca('unconfirmed'), sca('finalised'));
    expect(progress.next.step).toBe('done');
    expect(fake.request(2)).toMatchObject({ method: 'PUT', url: at, body: { confirmationCode: 'c-9' } });
  });

  test('without one, or with a wrong one, the end user is asked for it', async () => {
    expect((await back('state=s1', sca('unconfirmed'))).progress.next.step).toBe('enter-confirmation-code');
    const wrong = await back(
      'state=s1&code=x',
      sca('unconfirmed'),
      refusal(400, 'SCA_INVALID'),
      sca('unconfirmed'),
      sca('finalised'),
    );
    expect(wrong.progress.next.step).toBe('enter-confirmation-code');
    const input = { step: 'enter-confirmation-code', code: 'c-9' } as const;
    expect((await wrong.bank.continue(wrong.credentials, { psu, input })).next.step).toBe('done');
  });
});

describe('the status of a consent', () => {
  test.each([405, 403])('is asked for by itself where the consent is refused with %i', async (status) => {
    const fake = await startFakeBank(redirect, refusal(status, 'SERVICE_INVALID'), {
      body: { consentStatus: 'valid' },
    });
    const bank = openBank(fake.url);
    const { credentials } = await beginConsent(bank);
    const terms = { recurring: true, validUntil: '2026-09-06', frequencyPerDay: 4 };
    expect(await bank.getConsent(credentials)).toEqual({ status: 'valid', ...terms });
    expect(fake.request(2).url).toBe('/v1/consents/c-1/status');
  });

  test('what it leaves out is as we asked for it; a date-time is its day', async () => {
    const fake = await startFakeBank(redirect, {
      body: { consentStatus: 'valid', validUntil: '2026-08-01T00:00:00Z' },
    });
    const bank = openBank(fake.url);
    const { credentials } = await beginConsent(bank);
    expect(consentIdOf(credentials)).toBe('c-1');
    const terms = { recurring: true, validUntil: '2026-08-01', frequencyPerDay: 4 };
    expect(await bank.getConsent(credentials)).toEqual({ status: 'valid', ...terms });
  });
});

describe('images of a challenge', () => {
  // Of the addresses that the protocol's file knows, any will do.
  const photo = '/v1/consents/c-1/status';
  const gif = Buffer.from('GIF89a-small-image-x').toString('base64');
  const challenge = (data: object) =>
    created({ scaStatus: { href: at } }, { scaStatus: 'scaMethodSelected', challengeData: data }, embedded);
  const imageOf = async (...replies: BankReply[]) => {
    const fake = await startFakeBank(...replies);
    const { progress } = await beginConsent(openBank(fake.url));
    return progress.next.step === 'enter-otp' ? progress.next.challenge.image : 'no code';
  };

  test('are taken as GIF, JPEG or PNG, as data URL, or from the bank’s own origin', async () => {
    const url = `data:image/gif;base64,${gif}`;
    expect(await imageOf(challenge({ image: gif }))).toBe(url);
    expect(await imageOf(challenge({ image: url }))).toBe(url);
    expect(await imageOf(challenge({ imageLink: photo }), { raw: Buffer.from(gif, 'base64') })).toBe(url);
  });

  test('are left out where they lead elsewhere, or are none', async () => {
    expect(await imageOf(challenge({ imageLink: 'http://127.0.0.1:1/x' }))).toBeNull();
    expect(await imageOf(challenge({ imageLink: photo }), { raw: '<svg onload="x">' })).toBeNull();
    expect(await imageOf(challenge({ imageLink: photo }), { status: 404 })).toBeNull();
  });
});

describe('passwords', () => {
  const start = created(
    { scaStatus: { href: at }, updateEncryptedPsuAuthentication: { href: at } },
    { scaStatus: 'psuIdentified' },
    embedded,
  );
  const password: EnteredStep['input'] = { step: 'authenticate', ...anna, password: 'top secret' };

  test('are encrypted with the bank’s key where the entry has one', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const fake = await startFakeBank(start, sca('psuAuthenticated', { scaMethods: methods }));
    const bank = openBank(fake.url, {
      asksPsuId: true,
      passwordKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    });
    const { credentials } = await beginConsent(bank);
    await bank.continue(credentials, { psu, input: identify });
    await bank.continue(credentials, { psu, input: password });
    const { psuData } = fake.request(1).body as { psuData: { encryptedPassword: string } };
    const { plaintext } = await compactDecrypt(psuData.encryptedPassword, privateKey);
    expect(new TextDecoder().decode(plaintext)).toBe('top secret');
    expect(fake.request(1).rawBody).not.toContain('top secret');
  });

  test('are not sent in clear to a bank that wants them encrypted', async () => {
    const fake = await startFakeBank(start);
    const bank = openBank(fake.url, { asksPsuId: true });
    const { credentials } = await beginConsent(bank);
    await bank.continue(credentials, { psu, input: identify });
    const failure = await failureOf(bank.continue(credentials, { psu, input: password }));
    expect(failure.message).toContain('passwordKeyFile');
    expect(fake.requests).toHaveLength(1);
  });
});
