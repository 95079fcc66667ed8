import { type Field, type FieldKind, type FieldTable, isEnumField, type ValuesOf } from '../domain/field-table.ts';
import { formatAmount } from '../domain/money.ts';
import { Prisma } from '../generated/prisma/client.ts';

/** One column of a field, with the key under which its value travels to and from the database. */
export interface Column {
  name: string;
  key: string;
  /** As PostgreSQL names it. */
  type: string;
}

/** What SQL says of a table of fields, and the way of its values to and from the database: all that depends on which fields there are. */
export interface FieldColumns<Table extends FieldTable> {
  readonly columns: readonly Column[];
  /** `name, …`: of an INSERT, or of a SELECT whose rows are read by position. */
  readonly names: Prisma.Sql;
  /** `name AS "key", …`: rows that `fromRow` reads. */
  selectedFrom(alias: string): Prisma.Sql;
  /** `"key" type, …`: the columns of a `json_to_recordset`, whose records `toRecord` makes. */
  readonly definition: Prisma.Sql;
  /** `given."key", …`, in the order of `names`. */
  readonly given: Prisma.Sql;
  /** `name = given."key", …`: of an UPDATE. */
  readonly assignments: Prisma.Sql;
  /** What is null is left out, which is null again in a record set. */
  toRecord(values: ValuesOf<Table>): Record<string, unknown>;
  fromRow(row: Readonly<Record<string, unknown>>): ValuesOf<Table>;
  /** Of a record in PostgreSQL's text form (see record-text.ts), whose values begin at `start` in the order of `names`. */
  fromTexts(texts: readonly (string | null)[], start: number): ValuesOf<Table>;
}

/** The columns of a noun. `Prisma.raw` is given names of the code's own tables alone, never a value. */
export function createFieldColumns<Table extends FieldTable>(table: Table): FieldColumns<Table> {
  const fields = Object.entries(table).map(([name, field]) => ({ name, field, columns: columnsOf(name, field) }));
  const columns = fields.flatMap((field) => field.columns);
  // Rows that are copies of one have one shape, which is read many times faster than rows with a shape of their own each.
  const blank: Readonly<Record<string, unknown>> = Object.fromEntries(fields.map(({ name }) => [name, null]));
  const list = (toText: (column: Column) => string) => Prisma.raw(columns.map(toText).join(', '));
  return {
    columns,
    names: list(({ name }) => name),
    selectedFrom: (alias) => list(({ name, key }) => `${alias}.${name} AS "${key}"`),
    definition: list(({ key, type }) => `"${key}" ${type}`),
    given: list(({ key }) => `given."${key}"`),
    assignments: list(({ name, key }) => `${name} = given."${key}"`),
    toRecord(values) {
      const record: Record<string, unknown> = {};
      for (const { name, field, columns: of } of fields) write(record, { value: values[name], field, columns: of });
      return record;
    },
    fromRow(row) {
      const values = { ...blank };
      for (const { name, field, columns: of } of fields) {
        const value = row[keyOf(of, 0)];
        if (value !== null) values[name] = read(field, value, of.length > 1 ? row[keyOf(of, 1)] : null);
      }
      return values as ValuesOf<Table>;
    },
    fromTexts(texts, start) {
      const values = { ...blank };
      let at = start;
      for (const { name, field, columns: of } of fields) {
        const text = texts[at] ?? null;
        if (text !== null) values[name] = readText(field, text, texts[at + 1]);
        at += of.length;
      }
      return values as ValuesOf<Table>;
    },
  };
}

const columnTypes: Record<FieldKind, string> = {
  text: 'text',
  date: 'date',
  time: 'timestamptz',
  decimal: 'numeric',
  boolean: 'boolean',
  money: 'numeric',
  identification: 'jsonb',
  json: 'jsonb',
};

function columnsOf(key: string, field: Field): Column[] {
  const name = field.column ?? key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const column = { name, key, type: isEnumField(field) ? `"${field.enumName}"` : columnTypes[field.kind] };
  if (field.kind !== 'money') return [column];
  // Of the noun's own amount, the currency is the noun's.
  const currency = key === 'amount' ? { name: 'currency', key: 'currency' } : currencyOf(column);
  return [column, { ...currency, type: 'text' }];
}

function currencyOf({ name, key }: Column): Pick<Column, 'name' | 'key'> {
  return { name: `${name}_currency`, key: `${key}Currency` };
}

function write(
  record: Record<string, unknown>,
  { value, field, columns }: { value: unknown; field: Field; columns: readonly Column[] },
): void {
  if (value === null || value === undefined) return;
  if (field.kind !== 'money') {
    record[keyOf(columns, 0)] = value;
    return;
  }
  const { amount, currency } = value as { amount: string; currency: string };
  record[keyOf(columns, 0)] = amount;
  record[keyOf(columns, 1)] = currency;
}

function read(field: Field, value: unknown, currency: unknown): unknown {
  if (value === null || value === undefined) return null;
  switch (field.kind) {
    case 'money':
      return { amount: formatAmount(String(value), String(currency)), currency };
    case 'time':
      return (value instanceof Date ? value : new Date(String(value))).toISOString();
    case 'decimal':
      return String(value);
    default:
      return value;
  }
}

function readText(field: Field, text: string, currency: string | null | undefined): unknown {
  switch (field.kind) {
    case 'time':
      return toIso(text);
    case 'boolean':
      return text === 't';
    case 'identification':
    case 'json':
      return JSON.parse(text);
    default:
      return read(field, text, currency);
  }
}

/** `2026-03-10 10:00:00.5+00`: whole hours of an offset, which is the session's, have no minutes. */
function toIso(text: string): string {
  const time = text.replace(' ', 'T');
  return new Date(/[+-]\d\d$/.test(time) ? `${time}:00` : time).toISOString();
}

function keyOf(columns: readonly Column[], index: number): string {
  return columns[index]?.key ?? '';
}
