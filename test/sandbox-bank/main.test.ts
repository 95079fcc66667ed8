import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { request } from 'node:https';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, onTestFinished, test } from 'vitest';
import { createTestAuthority } from '../banking/test-certificates.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';

const main = fileURLToPath(new URL('../../src/sandbox-bank/main.ts', import.meta.url));
const authority = await createTestAuthority();
afterAll(async () => await authority?.close());

function spawnBank(directory: string, settings: Record<string, string>) {
  const env = { PATH: process.env.PATH, DATA_DIR: directory, SANDBOX_BANK_PORT: '0', ...settings };
  const bank = spawn(process.execPath, ['--import', 'tsx', main], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  onTestFinished(async () => {
    if (bank.exitCode !== null || bank.signalCode !== null) return;
    bank.kill('SIGKILL');
    await once(bank, 'exit');
  });
  return bank;
}

describe.skipIf(!authority)('the sandbox bank alone', () => {
  test('listens by TLS, and demands certificate and signature, when the operator wants it to', async () => {
    const directory = await temporaryDirectory();
    const file = async (name: string, content = '') => {
      await writeFile(join(directory, name), content);
      return join(directory, name);
    };
    const [server, ours] = [await authority?.issue(), await authority?.issue()];
    const ca = await file('ca.crt', authority?.certificate);
    const bank = spawnBank(directory, {
      SANDBOX_BANK_CERTIFICATE_FILE: await file('bank.crt', server?.certificate),
      SANDBOX_BANK_PRIVATE_KEY_FILE: await file('bank.key', server?.privateKey),
      SANDBOX_BANK_CLIENT_CA_FILE: ca,
      SANDBOX_BANK_SIGNING_CA_FILE: ca,
    });
    const [printed] = await once(bank.stdout, 'data');
    const [url = ''] = /https:\/\/127\.0\.0\.1:\d+/.exec(String(printed)) ?? [];
    const ask = async (shown: object) => {
      const headers = { 'x-request-id': '99391c7e-ad88-49ec-a2ad-99ddcb1f7721' };
      const call = request(`${url}/v1/consents/1`, {
        ca: authority?.certificate,
        headers,
        agent: false,
        ...shown,
      }).end();
      const [reply] = await once(call, 'response');
      return JSON.parse(await text(reply)).tppMessages[0].code;
    };
    expect(await ask({})).toBe('CERTIFICATE_MISSING');
    expect(await ask({ cert: ours?.certificate, key: ours?.privateKey })).toBe('SIGNATURE_MISSING');
  });

  test.each<[what: string, settings: Record<string, string>, words: RegExp]>([
    ['a certificate without its key', { SANDBOX_BANK_CERTIFICATE_FILE: main }, /need each other/],
    ['a file that is not there', { SANDBOX_BANK_CLIENT_CA_FILE: '/nowhere.crt' }, /nowhere\.crt/],
    ['client certificates without TLS', { SANDBOX_BANK_CLIENT_CA_FILE: main }, /TLS/],
  ])('does not start with %s', async (_what, settings, words) => {
    const bank = spawnBank(await temporaryDirectory(), settings);
    const [output] = await Promise.all([text(bank.stderr), once(bank, 'exit')]);
    expect(output).toMatch(words);
    expect(output).toContain('The sandbox bank cannot start');
    expect(bank.exitCode).toBe(1);
  });
});
