import { queueTerminations } from '../consent/consent-store.ts';
import type { SynchronizationTrigger } from '../generated/prisma/enums.ts';
import { Prisma, type Transaction } from '../storage/database.ts';

export interface NewAttempt {
  id: string;
  bankLoginId: string;
  trigger: SynchronizationTrigger;
  cycleId: string | null;
  startedAt: Date;
}

/**
 * CTEs that note the beginning of an attempt, to be run beside another statement. With the version of the login's row that was
 * read: `attempted_login` is empty, and nothing is noted, where it is another by now.
 */
export function startAttemptCtes(attempt: NewAttempt, rowVersion: string | null = null): Prisma.Sql {
  const { id, bankLoginId, trigger, cycleId, startedAt } = attempt;
  const [unchanged, wherever] =
    rowVersion === null
      ? [Prisma.empty, Prisma.empty]
      : [Prisma.sql`AND xmin::text = ${rowVersion}`, Prisma.sql`FROM attempted_login`];
  return Prisma.sql`
    attempted_login AS (
      UPDATE bank_logins SET last_attempt_id = ${id} WHERE id = ${bankLoginId} ${unchanged} RETURNING id),
    started_attempt AS (
      INSERT INTO synchronization_attempts (id, bank_login_id, trigger, cycle_id, started_at)
      SELECT ${id}, ${bankLoginId}, ${trigger}::"SynchronizationTrigger", ${cycleId}::text, ${startedAt}::timestamptz ${wherever})`;
}

/** The same, of an attempt for which nothing else is to be written. */
export async function startAttempt(tx: Transaction, attempt: NewAttempt): Promise<void> {
  await tx.$executeRaw`WITH ${startAttemptCtes(attempt)} SELECT 1`;
}

export interface FailedAttempt {
  attemptId: string;
  bankLoginId: string;
  errorCode: string;
  errorMessage: string;
  now: Date;
}

/** The attempt ended without data. */
export async function failAttempt(tx: Transaction, failed: FailedAttempt): Promise<void> {
  await tx.synchronizationAttempt.updateMany({
    where: { id: failed.attemptId },
    data: { finishedAt: failed.now, errorCode: failed.errorCode, errorMessage: failed.errorMessage },
  });
}

/** The login's synchronization failed; it stays in the cycles. `bankSilent`: the bank did not answer, once more. */
export async function markLoginFailed(
  tx: Transaction,
  bankLoginId: string,
  { bankSilent }: { bankSilent: boolean },
): Promise<void> {
  await tx.bankLogin.updateMany({
    where: { id: bankLoginId, status: { not: 'SCA_REQUIRED' } },
    data: { status: 'SYNC_FAILED', ...(bankSilent && { bankFailureCount: { increment: 1 } }) },
  });
}

/** A login that stores no secrets keeps none when its session has failed either; the consent is ended at the bank. */
export async function dropConsent(
  tx: Transaction,
  { id, bankId, now }: { id: string; bankId: string; now: Date },
): Promise<void> {
  const consent = await tx.consent.findUnique({ where: { id }, select: { bankConsentId: true, status: true } });
  if (!consent?.bankConsentId) return;
  await tx.consent.update({
    where: { id },
    data: { bankConsentId: null, ...(consent.status === 'VALID' && { status: 'TERMINATED', endedAt: now }) },
  });
  await queueTerminations(tx, [{ bankId, bankConsentId: consent.bankConsentId }], now);
}

/** The session that the attempt was made for has ended with it. */
export async function failSession(
  tx: Transaction,
  session: { sessionId: string; fencingToken: number },
  failed: FailedAttempt,
): Promise<void> {
  await tx.session.updateMany({
    where: { id: session.sessionId, fencingToken: session.fencingToken, status: 'RUNNING' },
    data: {
      status: 'FAILED',
      errorCode: failed.errorCode,
      errorMessage: failed.errorMessage,
      finishedAt: failed.now,
      updatedAt: failed.now,
      leaseUntil: null,
    },
  });
}

/** Whether the holder's tokens are still the present ones; locks what they stand for until the commit. */
export async function isHeldIn(tx: Transaction, heldSql: Prisma.Sql): Promise<boolean> {
  const [row] = await tx.$queryRaw<Array<{ held: boolean }>>(Prisma.sql`SELECT ${heldSql} AS held`);
  return row?.held ?? false;
}
