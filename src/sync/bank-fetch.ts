import { BankFailure } from '../banking/bank-failure.ts';
import type { BankAccount, BankPort, DataAccess } from '../banking/bank-port.ts';
import type { BalanceValues } from '../domain/balance-fields.ts';
import type { FetchedTransaction } from '../domain/transaction-fields.ts';

export interface FetchedAccountData {
  account: BankAccount;
  /** Null: the bank gave none; what is stored stays. */
  balances: BalanceValues[] | null;
  /** The first day that transactions were asked for, YYYY-MM-DD. */
  from: string;
  transactions: FetchedTransaction[];
  /** Whether the whole range was read, and every row of it: only then something can be missing. */
  complete: boolean;
  /** Whether pending transactions would be among them. */
  coversPending: boolean;
  /** How many rows of the bank's reply could not be read. */
  skippedRows: number;
  /** What could not be read of the account; null: all was. */
  problem: { code: string; message: string } | null;
}

/** What a bank gave of a login. */
export interface FetchedLogin {
  accounts: FetchedAccountData[];
  /** Whether these are all accounts that the bank has. */
  complete: boolean;
  /** Some accounts were brought whole, and others not. */
  partial: boolean;
}

export interface FetchPlan {
  access: DataAccess;
  /** By the bank's resource id: from which day on; asked for every account that the bank lists. */
  since(account: BankAccount): string;
  /** Where the bank refuses to go back so far. */
  fallback: string;
  /** Called before the data of an account is asked for: throws where the budget does not allow it. */
  beforeAccount(account: BankAccount): Promise<void>;
  /** Called before an account's transactions are asked for once more, from `fallback` on: throws likewise. */
  beforeFallback(account: BankAccount): Promise<void>;
}

/** Reads everything of a login from its bank, one call after another. */
export async function fetchBankData(bank: BankPort, plan: FetchPlan): Promise<FetchedLogin> {
  const fetched: FetchedAccountData[] = [];
  for (const account of (await bank.listAccounts(plan.access)).accounts) {
    await plan.beforeAccount(account);
    const balances = account.balances ?? (await bank.readBalances(account, plan.access)).balances;
    fetched.push({
      account,
      balances,
      ...(await fetchTransactions(bank, account, plan)),
      complete: true,
      coversPending: true,
      skippedRows: 0,
      problem: null,
    });
  }
  return { accounts: fetched, complete: true, partial: false };
}

async function fetchTransactions(
  bank: BankPort,
  account: BankAccount,
  plan: FetchPlan,
): Promise<Pick<FetchedAccountData, 'from' | 'transactions'>> {
  const from = plan.since(account);
  try {
    return { from, transactions: await readPages(bank, account, { from, access: plan.access }) };
  } catch (error) {
    // Older history is to be had right after the SCA at most, and at some banks not at all. What is refused for another reason would be
    // refused again.
    const isTooOld = error instanceof BankFailure && error.concernsPeriod;
    if (!isTooOld || from >= plan.fallback) throw error;
    await plan.beforeFallback(account);
    return {
      from: plan.fallback,
      transactions: await readPages(bank, account, { from: plan.fallback, access: plan.access }),
    };
  }
}

async function readPages(
  bank: BankPort,
  account: BankAccount,
  { from, access }: { from: string; access: DataAccess },
): Promise<FetchedTransaction[]> {
  const transactions: FetchedTransaction[] = [];
  for await (const page of bank.listTransactions(account, { dateFrom: from }, access)) {
    for (const transaction of page.transactions) transactions.push(transaction);
  }
  return transactions;
}
