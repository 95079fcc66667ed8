import { createSecureContext, rootCertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, Pool } from 'undici';
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
  return new Pool(new URL(entry.baseUrl).origin, toOptions(entry, limits));
}

/** The same, to wherever the bank's authorisation server is. */
export function openBankAgent(entry: BankEntry, limits: ConnectionLimits): Agent {
  return new Agent(toOptions(entry, limits));
}

function toOptions(entry: BankEntry, limits: ConnectionLimits): Pool.Options {
  const secureContext = toSecureContext(entry);
  return {
    connections: limits.connectionCount,
    pipelining: 1,
    headersTimeout: limits.headersMs,
    bodyTimeout: limits.bodyMs,
    maxResponseSize: limits.responseBytes,
    connect: keepingTlsAlerts(
      buildConnector({ timeout: limits.connectMs, ...(secureContext ? { secureContext } : {}) }),
    ),
  };
}

/**
 * In TLS 1.3 a bank refuses our certificate only after the handshake, with an alert. undici then tells of the end of the
 * connection alone: this puts the alert beneath that error, as its cause.
 */
function keepingTlsAlerts(connect: buildConnector.connector): buildConnector.connector {
  return (options, callback) =>
    connect(options, (...result) => {
      const [, socket] = result;
      let alert: Error | null = null;
      socket?.on('error', (error: Error & { code?: string }) => {
        if (error.code?.startsWith('ERR_SSL_')) alert = error;
        else if (alert) error.cause ??= alert;
      });
      callback(...result);
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
