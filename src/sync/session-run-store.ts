import { type Database, Prisma } from '../storage/database.ts';
import { defaultLeaseSeconds, leaseSql } from './lease.ts';

/** A running session, and the right to work on it for as long as nobody took it with a higher token. */
export interface ClaimedSession {
  id: string;
  kind: 'CONNECT' | 'MANAGEMENT' | 'SYNCHRONIZATION';
  clientId: string;
  bankLoginId: string | null;
  fencingToken: number;
  attended: boolean;
  psuIpAddress: string | null;
}

export interface SessionFault {
  code: string;
  message: string;
  now: Date;
}

export interface SessionRunStore {
  /** `any`: the caller has just set it running; `abandoned`: only where the lease has run out. Null when there is nothing to claim. */
  claim(id: string, which: 'any' | 'abandoned'): Promise<ClaimedSession | null>;
  renew(session: ClaimedSession): Promise<void>;
  /** Hands it back at once: the process is stopping. */
  release(session: ClaimedSession): Promise<void>;
  /** Ends it without data; nothing happens when it has ended, or is held by another. */
  fail(session: ClaimedSession, fault: SessionFault): Promise<void>;
  listAbandoned(limit: number): Promise<string[]>;
  /** Hands back every running session at once: only where no other process can be alive. */
  releaseAll(): Promise<void>;
}

const abandoned = Prisma.sql`(lease_until IS NULL OR lease_until < now())`;

/** A session is held for `leaseSeconds` without a word from its process; then another may take it over. */
export function createSessionRunStore(database: Database, leaseSeconds = defaultLeaseSeconds): SessionRunStore {
  const lease = leaseSql(leaseSeconds);
  const heldBy = ({ id, fencingToken }: ClaimedSession) =>
    Prisma.sql`id = ${id} AND fencing_token = ${fencingToken} AND status = 'RUNNING'`;
  return {
    async claim(id, which) {
      const [session] = await database.query<ClaimedSession>(Prisma.sql`
        UPDATE sessions SET fencing_token = fencing_token + 1, lease_until = ${lease}
        WHERE id = ${id} AND status = 'RUNNING' AND (${which === 'any'}::boolean OR ${abandoned})
        RETURNING id, kind::text AS kind, client_id AS "clientId", bank_login_id AS "bankLoginId",
          fencing_token AS "fencingToken", attended, psu_ip_address AS "psuIpAddress"`);
      return session ?? null;
    },
    async renew(session) {
      await database.query(Prisma.sql`UPDATE sessions SET lease_until = ${lease} WHERE ${heldBy(session)}`);
    },
    async release(session) {
      await database.query(Prisma.sql`UPDATE sessions SET lease_until = NULL WHERE ${heldBy(session)}`);
    },
    async fail(session, { code, message, now }) {
      await database.query(Prisma.sql`
        UPDATE sessions SET status = 'FAILED', error_code = ${code}, error_message = ${message}, finished_at = ${now},
          updated_at = ${now}, lease_until = NULL
        WHERE ${heldBy(session)}`);
    },
    async listAbandoned(limit) {
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT id FROM sessions WHERE status = 'RUNNING' AND ${abandoned} ORDER BY id LIMIT ${limit}::int`);
      return rows.map(({ id }) => id);
    },
    async releaseAll() {
      await database.query(Prisma.sql`UPDATE sessions SET lease_until = NULL WHERE status = 'RUNNING'`);
    },
  };
}
