import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContext } from 'node:tls';
import { StartupError } from '../domain/errors.ts';
import type { DeliveryLog } from './delivery-log.ts';

/** PEM files: a certificate, with those that lead to its authority, and its private key. */
export interface CertificateFiles {
  certificateFile: string;
  privateKeyFile: string;
}

/** How this installation shows itself to receivers that ask for a certificate (mutual TLS); without files it does not. */
export interface ClientCertificate {
  /** For new connections; another one once the files have been renewed. Null: there is none to show. */
  context(): SecureContext | null;
  close(): Promise<void>;
}

export interface ClientCertificateOptions {
  /** Null: there are none. */
  files: CertificateFiles | null;
  log: DeliveryLog;
  /** How often it is looked whether the files have been renewed. @default 60 s */
  lookEveryMs?: number;
}

/**
 * Reads the files, and again whenever they have changed. Throws a StartupError when they cannot be used; later on, faulty files
 * are reported and what was read before stays, since a renewal writes two files and cannot do so at one moment.
 */
export async function openClientCertificate({
  files,
  log,
  lookEveryMs = 60_000,
}: ClientCertificateOptions): Promise<ClientCertificate> {
  if (!files) return { context: () => null, close: async () => {} };
  let [text, context] = await read(files).catch((cause: unknown) => {
    const message = `WEBHOOK_CLIENT_CERTIFICATE_FILE, WEBHOOK_CLIENT_KEY_FILE: ${cause instanceof Error ? cause.message : cause}`;
    throw new StartupError(message, { cause });
  });

  async function look(changing: CertificateFiles): Promise<void> {
    try {
      const [found, renewed] = await read(changing);
      if (found === text) return;
      [text, context] = [found, renewed];
      log.info({ certificateFile: changing.certificateFile }, 'the client certificate for webhooks was renewed');
    } catch (err) {
      log.error({ err }, 'the client certificate for webhooks cannot be read');
    }
  }

  let looking = Promise.resolve();
  const timer = setInterval(() => {
    looking = look(files);
  }, lookEveryMs);
  timer.unref();
  return {
    context: () => context,
    async close() {
      clearInterval(timer);
      await looking;
    },
  };
}

async function read({ certificateFile, privateKeyFile }: CertificateFiles): Promise<[string, SecureContext]> {
  const [cert, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(privateKeyFile, 'utf8')]);
  // TLS takes a file that has just been emptied for no key at all.
  if (!new X509Certificate(cert).checkPrivateKey(createPrivateKey(key))) {
    throw new Error('the private key is not that of the certificate');
  }
  return [`${cert}\n${key}`, createSecureContext({ cert, key })];
}
