import { spawn } from 'node:child_process';
import { createHash, createVerify, X509Certificate } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { createServer, type ServerOptions } from 'node:https';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { StartupError } from '../../src/domain/errors.ts';
import { findFreePort } from '../support/free-port.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';
import {
  answering,
  attended,
  type BankRequest,
  beginConsent,
  failureOf,
  givenAccount,
  listen,
  openBank,
  psu,
  startFakeBank,
  unattended,
} from './fake-bank.ts';
import { createTestAuthority, type TestCertificate } from './test-certificates.ts';

const authority = await createTestAuthority();
const passphrase = 'only for this test';
let server: TestCertificate;
let ours: TestCertificate;
let oursLocked: TestCertificate;

beforeAll(async () => {
  if (!authority) return;
  server = await authority.issue();
  ours = await authority.issue();
  oursLocked = await authority.issue({ passphrase });
});
afterAll(async () => await authority?.close());

describe.skipIf(!authority)('TLS', () => {
  const startTlsBank = async (options: ServerOptions) => {
    const requests: BankRequest[] = [];
    const peers: string[] = [];
    const tls = createServer({ cert: server.certificate, key: server.privateKey, ...options }, (request, response) => {
      peers.push((request.socket as TLSSocket).getPeerX509Certificate?.()?.subject ?? 'nobody');
      answering(requests, [{ body: { accounts: [] } }])(request, response);
    });
    tls.on('tlsClientError', () => {});
    return { url: await listen(tls, 'https'), requests, peers };
  };
  // OpenSSL's own server sends the alerts that gateways send, and Node's does not.
  const startTlsGateway = async (version: string) => {
    const folder = await temporaryDirectory();
    const file = async (name: string, content = '') => {
      await writeFile(join(folder, name), content);
      return join(folder, name);
    };
    const port = await findFreePort();
    const files = ['-cert', await file('crt', server.certificate), '-key', await file('key', server.privateKey)];
    const clients = ['-CAfile', await file('ca', authority?.certificate), '-Verify', '1', '-verify_return_error'];
    const gateway = spawn('openssl', [
      's_server',
      '-accept',
      `127.0.0.1:${port}`,
      ...files,
      ...clients,
      '-www',
      version,
    ]);
    onTestFinished(() => void gateway.kill('SIGKILL'));
    for await (const printed of gateway.stdout) if (String(printed).includes('ACCEPT')) break;
    return `https://127.0.0.1:${port}`;
  };
  const mutual = () => ({ ca: authority?.certificate ?? '', requestCert: true, rejectUnauthorized: true });
  const trust = () => ({ certificateAuthority: authority?.certificate ?? null });

  test('connections are kept, and a further one resumes the TLS session', async () => {
    const resumed = new Map<TLSSocket, boolean>();
    const tls = createServer({ cert: server.certificate, key: server.privateKey }, ({ socket }, response) => {
      resumed.set(socket as TLSSocket, (socket as TLSSocket).isSessionReused());
      response.end('{}');
    });
    const bank = openBank(await listen(tls, 'https'), trust());
    for (let call = 0; call < 20; call += 1) await bank.readBalances(givenAccount(), attended);
    // Of the pool's 32: one is not yet free when the next call begins.
    expect(resumed.size).toBeLessThanOrEqual(2);
    await Promise.all(Array.from({ length: 4 }, () => bank.readBalances(givenAccount(), attended)));
    const [first, ...further] = resumed.values();
    expect(first).toBe(false);
    expect(further.length).toBeGreaterThan(0);
    expect(further).not.toContain(false);
  });

  test('a bank of the operator’s own certificate authority is trusted', async () => {
    const bank = await startTlsBank({});
    expect((await openBank(bank.url, trust()).listAccounts(attended)).accounts).toEqual([]);
    expect(bank.peers).toEqual(['nobody']);
  });

  test('a bank whose certificate nobody vouches for gets no request', async () => {
    const bank = await startTlsBank({});
    expect((await failureOf(openBank(bank.url).listAccounts(attended))).code).toBe('BANK_UNAVAILABLE');
    expect(bank.requests).toEqual([]);
  });

  test.each<[what: string, entry: () => Partial<BankEntry>]>([
    ['', () => ({ clientCertificate: { ...ours, passphrase: null } })],
    ['with an encrypted key', () => ({ clientCertificate: { ...oursLocked, passphrase } })],
  ])('we show our certificate %s where the bank asks for it', async (_what, entry) => {
    const bank = await startTlsBank(mutual());
    expect((await openBank(bank.url, { ...trust(), ...entry() }).listAccounts(attended)).accounts).toEqual([]);
    expect(bank.peers).toEqual([expect.stringMatching(/^CN=leaf \d$/)]);
  });

  test('a bank that refuses our certificate without a word is not reached, and the operator gets a hint', async () => {
    const other = await createTestAuthority();
    const bank = await startTlsBank({ ...mutual(), ca: other?.certificate ?? '' });
    await other?.close();
    const entry = { ...trust(), clientCertificate: { ...ours, passphrase: null } };
    const failure = await failureOf(openBank(bank.url, entry).listAccounts(attended));
    // Node's server closes without an alert, as some gateways do: that can be a hint only.
    expect(failure.code).toBe('BANK_UNAVAILABLE');
    expect(failure.message).toContain('it may not accept our client certificate');
    expect(bank.requests).toEqual([]);
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'a bank that wants a certificate where we have none says so by an alert, also in %s',
    async (maxVersion) => {
      const bank = await startTlsBank({ ...mutual(), maxVersion });
      const opened = openBank(bank.url, trust());
      for (let call = 1; call <= 2; call += 1) {
        const failure = await failureOf(opened.listAccounts(attended));
        expect(failure.code).toBe('CERTIFICATE_REJECTED');
        expect(failure.message).toContain('bank_test wants a client certificate of us (ERR_SSL_');
      }
      expect(bank.requests).toEqual([]);
    },
  );

  test.each(['-tls1_2', '-tls1_3'])(
    'a gateway’s alert that our certificate is not accepted is told: %s',
    async (version) => {
      const other = await createTestAuthority();
      const strange = await other?.issue();
      await other?.close();
      const url = await startTlsGateway(version);
      const entry = {
        ...trust(),
        clientCertificate: { certificate: '', privateKey: '', ...strange, passphrase: null },
      };
      const failure = await failureOf(openBank(url, entry).listAccounts(attended));
      expect(failure.code).toBe('CERTIFICATE_REJECTED');
      expect(failure.message).toMatch(/did not accept our client certificate \(ERR_SSL_\w+_ALERT_UNKNOWN_CA\)/);
    },
  );

  test.each<[what: string, entry: () => Partial<BankEntry>]>([
    ['a wrong passphrase', () => ({ clientCertificate: { ...oursLocked, passphrase: 'wrong' } })],
    [
      'a key of another certificate',
      () => ({ clientCertificate: { ...ours, privateKey: server.privateKey, passphrase: null } }),
    ],
    ['a certificate that is none', () => ({ clientCertificate: { ...ours, certificate: 'none', passphrase: null } })],
    [
      'a signing key that is none',
      () => ({ signingCertificate: { ...ours, privateKey: 'x', passphrase: null, keyId: 'k' } }),
    ],
    [
      'a signing key of another certificate',
      () => ({ signingCertificate: { ...ours, privateKey: server.privateKey, passphrase: null, keyId: 'k' } }),
    ],
  ])('%s shows at start, by the bank’s id', async (_what, entry) => {
    expect(() => openBank('https://bank.example', entry())).toThrow(StartupError);
    expect(() => openBank('https://bank.example', entry())).toThrow(/^bank_test: .*certificate/);
  });

  test('a signing key that is not RSA shows at start', async () => {
    const elliptic = await authority?.issue({ algorithm: 'ec -pkeyopt ec_paramgen_curve:prime256v1' });
    const signingCertificate = { certificate: '', privateKey: '', ...elliptic, passphrase: null, keyId: 'k' };
    expect(() => openBank('https://bank.example', { signingCertificate })).toThrow(/must be an RSA key/);
  });
});

describe.skipIf(!authority)('request signing', () => {
  const keyId = 'SN=9FA1,CA=CN=Test%20Authority';

  /** Checks a request as a bank would, by the draft, with nothing of ours. */
  function verify(request: BankRequest) {
    const text = (name: string) => String(request.headers[name]);
    const fields = Object.fromEntries(
      [...text('signature').matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]),
    );
    const names = String(fields.headers).split(' ');
    const der = Buffer.from(text('tpp-signature-certificate'), 'base64');
    // Header values are latin1 on the wire.
    const signed = Buffer.from(names.map((name) => `${name}: ${text(name)}`).join('\n'), 'latin1');
    const verifier = createVerify('RSA-SHA256').update(signed);
    return {
      names,
      keyId: fields.keyId,
      algorithm: fields.algorithm,
      isSigned: verifier.verify(new X509Certificate(der).publicKey, String(fields.signature), 'base64'),
      isDigest: text('digest') === `SHA-256=${createHash('sha256').update(request.rawBody, 'utf8').digest('base64')}`,
    };
  }

  test('covers body, request id, end user and return address', async () => {
    const reply = { consentId: 'c-1', consentStatus: 'received', _links: { scaRedirect: { href: '/sca' } } };
    const fake = await startFakeBank({ status: 201, body: reply });
    const bank = openBank(fake.url, { asksPsuId: true, signingCertificate: { ...oursLocked, passphrase, keyId } });
    const { credentials } = await beginConsent(bank);
    await bank.continue(credentials, { psu, input: { step: 'identify', psuId: 'jürgen', corporateId: null } });
    expect(verify(fake.request())).toEqual({
      names: ['digest', 'x-request-id', 'psu-id', 'tpp-redirect-uri', 'date'],
      keyId,
      algorithm: 'rsa-sha256',
      isSigned: true,
      isDigest: true,
    });
  });

  test('covers requests without a body, by the digest of nothing', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    const bank = openBank(fake.url, { signingCertificate: { ...ours, passphrase: null, keyId } });
    await bank.listAccounts(unattended);
    const request = fake.request();
    expect(verify(request)).toMatchObject({
      names: ['digest', 'x-request-id', 'date'],
      isSigned: true,
      isDigest: true,
    });
    // A check that lets everything through would prove nothing.
    const forged = { ...request, headers: { ...request.headers, 'x-request-id': 'another' } };
    expect(verify(forged).isSigned).toBe(false);
  });

  test('adds nothing where the bank does not ask for it', async () => {
    const fake = await startFakeBank({ body: { accounts: [] } });
    await openBank(fake.url).listAccounts(unattended);
    expect(Object.keys(fake.request().headers).filter((name) => /digest|signature/.test(name))).toEqual([]);
  });
});
