import type { JsonObject, JsonValue } from '../../domain/field-table.ts';
import { decodeText } from './json-text.ts';
import { isRecord, type JsonRecord, toMaskedPan } from './json-values.ts';

const maxDepth = 5;
const maxMembers = 60;
const maxTextLength = 500;
/** Of the whole, written as JSON: a row of a table is no place for a document. */
const maxBytes = 8_000;

/** Reads a record field by field, and knows what nobody has made anything of. */
export interface FieldTaker {
  /** What `read` makes of the first of these fields that it can read. */
  take<T>(read: (value: unknown) => T | null, ...names: string[]): T | null;
  /** The same, and the field counts as not understood: it says more than is taken. */
  look<T>(read: (value: unknown) => T | null, ...names: string[]): T | null;
  /** What is left, with bounds; null when nothing is. */
  rest(): JsonObject | null;
}

export function createFieldTaker(record: JsonRecord): FieldTaker {
  const taken = new Set<string>(['_links', 'links']);

  function find<T>(read: (value: unknown) => T | null, names: string[]): [name: string, value: T] | null {
    for (const name of names) {
      const given = Object.hasOwn(record, name) ? record[name] : undefined;
      const value = given === undefined || given === null ? null : read(given);
      if (value !== null) return [name, value];
    }
    return null;
  }

  return {
    take(read, ...names) {
      const found = find(read, names);
      if (found) taken.add(found[0]);
      return found?.[1] ?? null;
    },
    look: (read, ...names) => find(read, names)?.[1] ?? null,
    rest() {
      const left = Object.entries(record).filter(([name]) => !taken.has(name));
      return left.length === 0 ? null : toKept(Object.fromEntries(left));
    },
  };
}

/** Bounded in depth, number and size; without links and without what says nothing. */
function toKept(left: JsonRecord): JsonObject | null {
  const kept: [string, JsonValue][] = [];
  let size = 0;
  for (const [name, value] of membersOf(left)) {
    const copied = copy(value, name, 1);
    if (copied === null) continue;
    size += name.length + Buffer.byteLength(JSON.stringify(copied));
    if (size > maxBytes) break;
    kept.push([name, copied]);
  }
  return kept.length > 0 ? Object.fromEntries(kept) : null;
}

function membersOf(record: JsonRecord): [name: string, value: unknown][] {
  return Object.entries(record)
    .slice(0, maxMembers)
    .flatMap(([name, value]): [string, unknown][] => {
      const named = decodeText(name.slice(0, 100));
      return named === null || named === '_links' || named === '__proto__' ? [] : [[named, value]];
    });
}

function copy(value: unknown, name: string, depth: number): JsonValue {
  if (typeof value === 'string') {
    const text = decodeText(value.slice(0, maxTextLength));
    if (text === null || text.startsWith('0000-00-00')) return null;
    // A card's whole number is not ours to keep.
    return /^pan$|cardnumber/i.test(name) ? toMaskedPan(text) : text;
  }
  if (typeof value === 'number') return /^pan$|cardnumber/i.test(name) ? toMaskedPan(value) : value;
  if (typeof value === 'boolean') return value;
  if (depth >= maxDepth) return null;
  if (Array.isArray(value)) {
    const items = value.slice(0, maxMembers).map((item) => copy(item, name, depth + 1));
    const kept = items.filter((item) => item !== null);
    return kept.length > 0 ? kept : null;
  }
  if (!isRecord(value)) return null;
  const members = membersOf(value).flatMap(([key, member]): [string, JsonValue][] => {
    const copied = copy(member, key, depth + 1);
    return copied === null ? [] : [[key, copied]];
  });
  return members.length > 0 ? Object.fromEntries(members) : null;
}
