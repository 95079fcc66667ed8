import { type BankDirectory, createBankDirectory } from '../../banking/bank-directory.ts';
import { BankFailure } from '../../banking/bank-failure.ts';
import type { BankPort, Progress } from '../../banking/bank-port.ts';
import { ownCredentials } from '../../consent/credential-keeper.ts';
import { type BankEntry, consentModels, type StatementFormat, scaApproaches } from '../../domain/bank-entry.ts';
import { type Check, toDetail } from './check.ts';
import { checkCertificates, checkTls } from './check-connection.ts';
import { checkReading } from './check-reading.ts';

export interface BankReport {
  bank: string;
  name: string;
  checks: Check[];
}

export interface CheckOptions {
  /** Of a test user at the bank, for banks that want it beforehand. */
  psuId: string | null;
  /** A consent to read under. */
  consent: string | null;
  /** As registered at the bank. */
  callbackUrl: string;
}

/** Of the operator's own machine: nobody is present, and banks want an address all the same. */
const psu = { ipAddress: '192.0.2.1', userAgent: 'Tidewater bank-check' };
/** ISO 13616's example: no bank has an account of it. */
const exampleIban = 'DE89370400440532013000';

/** Asks the bank for consents, ends them again, and says what it answered. Reads nothing without `consent`. */
export async function checkBank(entry: BankEntry, options: CheckOptions): Promise<BankReport> {
  const checks: Check[] = [...checkCertificates(entry), await checkTls(entry)];
  for (const consentModel of consentModels) {
    checks.push(await checkBegin(`consent model ${consentModel}`, { ...entry, consentModel }, options));
  }
  for (const preferredApproach of scaApproaches) {
    checks.push(await checkBegin(`SCA ${preferredApproach}`, { ...entry, preferredApproach }, options));
  }
  checks.push(toSignatureCheck(entry, checks));
  const { consent } = options;
  if (consent !== null) checks.push(...(await readUnder(entry, consent)));
  else checks.push({ check: 'reading', outcome: 'not asked', detail: 'needs --consent' });
  return { bank: entry.id, name: entry.name, checks };
}

async function checkBegin(check: string, entry: BankEntry, options: CheckOptions): Promise<Check> {
  try {
    return { check, outcome: 'ok', detail: await withBank(entry, async (bank) => await begin(bank, options)) };
  } catch (error) {
    if (!(error instanceof BankFailure)) throw error;
    const isRefused = error.code === 'REQUEST_REFUSED' || error.code === 'CREDENTIALS_INVALID';
    return { check, outcome: isRefused ? 'refused' : 'failed', detail: toDetail(error) };
  }
}

async function begin(bank: BankPort, { psuId, callbackUrl }: CheckOptions): Promise<string> {
  const address = `${callbackUrl}?state=bank-check`;
  const begun = await bank.begin({
    psu,
    callbackUrl,
    redirectUrl: address,
    nokRedirectUrl: address,
    state: 'bank-check',
    recurring: true,
    validUntil: new Date(Date.now() + 86_400_000).toISOString().slice(0, 10),
    frequencyPerDay: 4,
    ibans: [exampleIban],
  });
  const credentials = ownCredentials(begun.credentials, async () => {});
  let { progress } = begun;
  try {
    if (progress.next.step === 'identify' && psuId !== null) {
      progress = await bank.continue(credentials, { psu, input: { step: 'identify', psuId, corporateId: null } });
    }
    return toWords(progress, psuId);
  } finally {
    // Nothing is left behind, as far as the bank lets us.
    await bank.end(credentials).catch(() => {});
  }
}

function toWords({ next }: Progress, psuId: string | null): string {
  switch (next.step) {
    case 'go-to-bank':
      return `sends the end user to ${new URL(next.url).origin}`;
    case 'identify':
      return psuId === null ? 'asks for the PSU-ID first (give one with --psu-id)' : 'does not know this PSU-ID';
    default:
      return `next step: ${next.step}`;
  }
}

/** What the answers to all other calls have shown of it. */
function toSignatureCheck({ signingCertificate }: BankEntry, checks: readonly Check[]): Check {
  const check = 'request signature';
  const fault = checks.find(({ detail }) => /^(SIGNATURE|CERTIFICATE)_REJECTED/.test(detail));
  if (fault) return { check, outcome: 'failed', detail: fault.detail };
  const hasAnswered = checks.some(({ check: of, outcome }) => /^(consent|SCA)/.test(of) && outcome !== 'failed');
  if (!hasAnswered) return { check, outcome: 'not asked', detail: 'the bank has answered nothing' };
  return { check, outcome: 'ok', detail: signingCertificate ? 'accepted' : 'none is sent, and none was missed' };
}

async function readUnder(entry: BankEntry, consent: string): Promise<Check[]> {
  const opened: BankDirectory[] = [];
  const openWith = (formats: readonly StatementFormat[]): BankPort => {
    const banks = createBankDirectory([{ ...entry, formats: formats.length > 0 ? formats : entry.formats }]);
    opened.push(banks);
    return banks.get(entry.id);
  };
  try {
    return await checkReading({ entry, openWith, consent });
  } finally {
    for (const banks of opened) await banks.close();
  }
}

async function withBank<T>(entry: BankEntry, work: (bank: BankPort) => Promise<T>): Promise<T> {
  const banks = createBankDirectory([entry]);
  try {
    return await work(banks.get(entry.id));
  } finally {
    await banks.close();
  }
}
