import type { Balance } from '../domain/balance-fields.ts';
import type { Page } from '../domain/page.ts';
import { type Database, Prisma } from '../storage/database.ts';
import { balanceColumns } from './bank-data-columns.ts';

/** A change of a balance, as it is listed. */
export interface BalanceChange extends Balance {
  /** Its place in the history: greater than that of all that came before. */
  id: string;
}

export interface BalanceHistoryPage extends Page<{ id: string }> {
  /** Of one type of balance only; null: of all. */
  type: string | null;
}

export interface BalanceHistoryStore {
  /** The same page of the history of each of the client's accounts, newest first; one without any is left out. */
  listBalanceHistory(
    clientId: string,
    accountIds: readonly string[],
    page: BalanceHistoryPage,
  ): Promise<Map<string, BalanceChange[]>>;
}

interface Row extends Record<string, unknown> {
  id: bigint;
  accountId: string;
  observedAt: Date;
}

export function createBalanceHistoryStore(database: Database): BalanceHistoryStore {
  return {
    async listBalanceHistory(clientId, accountIds, { type, after, before, backward, limit }) {
      const direction = backward ? Prisma.sql`ASC` : Prisma.sql`DESC`;
      const rows = await database.query<Row>(Prisma.sql`
        SELECT change.id, a.id AS "accountId", ${balanceColumns.selectedFrom('change')}, change.observed_at AS "observedAt"
        FROM accounts a CROSS JOIN LATERAL (
          SELECT * FROM balance_changes WHERE account_id = a.id ${type === null ? Prisma.empty : Prisma.sql`AND type = ${type}`}
            ${after === null ? Prisma.empty : Prisma.sql`AND id < ${after.id}::bigint`}
            ${before == null ? Prisma.empty : Prisma.sql`AND id > ${before.id}::bigint`}
          ORDER BY id ${direction} LIMIT ${limit}::int) AS change
        WHERE a.id = ANY(${[...accountIds]}::text[]) AND a.client_id = ${clientId} ORDER BY a.id, change.id ${direction}`);
      const byAccount = new Map<string, BalanceChange[]>();
      for (const row of rows) {
        const of = byAccount.get(row.accountId) ?? [];
        of.push({ ...balanceColumns.fromRow(row), id: String(row.id), observedAt: row.observedAt.toISOString() });
        byAccount.set(row.accountId, of);
      }
      return byAccount;
    },
  };
}
