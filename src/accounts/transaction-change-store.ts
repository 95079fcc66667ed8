import { type Database, Prisma } from '../storage/database.ts';
import { createTransactionRecords, type ListedTransaction, type TransactionRecords } from './transaction-page.ts';

/** Of which changes: those that fit all that is given. */
export interface ChangeFilter {
  userId?: string;
  bankLoginId?: string;
  accountId?: string;
  /** Of the event that told of them. */
  position?: bigint;
}

/** A place in the list of changes; without `of` it lies behind all that the login's change set has. */
export interface ChangePlace {
  position: bigint;
  bankLoginId: string;
  of: { accountId: string; transactionId: string } | null;
}

/** A transaction at the place of its latest change. */
export interface TransactionChange {
  place: ChangePlace & { of: NonNullable<ChangePlace['of']> };
  kind: 'ADDED' | 'MODIFIED' | 'REMOVED';
  changedAt: Date;
  /** As it is now; null once it has been removed. */
  transaction: ListedTransaction | null;
}

export interface ChangePage {
  changes: TransactionChange[];
  /** The list goes on behind it though the page is not full: many change sets in a row had nothing left. Else null. */
  goOnAfter: ChangePlace | null;
}

export interface TransactionChangeStore {
  /**
   * The client's transactions in the order in which they last changed, the oldest change first; the removed ones at the place of their
   * removal. In the order of commits: what commits later is behind every place that was handed out before.
   */
  listChanges(
    clientId: string,
    filter: ChangeFilter,
    page: { after: ChangePlace | null; limit: number },
  ): Promise<ChangePage>;
  /** Whether the event at this position told of changes that are listed; those of before the list existed are not. */
  hasChangeSet(clientId: string, position: bigint): Promise<boolean>;
}

/** Change sets that one statement goes through, and statements of one page: each set costs some looks into indexes. */
const setsPerStatement = 100;
const statementsPerPage = 20;

interface ChangeSet {
  position: bigint;
  bankLoginId: string;
  version: number;
}

interface ListRequest {
  clientId: string;
  filter: ChangeFilter;
  after: ChangePlace | null;
  limit: number;
}

export function createTransactionChangeStore(database: Database): TransactionChangeStore {
  const records = createTransactionRecords()(null);
  return {
    async listChanges(clientId, filter, { after, limit }) {
      const changes: TransactionChange[] = [];
      let place = after;
      for (let count = 0; count < statementsPerPage; count += 1) {
        const sets = await database.query<ChangeSet>(
          setsSql({ clientId, filter, after: place, limit: setsPerStatement }),
        );
        const last = sets.at(-1);
        if (!last) return { changes, goOnAfter: null };
        const wanted = { clientId, filter, after: place, limit: limit - changes.length };
        const rows = await database.query<ChangeRow>(changesSql(records, sets, wanted));
        changes.push(...rows.map((row) => toChange(row, records)));
        if (changes.length === limit || sets.length < setsPerStatement) return { changes, goOnAfter: null };
        place = { position: last.position, bankLoginId: last.bankLoginId, of: null };
      }
      return { changes, goOnAfter: place };
    },
    async hasChangeSet(clientId, position) {
      const sets = await database.query(setsSql({ clientId, filter: { position }, after: null, limit: 1 }));
      return sets.length > 0;
    },
  };
}

// Of some logins each by its own index, in the order of the list: few logins have few sets among very many.
function setsSql({ clientId, filter, after, limit }: ListRequest): Prisma.Sql {
  const { userId, bankLoginId, accountId, position } = filter;
  const comparison = after?.of ? Prisma.sql`>=` : Prisma.sql`>`;
  const listed = Prisma.sql`client_id = ${clientId}
    ${after ? Prisma.sql`AND (position, bank_login_id) ${comparison} (${after.position}::bigint, ${after.bankLoginId})` : Prisma.empty}
    ${position === undefined ? Prisma.empty : Prisma.sql`AND position = ${position}::bigint`}`;
  const inOrder = (ofLogin: Prisma.Sql) => Prisma.sql`ORDER BY position, ${ofLogin} LIMIT ${limit}::int`;
  const order = inOrder(Prisma.sql`bank_login_id`);
  const columns = Prisma.sql`position, bank_login_id AS "bankLoginId", version`;
  if ((userId ?? bankLoginId ?? accountId) === undefined)
    return Prisma.sql`SELECT ${columns} FROM transaction_change_sets WHERE ${listed} ${order}`;
  return Prisma.sql`
    SELECT of_login.* FROM bank_logins l CROSS JOIN LATERAL (
      SELECT ${columns} FROM transaction_change_sets WHERE bank_login_id = l.id AND ${listed} ${order}) AS of_login
    WHERE l.client_id = ${clientId}
      ${userId === undefined ? Prisma.empty : Prisma.sql`AND l.user_id = ${userId}`}
      ${bankLoginId === undefined ? Prisma.empty : Prisma.sql`AND l.id = ${bankLoginId}`}
      ${accountId === undefined ? Prisma.empty : Prisma.sql`AND l.id = (SELECT bank_login_id FROM accounts WHERE id = ${accountId})`}
    ${inOrder(Prisma.sql`l.id`)}`;
}

interface ChangeRow {
  position: bigint;
  bankLoginId: string;
  accountId: string;
  id: string;
  kind: TransactionChange['kind'];
  changedAt: Date;
  transaction: string | null;
}

/**
 * What the transactions of these sets are now, in the order of the list. A transaction that changes meanwhile goes to a later set, and is
 * met there. Every lateral read goes on by its index where the page begins, and ends where it can be full.
 */
function changesSql(
  records: TransactionRecords,
  sets: readonly ChangeSet[],
  { clientId, filter, after, limit }: ListRequest,
): Prisma.Sql {
  const of = after?.of ?? null;
  const isFirst =
    of && after ? Prisma.sql`(s.position, s.bank_login_id) = (${after.position}::bigint, ${after.bankLoginId})` : null;
  const fromAccount = isFirst
    ? Prisma.sql`AND a.id >= CASE WHEN ${isFirst} THEN ${of?.accountId} ELSE '' END`
    : Prisma.empty;
  const behind = isFirst
    ? Prisma.sql`CASE WHEN ${isFirst} AND a.id = ${of?.accountId} THEN ${of?.transactionId} ELSE '' END`
    : Prisma.sql`''`;
  return Prisma.sql`
    SELECT s.position, s.bank_login_id AS "bankLoginId", c.account_id AS "accountId", c.id, c.kind, c.changed_at AS "changedAt", c.transaction
    FROM unnest(${sets.map((set) => set.position)}::bigint[], ${sets.map((set) => set.bankLoginId)}::text[],
      ${sets.map(({ version }) => version)}::int[]) WITH ORDINALITY AS s(position, bank_login_id, version, ordinal)
    CROSS JOIN LATERAL (
      SELECT a.id AS account_id, of_account.* FROM accounts a CROSS JOIN LATERAL (
        (SELECT t.id, CASE WHEN t.created_at = t.updated_at THEN 'ADDED' ELSE 'MODIFIED' END AS kind, t.updated_at AS changed_at,
            ${records.asText} AS transaction
          FROM transactions t WHERE t.account_id = a.id AND t.login_version = s.version AND t.id > ${behind}
          ORDER BY t.id LIMIT ${limit}::int)
        UNION ALL
        (SELECT d.transaction_id, 'REMOVED', d.removed_at, NULL
          FROM transaction_tombstones d WHERE d.account_id = a.id AND d.position = s.position AND d.transaction_id > ${behind}
          ORDER BY d.transaction_id LIMIT ${limit}::int)) AS of_account
      WHERE a.bank_login_id = s.bank_login_id AND a.client_id = ${clientId} ${fromAccount}
        ${filter.accountId === undefined ? Prisma.empty : Prisma.sql`AND a.id = ${filter.accountId}`}
      ORDER BY a.id, of_account.id LIMIT ${limit}::int) AS c
    ORDER BY s.ordinal, c.account_id, c.id LIMIT ${limit}::int`;
}

function toChange(row: ChangeRow, records: TransactionRecords): TransactionChange {
  const { position, bankLoginId, accountId, id, kind, changedAt, transaction } = row;
  return {
    place: { position, bankLoginId, of: { accountId, transactionId: id } },
    kind,
    changedAt,
    transaction: transaction === null ? null : (records.read(accountId, transaction, null)[0] ?? null),
  };
}

/**
 * The CTE `change_set`, for changes of transactions; null where there are none. `position`, that of the event, is taken under the lock of
 * the client's log, which is held until the commit: a reader that has seen it never finds a smaller one later.
 */
export function changeSetCte(
  given: { clientId: string; bankLoginId: string; version: number; position: Prisma.Sql },
  changes: readonly { added: readonly unknown[]; updated: readonly unknown[]; removed: readonly unknown[] }[],
  condition: Prisma.Sql,
): Prisma.Sql | null {
  const { clientId, bankLoginId, version, position } = given;
  if (changes.every(({ added, updated, removed }) => added.length + updated.length + removed.length === 0)) return null;
  return Prisma.sql`
    change_set AS (
      INSERT INTO transaction_change_sets (client_id, position, bank_login_id, version)
      SELECT ${clientId}, ${position}, ${bankLoginId}, ${version}::int WHERE ${condition})`;
}
