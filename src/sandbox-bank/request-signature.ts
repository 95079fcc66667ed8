import { createHash, verify, X509Certificate } from 'node:crypto';
import { type BankRequest, Refusal } from './exchange.ts';

/** NextGenPSD2 implementation guidelines 1.3, section 12.2: these are signed always … */
const alwaysSigned = ['digest', 'x-request-id', 'date'];
/** … and these whenever they are there. */
const signedWhenSent = ['psu-id', 'psu-corporate-id', 'tpp-redirect-uri'];

/** How far the TPP's `Date` and the bank's clock may lie apart. */
const dateToleranceMs = 5 * 60_000;

const digests: Readonly<Record<string, string>> = { 'SHA-256': 'sha256', 'SHA-512': 'sha512' };
const algorithms: Readonly<Record<string, string>> = { 'rsa-sha256': 'sha256', 'rsa-sha512': 'sha512' };

export interface SignatureDemand {
  /** Who has to have issued the signing certificate. */
  authority: X509Certificate;
  now: Date;
}

/**
 * Refuses a request that is not signed as draft-cavage-http-signatures has it, by a certificate of the authority. What is
 * signed is what the headers say and, by the digest, the body. Gives the certificate.
 */
export function checkSignature(request: BankRequest, { authority, now }: SignatureDemand): X509Certificate {
  const digest = request.header('digest');
  const signature = request.header('signature');
  if (!digest || !signature) throw new Refusal(401, 'SIGNATURE_MISSING', 'Digest and Signature are demanded here.');
  const certificate = readCertificate(request.header('tpp-signature-certificate'), { authority, now });
  const fields = readFields(signature);
  checkKeyId(fields.keyId, certificate);
  const missing = [...alwaysSigned, ...signedWhenSent.filter((name) => request.header(name) !== null)].filter(
    (name) => !fields.names.includes(name),
  );
  if (missing.length > 0) throw invalid(`The signature leaves out ${missing.join(', ')}.`);
  checkDate(request.header('date'), now);
  checkDigest(digest, request.body);
  const text = fields.names.map((name) => `${name}: ${signedValue(request, name)}`).join('\n');
  // Header values travel as latin1.
  const data = Buffer.from(text, 'latin1');
  const isGenuine = verify(fields.algorithm, data, certificate.publicKey, Buffer.from(fields.signature, 'base64'));
  if (!isGenuine) throw invalid('The signature is not that of the certificate over these headers.');
  return certificate;
}

function invalid(text: string): Refusal {
  return new Refusal(401, 'SIGNATURE_INVALID', text);
}

function readCertificate(header: string | null, { authority, now }: SignatureDemand): X509Certificate {
  if (!header) throw new Refusal(401, 'CERTIFICATE_MISSING', 'TPP-Signature-Certificate is demanded here.');
  const notAccepted = (why: string) => new Refusal(401, 'CERTIFICATE_INVALID', `The signing certificate ${why}.`);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(Buffer.from(header.replace(/-----[A-Z ]+-----/g, ''), 'base64'));
  } catch {
    throw notAccepted('cannot be read');
  }
  if (!certificate.checkIssued(authority) || !certificate.verify(authority.publicKey)) {
    throw notAccepted('is of an authority that is not accepted');
  }
  if (certificate.publicKey.asymmetricKeyType !== 'rsa') throw notAccepted('has no RSA key');
  if (now < new Date(certificate.validFrom)) throw notAccepted('is not valid yet');
  if (now > new Date(certificate.validTo)) {
    throw new Refusal(401, 'CERTIFICATE_EXPIRED', 'The signing certificate has expired.');
  }
  return certificate;
}

function readFields(header: string) {
  const given = new Map([...header.matchAll(/(\w+)="([^"]*)"/g)].map(([, name = '', value = '']) => [name, value]));
  const [keyId, names, signature] = [given.get('keyId'), given.get('headers'), given.get('signature')];
  const algorithm = algorithms[given.get('algorithm')?.toLowerCase() ?? ''];
  if (!keyId || !names || !signature) throw invalid('keyId, headers or signature is missing.');
  if (!algorithm) throw invalid(`Of algorithms, ${Object.keys(algorithms).join(' and ')} are accepted.`);
  return { keyId, names: names.toLowerCase().split(' '), signature, algorithm };
}

/** `SN=<serial number, hexadecimal>,CA=<issuer>` */
function checkKeyId(keyId: string, certificate: X509Certificate): void {
  const [, serialNumber = ''] = /^SN=([0-9a-f]+),CA=./i.exec(keyId) ?? [];
  const plain = (hex: string) => hex.toUpperCase().replace(/^0+/, '');
  if (plain(serialNumber) !== plain(certificate.serialNumber)) throw invalid('keyId names another certificate.');
}

function checkDate(date: string | null, now: Date): void {
  const distanceMs = Math.abs(Date.parse(date ?? '') - now.getTime());
  if (distanceMs <= dateToleranceMs) return;
  throw new Refusal(400, 'TIMESTAMP_INVALID', 'Date is more than five minutes from now.');
}

function checkDigest(header: string, body: string): void {
  const separator = header.indexOf('=');
  const algorithm = digests[header.slice(0, separator).toUpperCase()];
  if (!algorithm) throw invalid(`Of digests, ${Object.keys(digests).join(' and ')} are accepted.`);
  const wanted = createHash(algorithm).update(body).digest('base64');
  if (header.slice(separator + 1) !== wanted) throw invalid('The digest is not that of the body.');
}

function signedValue(request: BankRequest, name: string): string {
  if (name === '(request-target)') {
    return `${request.method.toLowerCase()} ${request.url.pathname}${request.url.search}`;
  }
  const value = request.header(name);
  if (value === null) throw invalid(`The signature covers ${name}, which was not sent.`);
  return value;
}
