import { randomBytes } from 'node:crypto';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields } from '../../src/domain/balance-fields.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { newId } from '../../src/domain/ids.ts';
import { transactionFields } from '../../src/domain/transaction-fields.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import type { NewEvent } from '../../src/events/event-record.ts';
import { createLocalEventSignal, type EventSignal, openPostgresEventSignal } from '../../src/events/event-signal.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import { createDispatcher, type Dispatcher } from '../../src/webhooks/dispatcher.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { createWebhookEndpoints, type WebhookEndpoints } from '../../src/webhooks/webhook-endpoints.ts';
import { eventually } from '../support/eventually.ts';
import type { Bench } from './section.ts';

/** The delivering half of the product, composed as in production, over a database of the bench. */
export interface DeliveryWorld {
  database: Database;
  eventLog: EventLog;
  endpoints: WebhookEndpoints;
  createDispatcher(): Dispatcher;
  addClient(): Promise<string>;
  /** Commits so many events with their deliveries, many in a transaction. */
  commit(count: number, makeEvent: (index: number) => NewEvent): Promise<void>;
  /** Resolves when no delivery is pending any more. */
  allRecorded(): Promise<void>;
  countDelivered(): Promise<number>;
  /** Forgets clients with all that is theirs. */
  removeClients(ids: readonly string[]): Promise<void>;
}

const log = { info() {}, warn() {}, error: (...facts: unknown[]) => console.error(...facts) };

export async function openDeliveryWorld(bench: Bench): Promise<DeliveryWorld> {
  const database = await bench.openDatabase();
  const signal = await openSignal(database);
  bench.onClose(() => signal.close());
  const eventLog = createEventLog({ database, signal, fanOutSql });
  bench.onClose(async () => eventLog.close());
  const deps = {
    database,
    clock: systemClock,
    signal,
    eventLog,
    encryption: createEncryption(singleKey(randomBytes(32))),
    documents: { validate: () => [], run: async () => ({ data: {} }) },
    publicUrl: () => 'https://tidewater.test',
    allowedNetworks: ['127.0.0.0/8'],
    log,
  };
  return {
    database,
    eventLog,
    endpoints: createWebhookEndpoints(deps),
    createDispatcher: () => createDispatcher(deps),
    async addClient() {
      const now = systemClock.now();
      const id = newId('client', now);
      await database.prisma.client.create({ data: { id, name: 'Bench', createdAt: now, eventHead: { create: {} } } });
      return id;
    },
    async commit(count, makeEvent) {
      for (let first = 0; first < count; first += 500) {
        await eventLog.commit(async (_tx, append) => {
          for (let index = first; index < Math.min(count, first + 500); index++) append(makeEvent(index));
        });
      }
    },
    async allRecorded() {
      await eventually(
        async () => {
          const [row] = await database.query<{ pending: boolean }>(
            Prisma.sql`SELECT EXISTS (SELECT FROM webhook_deliveries WHERE status = 'PENDING') AS pending`,
          );
          return row?.pending === false;
        },
        { limitMs: 120_000, intervalMs: 20, what: 'every delivery recorded' },
      );
    },
    async countDelivered() {
      const [row] = await database.query<{ count: bigint }>(
        Prisma.sql`SELECT count(*) AS count FROM webhook_deliveries
          WHERE status = 'DELIVERED' AND attempts @> '[{"responseStatus": 204}]'`,
      );
      return Number(row?.count ?? 0);
    },
    async removeClients(ids) {
      await database.prisma.client.deleteMany({ where: { id: { in: [...ids] } } });
    },
  };
}

async function openSignal(database: Database): Promise<EventSignal> {
  const { pool, connectionString } = database;
  if (connectionString === null) return createLocalEventSignal();
  return await openPostgresEventSignal({ pool, connectionString, onError: (error) => console.error(error) });
}

/** A synchronization's event whose webhook body is about so many bytes long. */
export function synchronizedEvent(
  clientId: string,
  { bodyBytes, login }: { bodyBytes: number; login: string },
): NewEvent {
  const count = Math.max(1, Math.round((bodyBytes - 960) / 895));
  return {
    clientId,
    type: 'BANK_LOGIN_SYNCHRONIZED',
    userId: `usr_${login}`,
    bankLoginId: `login_${login}`,
    occurredAt: systemClock.now(),
    data: {
      user: { id: `usr_${login}`, externalId: null },
      bankLogin: { id: `login_${login}`, bank: { id: 'bank_bench', name: 'Bench Bank' } },
      trigger: 'SCHEDULER',
      sequence: 1,
      accounts: [
        {
          account: {
            ...absentValues(accountFields),
            id: `acc_${login}`,
            kind: 'CASH' as const,
            state: 'AVAILABLE' as const,
            iban: 'DE02120300000000202051',
            name: 'Giro',
            ownerName: 'Anna',
            currency: 'EUR',
          },
          balances: [
            {
              ...absentValues(balanceFields),
              type: 'expected',
              amount: { amount: '100.00', currency: 'EUR' },
              referenceDate: '2026-03-10',
              observedAt: '2026-03-10T10:00:00.000Z',
            },
          ],
          newTransactions: Array.from({ length: count }, (_, index) => ({
            ...absentValues(transactionFields),
            id: `txn_${login}_${index}`,
            accountId: `acc_${login}`,
            status: 'BOOKED' as const,
            amount: { amount: `-${index}.20`, currency: 'EUR' },
            bookingDate: '2026-03-09',
            valueDate: '2026-03-09',
            counterpartyName: `Coffee Bar ${index}`,
            counterpartyIban: 'DE02500105170137075030',
            remittanceInformation: `Card payment ${index} of the ninth of March, thank you for your visit`,
            endToEndId: `E2E-${login}-${index}`,
            bankTransactionCode: 'PMNT-CCRD-POSD',
            firstSeenAt: '2026-03-10T10:00:00.000Z',
            updatedAt: '2026-03-10T10:00:00.000Z',
          })),
          updatedTransactions: [],
          removedTransactionIds: [],
        },
      ],
    },
  };
}
