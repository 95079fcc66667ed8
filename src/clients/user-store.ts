import type { Page } from '../domain/page.ts';
import type { User } from '../generated/prisma/client.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Database } from '../storage/database.ts';
import { pageById } from '../storage/page-by-id.ts';

export interface UserStore {
  find(clientId: string, id: string): Promise<User | null>;
  findByExternalId(clientId: string, externalId: string): Promise<User | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<User[]>;
  /** Oldest first. */
  list(clientId: string, filter: { recurring: boolean | null }, page: Page): Promise<User[]>;
  findByIdempotencyKey(clientId: string, idempotencyKey: string): Promise<User | null>;
  /** `taken` names the unique value that another user has already. */
  create(user: Prisma.UserUncheckedCreateInput): Promise<User | 'taken'>;
  /** Null when there is no such user of the client. */
  update(clientId: string, id: string, change: Prisma.UserUncheckedUpdateInput): Promise<User | null | 'taken'>;
}

export function createUserStore(database: Database): UserStore {
  const { prisma } = database;
  return {
    find: (clientId, id) => prisma.user.findFirst({ where: { id, clientId } }),
    findByExternalId: (clientId, externalId) => prisma.user.findFirst({ where: { clientId, externalId } }),
    listByIds: (clientId, ids) => prisma.user.findMany({ where: { id: { in: [...ids] }, clientId } }),
    list(clientId, { recurring }, page) {
      const { where, ...order } = pageById(page, 'asc');
      return prisma.user.findMany({
        where: { clientId, ...where, ...(recurring !== null && { recurring }) },
        ...order,
      });
    },
    findByIdempotencyKey: (clientId, idempotencyKey) => prisma.user.findFirst({ where: { clientId, idempotencyKey } }),
    create: (data) => unlessTaken(database.transaction((tx) => tx.user.create({ data }))),
    async update(clientId, id, data) {
      const updated = await unlessTaken(
        database.transaction((tx) => tx.user.updateManyAndReturn({ where: { id, clientId }, data })),
      );
      return updated === 'taken' ? 'taken' : (updated[0] ?? null);
    },
  };
}

async function unlessTaken<T>(write: Promise<T>): Promise<T | 'taken'> {
  try {
    return await write;
  } catch (error) {
    if (error instanceof Prisma.PrismaClientKnownRequestError && error.code === 'P2002') return 'taken';
    throw error;
  }
}
