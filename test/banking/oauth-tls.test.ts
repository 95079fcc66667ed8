import { createServer, type ServerOptions } from 'node:https';
import { text } from 'node:stream/consumers';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { BankPort, KeptCredentials } from '../../src/banking/bank-port.ts';
import type { BankEntry, BankOAuth } from '../../src/domain/bank-entry.ts';
import { Secret } from '../../src/domain/secret.ts';
import { beginConsent, failureOf, listen, openBank, psu } from './fake-bank.ts';
import { createTestAuthority, type TestCertificate } from './test-certificates.ts';

/*
 * Mutual TLS to the authorisation server (RFC 8705): the end user's browser reaches it without a certificate, so its metadata name
 * another address where one is demanded.
 */

const authority = await createTestAuthority();
let server: TestCertificate;
let ours: TestCertificate;
let strange: TestCertificate | undefined;

beforeAll(async () => {
  if (!authority) return;
  server = await authority.issue();
  ours = await authority.issue();
  const other = await createTestAuthority();
  strange = await other?.issue();
  await other?.close();
});
afterAll(async () => await authority?.close());

interface Seen {
  path: string;
  /** Of the certificate that was shown. */
  subject: string;
  authorization: string | null;
  form: URLSearchParams;
}

const oauth: BankOAuth = {
  clientId: 'PSDDE-1',
  clientSecret: null,
  scope: 'accounts',
  metadataUrl: null,
  authorizationEndpoint: null,
  tokenEndpoint: null,
  when: 'instead',
};

/** A server by TLS that answers with JSON; `seen` is what it was asked. */
async function startTls(
  options: ServerOptions,
  answer: (path: string) => object,
): Promise<{ url: string; seen: Seen[] }> {
  const seen: Seen[] = [];
  const tls = createServer(
    { cert: server.certificate, key: server.privateKey, ...options },
    async (request, response) => {
      const { url: path = '', headers, socket } = request;
      const form = new URLSearchParams(await text(request));
      const subject = (socket as TLSSocket).getPeerX509Certificate?.()?.subject ?? 'nobody';
      seen.push({ path, subject, authorization: headers.authorization ?? null, form });
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answer(path)));
    },
  );
  tls.on('tlsClientError', () => {});
  return { url: await listen(tls, 'https'), seen };
}

/** A bank whose tokens are given out only to who shows a certificate of the authority, at an address of its own. */
async function startBank(metadata: (url: string, tokenUrl: string) => object) {
  let count = 0;
  const demanding = { ca: authority?.certificate ?? '', requestCert: true, rejectUnauthorized: true };
  const tokens = await startTls(demanding, (path) => {
    if (path === '/revoke') return {};
    count += 1;
    return { access_token: `a-${count}`, token_type: 'Bearer', expires_in: 0, refresh_token: `r-${count}` };
  });
  const bank = await startTls({}, (path) => {
    if (!path.includes('.well-known')) return { accounts: [] };
    const base = { issuer: bank.url, authorization_endpoint: `${bank.url}/authorize` };
    return { ...base, token_endpoint: `${bank.url}/not-here`, ...metadata(bank.url, tokens.url) };
  });
  return { bank, tokens };
}

function open(url: string, entry: Partial<BankEntry>, own: Partial<BankOAuth> = {}): BankPort {
  return openBank(url, {
    certificateAuthority: authority?.certificate ?? null,
    oauth: { ...oauth, ...own, metadataUrl: `${url}/.well-known/oauth-authorization-server` },
    ...entry,
  });
}

async function connect(bank: BankPort): Promise<KeptCredentials> {
  const { credentials, progress } = await beginConsent(bank);
  if (progress.next.step !== 'go-to-bank') throw new Error(progress.next.step);
  const parameters = new URLSearchParams({ state: progress.next.state, code: 'code-1' });
  expect((await bank.callback(credentials, { psu, parameters })).next.step).toBe('done');
  return credentials;
}

const aliases = (_: string, tokenUrl: string) => ({
  mtls_endpoint_aliases: { token_endpoint: `${tokenUrl}/token`, revocation_endpoint: `${tokenUrl}/revoke` },
});
const certificate = () => ({ clientCertificate: { ...ours, passphrase: null } });

describe.skipIf(!authority)('mutual TLS to the token endpoint', () => {
  test('a code, a refresh and a revocation are sent where the certificate is demanded, with it as the only proof', async () => {
    const { bank, tokens } = await startBank(aliases);
    const opened = open(bank.url, certificate());
    const credentials = await connect(opened);
    await opened.listAccounts({ credentials, psu: null });
    await opened.end(credentials);
    expect(tokens.seen.map(({ path, form }) => form.get('grant_type') ?? path)).toEqual([
      'authorization_code',
      'refresh_token',
      '/revoke',
    ]);
    for (const { subject, authorization, form } of tokens.seen) {
      expect(subject).toMatch(/^CN=leaf \d$/);
      expect(authorization).toBeNull();
      expect(form.get('client_id')).toBe('PSDDE-1');
    }
    expect(bank.seen.map(({ path }) => path)).not.toContain('/not-here');
  });

  test.each([
    ['client_secret_basic', null, `Basic ${Buffer.from('PSDDE-1:hush').toString('base64')}`],
    ['client_secret_post', 'hush', null],
  ])('with a client secret besides, as the server takes it: %s', async (method, posted, header) => {
    const { bank, tokens } = await startBank((url, tokenUrl) => ({
      ...aliases(url, tokenUrl),
      token_endpoint_auth_methods_supported: [method],
    }));
    const credentials = await connect(open(bank.url, certificate(), { clientSecret: new Secret('hush') }));
    expect(tokens.seen).toHaveLength(1);
    expect(tokens.seen[0]).toMatchObject({ subject: expect.stringMatching(/^CN=leaf/), authorization: header });
    expect(tokens.seen[0]?.form.get('client_secret')).toBe(posted);
    expect(credentials.text).not.toContain('hush');
  });

  test.each<[what: string, entry: () => Partial<BankEntry>, message: string]>([
    ['without a certificate', () => ({}), 'wants a client certificate of us'],
    ['with one that it does not know', () => ({ clientCertificate: { ...server, ...strange, passphrase: null } }), ''],
  ])('%s the server gives no tokens, which is told as what it is', async (_what, entry, message) => {
    const { bank, tokens } = await startBank((_, tokenUrl) => ({ token_endpoint: `${tokenUrl}/token` }));
    const opened = open(bank.url, entry());
    const { credentials, progress } = await beginConsent(opened);
    const state = progress.next.step === 'go-to-bank' ? progress.next.state : '';
    const parameters = new URLSearchParams({ state, code: 'code-1' });
    const failure = await failureOf(opened.callback(credentials, { psu, parameters }));
    expect(failure.message).toContain(message);
    // Node's own server refuses a strange certificate without a word.
    expect(failure.code).toBe(message ? 'CERTIFICATE_REJECTED' : 'BANK_UNAVAILABLE');
    expect(`${failure.stack}${JSON.stringify(failure)}`).not.toContain('code-1');
    expect(tokens.seen).toEqual([]);
  });
});
