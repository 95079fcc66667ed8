import { type Database, Prisma } from '../storage/database.ts';

export interface DueTermination {
  id: string;
  bankId: string;
  /** The adapter's credentials, encrypted. */
  credentials: string;
  /** What the encrypted credentials are bound to; null in the first format, which binds to nothing. */
  consentId: string | null;
  attemptCount: number;
}

export interface ConsentTerminationStore {
  /** Takes what is due; nobody else gets it before `takenUntil`. */
  take(given: { now: Date; takenUntil: Date; limit: number }): Promise<DueTermination[]>;
  /** Credentials that the end has changed. */
  keep(id: string, credentials: string): Promise<void>;
  done(id: string): Promise<void>;
  postpone(id: string, until: Date): Promise<void>;
  /** Taken, but not tried: it does not count as an attempt. */
  handBack(id: string, until: Date): Promise<void>;
}

export function createConsentTerminationStore(database: Database): ConsentTerminationStore {
  return {
    take: ({ now, takenUntil, limit }) =>
      database.query<DueTermination>(Prisma.sql`
        UPDATE consent_terminations SET next_attempt_at = ${takenUntil}, attempt_count = attempt_count + 1
        WHERE id IN (SELECT id FROM consent_terminations WHERE next_attempt_at <= ${now}
          ORDER BY next_attempt_at LIMIT ${limit}::int FOR UPDATE SKIP LOCKED)
        RETURNING id, bank_id AS "bankId", credentials,
          consent_id AS "consentId", attempt_count AS "attemptCount"`),
    keep: async (id, credentials) =>
      void (await database.query(
        Prisma.sql`UPDATE consent_terminations SET credentials = ${credentials} WHERE id = ${id}`,
      )),
    done: async (id) => void (await database.query(Prisma.sql`DELETE FROM consent_terminations WHERE id = ${id}`)),
    postpone: async (id, until) =>
      void (await database.query(
        Prisma.sql`UPDATE consent_terminations SET next_attempt_at = ${until} WHERE id = ${id}`,
      )),
    handBack: async (id, until) =>
      void (await database.query(Prisma.sql`
        UPDATE consent_terminations SET next_attempt_at = ${until}, attempt_count = attempt_count - 1 WHERE id = ${id}`)),
  };
}
