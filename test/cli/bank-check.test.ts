import { execFile } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { type BankReport, checkBank } from '../../src/cli/bank-check/check-bank.ts';
import { createFormBrowser } from '../../src/cli/form-browser.ts';
import { sandboxBanks } from '../../src/config/sandbox-banks.ts';
import type { BankEntry } from '../../src/domain/bank-entry.ts';
import { createSandboxBank } from '../../src/sandbox-bank/sandbox-bank.ts';
import { beginConsent, consentIdOf, openBank } from '../banking/fake-bank.ts';
import { temporaryDirectory } from '../support/spawn-tidewater.ts';

const callbackUrl = 'https://tidewater.example/callback';
const nothing = { psuId: null, consent: null, callbackUrl };

async function startSandbox() {
  const sandbox = await createSandboxBank({ host: '127.0.0.1', port: 0, dataFile: null });
  onTestFinished(async () => await sandbox.close());
  const entry = (id: string) => sandboxBanks(sandbox.url).find((each) => each.id === id) as BankEntry;
  return { sandbox, entry };
}

function outcomes({ checks }: BankReport): Record<string, string> {
  return Object.fromEntries(checks.map(({ check, outcome }) => [check, outcome]));
}

it('tells of a plain bank which consents and approaches it takes, and reads nothing', async () => {
  const { entry } = await startSandbox();
  const report = await checkBank(entry('bank_sandbox'), nothing);
  expect(outcomes(report)).toMatchObject({
    'reachable, TLS': 'ok',
    'our client certificate': 'not asked',
    'consent model global': 'ok',
    'consent model bank-offered': 'ok',
    'consent model by-iban': 'refused',
    'SCA redirect': 'ok',
    'request signature': 'ok',
    reading: 'not asked',
  });
});

it('tells of a demanding one what it demands, and which code says so', async () => {
  const { entry } = await startSandbox();
  const demanding = entry('bank_sandbox_demanding');
  const asked = await checkBank(demanding, nothing);
  expect(asked.checks.find(({ check }) => check === 'consent model bank-offered')?.detail).toContain('--psu-id');
  const known = await checkBank(demanding, { ...nothing, psuId: 'anna' });
  expect(outcomes(known)).toMatchObject({ 'consent model global': 'refused', 'consent model bank-offered': 'ok' });
  const keyless = await checkBank({ ...demanding, headers: {} }, nothing);
  expect(outcomes(keyless)['request signature']).toBe('failed');
});

it('tells of a bank that is not there', async () => {
  const { entry } = await startSandbox();
  const away = { ...entry('bank_sandbox'), baseUrl: 'https://127.0.0.1:1' };
  const report = await checkBank(away, nothing);
  expect(report.checks.find(({ check }) => check === 'reachable, TLS')).toMatchObject({
    outcome: 'failed',
    detail: 'ECONNREFUSED',
  });
});

it('reads under a consent that it is given, and shows fields and never values', async () => {
  const { sandbox, entry } = await startSandbox();
  const consent = await connectAs('anna', sandbox.url);
  const report = await checkBank(entry('bank_sandbox'), { ...nothing, consent });
  expect(outcomes(report)).toMatchObject({
    consent: 'ok',
    accounts: 'ok',
    balances: 'ok',
    'transactions, history': 'ok',
  });
  const shown = JSON.stringify(report);
  expect(shown).toContain('iban');
  expect(shown).not.toMatch(/DE\d{20}/);
  expect(shown).not.toContain(consent);
});

async function connectAs(psuId: string, bankUrl: string): Promise<string> {
  const bank = openBank(bankUrl);
  const { credentials, progress } = await beginConsent(bank, { validUntil: new Date().toISOString().slice(0, 10) });
  const url = progress.next.step === 'go-to-bank' ? progress.next.url : '';
  const login = await createFormBrowser({ stopBefore: (to) => to.startsWith('https://tidewater.example') }).open(url);
  const code = await login.submit({ psu_id: psuId, password: 'sandbox' });
  await (await code.submit({ otp: '123456' })).submit({}, 'approve');
  return consentIdOf(credentials);
}

const detailOf = ({ checks }: BankReport, name: string) => checks.find(({ check }) => check === name)?.detail ?? '';

it('tells which formats the bank answers in, and asks for no more than four times', async () => {
  const { sandbox, entry } = await startSandbox();
  const consent = await connectAs('anna', sandbox.url);
  const json = await checkBank(entry('bank_sandbox'), { ...nothing, consent });
  expect(detailOf(json, 'format json')).toMatch(/^\d+ rows of 7 days$/);
  expect(outcomes(json)).toMatchObject({ 'format json': 'ok', 'format camt': 'refused', 'format mt940': 'refused' });
  const camt = await checkBank(entry('bank_sandbox'), {
    ...nothing,
    consent: await connectAs('trait-camt-only', sandbox.url),
  });
  expect(outcomes(camt)).toMatchObject({
    'format json': 'refused',
    'format camt': 'ok',
    'transactions, history': 'ok',
  });
});

it('tells what had to be skipped, by field and kind of fault', async () => {
  const { sandbox, entry } = await startSandbox();
  const consent = await connectAs('trait-unreadable-rows', sandbox.url);
  const report = await checkBank(entry('bank_sandbox'), { ...nothing, consent });
  expect(detailOf(report, 'transactions, history')).toMatch(/; skipped: \d+, for transactions\.booked\.\*\.\w+ \w+/);
  expect(JSON.stringify(report)).not.toMatch(/DE\d{20}/);
});

it('is a command, with a table or JSON', { timeout: 60_000 }, async () => {
  const { sandbox } = await startSandbox();
  const file = join(await temporaryDirectory(), 'banks.json');
  await writeFile(file, JSON.stringify([{ id: 'bank_a', name: 'A Bank', country: 'DE', baseUrl: sandbox.url }]));
  const run = (...given: string[]) =>
    promisify(execFile)('npx', ['tsx', 'src/cli/bank-check.ts', '--banks', file, ...given]);
  const reports = JSON.parse((await run('--json')).stdout) as BankReport[];
  expect(reports.map(({ bank }) => bank)).toEqual(['bank_a']);
  await expect(run('--bank', 'bank_b')).rejects.toMatchObject({
    stderr: expect.stringContaining('lists no bank bank_b'),
  });
});
