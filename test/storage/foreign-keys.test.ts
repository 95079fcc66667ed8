import { expect, test } from 'vitest';
import { Prisma } from '../../src/storage/database.ts';
import { openTestDatabase } from '../support/test-database.ts';

// Rows of these are never deleted.
const permanent = ['banks'];

test('every row can be deleted without a scan of the tables that refer to it', async () => {
  const database = await openTestDatabase();
  const missing = await database.query<{ reference: string }>(Prisma.sql`
    SELECT c.conrelid::regclass::text || '(' || a.attname || ')' AS reference
    FROM pg_constraint c JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = c.conkey[1]
    WHERE c.contype = 'f' AND c.confrelid::regclass::text <> ALL (${permanent}::text[]) AND NOT EXISTS (
      SELECT 1 FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1]
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', a.attname)))
    ORDER BY 1`);
  expect(missing.map(({ reference }) => reference)).toEqual([]);
});
