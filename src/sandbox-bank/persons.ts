import type { Person, PersonAccount } from './person.ts';
import { createRandom, toIban } from './random.ts';
import { joinTraits } from './traits/trait.ts';
import { isTraitName, selectTraits } from './traits/trait-table.ts';

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

/** Null for an id that the bank does not know. `bankTraits`: what the bank does with everybody. */
export function findPerson(psuId: string, bankTraits: readonly string[] = []): Person | null {
  const person = findPlainPerson(psuId);
  if (!person || (bankTraits.length === 0 && person.traits.length === 0)) return person;
  const traits = [...person.traits, ...bankTraits];
  return joinTraits(selectTraits(traits)).person({ ...person, traits });
}

/** `trait-a+b` is an end user with two accounts, whose replies have the traits `a` and `b`. */
function findPlainPerson(psuId: string): Person | null {
  const traits = /^trait-/.test(psuId) ? psuId.slice('trait-'.length).split('+') : [];
  if (traits.length > 0 && traits.every(isTraitName)) {
    return {
      psuId,
      ownerName: 'Tara Traut',
      accounts: accountsOf(psuId),
      trouble: 'none',
      accessesPerDay: null,
      traits,
    };
  }
  const isLoad = /^load-\d{1,9}$/.test(psuId);
  if (!isLoad && !Object.hasOwn(names, psuId)) return null;
  return {
    psuId,
    ownerName: names[psuId] ?? `Load ${psuId.slice(5)}`,
    accounts: isLoad ? [account(psuId, 0, { transactionsPerDay: 0.22 })] : accountsOf(psuId),
    trouble: troubles[psuId] ?? 'none',
    accessesPerDay: psuId === 'felix' ? 4 : null,
    traits: [],
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
