import type { X509Certificate } from 'node:crypto';
import { type BankRequest, Refusal } from './exchange.ts';
import { checkSignature } from './request-signature.ts';

/** What the bank demands of those who call its interface. */
export interface TppDemands {
  /** Who has to have issued the certificate that TLS asks for; null: none is asked for. */
  clientAuthority: X509Certificate | null;
  /** Who has to have issued the certificate by which requests are signed; null: signatures are not looked at. */
  signingAuthority: X509Certificate | null;
}

/** A request to the bank's interface, of a caller that is known. */
export interface TppRequest extends BankRequest {
  /** By what the bank knows the TPP. */
  tpp: string;
}

/**
 * Who calls, by the certificate where one is demanded: its subject stays when the certificate is renewed. Refuses what
 * does not meet the demands. Without any, a TPP is what it says it is.
 */
export function identifyTpp(request: BankRequest, demands: TppDemands & { now: Date }): string {
  const { clientAuthority, signingAuthority, now } = demands;
  const shown = clientAuthority && checkClientCertificate(request);
  const signer = signingAuthority && checkSignature(request, { authority: signingAuthority, now });
  const certificate = shown ?? signer;
  if (certificate) return certificate.subject;
  return request.header('tpp-signature-certificate') ?? request.header('x-tpp-id') ?? 'anonymous';
}

function checkClientCertificate({ clientCertificate }: BankRequest): X509Certificate {
  if (!clientCertificate) throw new Refusal(401, 'CERTIFICATE_MISSING', 'A client certificate is demanded here.');
  const { certificate, fault } = clientCertificate;
  if (fault === null) return certificate;
  const code = fault === 'CERT_HAS_EXPIRED' ? 'CERTIFICATE_EXPIRED' : 'CERTIFICATE_INVALID';
  throw new Refusal(401, code, `The client certificate is not accepted: ${fault}.`);
}
