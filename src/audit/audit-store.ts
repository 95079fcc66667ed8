import { type Database, Prisma, type Query } from '../storage/database.ts';
import { type AuditEntry, chainHash, commonChain, toContent } from './audit-entry.ts';

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
  /** Many of many clients, all or nothing; each chain is taken once. */
  appendAll(entries: readonly AuditEntry[]): Promise<void>;
  /** The newest first; of every client where `clientId` is null. `before` is the position of the last one seen. */
  list(clientId: string | null, filter: AuditFilter, page: AuditPage): Promise<ListedContent[]>;
  /** Of any client where `clientId` is null. */
  find(clientId: string | null, id: string): Promise<ListedContent | null>;
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
    appendAll: (entries) =>
      database.atomically(async (query) => {
        const chainOf = ({ clientId }: AuditEntry) => clientId ?? commonChain;
        // In one order, so that two who take several chains do not wait for each other; a call takes one, and nothing after it.
        for (const chainId of [...new Set(entries.map(chainOf))].sort()) {
          await appendToChain(
            query,
            chainId,
            entries.filter((entry) => chainOf(entry) === chainId),
          );
        }
      }),
    list: (clientId, { actorId, subjectId, action, since }, { before, limit }) =>
      database.query<ListedContent>(Prisma.sql`
        SELECT position, content FROM audit_entries
        WHERE ${clientId === null ? Prisma.sql`true` : Prisma.sql`chain_id = ${clientId}`}
          AND (${before}::bigint IS NULL OR position < ${before}::bigint)
          AND (${actorId}::text IS NULL OR actor_id = ${actorId}) AND (${subjectId}::text IS NULL OR subject_id = ${subjectId})
          AND (${action}::text IS NULL OR action = ${action}) AND (${since}::timestamptz IS NULL OR at >= ${since})
        ORDER BY position DESC LIMIT ${limit}::int`),
    find: async (clientId, id) => {
      const [row] = await database.query<ListedContent>(Prisma.sql`
        SELECT position, content FROM audit_entries
        WHERE id = ${id} AND (${clientId}::text IS NULL OR chain_id = ${clientId})`);
      return row ?? null;
    },
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

async function appendToChain(query: Query, chainId: string, entries: readonly AuditEntry[]): Promise<void> {
  const [end] = await query<{ sequence: bigint; hash: string }>(Prisma.sql`
    INSERT INTO audit_chains AS c (id, sequence, hash) VALUES (${chainId}, 0, '')
    ON CONFLICT (id) DO UPDATE SET sequence = c.sequence RETURNING sequence, hash`);
  let { sequence, hash } = end ?? { sequence: 0n, hash: '' };
  const rows = entries.map((entry) => {
    const content = toContent(entry);
    sequence += 1n;
    hash = chainHash(hash, content);
    const { id, action, actorId, subjectId } = entry;
    const found = { id, at: entry.at.toISOString(), action, actor_id: actorId, subject_id: subjectId };
    return { ...found, sequence: String(sequence), content, hash };
  });
  await query(Prisma.sql`
    INSERT INTO audit_entries (chain_id, sequence, id, at, action, actor_id, subject_id, content, hash)
    SELECT ${chainId}, sequence, id, at, action, actor_id, subject_id, content, hash
    FROM json_to_recordset(${JSON.stringify(rows)}::json) AS given (sequence bigint, id text, at timestamptz, action text,
      actor_id text, subject_id text, content text, hash text) ORDER BY sequence`);
  await query(Prisma.sql`
    UPDATE audit_chains SET sequence = ${sequence}::bigint, hash = ${hash} WHERE id = ${chainId}`);
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
