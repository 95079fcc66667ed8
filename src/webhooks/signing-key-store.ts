import { type Database, Prisma } from '../storage/database.ts';

export interface StoredSigningKey {
  /** The `kid`. */
  id: string;
  publicKey: Prisma.JsonObject;
  /** Encrypted. */
  privateKey: string;
  createdAt: Date;
  activeAt: Date;
}

export interface SigningKeyStore {
  /** The newest first. */
  list(): Promise<StoredSigningKey[]>;
  /** Adds the key unless there is one: of two processes that both find none, one adds its own. */
  addFirst(key: StoredSigningKey): Promise<void>;
  /** Adds the key, and removes those that these ids name, in one step. */
  replace(key: StoredSigningKey, removedIds: readonly string[]): Promise<void>;
}

export function createSigningKeyStore(database: Database): SigningKeyStore {
  const { prisma } = database;
  return {
    list: async () => (await prisma.signingKey.findMany({ orderBy: { activeAt: 'desc' } })) as StoredSigningKey[],
    addFirst: (key) =>
      database.transaction(async (tx) => {
        await tx.$executeRaw(Prisma.sql`LOCK TABLE signing_keys IN EXCLUSIVE MODE`);
        if ((await tx.signingKey.count()) === 0) await tx.signingKey.create({ data: key });
      }),
    replace: (key, removedIds) =>
      database.transaction(async (tx) => {
        await tx.signingKey.create({ data: key });
        await tx.signingKey.deleteMany({ where: { id: { in: [...removedIds] } } });
      }),
  };
}
