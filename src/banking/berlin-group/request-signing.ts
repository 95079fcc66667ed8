import { createHash, createPrivateKey, type KeyObject, sign, X509Certificate } from 'node:crypto';
import type { BankEntry } from '../../domain/bank-entry.ts';
import { StartupError } from '../../domain/errors.ts';

/** Adds what makes a request signed; headers are given and returned with lower-case names. */
export type SignRequest = (headers: Readonly<Record<string, string>>, body: string) => Record<string, string>;

/** Signed whenever they are there, in this order (NextGenPSD2 implementation guidelines, section 12). */
const protocolsHeaders = ['digest', 'x-request-id', 'psu-id', 'psu-corporate-id', 'tpp-redirect-uri', 'date'];

/**
 * Signs as draft-cavage-http-signatures with the operator's QSealC. Throws a StartupError when certificate and key
 * cannot be used, so that it shows at start and not at the first call.
 */
export function createRequestSigning(entry: BankEntry): SignRequest | null {
  if (!entry.signingCertificate) return null;
  const { keyId } = entry.signingCertificate;
  const signedHeaders = entry.signedHeaders ?? protocolsHeaders;
  const { privateKey, certificate } = readKeyPair(entry.id, entry.signingCertificate);
  return (headers, body) => {
    const digest = `SHA-256=${createHash('sha256').update(body).digest('base64')}`;
    const signable: Record<string, string> = { ...headers, digest };
    const names = signedHeaders.filter((name) => signable[name] !== undefined);
    const text = names.map((name) => `${name}: ${signable[name]}`).join('\n');
    // Header values leave as latin1, so they are signed as that.
    const signature = sign('sha256', Buffer.from(text, 'latin1'), privateKey).toString('base64');
    return {
      ...signable,
      signature: `keyId="${keyId}",algorithm="rsa-sha256",headers="${names.join(' ')}",signature="${signature}"`,
      'tpp-signature-certificate': certificate,
    };
  };
}

function readKeyPair(bankId: string, pair: NonNullable<BankEntry['signingCertificate']>) {
  let privateKey: KeyObject;
  let certificate: X509Certificate;
  try {
    privateKey = createPrivateKey({
      key: pair.privateKey,
      ...(pair.passphrase ? { passphrase: pair.passphrase } : {}),
    });
    certificate = new X509Certificate(pair.certificate);
  } catch (error) {
    throw new StartupError(`${bankId}: the signing certificate or its private key cannot be read.`, { cause: error });
  }
  if (privateKey.asymmetricKeyType !== 'rsa') {
    throw new StartupError(`${bankId}: the signing certificate's private key must be an RSA key.`);
  }
  if (!certificate.checkPrivateKey(privateKey)) {
    throw new StartupError(`${bankId}: the signing certificate does not belong to its private key.`);
  }
  return { privateKey, certificate: certificate.raw.toString('base64') };
}
