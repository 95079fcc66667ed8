import type { Page } from '../domain/page.ts';
import type { ApiKey, ApiKeyScope, Client, Prisma as PrismaTypes } from '../generated/prisma/client.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { pageById } from '../storage/page-by-id.ts';

export interface NewApiKeyRow {
  id: string;
  clientId: string;
  name: string;
  hash: string;
  prefix: string;
  scopes: readonly ApiKeyScope[];
  allowedNetworks: readonly string[];
  expiresAt: Date | null;
  createdAt: Date;
}

export interface KeyReplacement {
  retiresAt: Date;
  toSuccessor(key: ApiKey): NewApiKeyRow;
}

export interface ClientStore {
  find(clientId: string): Promise<Client | null>;
  /** Oldest first. */
  list(page: Page): Promise<Client[]>;
  /** The one that was made first. */
  findFirst(): Promise<Client | null>;
  /** The client with its event log and first key, all or nothing. */
  create(client: { id: string; name: string; createdAt: Date }, key: NewApiKeyRow): Promise<Client>;
  /** Null when there is no such client. */
  rename(clientId: string, name: string): Promise<Client | null>;
  updateReturnOrigins(clientId: string, returnOrigins: readonly string[]): Promise<Client>;
  createKey(key: NewApiKeyRow): Promise<ApiKey>;
  /** The successor is made, and the key retires, unless it does already: both or neither. Null when there is no such key that is still good. */
  replaceKey(key: { clientId: string; id: string }, change: KeyReplacement): Promise<ApiKey | null>;
  findKey(clientId: string, id: string): Promise<ApiKey | null>;
  /** In no order; of any client where `clientId` is null. */
  listKeys(clientId: string | null, ids: readonly string[]): Promise<ApiKey[]>;
  findKeyByHash(hash: string): Promise<ApiKey | null>;
  /** Null when there is no such key that is still good. */
  revokeKey(id: string, revokedAt: Date): Promise<ApiKey | null>;
  touchKey(id: string, lastUsedAt: Date): Promise<void>;
}

export function createClientStore(database: Database): ClientStore {
  const { prisma } = database;
  return {
    find: (id) => prisma.client.findUnique({ where: { id } }),
    list: (page) => prisma.client.findMany(pageById(page, 'asc')),
    findFirst: () => prisma.client.findFirst({ orderBy: { id: 'asc' } }),
    create: (client, key) =>
      database.transaction(async (tx: Transaction) => {
        const created = await tx.client.create({ data: client });
        await tx.eventHead.create({ data: { clientId: client.id } });
        await tx.apiKey.create({ data: toData(key) });
        return created;
      }),
    rename: (id, name) =>
      database.transaction(async (tx: Transaction) => {
        const [client] = await tx.client.updateManyAndReturn({ where: { id }, data: { name } });
        return client ?? null;
      }),
    updateReturnOrigins: (id, returnOrigins) =>
      database.transaction((tx: Transaction) =>
        tx.client.update({ where: { id }, data: { returnOrigins: [...returnOrigins] } }),
      ),
    createKey: (key) => database.transaction((tx: Transaction) => tx.apiKey.create({ data: toData(key) })),
    replaceKey: ({ clientId, id }, { retiresAt, toSuccessor }) =>
      database.transaction(async (tx: Transaction) => {
        const key = await tx.apiKey.findFirst({ where: { id, clientId, revokedAt: null } });
        if (!key) return null;
        // Repeated since the answer was lost, the rotation does not lengthen what began to end.
        await tx.apiKey.updateMany({ where: { id, retiresAt: null }, data: { retiresAt } });
        return await tx.apiKey.create({ data: toData(toSuccessor(key)) });
      }),
    findKey: (clientId, id) => prisma.apiKey.findFirst({ where: { id, clientId } }),
    listKeys: (clientId, ids) =>
      prisma.apiKey.findMany({ where: { id: { in: [...ids] }, ...(clientId !== null && { clientId }) } }),
    findKeyByHash: (hash) => prisma.apiKey.findUnique({ where: { hash } }),
    revokeKey: (id, revokedAt) =>
      database.transaction(async (tx: Transaction) => {
        const [key] = await tx.apiKey.updateManyAndReturn({ where: { id, revokedAt: null }, data: { revokedAt } });
        return key ?? null;
      }),
    touchKey: async (id, lastUsedAt) => void (await prisma.apiKey.updateMany({ where: { id }, data: { lastUsedAt } })),
  };
}

function toData(key: NewApiKeyRow): PrismaTypes.ApiKeyUncheckedCreateInput {
  return { ...key, scopes: [...key.scopes], allowedNetworks: [...key.allowedNetworks] };
}
