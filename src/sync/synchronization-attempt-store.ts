import { queueTerminations } from '../consent/consent-store.ts';
import { newId } from '../domain/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { NewEvent } from '../events/event-record.ts';
import type { SynchronizationTrigger } from '../generated/prisma/enums.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { type Holder, heldSql } from './synchronization-store.ts';

export interface NewAttempt {
  id: string;
  bankLoginId: string;
  trigger: SynchronizationTrigger;
  cycleId: string | null;
  startedAt: Date;
}

/**
 * CTEs that note the beginning of an attempt, to be run beside another statement. With the version of the login's row that was
 * read: `attempted_login` is empty, and nothing is noted, where it is another by now, or where `condition` does not hold.
 */
export function startAttemptCtes(
  attempt: NewAttempt,
  rowVersion: string | null = null,
  condition = Prisma.empty,
): Prisma.Sql {
  const { id, bankLoginId, trigger, cycleId, startedAt } = attempt;
  const [unchanged, wherever] =
    rowVersion === null
      ? [Prisma.empty, Prisma.empty]
      : [Prisma.sql`AND xmin::text = ${rowVersion} ${condition}`, Prisma.sql`FROM attempted_login`];
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
  holder: Holder;
  errorCode: string;
  errorMessage: string;
  /** The login failed with it, and stays in the cycles. `bankSilent`: the bank did not answer, once more. Null: no fault of the login's. */
  ofLogin: { bankSilent: boolean } | null;
  now: Date;
}

/** What `failAttempt` writes, with the event that tells of it, in one statement. False where the holder has lost its place. */
export type FailAttempt = (failed: FailedAttempt, event: NewEvent | null) => Promise<boolean>;

export function createFailAttempt(database: Database, eventLog: EventLog): FailAttempt {
  return async (failed, event) => {
    // The login before the log, as everywhere.
    const condition = failed.ofLogin ? Prisma.sql`${held} AND (SELECT count(*) >= 0 FROM failed_login)` : held;
    const named = event && { ...event, id: event.id ?? newId('event', failed.now) };
    const [row] = await database.query<{ held: boolean; position: bigint | null }>(
      named
        ? Prisma.sql`WITH ${failureCtes(failed)}, ${eventLog.appendCtes(named, condition)}
            SELECT held, (SELECT position FROM new_event) AS position FROM held`
        : Prisma.sql`WITH ${failureCtes(failed)} SELECT held, NULL AS position FROM held`,
    );
    if (named && row?.position) eventLog.committed(named.clientId, row.position);
    return row?.held ?? false;
  };
}

/** The attempt ended without data, its session with it. */
export async function failAttempt(tx: Transaction, failed: FailedAttempt): Promise<void> {
  await tx.$executeRaw`WITH ${failureCtes(failed)} SELECT 1`;
}

const held = Prisma.sql`(SELECT held FROM held)`;

function failureCtes({ holder, ofLogin, ...failed }: FailedAttempt): Prisma.Sql {
  const { attemptId, bankLoginId, errorCode, errorMessage, now } = failed;
  const { session } = holder;
  const ctes = [
    Prisma.sql`held AS MATERIALIZED (SELECT ${heldSql(holder)} AS held)`,
    Prisma.sql`failed_attempt AS (
      UPDATE synchronization_attempts SET finished_at = ${now}, error_code = ${errorCode}, error_message = ${errorMessage}
      WHERE id = ${attemptId} AND ${held})`,
  ];
  if (session) {
    ctes.push(Prisma.sql`failed_session AS (
      UPDATE sessions SET status = 'FAILED', error_code = ${errorCode}, error_message = ${errorMessage}, finished_at = ${now},
        updated_at = ${now}, lease_until = NULL
      WHERE id = ${session.sessionId} AND ${held})`);
  }
  if (ofLogin) {
    ctes.push(Prisma.sql`failed_login AS (
      UPDATE bank_logins SET status = 'SYNC_FAILED', bank_failure_count = bank_failure_count + ${ofLogin.bankSilent ? 1 : 0}::int
      WHERE id = ${bankLoginId} AND status <> 'SCA_REQUIRED' AND ${held} RETURNING id)`);
  }
  return Prisma.join(ctes, ', ');
}

/** A login that stores no secrets keeps none when its session has failed either; the consent is ended at the bank. */
export async function dropConsent(
  tx: Transaction,
  { id, bankId, now }: { id: string; bankId: string; now: Date },
): Promise<void> {
  const consent = await tx.consent.findUnique({ where: { id }, select: { credentials: true, status: true } });
  if (!consent?.credentials) return;
  await tx.consent.update({
    where: { id },
    data: { credentials: null, ...(consent.status === 'VALID' && { status: 'TERMINATED', endedAt: now }) },
  });
  await queueTerminations(tx, [{ id, bankId, credentials: consent.credentials }], now);
}

/** Whether the holder's tokens are still the present ones; locks what they stand for until the commit. */
export async function isHeldIn(tx: Transaction, holder: Holder): Promise<boolean> {
  const [row] = await tx.$queryRaw<Array<{ held: boolean }>>(Prisma.sql`SELECT ${heldSql(holder)} AS held`);
  return row?.held ?? false;
}
