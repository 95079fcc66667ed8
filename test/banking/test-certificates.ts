import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findProgram, leaveOut } from '../support/programs.ts';

const run = promisify(execFile);

export interface TestCertificate {
  /** PEM */
  certificate: string;
  /** PEM */
  privateKey: string;
}

/** A certificate authority for one test file; null, said loudly, where there is no openssl to make one. */
export async function createTestAuthority() {
  const openssl = findProgram('openssl');
  if (!openssl) return leaveOut('openssl', 'Install it to test certificates.');
  const folder = await mkdtemp(join(tmpdir(), 'tidewater-certificates-'));
  const authority = await issue(openssl, folder, { name: 'Test Authority', subject: '/CN=Test Authority' });
  let count = 0;

  return {
    certificate: authority.certificate,
    /** `passphrase` encrypts the private key; `algorithm` is an `openssl req -newkey` argument; `days` below 0: has expired. */
    async issue(options: { passphrase?: string; algorithm?: string; days?: number } = {}): Promise<TestCertificate> {
      count += 1;
      return await issue(openssl, folder, {
        ...options,
        name: `leaf-${count}`,
        subject: `/CN=leaf ${count}`,
        signedBy: 'Test Authority',
      });
    },
    close: async () => await rm(folder, { recursive: true, force: true }),
  };
}

async function issue(
  openssl: string,
  folder: string,
  wanted: { name: string; subject: string; signedBy?: string; passphrase?: string; algorithm?: string; days?: number },
): Promise<TestCertificate> {
  const file = (name: string, ending: string) => join(folder, `${name}.${ending}`);
  const key = file(wanted.name, 'key');
  const algorithm = wanted.algorithm?.split(' ') ?? ['rsa:2048'];
  const protection = wanted.passphrase ? ['-passout', `pass:${wanted.passphrase}`] : ['-nodes'];
  const request = ['req', '-newkey', ...algorithm, ...protection, '-keyout', key, '-subj', wanted.subject];
  const certificate = file(wanted.name, 'crt');
  if (wanted.signedBy) {
    const [csr, extensions] = [file(wanted.name, 'csr'), file(wanted.name, 'ext')];
    await writeFile(extensions, 'subjectAltName=IP:127.0.0.1\n');
    await run(openssl, [...request, '-out', csr]);
    const authority = ['-CA', file(wanted.signedBy, 'crt'), '-CAkey', file(wanted.signedBy, 'key'), '-CAcreateserial'];
    await run(openssl, [
      'x509',
      '-req',
      '-in',
      csr,
      ...authority,
      '-days',
      String(wanted.days ?? 2),
      '-extfile',
      extensions,
      '-out',
      certificate,
    ]);
  } else {
    await run(openssl, [...request, '-x509', '-days', '2', '-out', certificate]);
  }
  return { certificate: await readFile(certificate, 'utf8'), privateKey: await readFile(key, 'utf8') };
}
