import type { X509Certificate } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** What TLS says of the caller's certificate. */
export interface ClientCertificate {
  certificate: X509Certificate;
  /** OpenSSL's word for what is wrong with it, such as `CERT_HAS_EXPIRED`; null: the authority vouches for it. */
  fault: string | null;
}

/** Null where the caller has shown none, or there is no TLS. */
export function readClientCertificate({ socket }: IncomingMessage): ClientCertificate | null {
  if (!(socket instanceof TLSSocket)) return null;
  const certificate = socket.getPeerX509Certificate();
  if (!certificate) return null;
  return { certificate, fault: socket.authorized ? null : String(socket.authorizationError ?? 'UNKNOWN') };
}
