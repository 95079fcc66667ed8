import type { AccountValues } from '../domain/account-fields.ts';
import type { Balance } from '../domain/balance-fields.ts';
import type { AccountProblem, AccountState, MissingAccounts } from './bank-data-ctes.ts';
import { isConfirmed } from './confirmed-absence.ts';

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
  /** Since a complete list that it was not in; null while the bank lists it. */
  missingSince: string | null;
  /** Whether transactions of it were removed within the last year. */
  hasRemoved: boolean;
}

export interface MatchedAccount {
  id: string;
  identification: string;
  fetched: FetchedAccount;
  /** Null for an account that was not known. */
  stored: StoredAccount | null;
}

/**
 * Recognises the bank's accounts: by what names them (IBAN, other identification) and currency, which outlive a consent. Pots and spaces
 * share both, and are told apart by resource id, name and product; so are accounts that nothing names. A row that the bank lists twice,
 * with one resource id, is taken once.
 */
export function matchAccounts(
  fetched: readonly FetchedAccount[],
  stored: readonly StoredAccount[],
  newId: () => string,
): MatchedAccount[] {
  const listed = takeOnce(fetched);
  const found = new Map<FetchedAccount, StoredAccount>();
  for (const rule of rules) {
    const free = stored.filter((known) => ![...found.values()].includes(known));
    const open = listed.filter((account) => !found.has(account));
    for (const [account, known] of pairUp(rule, open, free)) found.set(account, known);
  }
  return listed.map((account) => {
    const known = found.get(account) ?? null;
    const own = toIdentification(account) ?? (known !== null && isNamed(known) ? known.identification : null);
    return {
      id: known?.id ?? newId(),
      identification: own ?? account.resourceId,
      fetched: account,
      stored: known,
    };
  });
}

/**
 * An account is gone when two lists hours apart leave it out, or when the bank lists another that nothing names in its place: whether that
 * is the same one cannot be known, and both would be counted. A list that is not complete says nothing.
 */
export function findMissingAccounts(
  stored: readonly StoredAccount[],
  matched: readonly MatchedAccount[],
  { complete, now }: { complete: boolean; now: Date },
): MissingAccounts {
  const listed = new Set(matched.map(({ id }) => id));
  const missing = complete ? stored.filter(({ id, state }) => !listed.has(id) && state !== 'GONE') : [];
  const isReplaced = (known: StoredAccount): boolean =>
    !isNamed(known) &&
    matched.some(
      (account) =>
        account.stored === null &&
        account.fetched.currency === known.currency &&
        toIdentification(account.fetched) === null,
    );
  const gone = missing.filter(
    (known) => isReplaced(known) || isConfirmed(known.missingSince === null ? null : new Date(known.missingSince), now),
  );
  const missed = missing.filter((known) => known.missingSince === null && !gone.includes(known));
  return { missedIds: missed.map(({ id }) => id), goneIds: gone.map(({ id }) => id) };
}

/**
 * The newest booking date that has surely been seen of an account, by itself and before the others are listed: of accounts that it may be,
 * the earliest; null where it may be one that has never been read.
 */
export function findSeenUntil(account: FetchedAccount, stored: readonly StoredAccount[]): string | null {
  const [match] = matchAccounts([account], stored, () => '');
  const known = match?.stored;
  if (!known) return null;
  const isItself = (['resourceId', 'name', 'product'] as const).every((field) => known[field] === account[field]);
  if (isItself) return known.lastBookingDate;
  const dates = stored
    .filter(({ identification, currency }) => identification === known.identification && currency === known.currency)
    .map(({ lastBookingDate }) => lastBookingDate);
  return dates.includes(null) ? null : (dates.sort()[0] ?? null);
}

function takeOnce(fetched: readonly FetchedAccount[]): FetchedAccount[] {
  const byResource = new Map<string, FetchedAccount>();
  for (const account of fetched) {
    const key = toKey([account.resourceId, toIdentification(account), account.currency]);
    if (!byResource.has(key)) byResource.set(key, account);
  }
  return [...byResource.values()];
}

/** What both sides must say alike, and of how many that do it holds. */
interface Rule {
  keyOfFetched(account: FetchedAccount): string | null;
  keyOfStored(account: StoredAccount): string | null;
  /** Where several say the same: `none` of them is recognised, or all `in-order`. */
  ambiguous: 'none' | 'in-order';
}

const isNamed = ({ identification, resourceId }: StoredAccount): boolean => identification !== resourceId;

// The surest first. A bank that numbers accounts anew with each consent gives one's resource id to another: the name counts before it.
const rules: readonly Rule[] = [
  ofNamed(({ resourceId, name, product }) => [resourceId, name, product]),
  ofNamed(({ name, product }) => [name, product], 'none'),
  ofNamed(({ name }) => [name], 'none'),
  ofNamed(({ resourceId }) => [resourceId]),
  ofNamed(() => []),
  ofUnnamed(({ resourceId, name, product }) => [resourceId, name, product]),
  ofUnnamed(({ name, product }) => [name, product], 'none'),
  ofUnnamed(({ resourceId }) => [resourceId]),
  // One side names the account and the other does not: the bank has begun to, or has left off.
  {
    keyOfFetched: (account) => toKey([account.resourceId, account.currency, toIdentification(account) === null]),
    keyOfStored: (account) => toKey([account.resourceId, account.currency, isNamed(account)]),
    ambiguous: 'none',
  },
];

type Told = Pick<FetchedAccount, 'resourceId' | 'name' | 'product'>;

function ofNamed(toTold: (account: Told) => (string | null)[], ambiguous: Rule['ambiguous'] = 'in-order'): Rule {
  return {
    keyOfFetched(account) {
      const identification = toIdentification(account);
      return identification === null ? null : toKey([identification, account.currency, ...toTold(account)]);
    },
    keyOfStored: (account) => toKey([account.identification, account.currency, ...toTold(account)]),
    ambiguous,
  };
}

function ofUnnamed(toTold: (account: Told) => (string | null)[], ambiguous: Rule['ambiguous'] = 'in-order'): Rule {
  return {
    keyOfFetched: (account) =>
      toIdentification(account) === null ? toKey([account.currency, ...toTold(account)]) : null,
    keyOfStored: (account) => (isNamed(account) ? null : toKey([account.currency, ...toTold(account)])),
    ambiguous,
  };
}

function* pairUp(
  { keyOfFetched, keyOfStored, ambiguous }: Rule,
  open: readonly FetchedAccount[],
  free: readonly StoredAccount[],
): Generator<[FetchedAccount, StoredAccount]> {
  const known = groupBy(free, keyOfStored);
  for (const [key, accounts] of groupBy(open, keyOfFetched)) {
    const candidates = known.get(key) ?? [];
    if (ambiguous === 'none' && (accounts.length > 1 || candidates.length > 1)) continue;
    for (const [i, account] of accounts.entries()) {
      const candidate = candidates[i];
      if (candidate) yield [account, candidate];
    }
  }
}

/** What names an account under every consent; null where nothing does but the consent's own resource id. */
function toIdentification({ iban, bban, otherIdentification, maskedPan }: FetchedAccount): string | null {
  return iban ?? bban ?? otherIdentification ?? maskedPan;
}

function toKey(parts: readonly (string | boolean | null)[]): string {
  return JSON.stringify(parts);
}

/** Those without a key are left out. */
function groupBy<T>(values: readonly T[], toGroupKey: (value: T) => string | null): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const key = toGroupKey(value);
    if (key === null) continue;
    groups.set(key, [...(groups.get(key) ?? []), value]);
  }
  return groups;
}
