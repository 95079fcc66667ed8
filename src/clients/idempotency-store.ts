import { type Database, Prisma } from '../storage/database.ts';

/** What a call with an idempotency key has made. */
export interface IdempotencyRecord {
  id: string;
  inputHash: string;
  subjectId: string;
  /** Encrypted. */
  secret: string | null;
  createdAt: Date;
}

export interface IdempotencyStore {
  find(id: string, since: Date): Promise<IdempotencyRecord | null>;
  /** Removes those from before this time, `limit` at most; the number removed. */
  removeBefore(before: Date, limit: number): Promise<number>;
}

export function createIdempotencyStore(database: Database): IdempotencyStore {
  return {
    find: async (id, since) => {
      const [record] = await database.query<IdempotencyRecord>(Prisma.sql`
        SELECT id, input_hash AS "inputHash", subject_id AS "subjectId", secret, created_at AS "createdAt"
        FROM idempotency_records WHERE id = ${id} AND created_at > ${since}::timestamptz`);
      return record ?? null;
    },
    removeBefore: async (before, limit) => {
      const removed = await database.query(Prisma.sql`
        DELETE FROM idempotency_records WHERE id IN (
          SELECT id FROM idempotency_records WHERE created_at <= ${before}::timestamptz LIMIT ${limit}::int)
        RETURNING id`);
      return removed.length;
    },
  };
}

/**
 * Gives a row where it wrote one: none where the key is taken. A twin that is being written is waited for. One from before `since` is
 * forgotten, and written over.
 */
export function claimSql({ id, inputHash, subjectId, secret, createdAt }: IdempotencyRecord, since: Date): Prisma.Sql {
  return Prisma.sql`
    INSERT INTO idempotency_records AS r (id, input_hash, subject_id, secret, created_at)
    VALUES (${id}, ${inputHash}, ${subjectId}, ${secret}, ${createdAt}::timestamptz)
    ON CONFLICT (id) DO UPDATE SET input_hash = excluded.input_hash, subject_id = excluded.subject_id,
      secret = excluded.secret, created_at = excluded.created_at WHERE r.created_at <= ${since}::timestamptz
    RETURNING r.id`;
}
