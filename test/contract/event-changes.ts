/** JSON Schema as `schema/events` uses it. */
export interface JsonSchema {
  type?: string | string[];
  const?: unknown;
  enum?: unknown[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  [keyword: string]: unknown;
}

/** Event types by their names on the wire. */
export type EventSchemas = Record<string, JsonSchema>;

export interface EventChanges {
  /** What a receiver relies on that was written for the release. */
  broken: string[];
  /** What it may not expect, and is told beforehand to pass over. */
  surprising: string[];
}

/**
 * What has changed of the events for a receiver that was written for a release. Whoever reads relies on what is always there and on
 * what cannot come: a field may be added, a promise may become stricter, and nothing may be taken away or loosened.
 */
export function compareEvents(released: EventSchemas, present: EventSchemas): EventChanges {
  const changes: EventChanges = { broken: [], surprising: [] };
  for (const [name, schema] of Object.entries(released)) {
    const now = present[name];
    if (now) compare(name, schema, now, changes);
    else changes.broken.push(`${name}: is sent no longer`);
  }
  for (const name of Object.keys(present)) if (!released[name]) changes.surprising.push(`${name}: is new`);
  return changes;
}

// Words for people; and what only opens the schema further for those who check by it.
const meaningless = new Set([
  '$schema',
  '$id',
  'title',
  'description',
  'default',
  'examples',
  'deprecated',
  'additionalProperties',
]);
const lowerBounds = new Set(['minLength', 'minItems', 'minimum', 'exclusiveMinimum']);
const upperBounds = new Set(['maxLength', 'maxItems', 'maximum', 'exclusiveMaximum']);
const compared = new Set(['properties', 'required', 'items', 'anyOf', 'enum', 'type', ...meaningless]);

function compare(path: string, released: JsonSchema, present: JsonSchema, changes: EventChanges): void {
  compareTypes(path, released, present, changes);
  compareEnums(path, released, present, changes);
  for (const [name, schema] of Object.entries(released.properties ?? {})) {
    const now = present.properties?.[name];
    if (now) compare(`${path}.${name}`, schema, now, changes);
    else changes.broken.push(`${path}.${name}: is gone`);
  }
  for (const name of released.required ?? []) {
    const isGone = !present.properties?.[name];
    if (!isGone && !present.required?.includes(name)) changes.broken.push(`${path}.${name}: may be missing`);
  }
  if (released.items) compare(`${path}[]`, released.items, present.items ?? {}, changes);
  compareBranches(path, released, present, changes);
  for (const [keyword, value] of Object.entries(released)) {
    if (!compared.has(keyword)) compareKeyword(`${path}: ${keyword}`, keyword, [value, present[keyword]], changes);
  }
}

function typesOf({ type }: JsonSchema): string[] {
  return type === undefined ? [] : [type].flat().sort();
}

function compareTypes(path: string, released: JsonSchema, present: JsonSchema, { broken }: EventChanges): void {
  const [before, now] = [typesOf(released), typesOf(present)];
  const isSame = before.join() === now.join();
  // Without null it only becomes more certain; any other change asks for other code.
  if (isSame || (now.length > 0 && [...now, 'null'].sort().join() === before.join())) return;
  broken.push(`${path}: is ${now.join(' or ') || 'anything'}, was ${before.join(' or ') || 'anything'}`);
}

function compareEnums(path: string, released: JsonSchema, present: JsonSchema, changes: EventChanges): void {
  if (!released.enum) return;
  if (!present.enum && present.const === undefined) return void changes.broken.push(`${path}: may be any value`);
  const now = present.enum ?? [present.const];
  for (const value of released.enum) if (!now.includes(value)) changes.broken.push(`${path}: ${value} is gone`);
  for (const value of now) if (!released.enum.includes(value)) changes.surprising.push(`${path}: ${value} is new`);
}

function compareBranches(path: string, released: JsonSchema, present: JsonSchema, changes: EventChanges): void {
  if (!released.anyOf) {
    if (present.anyOf) changes.broken.push(`${path}: may be one of several`);
    return;
  }
  if (released.anyOf.length !== present.anyOf?.length)
    return void changes.broken.push(`${path}: has other alternatives`);
  for (const [index, branch] of released.anyOf.entries()) {
    compare(`${path}<${index}>`, branch, present.anyOf[index] ?? {}, changes);
  }
}

function compareKeyword(
  what: string,
  keyword: string,
  [before, now]: [unknown, unknown],
  { broken }: EventChanges,
): void {
  if (JSON.stringify(before) === JSON.stringify(now)) return;
  const isStricter =
    typeof before === 'number' &&
    typeof now === 'number' &&
    ((lowerBounds.has(keyword) && now > before) || (upperBounds.has(keyword) && now < before));
  if (!isStricter) broken.push(`${what} is ${JSON.stringify(now) ?? 'gone'}, was ${JSON.stringify(before)}`);
}
