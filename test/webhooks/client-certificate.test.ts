import { fork } from 'node:child_process';
import { once } from 'node:events';
import { rename, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { StartupError } from '../../src/domain/errors.ts';
import type { AttemptResult } from '../../src/webhooks/attempt-outcome.ts';
import { openClientCertificate } from '../../src/webhooks/client-certificate.ts';
import { createTestAuthority, type TestCertificate } from '../banking/test-certificates.ts';
import { bundleProgram } from '../support/bundled-program.ts';
import { eventually } from '../support/eventually.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';

const program = fileURLToPath(new URL('./sending-process.ts', import.meta.url));
const authority = await createTestAuthority();
afterAll(async () => await authority?.close());

type Authority = NonNullable<typeof authority>;

/** A receiver that takes only those who show a certificate of the authority. */
async function startReceiver({ certificate: ca, issue }: Authority) {
  const { certificate: cert, privateKey: key } = await issue();
  const shown: string[] = [];
  const server = createServer({ cert, key, ca, requestCert: true, rejectUnauthorized: true }, (request, response) => {
    shown.push((request.socket as TLSSocket).getPeerX509Certificate()?.serialNumber ?? 'none');
    response.writeHead(204).end();
  });
  server.on('tlsClientError', () => {});
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return { url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`, shown };
}

async function writeFiles(folder: string, { certificate, privateKey }: TestCertificate) {
  const files = { certificateFile: join(folder, 'tls.crt'), privateKeyFile: join(folder, 'tls.key') };
  for (const [file, text] of [
    [files.certificateFile, certificate],
    [files.privateKeyFile, privateKey],
  ] as const) {
    await writeFile(`${file}.new`, text);
    await rename(`${file}.new`, file);
  }
  return files;
}

async function startSender(folder: string, { certificate }: Authority, environment: Record<string, string>) {
  const authorityFile = join(folder, 'ca.crt');
  await writeFile(authorityFile, certificate);
  const child = fork(await bundleProgram(program), {
    env: { PATH: process.env.PATH ?? '', NODE_EXTRA_CA_CERTS: authorityFile, ...environment },
    execArgv: [],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return async (url: string): Promise<AttemptResult> => {
    child.send(url);
    const [result] = await once(child, 'message');
    return result;
  };
}

describe.skipIf(!authority)('a receiver that asks for a certificate', () => {
  test('is shown the one of the files, and from then on the renewed one', { timeout: 30_000 }, async () => {
    if (!authority) return;
    const folder = await temporaryDirectory();
    const receiver = await startReceiver(authority);
    const files = await writeFiles(folder, await authority.issue());
    const send = await startSender(folder, authority, {
      CERTIFICATE_FILE: files.certificateFile,
      KEY_FILE: files.privateKeyFile,
    });
    expect(await send(receiver.url)).toMatchObject({ responseStatus: 204, error: null });
    await writeFiles(folder, await authority.issue());
    await eventually(async () => {
      expect(await send(receiver.url)).toMatchObject({ responseStatus: 204, error: null });
      return new Set(receiver.shown).size === 2;
    });
    expect(receiver.shown).not.toContain('none');
    // A renewal that went wrong leaves what was there.
    for (const faulty of ['', 'half a fi']) {
      await writeFile(files.privateKeyFile, faulty);
      await new Promise((resolve) => setTimeout(resolve, 200));
      expect(await send(receiver.url)).toMatchObject({ responseStatus: 204, error: null });
      expect(receiver.shown.at(-1)).toBe(receiver.shown.at(-2));
    }
  });

  test('refuses who has none to show', async () => {
    if (!authority) return;
    const folder = await temporaryDirectory();
    const receiver = await startReceiver(authority);
    const send = await startSender(folder, authority, {});
    const result = await send(receiver.url);
    expect([result.responseStatus, receiver.shown]).toEqual([null, []]);
    expect(result.error).not.toBeNull();
  });
});

test.skipIf(!authority)(
  'files that cannot be used keep a process from starting, and the settings are named',
  async () => {
    if (!authority) return;
    const folder = await temporaryDirectory();
    const files = await writeFiles(folder, await authority.issue());
    const log = { info: () => {}, warn: () => {}, error: () => {} } as never;
    const { privateKey } = await authority.issue();
    await writeFile(files.privateKeyFile, privateKey);
    for (const faulty of [files, { ...files, certificateFile: join(folder, 'missing') }]) {
      const opening = openClientCertificate({ files: faulty, log });
      await expect(opening).rejects.toThrow(StartupError);
      await expect(opening).rejects.toThrow(/^WEBHOOK_CLIENT_CERTIFICATE_FILE, WEBHOOK_CLIENT_KEY_FILE: /);
    }
  },
);
