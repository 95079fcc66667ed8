import type { ReadingFault } from '../domain/reading-fault.ts';
import type { FetchedLogin } from './bank-fetch.ts';

/** What of a bank's replies could not be read, for operators: by kind of thing, with a count. */
export interface LeftOut extends LeftOutPart {
  bankId: string;
}

export interface LeftOutPart {
  what: 'account' | 'balance' | 'row' | 'call';
  count: number;
  /** Where, and what kind of fault; the first of them. */
  faults: ReadingFault[];
}

const shownFaults = 20;

/** One entry per kind of thing of which something was left out. */
export function toLeftOut({ accounts, faults, failures }: FetchedLogin): LeftOutPart[] {
  const ofAccounts = accounts.flatMap((account) => account.faults);
  const isOfBalances = ({ path }: ReadingFault) => path.startsWith('balances');
  const isRefused = ({ kind }: ReadingFault) => kind === 'refused';
  const balances = ofAccounts.filter((fault) => isOfBalances(fault) && !isRefused(fault));
  const parts: LeftOutPart[] = [
    { what: 'account', count: faults.length, faults },
    { what: 'balance', count: balances.length, faults: balances },
    {
      what: 'row',
      count: accounts.reduce((sum, { skippedRows }) => sum + skippedRows, 0),
      faults: ofAccounts.filter((fault) => !isOfBalances(fault)),
    },
    { what: 'call', count: failures.length, faults: [] },
  ];
  return parts.filter(({ count }) => count > 0).map((part) => ({ ...part, faults: part.faults.slice(0, shownFaults) }));
}
