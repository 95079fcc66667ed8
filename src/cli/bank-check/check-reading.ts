import { BankFailure } from '../../banking/bank-failure.ts';
import type { BankAccount, BankPort, DataAccess } from '../../banking/bank-port.ts';
import { ownCredentials } from '../../consent/credential-keeper.ts';
import type { BankEntry } from '../../domain/bank-entry.ts';
import type { FetchedTransaction } from '../../domain/transaction-fields.ts';
import { type Check, toDetail } from './check.ts';

/** How far back it is asked for, in days: the longest first. */
const periods = [730, 365, 180, 89];

/** What can be read under the consent, without the end user: each reading counts at the bank as one of the day's four. */
export async function checkReading(bank: BankPort, { id }: BankEntry, consent: string): Promise<Check[]> {
  const access: DataAccess = { credentials: ownCredentials(consent, async () => {}), psu: null };
  const checks = [await checked('consent', async () => (await bank.getConsent(access.credentials)).status)];
  const found: BankAccount[] = [];
  checks.push(
    await checked('accounts', async () => {
      const { accounts, faults } = await bank.listAccounts(access);
      found.push(...accounts);
      return `${accounts.length}${leftOut(faults.length)}; filled: ${filledFields(accounts)}`;
    }),
  );
  const [account] = found;
  if (!account) return checks;
  checks.push(
    await checked('balances', async () => {
      const { balances, faults } = await bank.readBalances(account, access);
      return `${balances.map(({ type }) => type).join(', ') || 'none'}${leftOut(faults.length)}`;
    }),
    await checkHistory(bank, account, access),
  );
  return checks.map((each) => ({ ...each, detail: each.detail.replaceAll(consent, `a consent of ${id}`) }));
}

async function checkHistory(bank: BankPort, account: BankAccount, access: DataAccess): Promise<Check> {
  const refusals: string[] = [];
  for (const days of periods) {
    const found = await checked('transactions, history', async () => {
      const dateFrom = new Date(Date.now() - days * 86_400_000).toISOString().slice(0, 10);
      const rows: FetchedTransaction[] = [];
      let faultCount = 0;
      for await (const page of bank.listTransactions(account, { dateFrom }, access)) {
        rows.push(...page.transactions);
        faultCount += page.skippedRows ?? page.faults.length;
      }
      return `${days} days: ${rows.length} rows${leftOut(faultCount)}; filled: ${filledFields(rows)}`;
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

function leftOut(count: number): string {
  return count === 0 ? '' : ` (${count} more could not be read)`;
}

/** Names of the fields that have a value in some row; the values are the end user's, and not shown. */
function filledFields(rows: readonly object[]): string {
  const names = rows.flatMap((row) => Object.entries(row).flatMap(([name, value]) => (isFilled(value) ? [name] : [])));
  return [...new Set(names)].join(', ') || 'nothing';
}

function isFilled(value: unknown): boolean {
  return value !== null && value !== '' && !(Array.isArray(value) && value.length === 0);
}
