import type { TraitName } from '../../src/sandbox-bank/traits/trait-table.ts';

/** How a bank writes what it says of accounts and transactions, over HTTP: the sandbox bank's own traits, by kind. A life has one of a kind. */
const jsonTraits = {
  amounts: [
    'amounts-as-numbers',
    'plus-signs',
    'decimal-commas',
    'odd-decimals',
    'sign-by-indicator',
    'sign-by-own-account',
  ],
  currencies: ['lower-case-currency', 'no-currency'],
  dates: ['date-times', 'german-dates', 'compact-dates', 'zero-dates', 'date-time-only'],
  texts: ['blanks-and-entities', 'texts-and-lists', 'json-as-text'],
  links: ['relative-links', 'inner-links', 'links-as-texts', 'links-as-list', 'last-page-names-itself', 'null-link'],
  gaps: ['unreadable-rows', 'second-page-refused', 'no-balances'],
  questions: ['history-90-days', 'long-periods-break', 'both-refused', 'booked-alone'],
} as const satisfies Record<string, readonly TraitName[]>;

/** Each has a reply in one piece. */
const formatTraits = [
  'camt',
  'camt-only',
  'mt940',
  'multipart',
  'download-link',
] as const satisfies readonly TraitName[];

export type WrittenTrait = (typeof jsonTraits)[keyof typeof jsonTraits][number] | (typeof formatTraits)[number];

export const writtenJson: readonly WrittenTrait[] = Object.values(jsonTraits).flat();
/** With what a bank that writes statements may be asked for. */
export const writtenStatements: readonly WrittenTrait[] = [...formatTraits, ...jsonTraits.questions];

export function toKindOfWriting(name: WrittenTrait): string {
  const kinds = Object.entries<readonly string[]>(jsonTraits);
  return kinds.find(([, names]) => names.includes(name))?.[0] ?? 'format';
}

export function isInOnePiece(writing: readonly WrittenTrait[]): boolean {
  return writing.some((name) => (formatTraits as readonly string[]).includes(name));
}
