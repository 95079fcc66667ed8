import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createSandboxBank } from '../../../src/sandbox-bank/sandbox-bank.ts';
import { serveHelper } from '../helper-process.ts';

/** The sandbox bank with consents that its end users load-1, load-2 … have given: `consent-1`, `consent-2` … */
export interface SandboxBankHelperOptions {
  consentCount: number;
}

await serveHelper<SandboxBankHelperOptions>(async ({ consentCount }) => {
  const directory = mkdtempSync(join(tmpdir(), 'tidewater-bank-'));
  process.on('exit', () => rmSync(directory, { recursive: true, force: true }));
  const dataFile = join(directory, 'bank.jsonl');
  const now = Date.now();
  const lines = Array.from({ length: consentCount }, (_, index) => ({
    consent: {
      id: `consent-${index + 1}`,
      variant: 'redirect',
      status: 'valid',
      tpp: 'anonymous',
      recurring: true,
      validUntil: new Date(now + 180 * 86_400_000).toISOString().slice(0, 10),
      frequencyPerDay: 4,
      redirectUri: null,
      nokRedirectUri: null,
      psuId: `load-${index + 1}`,
      authorisationId: null,
      scaStatus: 'finalised',
      link: null,
      wrongOtpCount: 0,
      createdAt: now,
      authorisedAt: now,
      lastActionAt: now,
      readAccounts: [],
    },
  }));
  writeFileSync(dataFile, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  const bank = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile });
  return { ready: { url: bank.url }, answer: () => null };
});
