import type { Page } from '../domain/page.ts';
import { lockHeadsSql } from '../events/event-writing.ts';
import type { SignatureAlgorithm, WebhookDelivery, WebhookEndpoint } from '../generated/prisma/client.ts';
import { type Database, Prisma, type Transaction } from '../storage/database.ts';
import { pageById } from '../storage/page-by-id.ts';

export type { WebhookDelivery, WebhookEndpoint };

export type StoredEndpoint = Pick<
  WebhookEndpoint,
  'url' | 'types' | 'method' | 'description' | 'headers' | 'document' | 'rateLimit' | 'secrets'
> & { signatureAlgorithm: SignatureAlgorithm };

/** Endpoints, each read and written for its own client only. */
export interface EndpointStore {
  find(clientId: string, id: string): Promise<WebhookEndpoint | null>;
  /** In no order; what is not the client's is left out. */
  listByIds(clientId: string, ids: readonly string[]): Promise<WebhookEndpoint[]>;
  list(clientId: string, page: Page): Promise<WebhookEndpoint[]>;
  /** Returns null when the client has `limit` endpoints already. */
  create(
    endpoint: StoredEndpoint & { id: string; clientId: string; now: Date; limit: number },
  ): Promise<WebhookEndpoint | null>;
  /** A new address ends the run of failures. Returns null when there is no such endpoint. */
  update(
    clientId: string,
    id: string,
    change: Partial<Omit<StoredEndpoint, 'signatureAlgorithm'>> & { now: Date },
  ): Promise<WebhookEndpoint | null>;
  /** Adds a secret before the stored ones, which `rewrite` may change; on a locked row, so that two rotations do not meet. */
  rewriteSecrets(
    clientId: string,
    id: string,
    change: { rewrite(secrets: string): string; now: Date },
  ): Promise<WebhookEndpoint | null>;
  delete(clientId: string, id: string): Promise<boolean>;
  /** Holds the client's log until the commit. Returns the URL, or null when the endpoint is not there or disabled already. */
  disable(tx: Transaction, change: { clientId: string; id: string; reason: string; now: Date }): Promise<string | null>;
  /** Every event of the client's log that is not committed by then has its delivery. False when it was not disabled. */
  enable(clientId: string, id: string, now: Date): Promise<boolean>;
  /** All documents, of every client. */
  listDocuments(): Promise<{ id: string; clientId: string; document: string; documentError: string | null }[]>;
  setDocumentError(id: string, document: string, documentError: string | null): Promise<void>;
}

const unfailing = { failingSince: null, warningCount: 0, pausedUntil: null };

export function createEndpointStore(database: Database): EndpointStore {
  const { prisma } = database;
  return {
    find: (clientId, id) => prisma.webhookEndpoint.findFirst({ where: { id, clientId } }),
    listByIds: (clientId, ids) => prisma.webhookEndpoint.findMany({ where: { id: { in: [...ids] }, clientId } }),
    list(clientId, page) {
      const { where, ...order } = pageById(page, 'asc');
      return prisma.webhookEndpoint.findMany({ where: { clientId, ...where }, ...order });
    },
    create: ({ now, limit, ...endpoint }) =>
      database.transaction(async (tx) => {
        // Taken one by one, so that two calls do not both find the last place free.
        await tx.$queryRaw`SELECT 1 FROM clients WHERE id = ${endpoint.clientId} FOR NO KEY UPDATE`;
        const count = await tx.webhookEndpoint.count({ where: { clientId: endpoint.clientId } });
        if (count >= limit) return null;
        return await tx.webhookEndpoint.create({ data: { ...endpoint, createdAt: now, updatedAt: now } });
      }),
    update: (clientId, id, { now, ...change }) =>
      database.transaction(async (tx) => {
        if (change.url !== undefined) {
          await tx.webhookEndpoint.updateMany({ where: { id, clientId, url: { not: change.url } }, data: unfailing });
        }
        return await updateOne(tx, { clientId, id }, { ...change, updatedAt: now });
      }),
    rewriteSecrets: (clientId, id, { rewrite, now }) =>
      database.transaction(async (tx) => {
        const [row] = await tx.$queryRaw<{ secrets: string }[]>`
          SELECT secrets FROM webhook_endpoints WHERE id = ${id} AND client_id = ${clientId} FOR NO KEY UPDATE`;
        if (!row) return null;
        return await updateOne(tx, { clientId, id }, { secrets: rewrite(row.secrets), updatedAt: now });
      }),
    delete: (clientId, id) =>
      database.transaction(async (tx) => (await tx.webhookEndpoint.deleteMany({ where: { id, clientId } })).count > 0),
    disable: async (tx, { clientId, id, reason, now }) => {
      // The log first, as whoever enables the endpoint takes it: its event will need it anyway.
      await tx.$queryRaw(lockHeadsSql([clientId]));
      const [row] = await tx.$queryRaw<{ url: string }[]>`
        UPDATE webhook_endpoints SET status = 'DISABLED', disabled_reason = ${reason}, disabled_at = ${now}, updated_at = ${now},
          missed_since = coalesce(missed_since, ${now}), missed_until = NULL
        WHERE id = ${id} AND client_id = ${clientId} AND status = 'ENABLED' RETURNING url`;
      return row?.url ?? null;
    },
    enable: (clientId, id, now) =>
      database.transaction(async (tx) => {
        // Events that are being written are waited for; those that wait for the log meanwhile read the status anew, which
        // FOR UPDATE tells them to: their own lock passes over a mere update.
        await tx.$queryRaw(lockHeadsSql([clientId]));
        await tx.$queryRaw`SELECT 1 FROM webhook_endpoints WHERE id = ${id} AND client_id = ${clientId} FOR UPDATE`;
        const enabled = await tx.webhookEndpoint.updateMany({
          where: { id, clientId, status: 'DISABLED' },
          data: {
            status: 'ENABLED',
            disabledReason: null,
            disabledAt: null,
            missedUntil: now,
            ...unfailing,
            updatedAt: now,
          },
        });
        return enabled.count > 0;
      }),
    listDocuments: () =>
      database.query(Prisma.sql`
        SELECT id, client_id AS "clientId", document, document_error AS "documentError"
        FROM webhook_endpoints WHERE document IS NOT NULL`),
    setDocumentError: async (id, document, documentError) => {
      await prisma.webhookEndpoint.updateMany({ where: { id, document }, data: { documentError } });
    },
  };
}

async function updateOne(
  prisma: Pick<Transaction, 'webhookEndpoint'>,
  where: { clientId: string; id: string },
  data: Prisma.WebhookEndpointUpdateManyMutationInput,
): Promise<WebhookEndpoint | null> {
  const [endpoint] = await prisma.webhookEndpoint.updateManyAndReturn({ where, data });
  return endpoint ?? null;
}
