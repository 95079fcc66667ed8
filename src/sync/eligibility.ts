import { Prisma } from '../storage/database.ts';

/** Days since the last SCA after which banks demand it again (RTS Art. 10a(2)(b)). */
export const scaValidityDays = 180;

const dayMs = 86_400_000;

export interface Eligibility {
  /** Of the user. */
  recurring: boolean;
  secretsStored: boolean;
  status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
  /** The valid one, where there is one. */
  consent: { recurring: boolean; validUntil: string; authorisedAt: Date } | null;
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
    !isScaTooOld(consent.authorisedAt, now)
  );
}

export function isScaTooOld(authorisedAt: Date, now: Date): boolean {
  return authorisedAt < oldestSca(now);
}

function oldestSca(now: Date): Date {
  return new Date(now.getTime() - scaValidityDays * dayMs);
}

function toDay(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** `isEligible` as an SQL condition on `bank_logins l`. That the user is recurring is for the caller to add. */
export function eligibleLoginSql(now: Date): Prisma.Sql {
  return Prisma.sql`(l.secrets_stored AND l.status <> 'SCA_REQUIRED' AND EXISTS (
    SELECT FROM consents k WHERE k.bank_login_id = l.id AND k.status = 'VALID' AND k.recurring
      AND k.bank_consent_id IS NOT NULL AND k.valid_until >= ${toDay(now)}::date AND k.authorised_at >= ${oldestSca(now)}))`;
}
