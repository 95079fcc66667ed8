/** An end user of the sandbox bank, and how the bank behaves for it. */
export interface Person {
  psuId: string;
  ownerName: string;
  accounts: PersonAccount[];
  /** What goes wrong: SCA fails; the consent ends, or the bank is down, after the first fetch; every data call is slow. */
  trouble: 'none' | 'sca-fails' | 'consent-ends' | 'bank-down' | 'slow';
  /** Unattended accesses a day, whatever the consent says. */
  accessesPerDay: number | null;
  /** In what the bank's replies depart from the plain ones: names of traits/trait-table.ts. */
  traits: readonly string[];
}

export interface PersonAccount {
  /** Of a card account, that of the account which pays for the card. */
  iban: string;
  currency: string;
  name: string;
  product: string;
  /** In cents, before the history. */
  openingBalance: number;
  /** Of the history; on average, a day. */
  transactionsPerDay: number;
  /** Whether transactions carry transactionId and entryReference. */
  identified: boolean;
  /** A card account is known by this, and listed apart. */
  maskedPan?: string;
  /** Tells apart what shares IBAN and currency: pots, cards, the aggregate of several currencies. */
  part?: string;
}
