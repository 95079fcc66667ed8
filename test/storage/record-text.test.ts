import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Prisma } from '../../src/storage/database.ts';
import { parseRecords } from '../../src/storage/record-text.ts';
import { openTestDatabase } from '../support/test-database.ts';

it('whatever texts the database casts records of, their fields are read as they were', async () => {
  const database = await openTestDatabase();
  const awkward = fc.string({
    unit: fc.constantFrom('"', '\\', '(', ')', ',', ' ', '\n', '\t', 'a', 'ü', '☕', "'", '{'),
  });
  const field = fc.option(fc.oneof(awkward, fc.constantFrom('', '""', '\\"', 'NULL', '()', '),(')), { nil: null });
  const records = fc.array(fc.tuple(field, field, field), { maxLength: 5 });
  await fc.assert(
    fc.asyncProperty(records, async (given) => {
      const [row] = await database.query<{ text: string | null }>(Prisma.sql`
        SELECT string_agg(ROW(a, b, c)::text, '' ORDER BY n) AS text
        FROM unnest(${given.map(([a]) => a)}::text[], ${given.map(([, b]) => b)}::text[], ${given.map(([, , c]) => c)}::text[])
          WITH ORDINALITY AS given(a, b, c, n)`);
      expect(parseRecords(row?.text ?? '')).toEqual(given);
    }),
    { numRuns: 200 },
  );
});

it('what is cut off ends the reading', () => {
  for (const text of ['(', '(a', '(a,', '(a,"b', '(a,"b""', 'a']) expect(() => parseRecords(text)).not.toThrow();
});
