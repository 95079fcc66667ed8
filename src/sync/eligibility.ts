import { Prisma } from '../storage/database.ts';

/** Days since the last SCA after which banks demand it again (RTS Art. 10a(2)(b)). */
export const scaValidityDays = 180;

/**
 * Whether a cycle synchronizes a login, as an SQL condition on `bank_logins l`: secrets stored, and a recurring consent that is
 * valid today with an SCA that is young enough. That the user is recurring is for the caller to add.
 */
export function eligibleLoginSql(now: Date): Prisma.Sql {
  const today = now.toISOString().slice(0, 10);
  const oldestSca = new Date(now.getTime() - scaValidityDays * 86_400_000);
  return Prisma.sql`(l.secrets_stored AND EXISTS (
    SELECT FROM consents k WHERE k.bank_login_id = l.id AND k.status = 'VALID' AND k.recurring
      AND k.bank_consent_id IS NOT NULL AND k.valid_until >= ${today}::date AND k.authorised_at >= ${oldestSca}))`;
}
