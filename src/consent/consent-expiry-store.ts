import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { lockLogin } from './consent-store.ts';

export interface DueConsent {
  id: string;
  clientId: string;
  userId: string;
  externalId: string | null;
  bankLoginId: string;
  bankId: string;
  bankName: string;
  recurring: boolean;
  /** The last day on which data can be had without the end user, YYYY-MM-DD: the consent's, or the SCA's where that ends earlier. */
  endsOn: string;
  daysLeft: number;
  /** Whether validUntil has passed, not only the SCA grown too old. */
  hasEnded: boolean;
  /** What is to be said: 14, 7 or 1 days left; 0: ended. */
  notice: number;
  /** The end has been told of already, when the SCA grew too old. */
  isTold: boolean;
}

export interface ConsentExpiryStore {
  listDue(given: { now: Date; limit: number }): Promise<DueConsent[]>;
  /** Marks it as said; false when it has been said, or the consent has ended otherwise. */
  take(tx: Transaction, due: DueConsent, now: Date): Promise<boolean>;
}

const firstNoticeDays = 14;

export function createConsentExpiryStore(database: Database): ConsentExpiryStore {
  return {
    listDue: ({ now, limit }) => {
      const today = Prisma.sql`${now.toISOString().slice(0, 10)}::date`;
      return database.query<DueConsent>(Prisma.sql`
        SELECT k.id, k.client_id AS "clientId", k.user_id AS "userId", u.external_id AS "externalId",
          k.bank_login_id AS "bankLoginId", k.bank_id AS "bankId", b.name AS "bankName", k.recurring,
          e.ends_on AS "endsOn", (e.ends_on - ${today}) AS "daysLeft", e.has_ended AS "hasEnded", n.notice,
          coalesce(k.expiry_notice = 0, false) AS "isTold"
        FROM consents k
        JOIN users u ON u.id = k.user_id
        JOIN banks b ON b.id = k.bank_id
        CROSS JOIN LATERAL (
          SELECT k.authorised_at + make_interval(hours => 24 * b.sca_validity_days) AS sca_ends_at) s
        CROSS JOIN LATERAL (
          SELECT CASE WHEN k.recurring THEN least(k.valid_until, (s.sca_ends_at AT TIME ZONE 'UTC')::date)
              ELSE k.valid_until END AS ends_on,
            k.valid_until < ${today} AS has_ended, k.recurring AND s.sca_ends_at < ${now} AS sca_too_old) e
        CROSS JOIN LATERAL (
          SELECT CASE WHEN e.has_ended OR e.sca_too_old THEN 0 WHEN e.ends_on - ${today} <= 1 THEN 1
            WHEN e.ends_on - ${today} <= 7 THEN 7 ELSE ${firstNoticeDays}::int END AS notice) n
        WHERE k.status = 'VALID' AND k.bank_login_id IS NOT NULL
          AND (e.has_ended OR (k.recurring AND e.ends_on <= ${today} + ${firstNoticeDays}::int
            AND n.notice < coalesce(k.expiry_notice, ${firstNoticeDays + 1}::int)))
        ORDER BY k.id LIMIT ${limit}::int`);
    },
    async take(tx, { id, bankLoginId, hasEnded, notice }, now) {
      await lockLogin(tx, bankLoginId);
      const { count } = await tx.consent.updateMany({
        where: {
          id,
          status: 'VALID',
          ...(hasEnded ? {} : { OR: [{ expiryNotice: null }, { expiryNotice: { gt: notice } }] }),
        },
        data: { expiryNotice: notice, ...(hasEnded ? { status: 'EXPIRED', endedAt: now } : {}) },
      });
      return count > 0;
    },
  };
}
