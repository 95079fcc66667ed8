import type { AccountValues } from '../domain/account-fields.ts';
import type { Balance } from '../domain/balance-fields.ts';
import type { AccountProblem, AccountState } from './bank-data-ctes.ts';

/** An account as the bank lists it. */
export interface FetchedAccount extends AccountValues {
  resourceId: string;
  state: 'AVAILABLE' | 'BLOCKED';
  /** What names the account where it has neither IBAN, BBAN nor masked PAN. */
  otherIdentification: string | null;
}

export interface StoredAccount {
  id: string;
  resourceId: string;
  identification: string;
  kind: AccountValues['kind'];
  state: AccountState;
  iban: string | null;
  currency: string;
  name: string | null;
  product: string | null;
  /** As the bank gave them last. */
  balances: readonly Balance[];
  problem: AccountProblem | null;
  /** YYYY-MM-DD: of the newest booked transaction seen. */
  lastBookingDate: string | null;
}

export interface MatchedAccount {
  id: string;
  identification: string;
  fetched: FetchedAccount;
  /** Null for an account that was not known. */
  stored: StoredAccount | null;
}

/**
 * Recognises the bank's accounts: by IBAN, or other identification, and currency, which outlive a consent; where the bank has
 * given neither, by its resource id. Sub-accounts of a multi-currency account share their IBAN, so the currency belongs to
 * it. One that the bank lists twice is taken once.
 */
export function matchAccounts(
  fetched: readonly FetchedAccount[],
  stored: readonly StoredAccount[],
  newId: () => string,
): MatchedAccount[] {
  const free = new Set(stored);
  const byKey = new Map(stored.map((account) => [toKey(account), account]));
  const matched = new Map<string, MatchedAccount>();
  for (const account of fetched) {
    const identification = toIdentification(account) ?? account.resourceId;
    const key = toKey({ identification, currency: account.currency });
    if (matched.has(key)) continue;
    const known = byKey.get(key) ?? findByResourceId(account, free);
    const isFree = known !== undefined && free.delete(known);
    matched.set(key, {
      id: isFree ? known.id : newId(),
      identification: isFree && !isIdentified(account) ? known.identification : identification,
      fetched: account,
      stored: isFree ? known : null,
    });
  }
  return [...matched.values()];
}

// One side names the account and the other does not: the bank has begun to, or has left off.
function findByResourceId(account: FetchedAccount, free: ReadonlySet<StoredAccount>): StoredAccount | undefined {
  for (const known of free) {
    if (known.resourceId !== account.resourceId || known.currency !== account.currency) continue;
    if (!isIdentified(account) || known.identification === known.resourceId) return known;
  }
  return undefined;
}

function isIdentified(account: FetchedAccount): boolean {
  return toIdentification(account) !== null;
}

function toIdentification({ iban, bban, otherIdentification, maskedPan }: FetchedAccount): string | null {
  return iban ?? bban ?? otherIdentification ?? maskedPan;
}

function toKey({ identification, currency }: { identification: string; currency: string }): string {
  return `${identification} ${currency}`;
}
