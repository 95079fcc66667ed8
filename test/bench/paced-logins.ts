/** What the logins of the section `pace` have at their bank, by the number of their consent, counted from 1. */

const mostAccounts = 4;
/** One account in so many has a second page of transactions. */
const accountsPerSecondPage = 5;

export function accountCountOf(consent: number): number {
  return 1 + (consent % mostAccounts);
}

export function hasSecondPage(consent: number, index: number): boolean {
  return (consent * mostAccounts + index) % accountsPerSecondPage === 0;
}

/**
 * How many calls have to wait for each other at least: the list of accounts, then balances and pages, so many at the same time as one login
 * may have in flight, and a second page not before the first.
 */
export function toCriticalCallCount(consent: number, callsAtOnce: number): number {
  const accountCount = accountCountOf(consent);
  const secondPages = [...Array(accountCount).keys()].filter((index) => hasSecondPage(consent, index)).length;
  const rounds = Math.ceil((2 * accountCount + secondPages) / callsAtOnce);
  return 1 + Math.max(rounds, secondPages > 0 ? 2 : 1);
}
