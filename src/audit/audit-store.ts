import { type Database, Prisma } from '../storage/database.ts';
import { type AuditEntry, commonChain, toContent } from './audit-entry.ts';

export interface StoredEntry {
  sequence: bigint;
  content: string;
  hash: string;
}

export interface ListedContent {
  position: bigint;
  content: string;
}

export interface Chain {
  id: string;
  sequence: bigint;
  hash: string;
  removedSequence: bigint;
  removedHash: string;
}

export interface AuditFilter {
  actorId: string | null;
  subjectId: string | null;
  action: string | null;
  since: Date | null;
}

export interface AuditPage {
  before: bigint | null;
  limit: number;
}

export interface AuditStore {
  append(entry: AuditEntry): Promise<void>;
  /** The newest first; of every client where `clientId` is null. `before` is the position of the last one seen. */
  list(clientId: string | null, filter: AuditFilter, page: AuditPage): Promise<ListedContent[]>;
  /** Those behind a sequence, oldest first. */
  read(chainId: string, after: bigint, limit: number): Promise<StoredEntry[]>;
  listChains(): Promise<Chain[]>;
  findChain(id: string): Promise<Chain | null>;
  /** Removes the oldest of a chain, `limit` at most; the number removed. */
  removeBefore(chainId: string, before: Date, limit: number): Promise<number>;
}

const selectChain = Prisma.sql`
  SELECT id, sequence, hash, removed_sequence AS "removedSequence", removed_hash AS "removedHash" FROM audit_chains`;

export function createAuditStore(database: Database): AuditStore {
  return {
    append: async (entry) => void (await database.query(appendSql(entry))),
    list: (clientId, { actorId, subjectId, action, since }, { before, limit }) =>
      database.query<ListedContent>(Prisma.sql`
        SELECT position, content FROM audit_entries
        WHERE ${clientId === null ? Prisma.sql`true` : Prisma.sql`chain_id = ${clientId}`}
          AND (${before}::bigint IS NULL OR position < ${before}::bigint)
          AND (${actorId}::text IS NULL OR actor_id = ${actorId}) AND (${subjectId}::text IS NULL OR subject_id = ${subjectId})
          AND (${action}::text IS NULL OR action = ${action}) AND (${since}::timestamptz IS NULL OR at >= ${since})
        ORDER BY position DESC LIMIT ${limit}::int`),
    read: (chainId, after, limit) =>
      database.query<StoredEntry>(Prisma.sql`
        SELECT sequence, content, hash FROM audit_entries WHERE chain_id = ${chainId} AND sequence > ${after}::bigint
        ORDER BY sequence LIMIT ${limit}::int`),
    listChains: () => database.query<Chain>(Prisma.sql`${selectChain} ORDER BY id`),
    async findChain(id) {
      const [chain] = await database.query<Chain>(Prisma.sql`${selectChain} WHERE id = ${id}`);
      return chain ?? null;
    },
    removeBefore: (chainId, before, limit) =>
      database.atomically(async (query) => {
        await query(Prisma.sql`SELECT set_config('tidewater.audit_retention', 'on', true)`);
        const [row] = await query<{ count: number }>(Prisma.sql`
          WITH chain AS (SELECT id FROM audit_chains WHERE id = ${chainId} FOR UPDATE),
          old AS (
            SELECT sequence FROM audit_entries e JOIN chain ON chain.id = e.chain_id
            WHERE e.at < ${before} ORDER BY sequence LIMIT ${limit}::int),
          removed AS (
            DELETE FROM audit_entries e USING old WHERE e.chain_id = ${chainId} AND e.sequence = old.sequence
            RETURNING e.sequence, e.hash),
          last AS (SELECT sequence, hash FROM removed ORDER BY sequence DESC LIMIT 1),
          moved AS (
            UPDATE audit_chains c SET removed_sequence = last.sequence, removed_hash = last.hash FROM last
            WHERE c.id = ${chainId})
          SELECT count(*)::int AS count FROM removed`);
        return row?.count ?? 0;
      }),
  };
}

/** Appends to the entry's chain, whose end it locks until the commit: of its own, or beside what it tells of in one transaction. */
export function appendSql(entry: AuditEntry): Prisma.Sql {
  const content = toContent(entry);
  const chainId = entry.clientId ?? commonChain;
  return Prisma.sql`
    WITH chain AS (
      INSERT INTO audit_chains AS c (id, sequence, hash)
      VALUES (${chainId}, 1, encode(sha256(convert_to(${`\n${content}`}, 'UTF8')), 'hex'))
      ON CONFLICT (id) DO UPDATE SET sequence = c.sequence + 1,
        hash = encode(sha256(convert_to(c.hash || ${`\n${content}`}, 'UTF8')), 'hex')
      RETURNING sequence, hash)
    INSERT INTO audit_entries (chain_id, sequence, id, at, action, actor_id, subject_id, content, hash)
    SELECT ${chainId}, sequence, ${entry.id}, ${entry.at}::timestamptz, ${entry.action}, ${entry.actorId}, ${entry.subjectId},
      ${content}, hash FROM chain`;
}
