import { isRecord, type JsonRecord } from './json-values.ts';

/** What stands beside transactions and balances in the protocol, and holds none of them. */
const namesBeside = ['account', 'cardAccount', 'information', '_links', 'links', 'tppMessages', 'psuMessage'];
const knownNames: ReadonlySet<string> = new Set([
  ...namesBeside,
  ...['balances', 'transactions', 'cardTransactions', 'booked', 'pending'],
]);

const deepest = 4;

/**
 * Where a reply without what was asked for has something that may be it, under names that we do not know: a list of objects, or anything
 * at all where no name is the protocol's. Null where it has nothing. What is not understood must not count as nothing: it would be taken
 * for withdrawn.
 */
export function findStrangeContent(reply: JsonRecord): string | null {
  const list = findList(reply, knownNames);
  if (list !== null) return list;
  const members = Object.entries(reply);
  if (members.some(([name]) => knownNames.has(name))) return null;
  const [first] = members.find(([, value]) => holdsSomething(value)) ?? [];
  return first === undefined ? null : toPathName(first);
}

/** Within `transactions`, where neither of its lists is: likewise, but whatever is no list of objects is nothing. */
export function findStrangeList(transactions: JsonRecord): string | null {
  const found = findList(transactions, new Set(namesBeside));
  return found === null ? null : `transactions.${found}`;
}

function findList(reply: JsonRecord, known: ReadonlySet<string>): string | null {
  for (const [name, value] of Object.entries(reply)) {
    const found = known.has(name) ? null : findListIn(value, toPathName(name), deepest);
    if (found !== null) return found;
  }
  return null;
}

function findListIn(value: unknown, path: string, depth: number): string | null {
  if (Array.isArray(value)) return value.some(isRecord) ? path : null;
  if (!isRecord(value)) return null;
  // What lies deeper is not looked at, and may be anything.
  if (depth === 0) return holdsSomething(value) ? path : null;
  for (const [name, item] of Object.entries(value)) {
    const found = findListIn(item, `${path}.${toPathName(name)}`, depth - 1);
    if (found !== null) return found;
  }
  return null;
}

function holdsSomething(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0;
}

/** A name may be a value: an account's number, a day, a person. */
function toPathName(name: string): string {
  return /^[A-Za-z_][A-Za-z_-]{0,39}$/.test(name) ? name : '?';
}
