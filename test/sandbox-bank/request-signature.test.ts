import { createHash, sign, X509Certificate } from 'node:crypto';
import { get } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterAll, describe, expect, test } from 'vitest';
import type { BankRequest } from '../../src/sandbox-bank/exchange.ts';
import { checkSignature } from '../../src/sandbox-bank/request-signature.ts';
import { createTestAuthority } from '../banking/test-certificates.ts';
import { startBank } from './bank-world.ts';

const authority = await createTestAuthority();
const seal = await authority?.issue();
const other = await authority?.issue();
const elliptic = await authority?.issue({ algorithm: 'ec -pkeyopt ec_paramgen_curve:prime256v1' });
afterAll(async () => await authority?.close());
const now = new Date();

interface Signing {
  /** Null takes one away. Changed before the signature is made. */
  headers?: Record<string, string | null>;
  names?: string[];
  hash?: 'sha256' | 'sha512';
  algorithm?: string;
  digestName?: string;
  keyId?: string;
  /** PEM. @default the certificate's own */
  privateKey?: string;
  /** After the signature is made. */
  change?: (headers: Record<string, string>) => void;
}

function signed(body: string, signing: Signing = {}): BankRequest {
  const { hash = 'sha256', names = ['digest', 'x-request-id', 'date', 'psu-id'], digestName = 'SHA-256' } = signing;
  const certificate = new X509Certificate(seal?.certificate ?? '');
  const given: Record<string, string | null> = {
    digest: `${digestName}=${createHash(digestName.toLowerCase().replace('-', '')).update(body).digest('base64')}`,
    'x-request-id': '99391c7e-ad88-49ec-a2ad-99ddcb1f7721',
    date: now.toUTCString(),
    'psu-id': 'jürgen',
    'tpp-signature-certificate': certificate.raw.toString('base64'),
    ...signing.headers,
  };
  const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== null)) as Record<
    string,
    string
  >;
  const values: Record<string, string> = { ...headers, '(request-target)': 'post /v1/consents?x=1' };
  const data = Buffer.from(names.map((name) => `${name}: ${values[name] ?? ''}`).join('\n'), 'latin1');
  const signature = sign(hash, data, signing.privateKey ?? seal?.privateKey ?? '').toString('base64');
  const keyId = signing.keyId ?? `SN=${certificate.serialNumber},CA=CN=Test%20Authority`;
  const algorithm = signing.algorithm ?? `rsa-${hash}`;
  headers.signature = `keyId="${keyId}",algorithm="${algorithm}",headers="${names.join(' ')}",signature="${signature}"`;
  signing.change?.(headers);
  return {
    method: 'POST',
    url: new URL('http://bank/v1/consents?x=1'),
    header: (name) => headers[name.toLowerCase()] ?? null,
    body,
    clientCertificate: null,
  };
}

const check = (request: BankRequest) =>
  checkSignature(request, { authority: new X509Certificate(authority?.certificate ?? ''), now });

describe.skipIf(!authority)('a demanded signature', () => {
  test.each<[what: string, signing: Signing]>([
    ['as the guidelines have it', {}],
    ['of longer hashes', { hash: 'sha512', digestName: 'SHA-512' }],
    ['that covers the address, too', { names: ['(request-target)', 'digest', 'x-request-id', 'date', 'psu-id'] }],
    ['whose key is named in lower case', { keyId: `SN=${serialNumber().toLowerCase()},CA=CN=Test` }],
    [
      'with its certificate in PEM',
      { headers: { 'tpp-signature-certificate': seal?.certificate.replaceAll('\n', '') ?? '' } },
    ],
  ])('is accepted: one %s', (_what, signing) => {
    expect(check(signed('{"a":1}', signing)).subject).toMatch(/^CN=leaf \d$/);
    expect(check(signed('', signing)).serialNumber).toBe(serialNumber());
  });

  test.each<[what: string, signing: Signing, code: string]>([
    ['none', { change: (headers) => delete headers.signature }, 'SIGNATURE_MISSING'],
    ['no digest', { headers: { digest: null } }, 'SIGNATURE_MISSING'],
    ['no certificate', { headers: { 'tpp-signature-certificate': null } }, 'CERTIFICATE_MISSING'],
    ['a certificate that is none', { headers: { 'tpp-signature-certificate': 'AAAA' } }, 'CERTIFICATE_INVALID'],
    [
      'a certificate of no RSA key',
      { headers: { 'tpp-signature-certificate': rawOf(elliptic) } },
      'CERTIFICATE_INVALID',
    ],
    ['one that leaves out the request’s id', { names: ['digest', 'date', 'psu-id'] }, 'SIGNATURE_INVALID'],
    ['one that leaves out the date', { names: ['digest', 'x-request-id', 'psu-id'] }, 'SIGNATURE_INVALID'],
    ['one that leaves out the end user', { names: ['digest', 'x-request-id', 'date'] }, 'SIGNATURE_INVALID'],
    [
      'one over what was not sent',
      { names: ['digest', 'x-request-id', 'date', 'psu-id', 'tpp-redirect-uri'] },
      'SIGNATURE_INVALID',
    ],
    ['one of an algorithm that is not known', { algorithm: 'hmac-sha256' }, 'SIGNATURE_INVALID'],
    ['one of another algorithm than it says', { algorithm: 'rsa-sha512' }, 'SIGNATURE_INVALID'],
    ['a digest that is not known', { headers: { digest: 'MD5=AAAA' } }, 'SIGNATURE_INVALID'],
    ['the digest of another body', { headers: { digest: 'SHA-256=AAAA' } }, 'SIGNATURE_INVALID'],
    ['the name of another key', { keyId: 'SN=1,CA=CN=Test' }, 'SIGNATURE_INVALID'],
    ['a key named in another way', { keyId: 'our-key' }, 'SIGNATURE_INVALID'],
    ['one by another key than the certificate’s', { privateKey: other?.privateKey ?? '' }, 'SIGNATURE_INVALID'],
    ['another id than was signed', { change: (headers) => (headers['x-request-id'] = 'x') }, 'SIGNATURE_INVALID'],
    ['nothing of its form', { change: (headers) => (headers.signature = 'signed!') }, 'SIGNATURE_INVALID'],
    ['no date', { headers: { date: null } }, 'TIMESTAMP_INVALID'],
    ['one of six minutes ago', { headers: { date: minutesFromNow(-6) } }, 'TIMESTAMP_INVALID'],
    ['one of six minutes from now', { headers: { date: minutesFromNow(6) } }, 'TIMESTAMP_INVALID'],
  ])('is refused: %s', (_what, signing, code) => {
    expect(() => check(signed('{"a":1}', signing))).toThrow(expect.objectContaining({ code }));
  });
});

test.skipIf(!authority)(
  'browsers come to the bank’s pages without a certificate, and TPPs to the interface with one',
  async () => {
    const server = await authority?.issue();
    const ca = authority?.certificate ?? '';
    const bank = await startBank({ tls: server ?? { certificate: '', privateKey: '' }, clientAuthority: ca });
    const status = async (path: string, certificate?: typeof seal) => {
      const shown = certificate ? { cert: certificate.certificate, key: certificate.privateKey } : {};
      const headers = { 'x-request-id': '99391c7e-ad88-49ec-a2ad-99ddcb1f7721' };
      return await new Promise((resolve, reject) => {
        const request = get(`${bank.url}${path}`, { ca, headers, agent: false, ...shown }, async (response) => {
          resolve([response.statusCode, (await text(response)).match(/[A-Z]+_[A-Z_]+/)?.[0]]);
        });
        request.on('error', reject);
      });
    };
    expect(bank.url).toMatch(/^https:/);
    expect(await status('/app')).toEqual([200, undefined]);
    expect(await status('/v1/consents/1')).toEqual([401, 'CERTIFICATE_MISSING']);
    expect(await status('/v1/consents/1', seal)).toEqual([403, 'CONSENT_UNKNOWN']);
  },
);

test('client certificates cannot be demanded without TLS', async () => {
  await expect(startBank({ clientAuthority: 'any' })).rejects.toThrow(/shown to TLS only/);
});

function minutesFromNow(minutes: number): string {
  return new Date(now.getTime() + minutes * 60_000).toUTCString();
}

function serialNumber(): string {
  return seal ? new X509Certificate(seal.certificate).serialNumber : '';
}

function rawOf(pair: { certificate: string } | undefined): string {
  return pair ? new X509Certificate(pair.certificate).raw.toString('base64') : '';
}
