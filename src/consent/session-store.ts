import type { Page } from '../domain/page.ts';
import { type Session, SessionStatus } from '../generated/prisma/client.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { pageById } from '../storage/page-by-id.ts';
import { abandonConsents, lockLogin } from './consent-store.ts';

export type { Session };

/** How a session ends without data. */
export interface SessionEnding {
  status: 'FAILED' | 'CANCELLED' | 'COMPLETED' | 'EXPIRED';
  errorCode?: string;
  errorMessage?: string;
  now: Date;
}

/** How far the SCA has come. */
export interface KeptStep {
  /** Encrypted; null while the end user is on the bank's page. */
  authorisation: string | null;
  /** SHA-256 of the state that the end user comes back from the bank with; null while it is on our own pages. */
  awaitedStateHash: string | null;
  now: Date;
}

export interface SessionFilter {
  kind: Session['kind'];
  userId: string | null;
  bankLoginId: string | null;
  status: Session['status'] | null;
}

export interface SessionStore {
  find(clientId: string, id: string): Promise<Session | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<Session[]>;
  /** Newest first. */
  list(clientId: string, filter: SessionFilter, page: Page): Promise<Session[]>;
  findByLink(linkHash: string): Promise<Session | null>;
  /** By the state of either callback address. */
  findByState(stateHash: string): Promise<Session | null>;
  findByIdempotencyKey(clientId: string, kind: Session['kind'], idempotencyKey: string): Promise<Session | null>;
  /** The management session that this one was started from; null when there is none. */
  findParent(session: Session): Promise<Session | null>;
  /** Whether any session was started from this one. */
  hasChildren(session: Session): Promise<boolean>;
  create(session: Prisma.SessionUncheckedCreateInput): Promise<Session>;
  /** Null while another session of the login is active, whoever creates at the same moment, and when the login is gone. */
  createForLogin(session: SessionOfLogin, now: Date): Promise<Session | null>;
  /** The one of the login that awaits the end user; null when there is none. */
  findAwaiting(bankLoginId: string, now: Date): Promise<Session | null>;
  /**
   * Only while the session awaits the end user; null when it does not by now. With `awaitedStateHash` the consent cannot be granted before
   * the end user is back in the browser that began (invariant 17), and no earlier state leads back any more.
   */
  keepAuthorisation(id: string, kept: KeptStep): Promise<Session | null>;
  /** Only while the session awaits the end user (null otherwise); the consent that it waited for is given up with it. */
  end(id: string, ending: SessionEnding): Promise<Session | null>;
  /** Sessions that have waited for the end user for too long; how many there were. */
  expire(now: Date): Promise<number>;
  /** Null when there is no such client. */
  findClient(clientId: string): Promise<{ name: string; returnOrigins: string[] } | null>;
  /** Null when there is no such user of the client. */
  findUser(clientId: string, userId: string): Promise<{ id: string; recurring: boolean } | null>;
}

export type SessionOfLogin = Prisma.SessionUncheckedCreateInput & { bankLoginId: string };

export function createSessionStore(database: Database): SessionStore {
  const { prisma } = database;
  return {
    find: (clientId, id) => prisma.session.findFirst({ where: { id, clientId } }),
    listByIds: (clientId, ids) => prisma.session.findMany({ where: { id: { in: [...ids] }, clientId } }),
    async list(clientId, { userId, bankLoginId, ...filter }, page) {
      const { where, ...order } = pageById(page, 'desc');
      const narrowed = { ...(userId !== null && { userId }), ...(bankLoginId !== null && { bankLoginId }) };
      const { kind, status } = filter;
      const found =
        userId === null && bankLoginId === null
          ? { id: { in: await listIds(database, clientId, { ...filter, page }) } }
          : { kind, ...narrowed, ...where, ...(status !== null && { status }) };
      return await prisma.session.findMany({ where: { clientId, ...found }, ...order });
    },
    findByLink: (linkHash) => prisma.session.findUnique({ where: { linkHash } }),
    findByState: (stateHash) =>
      prisma.session.findFirst({ where: { OR: [{ stateHash }, { nokStateHash: stateHash }] } }),
    findByIdempotencyKey: (clientId, kind, idempotencyKey) =>
      prisma.session.findFirst({ where: { clientId, kind, idempotencyKey } }),
    findParent: async ({ parentId, clientId }) =>
      parentId === null ? null : await prisma.session.findFirst({ where: { id: parentId, clientId } }),
    hasChildren: async ({ id, userId }) =>
      (await prisma.session.findFirst({ where: { userId, parentId: id }, select: { id: true } })) !== null,
    create: (data) => database.transaction((tx) => tx.session.create({ data })),
    createForLogin: (session, now) => database.transaction((tx) => createForLogin(tx, session, now)),
    findAwaiting: (bankLoginId, now) => prisma.session.findFirst({ where: awaitingSessions(bankLoginId, now) }),
    async keepAuthorisation(id, { authorisation, awaitedStateHash, now }) {
      const [session] = await prisma.session.updateManyAndReturn({
        where: { id, status: 'AWAITING_USER' },
        data: {
          authorisation,
          updatedAt: now,
          ...(awaitedStateHash !== null && { stateHash: awaitedStateHash, awaitedReturn: 'CALLBACK' }),
        },
      });
      return session ?? null;
    },
    async end(id, ending) {
      const [session] = await end(database, { id }, ending);
      return session ?? null;
    },
    expire: async (now) => (await end(database, { expiresAt: { lte: now } }, { status: 'EXPIRED', now })).length,
    findClient: (id) => prisma.client.findUnique({ where: { id }, select: { name: true, returnOrigins: true } }),
    findUser: (clientId, id) =>
      prisma.user.findFirst({ where: { id, clientId }, select: { id: true, recurring: true } }),
  };
}

/** By an index that is ordered within each status: the newest of all are taken. */
async function listIds(
  database: Database,
  clientId: string,
  { kind, status, page }: Pick<SessionFilter, 'kind' | 'status'> & { page: Page },
): Promise<string[]> {
  const { after, before, backward, limit } = page;
  const direction = backward ? Prisma.sql`ASC` : Prisma.sql`DESC`;
  const statuses = status === null ? Object.values(SessionStatus) : [status];
  const rows = await database.query<{ id: string }>(Prisma.sql`
    SELECT id FROM unnest(${statuses}::text[]::"SessionStatus"[]) AS wanted(status) CROSS JOIN LATERAL (
      SELECT s.id FROM sessions s
      WHERE s.client_id = ${clientId} AND s.kind = ${kind}::"SessionKind" AND s.status = wanted.status
        ${after === null ? Prisma.empty : Prisma.sql`AND s.id < ${after}`}
        ${before == null ? Prisma.empty : Prisma.sql`AND s.id > ${before}`}
      ORDER BY s.client_id ${direction}, s.kind ${direction}, s.status ${direction}, s.id ${direction} LIMIT ${limit}::int) AS of_status
    ORDER BY id ${direction} LIMIT ${limit}::int`);
  return rows.map(({ id }) => id);
}

// The login's lock makes two that want to begin come one after the other: the second sees the first one's session.
export async function createForLogin(tx: Transaction, session: SessionOfLogin, now: Date): Promise<Session | null> {
  if (!(await lockLogin(tx, session.bankLoginId))) return null;
  if ((await tx.session.count({ where: activeSessions(session.bankLoginId, now) })) > 0) return null;
  return await tx.session.create({ data: session });
}

/** Those of a login that run, or still await the end user. */
export function activeSessions(bankLoginId: string, now: Date): Prisma.SessionWhereInput {
  return { OR: [{ bankLoginId, status: 'RUNNING' }, awaitingSessions(bankLoginId, now)] };
}

function awaitingSessions(bankLoginId: string, now: Date): Prisma.SessionWhereInput {
  return { bankLoginId, status: 'AWAITING_USER', NOT: { expiresAt: { lte: now } } };
}

function end(database: Database, which: Prisma.SessionWhereInput, ending: SessionEnding): Promise<Session[]> {
  const { now, ...outcome } = ending;
  return database.transaction(async (tx) => {
    const ended = await tx.session.updateManyAndReturn({
      where: { ...which, status: 'AWAITING_USER' },
      data: { ...outcome, stateHash: null, nokStateHash: null, authorisation: null, finishedAt: now, updatedAt: now },
    });
    await abandonConsents(
      tx,
      ended.map(({ consentId }) => consentId),
      now,
    );
    return ended;
  });
}
