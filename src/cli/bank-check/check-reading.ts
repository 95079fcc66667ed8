import { BankFailure } from '../../banking/bank-failure.ts';
import type { BankPort, BankTransaction, DataAccess } from '../../banking/bank-port.ts';
import { ownCredentials } from '../../consent/credential-keeper.ts';
import type { BankEntry } from '../../domain/bank-entry.ts';
import { type Check, toDetail } from './check.ts';

/** How far back it is asked for, in days: the longest first. */
const periods = [730, 365, 180, 89];

/** What can be read under the consent, without the end user: each reading counts at the bank as one of the day's four. */
export async function checkReading(bank: BankPort, { id }: BankEntry, consent: string): Promise<Check[]> {
  const access: DataAccess = { credentials: ownCredentials(consent, async () => {}), psu: null };
  const checks = [await checked('consent', async () => (await bank.getConsent(access.credentials)).status)];
  let resourceId: string | null = null;
  checks.push(
    await checked('accounts', async () => {
      const accounts = await bank.listAccounts(access);
      resourceId = accounts[0]?.resourceId ?? null;
      return `${accounts.length}; filled: ${filledFields(accounts)}`;
    }),
  );
  if (resourceId === null) return checks;
  const account: string = resourceId;
  checks.push(
    await checked('balances', async () => {
      const balances = await bank.getBalances(account, access);
      return balances.map(({ type }) => type).join(', ') || 'none';
    }),
    await checkHistory(bank, account, access),
  );
  return checks.map((each) => ({ ...each, detail: each.detail.replaceAll(consent, `a consent of ${id}`) }));
}

async function checkHistory(bank: BankPort, resourceId: string, access: DataAccess): Promise<Check> {
  const refusals: string[] = [];
  for (const days of periods) {
    const found = await checked('transactions, history', async () => {
      const dateFrom = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
      const rows: BankTransaction[] = [];
      for await (const page of bank.listTransactions(resourceId, { dateFrom }, access)) rows.push(...page);
      return `${days} days: ${rows.length} rows; filled: ${filledFields(rows)}`;
    });
    if (found.outcome === 'ok') return { ...found, detail: [found.detail, ...refusals].join('; ') };
    refusals.push(`${days} days: ${found.detail}`);
  }
  return { check: 'transactions, history', outcome: 'refused', detail: refusals.join('; ') };
}

async function checked(check: string, ask: () => Promise<string>): Promise<Check> {
  try {
    return { check, outcome: 'ok', detail: await ask() };
  } catch (error) {
    if (!(error instanceof BankFailure)) throw error;
    return { check, outcome: 'refused', detail: toDetail(error) };
  }
}

/** Names of the fields that have a value in some row; the values are the end user's, and not shown. */
function filledFields(rows: readonly object[]): string {
  const names = rows.flatMap((row) => Object.entries(row).flatMap(([name, value]) => (isFilled(value) ? [name] : [])));
  return [...new Set(names)].join(', ') || 'nothing';
}

function isFilled(value: unknown): boolean {
  return value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
