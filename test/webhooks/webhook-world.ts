import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { inject, onTestFinished } from 'vitest';
import { newId } from '../../src/domain/ids.ts';
import { createEventLog } from '../../src/events/event-log.ts';
import type { EventRecord, NewEvent } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { type Database, openDatabase } from '../../src/storage/database.ts';
import { createEncryption, type Encryption, singleKey } from '../../src/storage/encryption.ts';
import { attemptsOf } from '../../src/webhooks/attempt-store.ts';
import { createDispatcher, type Dispatcher, type DispatcherDeps } from '../../src/webhooks/dispatcher.ts';
import type { DocumentRunner } from '../../src/webhooks/document-runner.ts';
import type { NewWebhookEndpoint } from '../../src/webhooks/endpoint-input.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { createWebhookEndpoints } from '../../src/webhooks/webhook-endpoints.ts';
import { fixedClock } from '../support/fixed-clock.ts';
import { createPostgresDatabase } from '../support/postgresql-server.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { type ReceivedWebhook, startWebhookReceiver } from '../support/webhook-receiver.ts';

export const loopback = ['127.0.0.0/8', '::1/128'];

interface Logged {
  level: 'info' | 'warn' | 'error';
  facts: Record<string, unknown>;
  message: string;
}

/** Runs `{ broken }` as a fault and gives the event's id in `shaped` for anything else. */
const documents: DocumentRunner = {
  validate: (document) => (document.includes('broken') ? [{ path: '', message: 'Cannot query field "broken".' }] : []),
  run: async (document, { event }) =>
    document.includes('failing') ? { errors: ['Something in it failed.'] } : { data: { shaped: event.id } },
};

/** The id that the receiver knows a webhook again by: its event's. */
export const idOf = ({ headers }: ReceivedWebhook) => headers['webhook-id'];

/** The webhooks room on a PostgreSQL server, with a session beside it whose locks the room waits for. */
export async function createServerWorld() {
  const databaseUrl = await createPostgresDatabase(inject('postgresUrl') ?? '');
  const database = await openDatabase({ databaseUrl, directory: null });
  const session = new Client({ connectionString: databaseUrl });
  await session.connect();
  onTestFinished(async () => {
    await session.end();
    await database.close();
  });
  return { world: await createWorld({ database }), database, session };
}

/** The webhooks room over a database of the test's own, with a client, a clock that stands still and the log at hand. */
export async function createWorld(
  options: {
    database?: DispatcherDeps['database'];
    encryptionKey?: Buffer;
    encryption?: Encryption;
    signal?: DispatcherDeps['signal'];
    documents?: DocumentRunner;
  } = {},
) {
  const database = options.database ?? (await openTestDatabase());
  const clock = fixedClock();
  const signal = options.signal ?? createLocalEventSignal();
  const encryption = options.encryption ?? createEncryption(singleKey(options.encryptionKey ?? randomBytes(32)));
  const eventLog = createEventLog({ database, signal, fanOutSql });
  onTestFinished(() => eventLog.close());
  const logged: Logged[] = [];
  const report = (level: Logged['level']) => (facts: object, message: string) => {
    logged.push({ level, facts: facts as Record<string, unknown>, message });
  };
  const log = { info: report('info'), warn: report('warn'), error: report('error') } as DispatcherDeps['log'];
  const deps = {
    database,
    clock,
    signal,
    encryption,
    eventLog,
    documents: options.documents ?? documents,
    publicUrl: () => 'https://tidewater.test',
    allowedNetworks: loopback,
    log,
  };
  const endpoints = createWebhookEndpoints(deps);

  async function addClient(): Promise<string> {
    const id = newId('client', clock.now());
    const createdAt = clock.now();
    await database.prisma.client.create({ data: { id, name: 'Client', createdAt, eventHead: { create: {} } } });
    return id;
  }
  const clientId = await addClient();

  return {
    ...deps,
    clientId,
    addClient,
    endpoints,
    logged,
    /** Stopped when the test has finished. */
    dispatcher(own: Partial<DispatcherDeps> = {}): Dispatcher {
      const dispatcher = createDispatcher({ ...deps, random: () => 0.5, ...own });
      onTestFinished(() => dispatcher.stop());
      return dispatcher;
    },
    async receiver(
      respond: NonNullable<Parameters<typeof startWebhookReceiver>[0]>['respond'] = () => 204,
      carries: 'events' | 'documents' = 'events',
    ) {
      const receiver = await startWebhookReceiver({ respond, carries });
      onTestFinished(() => receiver.stop());
      return receiver;
    },
    async endpoint(url: string, input: Partial<NewWebhookEndpoint> = {}) {
      return await endpoints.create(clientId, { url, ...input });
    },
    /** Commits an event; a synchronized login by default. Returns its id. */
    async emit(event: Partial<NewEvent> = {}): Promise<string> {
      return await eventLog.commit(async (_tx, append) => append({ ...synchronized(clientId, clock.now()), ...event }));
    },
    deliveries: () => database.prisma.webhookDelivery.findMany({ orderBy: { position: 'asc' } }),
    attempts: () => listAttempts(database),
    endpointRow: (id: string) => database.prisma.webhookEndpoint.findUniqueOrThrow({ where: { id } }),
  };
}

/** Of all deliveries, in the order of time; `number` counts those of a delivery from 1. */
async function listAttempts({ prisma }: Database) {
  const deliveries = await prisma.webhookDelivery.findMany({ orderBy: { id: 'asc' } });
  return deliveries
    .flatMap((delivery) =>
      attemptsOf(delivery).map(({ startedAt, ...attempt }, index) => ({
        ...{ deliveryId: delivery.id, number: index + 1, startedAt: new Date(startedAt) },
        ...{ responseStatus: null, responseBody: null, error: null },
        ...attempt,
      })),
    )
    .sort((a, b) => a.startedAt.getTime() - b.startedAt.getTime());
}

export type World = Awaited<ReturnType<typeof createWorld>>;

export function synchronized(clientId: string, occurredAt: Date): NewEvent {
  const data = {
    user: { id: 'usr_1', externalId: null },
    bankLogin: { id: 'login_1', bank: { id: 'bank_1', name: 'Bank' } },
    trigger: 'SCHEDULER',
    sequence: 1,
    accounts: [],
  } as EventRecord['data'];
  return { clientId, type: 'BANK_LOGIN_SYNCHRONIZED', userId: 'usr_1', bankLoginId: 'login_1', occurredAt, data };
}

export const minutes = (count: number) => count * 60_000;
export const hours = (count: number) => count * 3_600_000;
