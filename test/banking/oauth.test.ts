import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { KeptCredentials, Progress } from '../../src/banking/bank-port.ts';
import { createBerlinGroupBank } from '../../src/banking/berlin-group/berlin-group-bank.ts';
import type { BankEntry, BankOAuth } from '../../src/domain/bank-entry.ts';
import { Secret } from '../../src/domain/secret.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import {
  type BankReply,
  type BankRequest,
  bankEntry,
  beginConsent,
  consentRequest,
  failureOf,
  learntOf,
  listen,
  now,
  psu,
} from './fake-bank.ts';

const oauth: BankOAuth = {
  clientId: 'PSDDE-1',
  clientSecret: null,
  scope: null,
  metadataUrl: null,
  authorizationEndpoint: null,
  tokenEndpoint: null,
  when: 'sca',
};

type Seen = Omit<BankRequest, 'body'>;

/** A bank with an authorisation server; `answer` sees what is not metadata. The protocol's file knows nothing of the latter. */
async function start(answer: (seen: Seen) => BankReply, entry: Partial<BankEntry> = {}, metadata: object = {}) {
  const requests: Seen[] = [];
  const clock = fixedClock(now);
  let url = '';
  const server = createServer(async (message, response) => {
    const seen = {
      method: message.method ?? '',
      url: message.url ?? '',
      headers: message.headers,
      rawBody: await text(message),
    };
    if (!seen.url.includes('.well-known')) requests.push(seen);
    const reply = seen.url.includes('.well-known') ? { body: toMetadata() } : answer(seen);
    response.writeHead(reply.status ?? 200, { 'content-type': 'application/json', ...reply.headers });
    response.end(reply.raw ?? JSON.stringify(reply.body ?? {}));
  });
  url = await listen(server);
  const toMetadata = () => ({
    issuer: url,
    authorization_endpoint: `${url}/authorize?bank=1`,
    token_endpoint: `${url}/token`,
    revocation_endpoint: `${url}/revoke`,
    authorization_response_iss_parameter_supported: true,
    ...metadata,
  });
  const bank = createBerlinGroupBank(bankEntry(url, { oauth, ...entry }), { clock, learnt: learntOf() });
  onTestFinished(async () => await bank.close());
  return { bank, url, clock, requests, tokenRequests: () => requests.filter((each) => each.url === '/token') };
}

const consent = (links: object) => ({
  status: 201,
  body: { consentId: 'c-1', consentStatus: 'received', _links: links },
});
const tokens = (n: number, rest: object = {}) => ({
  body: { access_token: `a-${n}`, token_type: 'Bearer', expires_in: 60, refresh_token: `r-${n}`, ...rest },
});
const expired = { status: 401, body: { tppMessages: [{ category: 'ERROR', code: 'TOKEN_EXPIRED' }] } };

/** Of a bank with integrated OAuth: gives tokens 1, 2, 3 … and answers reading by `read`. */
function integrated(read: (token: string) => BankReply = () => ({ body: { accounts: [] } }), toTokens = tokens) {
  let count = 0;
  return ({ url, headers }: Seen): BankReply => {
    if (url === '/v1/consents') {
      return consent({
        scaOAuth: { href: `http://${headers.host}/.well-known/oauth-authorization-server` },
        scaStatus: { href: '/v1/consents/c-1/authorisations/au-1' },
      });
    }
    if (url === '/token') return toTokens(++count);
    if (url === '/revoke') return {};
    return url === '/v1/accounts' ? read(headers.authorization ?? '') : { status: 204, raw: '' };
  };
}

/** What the authorisation server sends the end user back with. */
function toQuery({ next }: Progress, query: Record<string, string>): URLSearchParams {
  if (next.step !== 'go-to-bank') throw new Error(next.step);
  return new URLSearchParams({ state: next.state, ...query });
}

async function connect(world: Awaited<ReturnType<typeof start>>): Promise<KeptCredentials> {
  const { credentials, progress } = await beginConsent(world.bank);
  const parameters = toQuery(progress, { code: 'code-1', iss: world.url });
  expect((await world.bank.callback(credentials, { psu, parameters })).next).toEqual({ step: 'done' });
  return credentials;
}

describe('integrated', () => {
  test('the end user is sent to the server with PKCE and state, and the code becomes tokens that every call carries', async () => {
    const world = await start(integrated());
    const { credentials, progress } = await beginConsent(world.bank);
    if (progress.next.step !== 'go-to-bank') throw new Error(progress.next.step);
    const sent = new URL(progress.next.url);
    expect(Object.fromEntries(sent.searchParams)).toEqual({
      bank: '1',
      response_type: 'code',
      client_id: 'PSDDE-1',
      redirect_uri: consentRequest.callbackUrl,
      scope: 'AIS:c-1',
      state: progress.next.state,
      code_challenge: expect.stringMatching(/^[\w-]{43}$/),
      code_challenge_method: 'S256',
    });
    expect(progress.next.state).toMatch(/^[\w-]{43}$/);
    const parameters = toQuery(progress, { code: 'code-1', iss: world.url });
    await world.bank.callback(credentials, { psu, parameters });
    const form = new URLSearchParams(world.tokenRequests()[0]?.rawBody);
    expect(Object.fromEntries(form)).toMatchObject({
      grant_type: 'authorization_code',
      code: 'code-1',
      redirect_uri: consentRequest.callbackUrl,
      client_id: 'PSDDE-1',
    });
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    expect(challenge).toBe(sent.searchParams.get('code_challenge'));
    await world.bank.listAccounts({ credentials, psu: null });
    expect(world.requests.at(-1)?.headers).toMatchObject({ authorization: 'Bearer a-1', 'consent-id': 'c-1' });
  });

  test.each<[what: string, query: Record<string, string>]>([
    ['of another issuer', { code: 'c', iss: 'https://evil.example' }],
    ['without an issuer', { code: 'c' }],
    ['with the state of the redirect', { state: 's1', code: 'c' }],
    ['without a code', {}],
    ['that says no', { error: 'access_denied' }],
  ])('a callback %s gets no tokens', async (_what, query) => {
    const world = await start(integrated());
    const { credentials, progress } = await beginConsent(world.bank);
    const given = query.error || query.state || !query.code ? { ...query, iss: world.url } : query;
    const { next } = await world.bank.callback(credentials, { psu, parameters: toQuery(progress, given) });
    expect(next).toEqual({ step: 'failed' });
    expect(world.tokenRequests()).toEqual([]);
  });

  test('a server that calls itself by another’s name is not used', async () => {
    const world = await start(integrated(), {}, { issuer: 'https://evil.example' });
    expect((await failureOf(beginConsent(world.bank))).code).toBe('MALFORMED_REPLY');
  });

  test('without our registration in the entry it is the operator’s to add', async () => {
    const world = await start(integrated(), { oauth: null });
    const failure = await failureOf(beginConsent(world.bank));
    expect(failure).toMatchObject({ code: 'REQUEST_REFUSED', message: expect.stringContaining('oauth') });
  });

  test('fixed endpoints, and a client secret', async () => {
    let base = '';
    const endpoints = { authorizationEndpoint: 'http://127.0.0.1:1/authorize', tokenEndpoint: '' };
    const world = await start(integrated(), {
      oauth: {
        ...oauth,
        ...endpoints,
        clientSecret: new Secret('hush'),
        get tokenEndpoint() {
          return `${base}/token`;
        },
      },
    });
    base = world.url;
    const { credentials, progress } = await beginConsent(world.bank);
    const parameters = toQuery(progress, { code: 'code-1' });
    await world.bank.callback(credentials, { psu, parameters });
    const authorization = `Basic ${Buffer.from('PSDDE-1:hush').toString('base64')}`;
    expect(world.tokenRequests()[0]?.headers.authorization).toBe(authorization);
    expect(credentials.text).not.toContain('hush');
  });
});

describe('tokens', () => {
  test('are renewed before they run out, and a rotated refresh token is the one that counts', async () => {
    const world = await start(integrated());
    const credentials = await connect(world);
    for (const token of ['a-2', 'a-3']) {
      world.clock.advance(60_000);
      await world.bank.listAccounts({ credentials, psu: null });
      expect(world.requests.at(-1)?.headers.authorization).toBe(`Bearer ${token}`);
    }
    const refreshes = world
      .tokenRequests()
      .slice(1)
      .map(({ rawBody }) => new URLSearchParams(rawBody).get('refresh_token'));
    expect(refreshes).toEqual(['r-1', 'r-2']);
  });

  test('one that the bank calls expired is renewed, and the call tried once more; not twice', async () => {
    const world = await start(integrated((token) => (token === 'Bearer a-1' ? expired : { body: { accounts: [] } })));
    const credentials = await connect(world);
    expect((await world.bank.listAccounts({ credentials, psu: null })).accounts).toEqual([]);
    const stubborn = await start(integrated(() => expired));
    const others = await connect(stubborn);
    expect((await failureOf(stubborn.bank.listAccounts({ credentials: others, psu: null }))).code).toBe(
      'CONSENT_INVALID',
    );
    expect(stubborn.requests.filter(({ url }) => url === '/v1/accounts')).toHaveLength(2);
  });

  test('a refresh token that the server knows no more is a lost consent, and never shown again', async () => {
    const gone = (n: number): BankReply => (n === 1 ? tokens(1) : { status: 400, body: { error: 'invalid_grant' } });
    const world = await start(integrated(undefined, gone as typeof tokens));
    const credentials = await connect(world);
    world.clock.advance(60_000);
    for (let n = 0; n < 3; n++) {
      expect((await failureOf(world.bank.listAccounts({ credentials, psu: null }))).code).toBe('CONSENT_INVALID');
    }
    expect(world.tokenRequests()).toHaveLength(2);
    expect((await world.bank.getConsent(credentials)).status).toBe('expired');
    await world.bank.end(credentials);
  });

  test('a server that is down costs nothing: the same refresh token is good later', async () => {
    const down = (n: number): BankReply => (n === 2 ? { status: 503 } : tokens(n));
    const world = await start(integrated(undefined, down as typeof tokens));
    const credentials = await connect(world);
    world.clock.advance(60_000);
    expect((await failureOf(world.bank.listAccounts({ credentials, psu: null }))).code).toBe('BANK_UNAVAILABLE');
    expect((await world.bank.listAccounts({ credentials, psu: null })).accounts).toEqual([]);
  });

  test('a server that gives no other refresh token means the one from before; without any the consent ends with its token', async () => {
    const once = (n: number) => tokens(n, n === 1 ? {} : { refresh_token: undefined });
    const world = await start(integrated(undefined, once));
    const credentials = await connect(world);
    for (let n = 0; n < 2; n++) {
      world.clock.advance(60_000);
      await world.bank.listAccounts({ credentials, psu: null });
    }
    const none = await start(integrated(undefined, (n) => tokens(n, { refresh_token: undefined })));
    const others = await connect(none);
    none.clock.advance(60_000);
    expect((await failureOf(none.bank.listAccounts({ credentials: others, psu: null }))).code).toBe('CONSENT_EXPIRED');
  });

  test('are revoked at the end, after the consent', async () => {
    const world = await start(integrated());
    await world.bank.end(await connect(world));
    expect(world.requests.slice(-2).map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /v1/consents/c-1',
      'POST /revoke',
    ]);
    expect(new URLSearchParams(world.requests.at(-1)?.rawBody).get('token')).toBe('r-1');
  });

  test('no failure shows a token', async () => {
    const world = await start(
      integrated(undefined, ((n: number) =>
        n === 1 ? tokens(1) : { status: 401, body: { error: 'invalid_client' } }) as typeof tokens),
    );
    const credentials = await connect(world);
    world.clock.advance(60_000);
    const failure = await failureOf(world.bank.listAccounts({ credentials, psu: null }));
    expect(failure.code).toBe('REQUEST_REFUSED');
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toMatch(/[ar]-\d/);
  });
});
