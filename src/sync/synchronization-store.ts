import type { MissingAccounts } from '../accounts/bank-data-ctes.ts';
import type { AccountChange, BankDataStore } from '../accounts/bank-data-store.ts';
import { newId } from '../domain/ids.ts';
import type { EventLog } from '../events/event-log.ts';
import type { NewEvent } from '../events/event-record.ts';
import { type Database, Prisma } from '../storage/database.ts';
import type { ConsentInUse, SynchronizationContext } from './synchronization-context-store.ts';

/** For whom a synchronization runs: it may be written only for as long as this one holds its place. */
export interface Holder {
  cycle?: { cycleId: string; userId: string; fencingToken: number };
  session?: { sessionId: string; fencingToken: number };
}

export interface SynchronizationResult {
  context: SynchronizationContext;
  /** What the bank was asked under. */
  consent: Pick<ConsentInUse, 'id' | 'credentials'>;
  holder: Holder;
  attemptId: string;
  changes: readonly AccountChange[];
  missing: MissingAccounts;
  event: NewEvent & { id: string };
  sequence: number;
  /** Some accounts were brought whole, and others not. */
  partial: boolean;
  now: Date;
}

export interface SynchronizationStore {
  /**
   * Data, login, attempt, session, event and deliveries in one statement: all or nothing. False when the login has changed or the
   * holder has lost its place; then nothing is written.
   */
  store(result: SynchronizationResult): Promise<boolean>;
  isHeld(holder: Holder): Promise<boolean>;
}

export interface SynchronizationStoreDeps {
  database: Database;
  bankData: BankDataStore;
  eventLog: EventLog;
}

export function createSynchronizationStore({
  database,
  bankData,
  eventLog,
}: SynchronizationStoreDeps): SynchronizationStore {
  return {
    async store(result) {
      const { context, holder, attemptId, changes, missing, event, sequence, partial, now } = result;
      const { clientId, bankLoginId } = context;
      const version = context.version + 1;
      const stored = Prisma.sql`EXISTS (SELECT FROM stored_login)`;
      const position = Prisma.sql`(SELECT position FROM new_event)`;
      const listed = bankData.changeCtes({ clientId, bankLoginId, version, now, position }, changes, stored);
      const [row] = await database.query<{ position: bigint | null }>(Prisma.sql`
        WITH stored_login AS (
          UPDATE bank_logins l SET version = ${version}, sequence = ${sequence}, last_synchronization = ${now}, partial = ${partial},
            status = CASE WHEN EXISTS (SELECT FROM consents k WHERE k.bank_login_id = l.id AND k.status = 'VALID')
              THEN 'OK' ELSE l.status END,
            bank_failure_count = 0, last_attempt_id = ${attemptId},
            last_cycle_id = coalesce(${holder.cycle?.cycleId ?? null}::text, last_cycle_id)
          WHERE id = ${bankLoginId} AND version = ${context.version} AND ${heldSql(holder)} RETURNING id),
        stored_attempt AS (
          UPDATE synchronization_attempts SET finished_at = ${now} WHERE id = ${attemptId} AND ${stored}),
        stored_session AS (
          UPDATE sessions SET status = 'COMPLETED', event_id = ${event.id}, finished_at = ${now}, updated_at = ${now}, lease_until = NULL
          WHERE id = ${holder.session?.sessionId ?? null}::text AND ${stored}),
        ${context.secretsStored ? Prisma.empty : dropSecretsCtes(result, stored)}
        ${bankData.storeCtes({ clientId, bankLoginId, version, now, missing }, changes, stored)},
        ${Prisma.join([eventLog.appendCtes(event, stored), ...listed], ', ')}
        SELECT (SELECT position FROM new_event) AS position`);
      if (row?.position == null) return false;
      eventLog.committed(clientId, row.position);
      return true;
    },
    async isHeld(holder) {
      const [row] = await database.query<{ held: boolean }>(Prisma.sql`SELECT ${heldSql(holder)} AS held`);
      return row?.held ?? false;
    },
  };
}

// The end user chose that nothing be kept to come back with: the consent has served, and is ended here and then at the bank.
function dropSecretsCtes({ consent, context, now }: SynchronizationResult, condition: Prisma.Sql): Prisma.Sql {
  return Prisma.sql`
    dropped_consent AS (
      UPDATE consents k SET status = 'TERMINATED', ended_at = ${now}, credentials = NULL
      FROM (SELECT id, credentials FROM consents WHERE id = ${consent.id} FOR UPDATE) present
      WHERE k.id = present.id AND k.status = 'VALID' AND ${condition} RETURNING k.id, present.credentials),
    queued_termination AS (
      INSERT INTO consent_terminations (id, consent_id, bank_id, credentials, next_attempt_at, created_at)
      SELECT ${newId('consentTermination', now)}, id, ${context.bankId}, credentials, ${now}::timestamptz, ${now}::timestamptz
      FROM dropped_consent WHERE credentials IS NOT NULL),`;
}

/** Whether the holder's fencing tokens are the present ones, as an SQL condition. */
export function heldSql({ cycle, session }: Holder): Prisma.Sql {
  const cycleHeld = cycle
    ? Prisma.sql`EXISTS (SELECT FROM cycle_entries WHERE cycle_id = ${cycle.cycleId} AND user_id = ${cycle.userId}
        AND fencing_token = ${cycle.fencingToken} AND status = 'RUNNING' FOR UPDATE)`
    : Prisma.sql`true`;
  const sessionHeld = session
    ? Prisma.sql`EXISTS (SELECT FROM sessions WHERE id = ${session.sessionId} AND fencing_token = ${session.fencingToken}
        AND status = 'RUNNING' FOR UPDATE)`
    : Prisma.sql`true`;
  return Prisma.sql`(${cycleHeld} AND ${sessionHeld})`;
}
