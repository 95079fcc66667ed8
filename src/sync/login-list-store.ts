import type { Page, ScannedPage } from '../domain/page.ts';
import type { BankLogin } from '../generated/prisma/client.ts';
import { type Database, Prisma } from '../storage/database.ts';
import type { SynchronizationBlock } from './synchronization-block.ts';

export interface LoginFilter {
  userId: string | null;
  bankId: string | null;
  status: BankLogin['status'] | null;
  blockedBy: SynchronizationBlock | null;
  /** YYYY-MM-DD: the valid consent ends before this day. */
  consentExpiresBefore: string | null;
  /** Nor ever. */
  notSynchronizedSince: Date | null;
}

export interface LoginListStore {
  /**
   * Ids of the client's logins, oldest first. What has no index is looked for in `scannedLogins` at a time. Of `blockedBy`, all that may
   * be blocked so are found.
   */
  list(clientId: string, filter: LoginFilter, page: LoginPage): Promise<ScannedPage<string, string>>;
}

export interface LoginPage extends Page {
  now: Date;
}

/** Read in some 50 ms where none fits. */
export const scannedLogins = 5_000;

export function createLoginListStore(database: Database): LoginListStore {
  return {
    async list(clientId, filter, page) {
      const direction = page.backward ? Prisma.sql`DESC` : Prisma.sql`ASC`;
      const scan = scanSql(clientId, filter, page);
      const rows = await database.query<{ id: string }>(Prisma.sql`
        SELECT l.id FROM (${scan} LIMIT ${scannedLogins}::int) AS l WHERE true ${conditionsSql(filter, page.now)}
        ORDER BY l.id ${direction} LIMIT ${page.limit}::int`);
      const ids = rows.map(({ id }) => id);
      if (ids.length === page.limit) return { rows: ids, scannedTo: null };
      const [end] = await database.query<{ id: string }>(Prisma.sql`
        SELECT id FROM (${scan} OFFSET ${scannedLogins - 1}::int LIMIT 1) AS l`);
      return { rows: ids, scannedTo: end?.id ?? null };
    },
  };
}

// In the order of an index, whichever of them narrows most.
function scanSql(clientId: string, { userId, bankId, status }: LoginFilter, page: Page): Prisma.Sql {
  const { after, before, backward } = page;
  const narrowed = [
    userId === null ? Prisma.empty : Prisma.sql`AND l.user_id = ${userId}`,
    bankId === null ? Prisma.empty : Prisma.sql`AND l.bank_id = ${bankId}`,
    status === null ? Prisma.empty : Prisma.sql`AND l.status = ${status}::"SynchronizationStatus"`,
  ];
  return Prisma.sql`
    SELECT l.* FROM bank_logins l WHERE l.client_id = ${clientId} ${Prisma.join(narrowed, ' ')}
      ${after === null ? Prisma.empty : Prisma.sql`AND l.id > ${after}`}
      ${before == null ? Prisma.empty : Prisma.sql`AND l.id < ${before}`}
    ORDER BY l.id ${backward ? Prisma.sql`DESC` : Prisma.sql`ASC`}`;
}

function conditionsSql({ blockedBy, consentExpiresBefore, notSynchronizedSince }: LoginFilter, now: Date): Prisma.Sql {
  return Prisma.sql`
    ${consentExpiresBefore === null ? Prisma.empty : Prisma.sql`AND EXISTS (${validConsent} AND k.valid_until < ${consentExpiresBefore}::date)`}
    ${
      notSynchronizedSince === null
        ? Prisma.empty
        : Prisma.sql`AND (l.last_synchronization IS NULL OR l.last_synchronization < ${notSynchronizedSince}::timestamptz)`
    }
    ${blockedBy === null ? Prisma.empty : Prisma.sql`AND ${mayBeBlockedSql(blockedBy, now)}`}`;
}

const validConsent = Prisma.sql`SELECT FROM consents k WHERE k.bank_login_id = l.id AND k.status = 'VALID'`;

/** What every login that `decideNextStep` calls blocked so fulfils: few others do. */
function mayBeBlockedSql(blockedBy: SynchronizationBlock, now: Date): Prisma.Sql {
  switch (blockedBy) {
    case 'NOT_RECURRING':
      return Prisma.sql`(NOT EXISTS (SELECT FROM users u WHERE u.id = l.user_id AND u.recurring)
        OR EXISTS (${validConsent} AND NOT k.recurring))`;
    case 'SECRETS_NOT_STORED':
      return Prisma.sql`NOT l.secrets_stored`;
    case 'CONSENT_MISSING':
      return Prisma.sql`NOT EXISTS (${validConsent})`;
    case 'CONSENT_EXPIRED':
      return Prisma.sql`NOT EXISTS (${validConsent} AND k.valid_until >= ${now.toISOString().slice(0, 10)}::date)`;
    case 'SCA_REQUIRED':
      return Prisma.sql`(l.status = 'SCA_REQUIRED' OR EXISTS (${validConsent} AND k.authorised_at + make_interval(hours => 24 *
        (SELECT b.sca_validity_days FROM banks b WHERE b.id = l.bank_id)) < ${now}::timestamptz))`;
    case 'ACCESS_LIMIT':
      return Prisma.sql`EXISTS (${validConsent})`;
    case 'BANK_UNAVAILABLE':
      return Prisma.sql`(l.bank_failure_count > 0 OR EXISTS (SELECT FROM synchronization_attempts a
        WHERE a.id = l.last_attempt_id AND (a.finished_at IS NULL OR a.error_code IS NOT NULL)))`;
  }
}
