import { type Database, Prisma } from '../storage/database.ts';

export interface SessionBindingStore {
  /**
   * Whose session it is once this browser has asked: the first that asks gets it. Null when there is no such session.
   */
  bind(sessionId: string, browserHash: string): Promise<string | null>;
  /** Hands a session over, if it still belongs to the first of the two. */
  rebind(sessionId: string, from: string, to: string): Promise<boolean>;
  /**
   * The end user is back in the right browser. False while a code has to be entered, and when another try has begun.
   */
  confirmReturn(sessionId: string, stateHash: string): Promise<boolean>;
}

export function createSessionBindingStore(database: Database): SessionBindingStore {
  return {
    async bind(sessionId, browserHash) {
      const bind = Prisma.sql`
        UPDATE sessions SET browser_hash = ${browserHash} WHERE id = ${sessionId} AND browser_hash IS NULL RETURNING id`;
      if (await database.atomically(async (query) => (await query(bind)).length > 0)) return browserHash;
      const [session] = await database.query<{ browserHash: string }>(Prisma.sql`
        SELECT browser_hash AS "browserHash" FROM sessions WHERE id = ${sessionId}`);
      return session?.browserHash ?? null;
    },
    async rebind(sessionId, from, to) {
      const rows = await database.query(Prisma.sql`
        UPDATE sessions SET browser_hash = ${to} WHERE id = ${sessionId} AND browser_hash = ${from} RETURNING id`);
      return rows.length > 0;
    },
    async confirmReturn(sessionId, stateHash) {
      const rows = await database.query(Prisma.sql`
        UPDATE sessions SET awaited_return = NULL
        WHERE id = ${sessionId} AND status = 'AWAITING_USER' AND state_hash = ${stateHash}
          AND awaited_return IS DISTINCT FROM 'CODE'
        RETURNING id`);
      return rows.length > 0;
    },
  };
}
