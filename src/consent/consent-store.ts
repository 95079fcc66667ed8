import { newId } from '../domain/ids.ts';
import type { Consent, Session } from '../generated/prisma/client.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import type { ConsentTerms } from './consent-terms.ts';

/** A consent that the bank has begun, for the session to wait for. */
export interface BegunConsent {
  bankId: string;
  /** Encrypted. */
  bankConsentId: string;
  terms: ConsentTerms;
  /** SHA-256 of the state in the callback address. */
  stateHash: string;
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

export interface ConsentStore {
  find(id: string): Promise<Consent | null>;
  /**
   * In one transaction: the session waits for this consent, and the one that it waited for before is given up. Null when the session
   * waits for nobody any more; then the new one is given up.
   */
  begin(session: Session, begun: BegunConsent): Promise<Session | null>;
  /** The bank's word on a consent that is not valid yet. */
  setStatus(id: string, status: Consent['status'], now: Date): Promise<void>;
  /**
   * In one transaction: the consent becomes the login's only valid one (the login is made where this is its first), and the session
   * runs. Null when the session no longer waits for this consent; then nothing is changed.
   */
  grant(session: Session, granted: GrantedConsent): Promise<string | null>;
  /** A session that failed although its consent stands runs again under it. False where there is nothing to run. */
  rerun(session: Session, now: Date): Promise<boolean>;
}

const sessionLeaseSeconds = 60;
const pending = ['RECEIVED', 'PARTIALLY_AUTHORISED'] as const;

const running = (now: Date) => Prisma.sql`
  status = 'RUNNING', attended = true, state_hash = NULL, authorisation = NULL, error_code = NULL, error_message = NULL,
  finished_at = NULL, fencing_token = fencing_token + 1, updated_at = ${now},
  lease_until = now() + make_interval(secs => ${sessionLeaseSeconds}::int)`;

export function createConsentStore(database: Database): ConsentStore {
  const { prisma } = database;
  return {
    find: (id) => prisma.consent.findUnique({ where: { id } }),
    begin: (session, begun) => database.transaction((tx) => begin(tx, session, begun)),
    async setStatus(id, status, now) {
      const ended = !['RECEIVED', 'PARTIALLY_AUTHORISED', 'VALID'].includes(status);
      await prisma.consent.updateMany({
        where: { id, status: { in: [...pending] } },
        data: { status, ...(ended ? { endedAt: now } : {}) },
      });
    },
    grant: (session, granted) => database.transaction((tx) => grant(tx, session, granted)),
    async rerun({ id }, now) {
      const rows = await database.query(Prisma.sql`
        UPDATE sessions s SET ${running(now)}
        FROM consents k
        WHERE s.id = ${id} AND s.status = 'FAILED' AND k.id = s.consent_id AND k.status = 'VALID'
          AND k.bank_consent_id IS NOT NULL AND k.bank_login_id = s.bank_login_id
        RETURNING s.id`);
      return rows.length > 0;
    },
  };
}

async function begin(tx: Transaction, session: Session, begun: BegunConsent): Promise<Session | null> {
  const { bankId, bankConsentId, terms, now } = begun;
  const consentId = newId('consent', now);
  // Of two that begin at the same moment the later one counts, and ends the other's.
  const [locked] = await tx.$queryRaw<Array<{ consentId: string | null }>>(Prisma.sql`
    SELECT consent_id AS "consentId" FROM sessions WHERE id = ${session.id} FOR UPDATE`);
  const [updated] = await tx.session.updateManyAndReturn({
    where: { id: session.id, status: { in: ['AWAITING_USER', 'FAILED'] } },
    data: {
      status: 'AWAITING_USER',
      bankId,
      consentId,
      stateHash: begun.stateHash,
      psuIpAddress: begun.psuIpAddress,
      authorisation: begun.authorisation,
      errorCode: null,
      errorMessage: null,
      finishedAt: null,
      updatedAt: now,
    },
  });
  if (!updated) {
    await queueTerminations(tx, [{ bankId, bankConsentId }], now);
    return null;
  }
  const { clientId, userId, bankLoginId } = session;
  await tx.consent.create({
    data: {
      id: consentId,
      clientId,
      userId,
      bankLoginId,
      bankId,
      bankConsentId,
      status: 'RECEIVED',
      recurring: terms.recurring,
      validUntil: new Date(terms.validUntil),
      frequencyPerDay: terms.frequencyPerDay,
      createdAt: now,
    },
  });
  await abandonConsents(tx, [locked?.consentId ?? null], now);
  return updated;
}

async function grant(tx: Transaction, session: Session, granted: GrantedConsent): Promise<string | null> {
  const { consentId, now } = granted;
  // The login before all that hangs on it, as everywhere: two renewals come one after the other, and so does an erasure.
  if (session.bankLoginId) await lockLogin(tx, session.bankLoginId);
  const [waiting] = await tx.$queryRaw<Array<{ id: string }>>(Prisma.sql`
    UPDATE sessions SET ${running(now)}
    WHERE id = ${session.id} AND status = 'AWAITING_USER' AND consent_id = ${consentId} RETURNING id`);
  if (!waiting) return null;
  const bankLoginId = session.bankLoginId ?? (await createLogin(tx, session, now));
  await supersede(tx, bankLoginId, now);
  await tx.consent.update({
    where: { id: consentId },
    data: {
      status: 'VALID',
      bankLoginId,
      recurring: granted.recurring,
      validUntil: new Date(granted.validUntil),
      frequencyPerDay: granted.frequencyPerDay,
      authorisedAt: now,
    },
  });
  await tx.bankLogin.update({
    where: { id: bankLoginId },
    data: { status: 'OK', secretsStored: session.storeSecrets },
  });
  await tx.session.update({ where: { id: session.id }, data: { bankLoginId } });
  return bankLoginId;
}

/** Whoever changes a login, its sessions or its consents together begins with this. False when there is no such login. */
export async function lockLogin(tx: Transaction, bankLoginId: string): Promise<boolean> {
  const locked = await tx.$queryRaw<unknown[]>(
    Prisma.sql`SELECT id FROM bank_logins WHERE id = ${bankLoginId} FOR UPDATE`,
  );
  return locked.length > 0;
}

async function createLogin(tx: Transaction, session: Session, now: Date): Promise<string> {
  const { clientId, userId, bankId, storeSecrets } = session;
  if (!bankId) throw new Error(`The session ${session.id} has a consent but no bank.`);
  const id = newId('bankLogin', now);
  await tx.bankLogin.create({ data: { id, clientId, userId, bankId, secretsStored: storeSecrets, createdAt: now } });
  return id;
}

// Invariant 10: before the new one becomes valid, the old one ends, here and then at the bank.
async function supersede(tx: Transaction, bankLoginId: string, now: Date): Promise<void> {
  const old = await tx.consent.updateManyAndReturn({
    where: { bankLoginId, status: 'VALID' },
    data: { status: 'SUPERSEDED', endedAt: now },
    select: { bankId: true, bankConsentId: true },
  });
  await queueTerminations(tx, old, now);
}

/** Gives up consents that nobody waits for any more, here and at the bank. Those that have been decided stay as they are. */
export async function abandonConsents(tx: Transaction, ids: ReadonlyArray<string | null>, now: Date): Promise<void> {
  const known = ids.filter((id) => id !== null);
  if (known.length === 0) return;
  const abandoned = await tx.consent.updateManyAndReturn({
    where: { id: { in: known }, status: { in: [...pending] } },
    data: { status: 'TERMINATED', endedAt: now },
    select: { bankId: true, bankConsentId: true },
  });
  await queueTerminations(tx, abandoned, now);
}

/** Has the consents ended at their banks, soon and again until the banks have answered. Those whose id was dropped are left out. */
export async function queueTerminations(
  tx: Transaction,
  consents: ReadonlyArray<{ bankId: string; bankConsentId: string | null }>,
  now: Date,
): Promise<void> {
  await tx.consentTermination.createMany({
    data: consents.flatMap(({ bankId, bankConsentId }) =>
      bankConsentId
        ? [{ id: newId('consentTermination', now), bankId, bankConsentId, nextAttemptAt: now, createdAt: now }]
        : [],
    ),
  });
}
