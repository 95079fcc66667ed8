import type { Session } from '../generated/prisma/client.ts';
import type { Database, Prisma } from '../storage/database.ts';

export type { Session };

export interface SessionStore {
  find(clientId: string, id: string): Promise<Session | null>;
  findByLink(linkHash: string): Promise<Session | null>;
  findByState(stateHash: string): Promise<Session | null>;
  findByIdempotencyKey(clientId: string, kind: Session['kind'], idempotencyKey: string): Promise<Session | null>;
  create(session: Prisma.SessionUncheckedCreateInput): Promise<Session>;
  /** Only while the session has one of these statuses; null when it has another by now. */
  update(
    id: string,
    whileIn: ReadonlyArray<Session['status']>,
    change: Prisma.SessionUncheckedUpdateManyInput,
  ): Promise<Session | null>;
  /** Sessions that have waited for the end user for too long; how many there were. */
  expire(now: Date): Promise<number>;
  findReturnOrigins(clientId: string): Promise<string[]>;
  /** Null when there is no such user of the client. */
  findUser(clientId: string, userId: string): Promise<{ id: string; recurring: boolean } | null>;
}

export function createSessionStore({ prisma }: Database): SessionStore {
  return {
    find: (clientId, id) => prisma.session.findFirst({ where: { id, clientId } }),
    findByLink: (linkHash) => prisma.session.findUnique({ where: { linkHash } }),
    findByState: (stateHash) => prisma.session.findUnique({ where: { stateHash } }),
    findByIdempotencyKey: (clientId, kind, idempotencyKey) =>
      prisma.session.findFirst({ where: { clientId, kind, idempotencyKey } }),
    create: (data) => prisma.session.create({ data }),
    async update(id, whileIn, data) {
      const [session] = await prisma.session.updateManyAndReturn({ where: { id, status: { in: [...whileIn] } }, data });
      return session ?? null;
    },
    async expire(now) {
      const { count } = await prisma.session.updateMany({
        where: { status: 'AWAITING_USER', expiresAt: { lte: now } },
        data: { status: 'EXPIRED', finishedAt: now, updatedAt: now },
      });
      return count;
    },
    async findReturnOrigins(id) {
      const client = await prisma.client.findUnique({ where: { id }, select: { returnOrigins: true } });
      return client?.returnOrigins ?? [];
    },
    findUser: (clientId, id) =>
      prisma.user.findFirst({ where: { id, clientId }, select: { id: true, recurring: true } }),
  };
}
