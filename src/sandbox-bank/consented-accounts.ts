import type { ConsentState } from './consent-state.ts';
import type { Person } from './person.ts';

/** The end user with those accounts alone that the consent names by IBAN; with all of them where it names none. */
export function toConsented(person: Person, { access }: ConsentState): Person {
  const named = Object.values(access).flatMap((list) => (Array.isArray(list) ? list : []) as { iban?: string }[]);
  if (named.length === 0) return person;
  const ibans = new Set(named.map(({ iban }) => iban));
  return { ...person, accounts: person.accounts.filter(({ iban }) => ibans.has(iban)) };
}
