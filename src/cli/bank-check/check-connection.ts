import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { connect, rootCertificates } from 'node:tls';
import type { BankEntry } from '../../domain/bank-entry.ts';
import type { Check } from './check.ts';

const limitMs = 10_000;
const soonMs = 30 * 86_400_000;

/** Ours, by their dates. */
export function checkCertificates({ clientCertificate, signingCertificate }: BankEntry): Check[] {
  return [
    checkCertificate('our client certificate', clientCertificate?.certificate),
    checkCertificate('our signing certificate', signingCertificate?.certificate),
  ];
}

function checkCertificate(check: string, pem: string | undefined): Check {
  if (pem === undefined) return { check, outcome: 'not asked', detail: 'the entry names none' };
  const { subject, validFrom, validTo } = new X509Certificate(pem);
  const [from, to, now] = [Date.parse(validFrom), Date.parse(validTo), Date.now()];
  const until = new Date(to).toISOString().slice(0, 10);
  const name = /(?:^|\n)CN=([^\n]*)/.exec(subject)?.[1] ?? 'no common name';
  if (now < from || now > to) return { check, outcome: 'failed', detail: `${name}: not valid today (until ${until})` };
  return { check, outcome: 'ok', detail: `${name}, until ${until}${to - now < soonMs ? ': renew it soon' : ''}` };
}

/** Whether the bank answers, and with which TLS; the HTTP calls that follow show whether it takes our certificate. */
export async function checkTls(entry: BankEntry): Promise<Check> {
  const url = new URL(entry.baseUrl);
  const check = 'reachable, TLS';
  if (url.protocol === 'http:') return { check, outcome: 'ok', detail: 'plain HTTP: no bank but a sandbox has it' };
  const { certificateAuthority, clientCertificate } = entry;
  const socket = connect({
    host: url.hostname,
    port: Number(url.port || 443),
    servername: url.hostname,
    timeout: limitMs,
    ...(certificateAuthority && { ca: [...rootCertificates, certificateAuthority] }),
    ...(clientCertificate && { cert: clientCertificate.certificate, key: clientCertificate.privateKey }),
    ...(clientCertificate?.passphrase && { passphrase: clientCertificate.passphrase }),
  });
  socket.once('timeout', () => socket.destroy(Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })));
  try {
    await once(socket, 'secureConnect');
    const issuer = socket.getPeerCertificate().issuer?.O ?? 'unknown issuer';
    return { check, outcome: 'ok', detail: `${socket.getProtocol()}, the bank's certificate by ${issuer}` };
  } catch (error) {
    return { check, outcome: 'failed', detail: (error as NodeJS.ErrnoException).code ?? (error as Error).message };
  } finally {
    socket.destroy();
  }
}
