import { newId } from '../domain/ids.ts';
import type { Consent, Session } from '../generated/prisma/client.ts';
import { type Database, Prisma, type Query, type Transaction } from '../storage/database.ts';
import type { EncryptedPlace } from '../storage/encryption.ts';
import type { ConsentTerms } from './consent-terms.ts';

/** A consent that the bank has begun, for the session to wait for. */
export interface BegunConsent {
  consentId: string;
  bankId: string;
  /** The adapter's credentials, encrypted. */
  credentials: string;
  terms: ConsentTerms;
  /** SHA-256 of the state in the callback address. */
  stateHash: string;
  /** The same of the address for an SCA that comes to nothing. */
  nokStateHash: string;
  /** The bank sends the end user back: before that the consent cannot be granted. */
  awaitedReturn: 'CALLBACK' | null;
  psuIpAddress: string;
  /** Encrypted; null with redirect SCA. */
  authorisation: string | null;
  now: Date;
}

/** What the bank says of a consent that it calls valid. */
export interface GrantedConsent {
  consentId: string;
  recurring: boolean;
  /** YYYY-MM-DD */
  validUntil: string;
  frequencyPerDay: number;
  now: Date;
}

/** What is to be known of a consent to ask its bank after it. `credentials`: the adapter's, encrypted; null once dropped. */
export type ConsentAtBank = Pick<Consent, 'id' | 'status' | 'bankId' | 'credentials'>;

export interface ConsentStore {
  find(id: string): Promise<ConsentAtBank | null>;
  /**
   * In one transaction: the session waits for this consent, and the one that it waited for before is given up. Null when the session
   * waits for nobody any more; then the new one is given up.
   */
  begin(session: Session, begun: BegunConsent): Promise<Session | null>;
  /** The bank's word on a consent that is not valid yet. */
  setStatus(id: string, status: Consent['status'], now: Date): Promise<void>;
  /**
   * In one transaction: the consent becomes the login's only valid one (the login is made where this is its first), and the session
   * runs. Null when the session no longer waits for this consent, or the end user is not back in the browser that began (invariant 17);
   * then nothing is changed.
   */
  grant(session: Session, granted: GrantedConsent): Promise<string | null>;
  /** A session that failed although its consent stands runs again under it. False where there is nothing to run. */
  rerun(session: Session, now: Date): Promise<boolean>;
}

/** Where a consent's credentials are stored, encrypted. */
export function credentialsOf(consentId: string | null): EncryptedPlace {
  return { column: 'consents.credentials', rowId: consentId ?? '' };
}

const sessionLeaseSeconds = 60;
const pending = ['RECEIVED', 'PARTIALLY_AUTHORISED'] as const;
const isPending = Prisma.sql`status IN ('RECEIVED', 'PARTIALLY_AUTHORISED')`;

const running = (now: Date) => Prisma.sql`
  status = 'RUNNING', attended = true, state_hash = NULL, nok_state_hash = NULL, authorisation = NULL, error_code = NULL, error_message = NULL,
  finished_at = NULL, fencing_token = fencing_token + 1, updated_at = ${now},
  lease_until = now() + make_interval(secs => ${sessionLeaseSeconds}::int)`;

export function createConsentStore(database: Database): ConsentStore {
  return {
    async find(id) {
      const [consent] = await database.query<ConsentAtBank>(Prisma.sql`
        SELECT id, status::text AS status, bank_id AS "bankId", credentials FROM consents WHERE id = ${id}`);
      return consent ?? null;
    },
    begin: (session, begun) => database.atomically((query) => begin(query, session, begun)),
    async setStatus(id, status, now) {
      const ended = !['RECEIVED', 'PARTIALLY_AUTHORISED', 'VALID'].includes(status);
      await database.query(Prisma.sql`
        UPDATE consents SET status = ${status}::"ConsentStatus", ended_at = coalesce(${ended ? now : null}, ended_at)
        WHERE id = ${id} AND ${isPending}`);
    },
    grant: (session, granted) => database.atomically((query) => grant(query, session, granted)),
    async rerun({ id }, now) {
      const rows = await database.query(Prisma.sql`
        UPDATE sessions s SET ${running(now)}
        FROM consents k
        WHERE s.id = ${id} AND s.status = 'FAILED' AND k.id = s.consent_id AND k.status = 'VALID'
          AND k.credentials IS NOT NULL AND k.bank_login_id = s.bank_login_id
        RETURNING s.id`);
      return rows.length > 0;
    },
  };
}

async function begin(query: Query, session: Session, begun: BegunConsent): Promise<Session | null> {
  const {
    consentId,
    bankId,
    credentials,
    stateHash,
    nokStateHash,
    awaitedReturn,
    psuIpAddress,
    authorisation,
    terms,
    now,
  } = begun;
  // Of two that begin at the same moment the later one counts, and ends the other's.
  await query(Prisma.sql`SELECT FROM sessions WHERE id = ${session.id} FOR UPDATE`);
  const waits = Prisma.sql`s.id = ${session.id} AND s.status IN ('AWAITING_USER', 'FAILED')`;
  const [updated] = await query<Pick<Session, 'bankLoginId'>>(Prisma.sql`
    WITH abandoned AS (
      UPDATE consents k SET status = 'TERMINATED', ended_at = ${now}
      FROM sessions s WHERE ${waits} AND k.id = s.consent_id AND k.${isPending} RETURNING k.id, k.credentials, k.bank_id),
    waiting AS (
      UPDATE sessions s SET status = 'AWAITING_USER', bank_id = ${bankId}, consent_id = ${consentId}, state_hash = ${stateHash},
        nok_state_hash = ${nokStateHash}, awaited_return = ${awaitedReturn}::"AwaitedReturn", psu_ip_address = ${psuIpAddress}, authorisation = ${authorisation}, error_code = NULL, error_message = NULL,
        finished_at = NULL, updated_at = ${now}
      WHERE ${waits} RETURNING s.*),
    begun AS (
      INSERT INTO consents (id, client_id, user_id, bank_login_id, bank_id, credentials, status, recurring, valid_until,
        frequency_per_day, created_at)
      SELECT ${consentId}, client_id, user_id, bank_login_id, bank_id, ${credentials}, 'RECEIVED', ${terms.recurring}::boolean,
        ${terms.validUntil}::date, ${terms.frequencyPerDay}::int, ${now}::timestamptz FROM waiting),
    given_up AS (
      SELECT * FROM abandoned UNION ALL SELECT ${consentId}, ${credentials}, ${bankId} WHERE NOT EXISTS (SELECT FROM waiting)),
    ${terminationCte(Prisma.sql`given_up`, now)}
    SELECT bank_login_id AS "bankLoginId" FROM waiting`);
  if (!updated) return null;
  const forgotten = { errorCode: null, errorMessage: null, finishedAt: null };
  const waiting = {
    status: 'AWAITING_USER',
    bankId,
    consentId,
    stateHash,
    nokStateHash,
    awaitedReturn,
    psuIpAddress,
    authorisation,
    updatedAt: now,
  } as const;
  return { ...session, ...updated, ...waiting, ...forgotten };
}

async function grant(query: Query, session: Session, granted: GrantedConsent): Promise<string | null> {
  const { consentId, recurring, validUntil, frequencyPerDay, now } = granted;
  // The login before all that hangs on it, as everywhere: two renewals come one after the other, and so does an erasure.
  if (session.bankLoginId) await query(lockLoginSql(session.bankLoginId));
  // Invariant 10: before the new one becomes valid, the old one ends, here and then at the bank.
  const [login] = await query<{ id: string }>(Prisma.sql`
    WITH waiting AS (
      UPDATE sessions SET ${running(now)}, bank_login_id = coalesce(bank_login_id, ${newId('bankLogin', now)})
      WHERE id = ${session.id} AND status = 'AWAITING_USER' AND consent_id = ${consentId} AND awaited_return IS NULL RETURNING *),
    login AS (
      INSERT INTO bank_logins (id, client_id, user_id, bank_id, secrets_stored, created_at)
      SELECT bank_login_id, client_id, user_id, bank_id, store_secrets, ${now}::timestamptz FROM waiting
      ON CONFLICT (id) DO UPDATE SET status = 'OK', secrets_stored = EXCLUDED.secrets_stored RETURNING id),
    superseded AS (
      UPDATE consents k SET status = 'SUPERSEDED', ended_at = ${now} FROM login
      WHERE k.bank_login_id = login.id AND k.status = 'VALID' AND k.id <> ${consentId} RETURNING k.id, k.credentials, k.bank_id),
    granted AS (
      UPDATE consents k SET status = 'VALID', bank_login_id = login.id, recurring = ${recurring}::boolean,
        valid_until = ${validUntil}::date, frequency_per_day = ${frequencyPerDay}::int, authorised_at = ${now}
      FROM login, (SELECT count(*) FROM superseded) AS before WHERE k.id = ${consentId}),
    ${terminationCte(Prisma.sql`superseded`, now)}
    SELECT id FROM login`);
  return login?.id ?? null;
}

/** Has at most one consent ended at its bank. */
function terminationCte(ended: Prisma.Sql, now: Date): Prisma.Sql {
  return Prisma.sql`
    queued_termination AS (
      INSERT INTO consent_terminations (id, consent_id, bank_id, credentials, next_attempt_at, created_at)
      SELECT ${newId('consentTermination', now)}, id, bank_id, credentials, ${now}::timestamptz, ${now}::timestamptz FROM ${ended}
      WHERE credentials IS NOT NULL)`;
}

/** Whoever changes a login, its sessions or its consents together begins with this. False when there is no such login. */
export async function lockLogin(tx: Transaction, bankLoginId: string): Promise<boolean> {
  const locked = await tx.$queryRaw<unknown[]>(lockLoginSql(bankLoginId));
  return locked.length > 0;
}

function lockLoginSql(bankLoginId: string): Prisma.Sql {
  return Prisma.sql`SELECT id FROM bank_logins WHERE id = ${bankLoginId} FOR UPDATE`;
}

/** Gives up consents that nobody waits for any more, here and at the bank. Those that have been decided stay as they are. */
export async function abandonConsents(tx: Transaction, ids: ReadonlyArray<string | null>, now: Date): Promise<void> {
  const known = ids.filter((id) => id !== null);
  if (known.length === 0) return;
  const abandoned = await tx.consent.updateManyAndReturn({
    where: { id: { in: known }, status: { in: [...pending] } },
    data: { status: 'TERMINATED', endedAt: now },
    select: { id: true, bankId: true, credentials: true },
  });
  await queueTerminations(tx, abandoned, now);
}

/** Has the consents ended at their banks, soon and again until the banks have answered. Those whose id was dropped are left out. */
export async function queueTerminations(
  tx: Transaction,
  consents: ReadonlyArray<{ id: string; bankId: string; credentials: string | null }>,
  now: Date,
): Promise<void> {
  await tx.consentTermination.createMany({
    data: consents.flatMap(({ id: consentId, bankId, credentials }) => {
      const id = newId('consentTermination', now);
      return credentials ? [{ id, consentId, bankId, credentials, nextAttemptAt: now, createdAt: now }] : [];
    }),
  });
}
