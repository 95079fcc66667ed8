import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Pool } from 'undici';
import type { BankEntry } from '../../domain/bank-entry.ts';
import { StartupError } from '../../domain/errors.ts';

export interface ConnectionLimits {
  connectMs: number;
  /** From the request to the reply's first line. */
  headersMs: number;
  /** For the reply's body. */
  bodyMs: number;
  responseBytes: number;
  connectionCount: number;
}

export const connectionLimits: ConnectionLimits = {
  connectMs: 10_000,
  headersMs: 10_000,
  bodyMs: 30_000,
  // The largest page of transactions that was seen is a tenth of this.
  responseBytes: 20 * 1024 * 1024,
  connectionCount: 32,
};

/** Connections to the one bank, with our client certificate where it asks for one. Opens none before the first call. */
export function openBankConnection(entry: BankEntry, limits: ConnectionLimits): Pool {
  const secureContext = toSecureContext(entry);
  return new Pool(new URL(entry.baseUrl).origin, {
    connections: limits.connectionCount,
    pipelining: 1,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
    maxResponseSize: limits.responseBytes,
    connect: { timeout: limits.connectMs, ...(secureContext ? { secureContext } : {}) },
  });
}

function toSecureContext(entry: BankEntry): SecureContext | null {
  const { clientCertificate, certificateAuthority } = entry;
  if (!clientCertificate && !certificateAuthority) return null;
  try {
    return createSecureContext({
      ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
      ...(clientCertificate?.passphrase && { passphrase: clientCertificate.passphrase }),
      ...(certificateAuthority && { ca: [...rootCertificates, certificateAuthority] }),
    });
  } catch (error) {
    const message = `${entry.id}: the client certificate, its private key or the certificate authority cannot be used.`;
    throw new StartupError(message, { cause: error });
  }
}
