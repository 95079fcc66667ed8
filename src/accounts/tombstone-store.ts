import { type Database, Prisma } from '../storage/database.ts';
import type { StoredTransaction } from './bank-transaction.ts';
import type { RemovedTransaction } from './removed-transaction.ts';
import { type RecognisedValues, toRecognisedValues } from './transaction-face.ts';

/** How long it is remembered what a removed transaction was like: what comes back within a year has its old id. */
const tombstoneLifeMs = 366 * 24 * 3_600_000;

/** What one step forgets at most. */
const tombstonesPerStep = 1_000;

/** Of these accounts, the transactions that were removed within the last year; accounts without any are left out. */
export async function listRemoved(
  database: Database,
  accountIds: readonly string[],
): Promise<ReadonlyMap<string, RemovedTransaction[]>> {
  const removed = new Map<string, RemovedTransaction[]>();
  if (accountIds.length === 0) return removed;
  const rows = await database.query<{
    id: string;
    accountId: string;
    content: RecognisedValues;
    removedAt: Date;
  }>(Prisma.sql`
    SELECT transaction_id AS id, account_id AS "accountId", content, removed_at AS "removedAt" FROM transaction_tombstones
    WHERE account_id = ANY(${[...accountIds]}::text[]) AND content IS NOT NULL ORDER BY removed_at DESC, transaction_id`);
  for (const { id, accountId, content, removedAt } of rows) {
    const known = removed.get(accountId) ?? [];
    known.push({ ...content, id, removedAt });
    removed.set(accountId, known);
  }
  return removed;
}

/** The CTE `forgotten_tombstone`, of removed transactions that are back. */
export function forgottenTombstones(ids: readonly string[], condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    forgotten_tombstone AS (
      DELETE FROM transaction_tombstones WHERE transaction_id = ANY(${[...ids]}::text[]) AND ${condition})`;
}

/**
 * The CTE `tombstone`, of what the changes remove; null where that is nothing. `position` is the place in the client's event log that tells
 * of the removal: their order is the order of commit.
 */
export function tombstoneCte(
  { clientId, now, position }: { clientId: string; now: Date; position: Prisma.Sql },
  changes: readonly { id: string; removed: readonly StoredTransaction[] }[],
  condition: Prisma.Sql,
): Prisma.Sql | null {
  const tombstones = changes.flatMap(({ id: accountId, removed }) =>
    removed.map((transaction) => ({ id: transaction.id, accountId, content: toRecognisedValues(transaction) })),
  );
  if (tombstones.length === 0) return null;
  return Prisma.sql`
    tombstone AS (
      INSERT INTO transaction_tombstones (transaction_id, client_id, account_id, content, position, removed_at)
      SELECT given.id, ${clientId}, given."accountId", given.content, ${position}, ${now}
      FROM json_to_recordset(${JSON.stringify(tombstones)}::json) AS given (id text, "accountId" text, content jsonb)
      WHERE ${condition})`;
}

/**
 * Forgets what transactions were like that were removed more than a year ago, in small steps; gives how many each step forgot. Their ids
 * stay, as long as their accounts: whoever keeps a copy learns of the removal whenever it asks.
 */
export async function* forgetOldContents(
  database: Database,
  now: Date,
  limit = tombstonesPerStep,
): AsyncGenerator<number> {
  const before = new Date(now.getTime() - tombstoneLifeMs);
  for (let forgottenCount = limit; forgottenCount === limit; ) {
    const [row] = await database.query<{ count: number }>(Prisma.sql`
      WITH old AS (
        SELECT transaction_id FROM transaction_tombstones WHERE removed_at < ${before} AND content IS NOT NULL
        ORDER BY removed_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED),
      forgotten AS (
        UPDATE transaction_tombstones t SET content = NULL FROM old WHERE t.transaction_id = old.transaction_id RETURNING 1)
      SELECT count(*)::int AS count FROM forgotten`);
    forgottenCount = row?.count ?? 0;
    yield forgottenCount;
  }
}
