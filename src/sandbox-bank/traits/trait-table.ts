import { accountTraits } from './account-traits.ts';
import { amountTraits } from './amount-traits.ts';
import { dateTraits } from './date-traits.ts';
import { formatTraits } from './format-traits.ts';
import { idTraits } from './id-traits.ts';
import { pageTraits } from './page-traits.ts';
import { periodTraits } from './period-traits.ts';
import { repeatTraits } from './repeat-traits.ts';
import { shapeTraits } from './shape-traits.ts';
import type { Trait } from './trait.ts';

/**
 * What banks do that the protocol does not foresee, by name. The order is that in which several are applied: ids and rows before their
 * amounts and dates are written in some way, and formats at the end, since nothing can be changed in them any more.
 */
const table = {
  ...accountTraits,
  ...periodTraits,
  ...repeatTraits,
  ...idTraits,
  ...pageTraits,
  ...dateTraits,
  ...amountTraits,
  ...shapeTraits,
  ...formatTraits,
} satisfies Record<string, Trait>;

export type TraitName = keyof typeof table;

export const traitNames = Object.keys(table) as TraitName[];

export function isTraitName(name: string): name is TraitName {
  return Object.hasOwn(table, name);
}

export function getTrait(name: TraitName): Trait {
  return table[name];
}

/** In the order of the table, each once. */
export function selectTraits(names: readonly string[]): Trait[] {
  return traitNames.filter((name) => names.includes(name)).map(getTrait);
}
