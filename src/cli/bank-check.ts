import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { parseBanksFile } from '../config/banks-file.ts';
import type { BankEntry } from '../domain/bank-entry.ts';
import { StartupError } from '../domain/errors.ts';
import { type BankReport, checkBank } from './bank-check/check-bank.ts';

const usage = `npm run bank-check -- --banks <file> [--bank <id>] [--psu-id <name>] [--consent <id>] [--redirect <address>] [--json]

Tells of each bank of the list what it answers: reachable, TLS, certificates and signature, consent models, SCA approaches; with
--consent, a consent id that you have the end user's leave to use, also what can be read under it. Nothing of an end user is read
otherwise. Consents that the check begins are ended again.`;

// npm run bank-check: see docs/connecting-real-banks.md.
async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      banks: { type: 'string' },
      bank: { type: 'string' },
      'psu-id': { type: 'string' },
      consent: { type: 'string' },
      redirect: { type: 'string', default: 'https://localhost/callback' },
      json: { type: 'boolean', default: false },
    },
  });
  if (!values.banks) throw new StartupError(usage);
  const entries = readEntries(values.banks, values.bank ?? null);
  if (values.consent && entries.length !== 1) throw new StartupError('--consent is one bank’s: name it with --bank.');
  const options = { psuId: values['psu-id'] ?? null, consent: values.consent ?? null, callbackUrl: values.redirect };
  const reports: BankReport[] = [];
  for (const entry of entries) reports.push(await checkBank(entry, options));
  console.log(values.json ? JSON.stringify(reports, null, 2) : reports.map(toTable).join('\n'));
  return reports.some(({ checks }) => checks.some(({ outcome }) => outcome === 'failed')) ? 1 : 0;
}

function readEntries(file: string, bankId: string | null): BankEntry[] {
  const parsed = parseBanksFile(file, (path) => readFileSync(path, 'utf8'));
  if ('faults' in parsed) throw new StartupError(parsed.faults.join('\n'));
  const entries = parsed.entries.filter(({ id }) => bankId === null || id === bankId);
  if (entries.length === 0) throw new StartupError(`${file} lists no bank ${bankId}.`);
  return entries;
}

function toTable({ bank, name, checks }: BankReport): string {
  const table = new Table({ head: ['check', 'outcome', 'what the bank said'], style: { head: [], border: [] } });
  for (const { check, outcome, detail } of checks) table.push([check, outcome, detail]);
  return `${bank} (${name})\n${table.toString()}`;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: Error) => {
    console.error(error instanceof StartupError || 'code' in error ? error.message : error.stack);
    process.exitCode = 1;
  },
);
