import { isDeepStrictEqual } from 'node:util';
import type { Money } from './money.ts';

/** How an account is named where it has no IBAN, or beside it. At least one is set. */
export interface AccountIdentification {
  iban: string | null;
  /** Basic bank account number: the national form. */
  bban: string | null;
  /** A card number with all digits but the last four masked. */
  maskedPan: string | null;
  /** Whatever else names it: a phone number, a proprietary number. */
  other: string | null;
}

export type JsonValue = string | number | boolean | null | JsonValue[] | { [name: string]: JsonValue };
export type JsonObject = { [name: string]: JsonValue };

/** What a field of bank data may hold: the kind decides its column type, its JSON Schema and its GraphQL type. */
export interface FieldKinds {
  text: string;
  /** YYYY-MM-DD */
  date: string;
  /** RFC 3339 in UTC, with milliseconds. */
  time: string;
  /** An exact decimal. */
  decimal: string;
  boolean: boolean;
  /** Two columns: the amount's, and its currency's. */
  money: Money;
  /** One column of JSON. */
  identification: AccountIdentification;
  /** One column of JSON. */
  json: JsonObject;
}
export type FieldKind = keyof FieldKinds;

/** One field of a noun of bank data. Tables of these decide columns, reading, comparing, event data and GraphQL. */
export interface Field<Kind extends FieldKind = FieldKind, Nullable extends boolean = boolean> {
  readonly kind: Kind;
  readonly nullable: Nullable;
  /** Whether another value makes the row a changed one, which its readers are told. */
  readonly compared: boolean;
  /** Of the public API, of JSON Schemas and of docs. */
  readonly description: string;
  /** The release that brought it; absent: it has always been there. Events from before do not have it, nor do their JSON Schemas require it. */
  readonly since?: string;
  /** @default the field's name in snake case */
  readonly column?: string;
}

type Options = Partial<Pick<Field, 'compared' | 'since' | 'column'>>;

/** A closed set of words, kept as a PostgreSQL enum and shown as a GraphQL enum of that name. */
export interface EnumField<Value extends string = string> extends Field<'text', false> {
  readonly values: readonly Value[];
  /** Of the PostgreSQL type and of the GraphQL enum. */
  readonly enumName: string;
}

export type FieldTable = Readonly<Record<string, Field>>;

export type ValueOf<F> =
  F extends EnumField<infer Value>
    ? Value
    : F extends Field<infer Kind, infer Nullable>
      ? FieldKinds[Kind] | (Nullable extends true ? null : never)
      : never;

/** The values of a row by a table of fields. */
export type ValuesOf<Table> = { -readonly [Name in keyof Table]: ValueOf<Table[Name]> };

/** A field that the bank may leave out. */
export function optional<Kind extends FieldKind>(
  kind: Kind,
  description: string,
  options: Options = {},
): Field<Kind, true> {
  return { kind, nullable: true, compared: true, description, ...options };
}

/** A field that every row has. */
export function required<Kind extends FieldKind>(
  kind: Kind,
  description: string,
  options: Options = {},
): Field<Kind, false> {
  return { kind, nullable: false, compared: true, description, ...options };
}

/** A field that every row has, of a closed set of words. */
export function oneOf<const Value extends string>(
  enumName: string,
  values: readonly Value[],
  description: string,
  options: Options = {},
): EnumField<Value> {
  return { kind: 'text', nullable: false, compared: true, description, values, enumName, ...options };
}

export function isEnumField(field: Field): field is EnumField {
  return 'values' in field;
}

/** Of a table's optional fields: all null, to be spread beneath the values that are there. The same object at every call. */
export function absentValues<Table extends FieldTable>(table: Table): Readonly<AbsentValues<Table>> {
  const known = absentOf.get(table) ?? Object.freeze(toAbsentValues(table));
  absentOf.set(table, known);
  return known as AbsentValues<Table>;
}

const absentOf = new WeakMap<FieldTable, object>();

function toAbsentValues(table: FieldTable): object {
  return Object.fromEntries(
    Object.entries(table).flatMap(([name, { nullable }]) => (nullable ? [[name, null] as const] : [])),
  );
}

/** The table's values alone of a row that has more. */
export function pickValues<Table extends FieldTable>(table: Table, row: ValuesOf<Table>): ValuesOf<Table> {
  const values: Partial<ValuesOf<Table>> = {};
  for (const name in table) values[name] = row[name];
  return values as ValuesOf<Table>;
}

/** A row as events carry it: see `leaveOutAbsent`. */
export type SparseValuesOf<Table> = Omit<ValuesOf<Table>, keyof AbsentValues<Table>> &
  Partial<Pick<ValuesOf<Table>, keyof AbsentValues<Table> & keyof ValuesOf<Table>>>;

/**
 * The table's values of a row, without those fields that came with a later release and are null in this row. Most banks fill few of
 * them: named with null, they would more than double what an event takes to store and to send.
 */
export function leaveOutAbsent<Table extends FieldTable>(table: Table, row: ValuesOf<Table>): SparseValuesOf<Table> {
  const values: Partial<ValuesOf<Table>> = {};
  for (const name in table) {
    const value = row[name];
    if (value !== null || table[name]?.since === undefined) values[name] = value;
  }
  return values as SparseValuesOf<Table>;
}

type AbsentValues<Table> = {
  [Name in keyof Table as Table[Name] extends Field<FieldKind, true> ? Name : never]: null;
};

/** Whether two rows say the same in every field that is compared. */
export function isSameByTable<Table extends FieldTable>(table: Table, a: ValuesOf<Table>, b: ValuesOf<Table>): boolean {
  for (const name in table) {
    const field = table[name];
    if (field?.compared && !isSameValue(field.kind, a[name] ?? null, b[name] ?? null)) return false;
  }
  return true;
}

/** Whether two values of one kind are the same: objects by what they hold, in whatever order a store gives their names back. */
export function isSameValue(kind: FieldKind, a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (a === null || b === null) return false;
  if (kind === 'money')
    return (a as Money).amount === (b as Money).amount && (a as Money).currency === (b as Money).currency;
  return (kind === 'identification' || kind === 'json') && isDeepStrictEqual(a, b);
}
