import { BankFailure } from '../../banking/bank-failure.ts';
import type { BankAccount, BankPort, DataAccess } from '../../banking/bank-port.ts';
import { ownCredentials } from '../../consent/credential-keeper.ts';
import type { BankEntry, StatementFormat } from '../../domain/bank-entry.ts';
import type { ReadingFault } from '../../domain/reading-fault.ts';
import type { FetchedTransaction } from '../../domain/transaction-fields.ts';
import { type Check, toDetail } from './check.ts';

/** How far back it is asked for, in days: the longest first. */
const periods = [730, 365, 180, 89];
/** Enough to see a format. */
const formatDays = 7;

export interface ReadingChecks {
  entry: BankEntry;
  /** The bank as if its entry named these formats alone. */
  openWith: (formats: readonly StatementFormat[]) => BankPort;
  /** A consent id. */
  consent: string;
}

/**
 * What can be read under the consent, without the end user. Each reading counts at the bank as one of the day's four: of the
 * transactions these are one for each format of the entry, and one for the history.
 */
export async function checkReading({ entry, openWith, consent }: ReadingChecks): Promise<Check[]> {
  const access: DataAccess = { credentials: ownCredentials(consent, async () => {}), psu: null };
  const bank = openWith(entry.formats);
  const checks = [await checked('consent', async () => (await bank.getConsent(access.credentials)).status)];
  const found: BankAccount[] = [];
  checks.push(
    await checked('accounts', async () => {
      const { accounts, faults } = await bank.listAccounts(access);
      found.push(...accounts);
      return `${accounts.length}; filled: ${filledFields(accounts)}${leftOut(faults.length, faults)}`;
    }),
  );
  const [account] = found;
  if (account) {
    checks.push(
      await checked('balances', async () => {
        const { balances, faults } = await bank.readBalances(account, access);
        return `${balances.map(({ type }) => type).join(', ') || 'none'}${leftOut(faults.length, faults)}`;
      }),
    );
    const given: StatementFormat[] = [];
    for (const format of entry.formats) {
      const check = await checkFormat(format, () =>
        readRows(openWith([format]), account, { access, days: formatDays }),
      );
      checks.push(check);
      if (check.outcome === 'ok') given.push(format);
    }
    checks.push(await checkHistory(openWith(given.slice(0, 1)), account, access));
  }
  return checks.map((each) => ({ ...each, detail: each.detail.replaceAll(consent, `a consent of ${entry.id}`) }));
}

interface Rows {
  rows: FetchedTransaction[];
  faults: ReadingFault[];
  skippedCount: number;
  /** As the replies were written; empty where there was nothing in them. */
  formats: Set<StatementFormat>;
  /** The first day that was given, where the bank gave less than it was asked for. */
  from: string | null;
}

async function readRows(
  bank: BankPort,
  account: BankAccount,
  { access, days }: { access: DataAccess; days: number },
): Promise<Rows> {
  const dateFrom = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
  const read: Rows = { rows: [], faults: [], skippedCount: 0, formats: new Set(), from: null };
  for await (const page of bank.listTransactions(account, { dateFrom }, access)) {
    read.rows.push(...page.transactions);
    read.faults.push(...page.faults);
    read.skippedCount += page.skippedRows ?? page.faults.length;
    if (page.format) read.formats.add(page.format);
    read.from ??= page.from ?? null;
  }
  return read;
}

/** Many banks answer in their only format, whatever was asked for: that it comes by this name is what counts. */
async function checkFormat(format: StatementFormat, read: () => Promise<Rows>): Promise<Check> {
  const check = `format ${format}`;
  const found = await checked(check, async () => {
    const { rows, faults, skippedCount, formats } = await read();
    const others = [...formats].filter((each) => each !== format);
    if (others.length > 0) return `not given: the bank answers with ${others.join(', ')}`;
    return `${rows.length} rows of ${formatDays} days${leftOut(skippedCount, faults)}`;
  });
  return found.detail.startsWith('not given') ? { ...found, outcome: 'refused' } : found;
}

async function checkHistory(bank: BankPort, account: BankAccount, access: DataAccess): Promise<Check> {
  const check = 'transactions, history';
  const refusals: string[] = [];
  for (const days of periods) {
    const found = await checked(check, async () => {
      const { rows, faults, skippedCount, from } = await readRows(bank, account, { access, days });
      const given = from === null ? `${days} days` : `since ${from} (${days} days were asked for)`;
      return `${given}: ${rows.length} rows; filled: ${filledFields(rows)}${leftOut(skippedCount, faults)}`;
    });
    if (found.outcome === 'ok') return { ...found, detail: [found.detail, ...refusals].join('; ') };
    refusals.push(`${days} days: ${found.detail}`);
  }
  return { check, outcome: 'refused', detail: refusals.join('; ') };
}

async function checked(check: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return { check, outcome: 'ok', detail: await ask() };
  } catch (error) {
    if (!(error instanceof BankFailure)) throw error;
    return { check, outcome: 'refused', detail: toDetail(error) };
  }
}

/** How many had to be skipped, and why: fields and kinds of fault, each with its count, and no values. */
function leftOut(count: number, faults: readonly ReadingFault[]): string {
  if (count === 0 && faults.length === 0) return '';
  const counts = new Map<string, number>();
  for (const { path, kind } of faults) {
    const reason = `${path.replace(/(^|\.)\d+(?=\.|$)/g, '$1*')} ${kind}`;
    counts.set(reason, (counts.get(reason) ?? 0) + 1);
  }
  const reasons = [...counts].map(([reason, times]) => (times === 1 ? reason : `${reason} (${times} times)`));
  return `; skipped: ${count}${reasons.length > 0 ? `, for ${reasons.join(', ')}` : ''}`;
}

/** Names of the fields that have a value in some row; the values are the end user's, and not shown. */
function filledFields(rows: readonly object[]): string {
  const names = rows.flatMap((row) => Object.entries(row).flatMap(([name, value]) => (isFilled(value) ? [name] : [])));
  return [...new Set(names)].join(', ') || 'nothing';
}

function isFilled(value: unknown): boolean {
  return value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
