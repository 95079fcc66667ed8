/** An account as the bank lists it. */
export interface FetchedAccount {
  resourceId: string;
  iban: string | null;
  otherIdentification: string | null;
  currency: string;
  name: string | null;
  ownerName: string | null;
  product: string | null;
}

export interface StoredAccount {
  id: string;
  resourceId: string;
  identification: string;
  currency: string;
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
 * Recognises the bank's accounts: by IBAN, or other identification, and currency, which outlive a consent; where the bank gives
 * neither, by its resource id. Sub-accounts of a multi-currency account share their IBAN, so the currency belongs to it.
 * One that the bank lists twice is taken once.
 */
export function matchAccounts(
  fetched: readonly FetchedAccount[],
  stored: readonly StoredAccount[],
  newId: () => string,
): MatchedAccount[] {
  const byKey = new Map(stored.map((account) => [toKey(account), account]));
  const byResourceId = new Map(stored.map((account) => [account.resourceId, account]));
  const matched = new Map<string, MatchedAccount>();
  for (const account of fetched) {
    const identification = account.iban ?? account.otherIdentification ?? account.resourceId;
    const key = toKey({ identification, currency: account.currency });
    const known = byKey.get(key) ?? knownByResourceId(account, byResourceId);
    if (matched.has(key)) continue;
    matched.set(key, {
      id: known?.id ?? newId(),
      identification: known?.identification ?? identification,
      fetched: account,
      stored: known ?? null,
    });
  }
  return [...matched.values()];
}

function knownByResourceId(account: FetchedAccount, byResourceId: Map<string, StoredAccount>): StoredAccount | null {
  if (account.iban ?? account.otherIdentification) return null;
  const known = byResourceId.get(account.resourceId);
  return known?.currency === account.currency ? known : null;
}

function toKey({ identification, currency }: { identification: string; currency: string }): string {
  return `${identification} ${currency}`;
}
