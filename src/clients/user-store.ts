import type { User } from '../generated/prisma/client.ts';
import { Prisma } from '../generated/prisma/client.ts';
import type { Database } from '../storage/database.ts';

export interface UserStore {
  find(clientId: string, id: string): Promise<User | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<User[]>;
  /** Oldest first; `after` is the id of the last one seen. */
  list(
    clientId: string,
    filter: { recurring: boolean | null },
    page: { after: string | null; limit: number },
  ): Promise<User[]>;
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
    listByIds: (clientId, ids) => prisma.user.findMany({ where: { id: { in: [...ids] }, clientId } }),
    list: (clientId, { recurring }, { after, limit }) =>
      prisma.user.findMany({
        where: {
          clientId,
          ...(recurring === null ? {} : { recurring }),
          ...(after === null ? {} : { id: { gt: after } }),
        },
        orderBy: { id: 'asc' },
        take: limit,
      }),
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
