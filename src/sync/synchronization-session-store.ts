import { activeSessions, createForLogin, type Session } from '../consent/session-store.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { defaultLeaseSeconds, leaseSql } from './lease.ts';

/** What decides how a login can be synchronized on request. */
export interface LoginOnRequest {
  id: string;
  userId: string;
  bankId: string;
  status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
  secretsStored: boolean;
  recurring: boolean;
  consent: {
    id: string;
    recurring: boolean;
    /** YYYY-MM-DD */
    validUntil: string;
    authorisedAt: Date;
    scaValidityDays: number;
  } | null;
}

export interface NewRunningSession {
  id: string;
  clientId: string;
  login: LoginOnRequest;
  returnUrl: string | null;
  psuIpAddress: string | null;
  idempotencyKey: string | null;
  idempotencyHash: string | null;
  now: Date;
}

export interface SynchronizationSessionStore {
  /** Null when there is no such login of the client. */
  findLogin(clientId: string, bankLoginId: string): Promise<LoginOnRequest | null>;
  /** Whether a session of the login runs, or still awaits the end user. */
  hasActiveSession(bankLoginId: string, now: Date): Promise<boolean>;
  /** A session that runs at once; null when the login has an active one, or is gone. */
  createRunning(session: NewRunningSession): Promise<Session | null>;
  get(id: string): Promise<Session>;
}

export function createSynchronizationSessionStore(database: Database): SynchronizationSessionStore {
  const { prisma } = database;
  return {
    findLogin: (clientId, bankLoginId) => findLogin(database, clientId, bankLoginId),
    hasActiveSession: async (bankLoginId, now) =>
      (await prisma.session.count({ where: activeSessions(bankLoginId, now) })) > 0,
    createRunning: (session) => database.transaction((tx) => createRunning(tx, session)),
    get: (id) => prisma.session.findUniqueOrThrow({ where: { id } }),
  };
}

interface LoginRow extends Omit<LoginOnRequest, 'consent'> {
  consentId: string | null;
  consentRecurring: boolean;
  validUntil: string;
  authorisedAt: Date | null;
  scaValidityDays: number;
}

async function findLogin(database: Database, clientId: string, bankLoginId: string): Promise<LoginOnRequest | null> {
  const [row] = await database.query<LoginRow>(Prisma.sql`
    SELECT l.id, l.user_id AS "userId", l.bank_id AS "bankId", l.status::text AS status, l.secrets_stored AS "secretsStored",
      u.recurring, k.id AS "consentId", k.recurring AS "consentRecurring", k.valid_until AS "validUntil",
      k.authorised_at AS "authorisedAt", b.sca_validity_days AS "scaValidityDays"
    FROM bank_logins l JOIN users u ON u.id = l.user_id JOIN banks b ON b.id = l.bank_id
    LEFT JOIN consents k ON k.bank_login_id = l.id AND k.status = 'VALID' AND k.credentials IS NOT NULL
    WHERE l.id = ${bankLoginId} AND l.client_id = ${clientId}`);
  if (!row) return null;
  const { consentId, consentRecurring, validUntil, authorisedAt, scaValidityDays, ...login } = row;
  const consent =
    consentId && authorisedAt
      ? { id: consentId, recurring: consentRecurring, validUntil, authorisedAt, scaValidityDays }
      : null;
  return { ...login, consent };
}

async function createRunning(tx: Transaction, { login, now, ...session }: NewRunningSession): Promise<Session | null> {
  const running = {
    ...session,
    kind: 'SYNCHRONIZATION' as const,
    status: 'RUNNING' as const,
    userId: login.userId,
    bankId: login.bankId,
    bankLoginId: login.id,
    consentId: login.consent?.id ?? null,
    storeSecrets: login.secretsStored,
    attended: session.psuIpAddress !== null,
    createdAt: now,
    updatedAt: now,
  };
  const created = await createForLogin(tx, running, now);
  if (!created) return null;
  await tx.$executeRaw`
    UPDATE sessions SET lease_until = ${leaseSql(defaultLeaseSeconds)} WHERE id = ${created.id}`;
  return created;
}
