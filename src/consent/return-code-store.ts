import { type Database, Prisma } from '../storage/database.ts';

export interface KeptReturnCode {
  /** Encrypted. */
  secret: string;
  /** How often somebody has tried. */
  attemptCount: number;
  expiresAt: Date;
}

export interface NewReturnCode {
  sessionId: string;
  stateHash: string;
  /** Encrypted. */
  secret: string;
  expiresAt: Date;
}

/** The codes of end users who have come back in another browser: one for each try at a bank. */
export interface ReturnCodeStore {
  /**
   * From now on the consent is granted only once the code has been entered. The first code of a try stays, whoever
   * comes back later. Null when the session does not wait for this return any more.
   */
  demand(code: NewReturnCode): Promise<KeptReturnCode | null>;
  /** Of the try that is under way; null when none is wanted. */
  find(sessionId: string): Promise<KeptReturnCode | null>;
  /** Counts an attempt before it is compared, so that no two count as one. Null when there is none left, or no code. */
  countAttempt(sessionId: string, limit: { attempts: number; now: Date }): Promise<KeptReturnCode | null>;
  /** The right code has been entered: the consent may be granted. False when another try has begun. */
  confirm(sessionId: string): Promise<boolean>;
  /** Codes that nobody has entered in time; `isWanted` where the session still waits for it. */
  listExpired(now: Date): Promise<{ sessionId: string; isWanted: boolean }[]>;
  remove(sessionId: string): Promise<void>;
}

const fields = Prisma.sql`r.secret, r.attempt_count AS "attemptCount", r.expires_at AS "expiresAt"`;
const isPresent = Prisma.sql`s.id = r.session_id AND s.status = 'AWAITING_USER' AND s.state_hash = r.state_hash`;

export function createReturnCodeStore(database: Database): ReturnCodeStore {
  const find = async (sessionId: string): Promise<KeptReturnCode | null> => {
    const [code] = await database.query<KeptReturnCode>(Prisma.sql`
      SELECT ${fields} FROM return_codes r JOIN sessions s ON ${isPresent} WHERE r.session_id = ${sessionId}`);
    return code ?? null;
  };
  return {
    find,
    async demand({ sessionId, stateHash, secret, expiresAt }) {
      await database.query(Prisma.sql`
        WITH waiting AS (
          UPDATE sessions SET awaited_return = 'CODE'
          WHERE id = ${sessionId} AND status = 'AWAITING_USER' AND state_hash = ${stateHash} RETURNING id)
        INSERT INTO return_codes AS r (session_id, state_hash, secret, expires_at)
        SELECT id, ${stateHash}, ${secret}, ${expiresAt}::timestamptz FROM waiting
        ON CONFLICT (session_id) DO UPDATE SET state_hash = EXCLUDED.state_hash, secret = EXCLUDED.secret,
          expires_at = EXCLUDED.expires_at, attempt_count = 0
        WHERE r.state_hash <> EXCLUDED.state_hash`);
      return await find(sessionId);
    },
    async countAttempt(sessionId, { attempts, now }) {
      const [code] = await database.query<KeptReturnCode>(Prisma.sql`
        UPDATE return_codes r SET attempt_count = attempt_count + 1 FROM sessions s
        WHERE r.session_id = ${sessionId} AND ${isPresent} AND r.attempt_count < ${attempts}::int AND r.expires_at > ${now}
        RETURNING ${fields}`);
      return code ?? null;
    },
    async confirm(sessionId) {
      const rows = await database.query(Prisma.sql`
        WITH code AS (
          DELETE FROM return_codes r USING sessions s WHERE r.session_id = ${sessionId} AND ${isPresent} RETURNING r.session_id)
        UPDATE sessions SET awaited_return = NULL WHERE id IN (SELECT session_id FROM code) RETURNING id`);
      return rows.length > 0;
    },
    listExpired: (now) =>
      database.query(Prisma.sql`
        SELECT r.session_id AS "sessionId", EXISTS (SELECT FROM sessions s WHERE ${isPresent}) AS "isWanted"
        FROM return_codes r WHERE r.expires_at <= ${now} LIMIT 1000`),
    remove: async (sessionId) =>
      void (await database.query(Prisma.sql`DELETE FROM return_codes WHERE session_id = ${sessionId}`)),
  };
}
