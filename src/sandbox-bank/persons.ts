import { createRandom, toIban } from './random.ts';

/** An end user of the sandbox bank, and how the bank behaves for it. */
export interface Person {
  psuId: string;
  ownerName: string;
  accounts: PersonAccount[];
  /** What goes wrong: SCA fails; the consent ends, or the bank is down, after the first fetch; every data call is slow. */
  trouble: 'none' | 'sca-fails' | 'consent-ends' | 'bank-down' | 'slow';
  /** Unattended accesses a day, whatever the consent says. */
  accessesPerDay: number | null;
}

export interface PersonAccount {
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
}

export const password = 'sandbox';
export const otp = '123456';
export const allowedWrongOtps = 3;

const bankCode = '50010517';
const names: Record<string, string> = {
  anna: 'Anna Albrecht',
  boris: 'Boris Brandt',
  clara: 'Clara Conrad',
  dmitri: 'Dmitri Dorn',
  elena: 'Elena Eberle',
  felix: 'Felix Fuchs',
  greta: 'Greta Graf',
  hugo: 'Hugo Hartmann',
};
const troubles: Record<string, Person['trouble']> = {
  clara: 'slow',
  dmitri: 'consent-ends',
  elena: 'bank-down',
  greta: 'sca-fails',
};

/** Null for an id that the bank does not know. */
export function findPerson(psuId: string): Person | null {
  const isLoad = /^load-\d{1,9}$/.test(psuId);
  if (!isLoad && !Object.hasOwn(names, psuId)) return null;
  return {
    psuId,
    ownerName: names[psuId] ?? `Load ${psuId.slice(5)}`,
    accounts: isLoad ? [account(psuId, 0, { transactionsPerDay: 0.22 })] : accountsOf(psuId),
    trouble: troubles[psuId] ?? 'none',
    accessesPerDay: psuId === 'felix' ? 4 : null,
  };
}

function accountsOf(psuId: string): PersonAccount[] {
  switch (psuId) {
    case 'boris':
      // 3 accounts, 90 days: 20,000 transactions in all.
      return [0, 1, 2].map((index) => account(psuId, index, { transactionsPerDay: 74.1 }));
    case 'hugo':
      // Sub-accounts of one multi-currency account: they share the IBAN.
      return ['EUR', 'USD'].map((currency) => ({
        ...account(psuId, 0, { identified: false }),
        currency,
        name: `Multi-currency account ${currency}`,
        product: 'Währungskonto',
      }));
    default:
      return [0, 1].map((index) => account(psuId, index, index === 0 ? {} : { transactionsPerDay: 0.3 }));
  }
}

const labels = [
  { name: 'Girokonto', product: 'Giro Plus' },
  { name: 'Tagesgeld', product: 'Tagesgeldkonto' },
  { name: 'Geschäftskonto', product: 'Business Giro' },
];

function account(psuId: string, index: number, given: Partial<PersonAccount>): PersonAccount {
  const random = createRandom(`${psuId}/${index}`);
  const label = labels[index] ?? { name: `Konto ${index + 1}`, product: 'Giro' };
  return {
    iban: toIban(bankCode, String(Math.floor(random() * 1e10))),
    currency: 'EUR',
    ...label,
    openingBalance: 100_000 + Math.floor(random() * 900_000),
    transactionsPerDay: 1.2,
    identified: true,
    ...given,
  };
}
