import type { AppendEvent } from '../events/event-log.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import { Prisma, type Transaction } from '../storage/database.ts';
import { lockLogin } from './consent-store.ts';

export interface ConsentLoss {
  bankLoginId: string;
  /** The one that the bank was asked under. */
  consentId: string;
  /** What the bank says of the consent now, a final state; null when the consent stands and only the SCA must be done again. */
  status: ConsentStatus | null;
  /** A code: CONSENT_EXPIRED, CONSENT_INVALID, CREDENTIALS_INVALID, SCA_TOO_OLD. */
  reason: string;
  now: Date;
}

/**
 * The login cannot be synchronized any more without the end user: its consent is closed, the login turns SCA_REQUIRED, and so it leaves
 * the cycles. Says so by one event per loss (invariant 10): a login that is SCA_REQUIRED already says nothing. A consent that was
 * superseded meanwhile is no loss: the bank's word on it says nothing of the new one. That a recurring consent has run out is told of
 * as well, where our own look at the calendar has not come first; once, whoever comes first.
 */
export async function loseConsent(tx: Transaction, append: AppendEvent, loss: ConsentLoss): Promise<void> {
  const { bankLoginId, consentId, status, reason, now } = loss;
  await lockLogin(tx, bankLoginId);
  // A bank may end it before the day that was agreed.
  const [lost] = await tx.$queryRaw<LostRow[]>(Prisma.sql`
    WITH lost AS (
      SELECT l.client_id AS "clientId", l.user_id AS "userId", u.external_id AS "externalId", l.bank_id AS "bankId",
        b.name AS "bankName", l.status <> 'SCA_REQUIRED' AS "isScaNews", k.id AS "consentId",
        least(k.valid_until, ${now.toISOString().slice(0, 10)}::date)::text AS "validUntil",
        coalesce(${status === 'EXPIRED'}::boolean AND k.recurring AND k.expiry_notice IS DISTINCT FROM 0, false) AS "isExpiryNews"
      FROM bank_logins l JOIN users u ON u.id = l.user_id JOIN banks b ON b.id = l.bank_id
      LEFT JOIN consents k ON k.id = ${consentId} AND k.status = 'VALID'
      WHERE l.id = ${bankLoginId} AND NOT EXISTS (
        SELECT FROM consents other WHERE other.bank_login_id = l.id AND other.status = 'VALID' AND other.id <> ${consentId})),
    ended AS (
      UPDATE consents SET status = ${status}::text::"ConsentStatus", ended_at = ${now},
        expiry_notice = CASE WHEN "isExpiryNews" THEN 0 ELSE expiry_notice END
      FROM lost WHERE id = "consentId" AND ${status}::text IS NOT NULL),
    turned AS (UPDATE bank_logins SET status = 'SCA_REQUIRED' FROM lost WHERE id = ${bankLoginId} AND "isScaNews")
    SELECT * FROM lost`);
  if (!lost) return;
  const { clientId, userId, externalId, bankId, bankName, isScaNews, isExpiryNews, validUntil } = lost;
  const about = { clientId, userId, bankLoginId, occurredAt: now };
  const user = { id: userId, externalId };
  const data = { user, bankLogin: { id: bankLoginId, bank: { id: bankId, name: bankName } } };
  if (isExpiryNews) append({ ...about, type: 'CONSENT_EXPIRED', data: { ...data, validUntil } });
  if (isScaNews) append({ ...about, type: 'BANK_LOGIN_SCA_REQUIRED', data: { ...data, reason } });
}

interface LostRow {
  clientId: string;
  userId: string;
  externalId: string | null;
  bankId: string;
  bankName: string;
  /** Whether the login was not SCA_REQUIRED before. */
  isScaNews: boolean;
  isExpiryNews: boolean;
  validUntil: string;
}
