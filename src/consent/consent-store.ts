import { newId } from '../domain/ids.ts';
import type { Consent } from '../generated/prisma/client.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import type { Session } from './session-store.ts';

export interface NewConsent {
  clientId: string;
  userId: string;
  bankId: string;
  bankLoginId: string | null;
  recurring: boolean;
  /** YYYY-MM-DD */
  validUntil: string;
  frequencyPerDay: number;
  /** Encrypted. */
  bankConsentId: string;
  now: Date;
}

/** What the bank says of a consent that it calls valid. */
export interface GrantedConsent {
  consentId: string;
  recurring: boolean;
  validUntil: string;
  frequencyPerDay: number;
  now: Date;
}

/** A consent that ended, to be ended at the bank as well. */
export interface ConsentStore {
  find(id: string): Promise<Consent | null>;
  create(consent: NewConsent): Promise<string>;
  /** The bank's word on a consent that is not valid yet. */
  setStatus(id: string, status: Consent['status'], now: Date): Promise<void>;
  /**
   * In one transaction: the consent becomes the login's only valid one (the login is made where this is its first), and the session
   * runs. Null when the session no longer waits for this consent; then nothing is changed.
   */
  grant(session: Session, granted: GrantedConsent): Promise<string | null>;
}

const sessionLeaseSeconds = 60;

export function createConsentStore(database: Database): ConsentStore {
  const { prisma } = database;
  return {
    find: (id) => prisma.consent.findUnique({ where: { id } }),
    async create({ now, validUntil, ...consent }) {
      const id = newId('consent', now);
      await prisma.consent.create({
        data: { id, ...consent, status: 'RECEIVED', validUntil: new Date(validUntil), createdAt: now },
      });
      return id;
    },
    async setStatus(id, status, now) {
      const ended = !['RECEIVED', 'PARTIALLY_AUTHORISED', 'VALID'].includes(status);
      await prisma.consent.updateMany({
        where: { id, status: { in: ['RECEIVED', 'PARTIALLY_AUTHORISED'] } },
        data: { status, ...(ended ? { endedAt: now } : {}) },
      });
    },
    grant: (session, granted) => database.transaction((tx) => grant(tx, session, granted)),
  };
}

async function grant(tx: Transaction, session: Session, granted: GrantedConsent): Promise<string | null> {
  const { consentId, now } = granted;
  const [waiting] = await tx.$queryRaw<Array<{ id: string }>>(Prisma.sql`
    UPDATE sessions SET status = 'RUNNING', attended = true, state_hash = NULL, authorisation = NULL, error_code = NULL,
      error_message = NULL, finished_at = NULL, fencing_token = fencing_token + 1, updated_at = ${now},
      lease_until = now() + make_interval(secs => ${sessionLeaseSeconds}::int)
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
