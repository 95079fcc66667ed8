import { joinPages } from '../accounts/page-joining.ts';
import { BankFailure } from '../banking/bank-failure.ts';
import type { BankAccount, BankPort, DataAccess } from '../banking/bank-port.ts';
import type { BalanceValues } from '../domain/balance-fields.ts';
import type { ReadingFault } from '../domain/reading-fault.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';
import { type AccountProblem, type AccountProblemCode, toAccountProblem } from './account-problem.ts';
import { createFetchGuard, type FetchGuard, type PartFailure } from './fetch-guard.ts';

export interface FetchedAccountData {
  account: BankAccount;
  /** Null: the bank gave none; what is stored stays. */
  balances: BalanceValues[] | null;
  /** The first day that transactions were asked for, YYYY-MM-DD. */
  from: string;
  transactions: FetchedTransaction[];
  /** Whether the whole range was read, and every row of it: only then something can be missing, and only then all has been seen. */
  complete: boolean;
  /** Whether pending transactions would be among them. */
  coversPending: boolean;
  /** Where in the bank's replies what could not be read is: some of it, where it is much. */
  faults: ReadingFault[];
  /** How many rows of the bank's reply could not be read. */
  skippedRows: number;
  /** What could not be read of the account; null: all was. */
  problem: AccountProblem | null;
}

/** What a bank gave of a login. */
export interface FetchedLogin {
  accounts: FetchedAccountData[];
  /** Of the list of accounts. */
  faults: ReadingFault[];
  /** Calls that failed, and cost only a part. */
  failures: PartFailure[];
  /** Whether these are all accounts that the bank has. */
  complete: boolean;
  /** Something of it could not be read: an account, or a part of one. */
  partial: boolean;
}

export interface FetchPlan {
  access: DataAccess;
  /** By the bank's resource id: from which day on; asked for every account that the bank lists. */
  since(account: BankAccount): string;
  /** Where the bank refuses to go back so far. */
  fallback: string;
  /** Called before the bank is asked for its card accounts: throws where the budget does not allow it. */
  beforeCardAccounts?(): Promise<void>;
  /** Called before the data of any account is asked for, one account after another: throws where the budget does not allow it. */
  beforeAccount(account: BankAccount): Promise<void>;
  /** Called before an account's transactions are asked for once more, from `fallback` on: throws likewise. */
  beforeFallback(account: BankAccount): Promise<void>;
}

/** Of one account; where the bank's replies have more they are counted. */
const maxFaults = 100;

/**
 * Reads everything of a login from its bank: balances and transactions of all accounts at once, as far as the bank takes it. One account's
 * failure does not cost the others; rejects where all of them fail, with the first failure, and for what concerns the login as a whole: its
 * consent, our certificate, the allowance, a signal that interrupts.
 */
export async function fetchBankData(bank: BankPort, plan: FetchPlan): Promise<FetchedLogin> {
  const guard = createFetchGuard(plan.access);
  try {
    const { beforeCardAccounts } = plan;
    const list = await bank.listAccounts(guard.access, beforeCardAccounts ? { beforeCardAccounts } : {});
    if (list.accounts.length === 0 && list.faults.length > 0) throw toUnreadableList(list.faults);
    for (const account of list.accounts) await plan.beforeAccount(account);
    const readings = list.accounts.map((account, index) => ({ account, reading: { bank, plan, guard, index } }));
    // Those with further pages take longest, so that they go first where the bank takes only so many calls at once.
    const pages = readings.map(({ account, reading }) => readTransactions(account, reading));
    const balances = readings.map(({ account, reading }) => readBalances(account, reading));
    const [transactionsRead, balancesRead] = await guard.all([guard.all(pages), guard.all(balances)]);
    const accounts = list.accounts.map((account, index) =>
      toAccountData(account, transactionsRead[index] as ReadTransactions, balancesRead[index] as ReadBalances),
    );
    const failed = accounts.filter(({ hasFailed }) => hasFailed);
    if (failed.length > 0 && failed.length === accounts.length)
      throw guard.failures.find(({ what }) => what === 'transactions')?.error;
    const fetched = accounts.map(({ data }) => data);
    const partial = !list.complete || list.faults.length > 0 || fetched.some(({ problem }) => problem !== null);
    return { accounts: fetched, faults: list.faults, failures: guard.failures, complete: list.complete, partial };
  } finally {
    guard.end();
  }
}

function toUnreadableList(faults: readonly ReadingFault[]): BankFailure {
  const details = { operation: 'list accounts', faults: faults.slice(0, 20) };
  return new BankFailure('MALFORMED_REPLY', 'None of the accounts that the bank lists can be read.', { details });
}

interface Reading {
  bank: BankPort;
  plan: FetchPlan;
  guard: FetchGuard;
  /** The account's place in the bank's list. */
  index: number;
}

function toAccountData(
  account: BankAccount,
  { codes, faults, hasFailed, pageCount: _, ...read }: ReadTransactions,
  balances: ReadBalances,
): { data: FetchedAccountData; hasFailed: boolean } {
  // A blocked account says by itself why nothing comes of it.
  const isBlocked = account.state === 'BLOCKED';
  return {
    data: {
      account,
      balances: balances.values,
      ...read,
      complete: codes.length === 0 && read.complete,
      faults: [...balances.faults, ...faults].slice(0, maxFaults),
      problem: isBlocked && hasFailed ? null : toAccountProblem([...codes, ...balances.codes]),
    },
    hasFailed: hasFailed && !isBlocked,
  };
}

interface ReadBalances {
  values: BalanceValues[] | null;
  faults: ReadingFault[];
  codes: AccountProblemCode[];
}

async function readBalances(account: BankAccount, { bank, guard, index }: Reading): Promise<ReadBalances> {
  if (account.balances) return { values: account.balances, faults: [], codes: [] };
  const read = await guard.part({ index, what: 'balances' }, () => bank.readBalances(account, guard.access));
  if ('failure' in read) {
    const isUnreadable = read.failure === 'MALFORMED_REPLY';
    return { values: null, faults: [], codes: [isUnreadable ? 'BALANCES_UNREADABLE' : 'BALANCES_NOT_GIVEN'] };
  }
  const { balances, faults } = read.result;
  const isUnreadable = faults.some(({ kind }) => kind !== 'refused');
  return { values: balances.length > 0 ? balances : null, faults, codes: isUnreadable ? ['BALANCES_UNREADABLE'] : [] };
}

interface ReadTransactions
  extends Pick<FetchedAccountData, 'from' | 'transactions' | 'complete' | 'coversPending' | 'faults' | 'skippedRows'> {
  pageCount: number;
  /** Nothing was read. */
  hasFailed: boolean;
  codes: AccountProblemCode[];
}

/** While pages come. */
interface PagesReading extends Omit<ReadTransactions, 'transactions'> {
  pages: FetchedTransaction[][];
}

async function readTransactions(account: BankAccount, reading: Reading): Promise<ReadTransactions> {
  const { plan, guard, index } = reading;
  const from = plan.since(account);
  const first = startReading(from);
  const what = { index, what: 'transactions' } as const;
  const mayBeTooOld = from < plan.fallback;
  const read = await guard.part({ ...what, mayBeTooOld }, () => readPages(account, first, reading));
  if (!('failure' in read)) return finish(first);
  // Older history is to be had right after the SCA at most, and at some banks not at all. What is refused for another reason would be
  // refused again.
  if (read.failure !== 'TOO_OLD' || first.pageCount > 0) return finish(first, read.failure);
  await plan.beforeFallback(account);
  const second = startReading(plan.fallback);
  const again = await guard.part(what, () => readPages(account, second, reading));
  return finish(second, 'failure' in again ? again.failure : undefined);
}

function startReading(from: string): PagesReading {
  const nothing = { pages: [], faults: [], skippedRows: 0, pageCount: 0, hasFailed: false, codes: [] };
  return { from, ...nothing, complete: true, coversPending: false };
}

/** Into `read`, page by page: what came before a refused page stays. */
async function readPages(account: BankAccount, read: PagesReading, { bank, guard }: Reading): Promise<void> {
  for await (const page of bank.listTransactions(account, { dateFrom: read.from }, guard.access)) {
    read.pageCount++;
    read.pages.push(page.transactions);
    read.faults.push(...page.faults.slice(0, Math.max(maxFaults - read.faults.length, 0)));
    read.skippedRows += page.skippedRows ?? page.faults.length;
    read.coversPending ||= page.coversPending;
    read.complete &&= page.complete ?? true;
    read.from = page.from ?? read.from;
  }
}

const failureCodes = {
  BANK_UNAVAILABLE: 'BANK_UNAVAILABLE',
  REQUEST_REFUSED: 'TRANSACTIONS_REFUSED',
  MALFORMED_REPLY: 'TRANSACTIONS_UNREADABLE',
  TIMED_OUT: 'TIMED_OUT',
  TOO_OLD: 'PAGE_REFUSED',
} as const satisfies Record<string, AccountProblemCode>;

function finish({ pages, ...read }: PagesReading, failure?: keyof typeof failureCodes): ReadTransactions {
  const codes: AccountProblemCode[] = [];
  if (failure) codes.push(read.pageCount > 0 && failure !== 'TIMED_OUT' ? 'PAGE_REFUSED' : failureCodes[failure]);
  else if (!read.complete) codes.push('PAGE_REFUSED');
  if (read.skippedRows > 0) codes.push('ROWS_SKIPPED');
  const hasFailed = failure !== undefined && read.pageCount === 0;
  // No page at all, and no failure: there is nothing, pending or not.
  const isEmpty = failure === undefined && read.pageCount === 0;
  return { ...read, transactions: joinPages(pages), codes, hasFailed, coversPending: isEmpty || read.coversPending };
}
