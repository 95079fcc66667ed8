import { Prisma } from '../storage/database.ts';

const dayMs = 86_400_000;

export interface Eligibility {
  /** Of the user. */
  recurring: boolean;
  secretsStored: boolean;
  status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
  /** The valid one, where there is one. */
  consent: ConsentStanding | null;
}

export interface ConsentStanding {
  recurring: boolean;
  /** YYYY-MM-DD */
  validUntil: string;
  authorisedAt: Date;
  /** The bank's: days since the last SCA after which it demands it again (RTS Art. 10a(2)(b)). */
  scaValidityDays: number;
}

/**
 * Whether a login can be synchronized without the end user: recurring user, secrets stored, and a recurring consent that is valid
 * today with an SCA that is young enough, which the bank has not asked to be done again. `eligibleLoginSql` says the same.
 */
export function isEligible({ recurring, secretsStored, status, consent }: Eligibility, now: Date): boolean {
  return (
    recurring &&
    secretsStored &&
    status !== 'SCA_REQUIRED' &&
    consent?.recurring === true &&
    consent.validUntil >= toDay(now) &&
    !isScaTooOld(consent, now)
  );
}

export function isScaTooOld({ authorisedAt, scaValidityDays }: ConsentStanding, now: Date): boolean {
  return authorisedAt.getTime() < now.getTime() - scaValidityDays * dayMs;
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** `isEligible` as an SQL condition on `bank_logins l`. That the user is recurring is for the caller to add. */
export function eligibleLoginSql(now: Date): Prisma.Sql {
  return Prisma.sql`EXISTS (
    SELECT FROM consents k JOIN banks b ON b.id = k.bank_id WHERE k.bank_login_id = l.id AND ${eligibleConsentSql(now)})`;
}

/** The same where its consent is joined as `k`, whichever it is, and the bank as `b`. */
export function eligibleConsentSql(now: Date): Prisma.Sql {
  return Prisma.sql`(l.secrets_stored AND l.status <> 'SCA_REQUIRED' AND k.status = 'VALID' AND k.recurring
    AND k.credentials IS NOT NULL AND k.valid_until >= ${toDay(now)}::date
    AND k.authorised_at + make_interval(hours => 24 * b.sca_validity_days) >= ${now})`;
}
