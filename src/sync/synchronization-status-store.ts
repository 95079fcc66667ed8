import { type Database, Prisma } from '../storage/database.ts';
import type { StandingOfLogin } from './synchronization-block.ts';

export interface AttemptFacts {
  trigger: 'CONNECT' | 'SCHEDULER' | 'MANUAL';
  startedAt: Date;
  finishedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
}

/** What is stored of a login's synchronizations. */
export interface LoginFacts extends Omit<StandingOfLogin, 'unattendedAccessesLeft'> {
  bankLoginId: string;
  userId: string;
  partial: boolean;
  lastSynchronization: Date | null;
  lastAttempt: AttemptFacts | null;
}

export interface SynchronizationStatusStore {
  /** Of the client's logins only, in no order. */
  list(clientId: string, bankLoginIds: readonly string[], now: Date): Promise<LoginFacts[]>;
  /** Oldest first; none when the user is not the client's. */
  listLoginIds(clientId: string, userId: string): Promise<string[]>;
}

interface FactsRow extends Omit<LoginFacts, 'consent' | 'lastAttempt'> {
  consentRecurring: boolean | null;
  validUntil: string | null;
  authorisedAt: Date | null;
  scaValidityDays: number;
  trigger: AttemptFacts['trigger'] | null;
  startedAt: Date | null;
  finishedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
}

export function createSynchronizationStatusStore(database: Database): SynchronizationStatusStore {
  return {
    async list(clientId, bankLoginIds, now) {
      const rows = await database.query<FactsRow>(Prisma.sql`
        SELECT l.id AS "bankLoginId", l.user_id AS "userId", l.status::text AS status, l.partial, l.secrets_stored AS "secretsStored",
          l.last_synchronization AS "lastSynchronization", l.bank_failure_count AS "bankFailureCount", u.recurring,
          k.recurring AS "consentRecurring", k.valid_until AS "validUntil", k.authorised_at AS "authorisedAt", b.sca_validity_days AS "scaValidityDays",
          coalesce((SELECT ended.status = 'EXPIRED' FROM consents ended
            WHERE ended.bank_login_id = l.id AND ended.authorised_at IS NOT NULL
            ORDER BY ended.authorised_at DESC, ended.id DESC LIMIT 1), false) AS "consentExpired",
          EXISTS (SELECT FROM sessions s WHERE s.bank_login_id = l.id AND (s.status = 'RUNNING'
            OR (s.status = 'AWAITING_USER' AND (s.expires_at IS NULL OR s.expires_at > ${now})))) AS "sessionActive",
          a.trigger::text AS trigger, a.started_at AS "startedAt", a.finished_at AS "finishedAt", a.error_code AS "errorCode",
          a.error_message AS "errorMessage",
          CASE WHEN a.finished_at IS NOT NULL THEN a.error_code ELSE (SELECT ended.error_code FROM synchronization_attempts ended
            WHERE ended.bank_login_id = l.id AND ended.finished_at IS NOT NULL ORDER BY ended.started_at DESC, ended.id DESC LIMIT 1)
          END AS "lastErrorCode"
        FROM bank_logins l JOIN users u ON u.id = l.user_id JOIN banks b ON b.id = l.bank_id
        LEFT JOIN consents k ON k.bank_login_id = l.id AND k.status = 'VALID'
        LEFT JOIN synchronization_attempts a ON a.id = l.last_attempt_id
        WHERE l.id = ANY(${[...bankLoginIds]}::text[]) AND l.client_id = ${clientId}`);
      return rows.map(toFacts);
    },
    async listLoginIds(clientId, userId) {
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT id FROM bank_logins WHERE user_id = ${userId} AND client_id = ${clientId} ORDER BY id`);
      return rows.map(({ id }) => id);
    },
  };
}

function toFacts(row: FactsRow): LoginFacts {
  const {
    consentRecurring,
    validUntil,
    authorisedAt,
    scaValidityDays,
    trigger,
    startedAt,
    finishedAt,
    errorCode,
    errorMessage,
    ...login
  } = row;
  return {
    ...login,
    consent:
      validUntil && authorisedAt
        ? { recurring: consentRecurring ?? false, validUntil, authorisedAt, scaValidityDays }
        : null,
    lastAttempt: trigger && startedAt ? { trigger, startedAt, finishedAt, errorCode, errorMessage } : null,
  };
}
