import { z } from 'zod';
import { type Field, type FieldKind, type FieldTable, isEnumField } from '../domain/field-table.ts';

/** `balances`, amounts of transactions: an exact decimal and its currency. */
export const money = z.object({
  amount: z
    .string()
    .regex(/^-?\d+(\.\d+)?$/)
    .describe('Exact decimal, negative for money going out.'),
  currency: z.string().describe('ISO 4217; XXX where the bank aggregates several.'),
});

const text = z.string().nullable();

const kinds: Record<FieldKind, z.ZodType> = {
  text: z.string(),
  date: z.iso.date(),
  time: z.iso.datetime(),
  decimal: z.string().regex(/^-?\d+(\.\d+)?$/),
  boolean: z.boolean(),
  money,
  identification: z.object({ iban: text, bban: text, maskedPan: text, other: text }),
  json: z.record(z.string(), z.unknown()),
};

/**
 * The schema of a noun in event data, by its table of fields; `own` are the fields beside them. What is absent is null; a field that has
 * come with a later release is missing from events that were written before.
 */
export function toFieldSchema<Data>(table: FieldTable, own: Record<string, z.ZodType> = {}): z.ZodType<Data> {
  const shape = Object.entries(table).map(([name, field]) => [name, toSchema(field)] as const);
  // The type follows from the same table, which zod cannot know of a shape that is made at run time.
  return z.object({ ...own, ...Object.fromEntries(shape) }) as unknown as z.ZodType<Data>;
}

function toSchema(field: Field): z.ZodType {
  const kind = isEnumField(field) ? z.enum(field.values as [string, ...string[]]) : kinds[field.kind];
  const present = field.nullable ? kind.nullable() : kind;
  return (field.since ? present.optional() : present).describe(field.description);
}
