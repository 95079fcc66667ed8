import { onTestFinished } from 'vitest';
import { createAccountStore } from '../../src/accounts/account-store.ts';
import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { type AuditLog, createAuditLog } from '../../src/audit/audit-log.ts';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import { createClientStore } from '../../src/clients/client-store.ts';
import { createClients } from '../../src/clients/clients.ts';
import { createIdempotency, type Idempotency } from '../../src/clients/idempotency.ts';
import { createUserStore } from '../../src/clients/user-store.ts';
import { createUsers } from '../../src/clients/users.ts';
import { createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { createBankStore } from '../../src/consent/bank-store.ts';
import { createConnections } from '../../src/consent/connections.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import type { ContextSource } from '../../src/graphql/context.ts';
import { createDocumentRunner } from '../../src/graphql/event-document.ts';
import { createSchema } from '../../src/graphql/schema.ts';
import type { Services } from '../../src/graphql/services.ts';
import type { Database } from '../../src/storage/database.ts';
import { createEncryption, type Encryption, singleKey } from '../../src/storage/encryption.ts';
import { createSynchronization } from '../../src/sync/synchronization.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { createWebhookEndpoints } from '../../src/webhooks/webhook-endpoints.ts';
import { createScriptedBank } from '../sync/scripted-bank.ts';
import { createTestLog } from '../sync/test-log.ts';
import { type FixedClock, fixedClock } from './fixed-clock.ts';

/** Everything that the resolvers call, over a database: what app.ts puts together, but for jobs, dispatcher and doors. */
export interface WholeApi {
  source: ContextSource;
  schema: ReturnType<typeof createSchema>;
  clock: FixedClock;
  encryption: Encryption;
  eventLog: EventLog;
  audit: AuditLog;
  idempotency: Idempotency;
}

/** The bank of `bank_test` is scripted. Closed with the test. */
export function openWholeApi(database: Database): WholeApi {
  const clock = fixedClock();
  const log = createTestLog();
  const banks = createScriptedBank();
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const signal = createLocalEventSignal();
  const eventLog = createEventLog({ database, signal, fanOutSql });
  const budget = createAccessBudget(database);
  const users = createUsers({ clock, store: createUserStore(database) });
  const bankStore = createBankStore(database);
  const audit = createAuditLog({
    clock,
    store: createAuditStore(database),
    onError: (error) => {
      throw error;
    },
  });
  const common = { clock, database, audit, banks, encryption, eventLog, budget, log };
  const synchronization = createSynchronization({
    ...common,
    onAccess: audit.noteBankAccess,
    bankData: createBankDataStore(database),
    queue: { enqueueLane: async () => {} },
    laneCount: 1,
  });
  const connections = createConnections({
    ...common,
    bankStore,
    users,
    runSession: synchronization.sessionRunner.runSession,
    publicUrl: () => 'http://127.0.0.1:4000',
    allowLoopbackReturnUrls: true,
  });
  const schema = createSchema();
  const source: ContextSource = {
    prisma: database.prisma,
    get services(): Services {
      return services;
    },
  };
  const documents = createDocumentRunner({
    schema,
    source: () => source,
    onUnexpected: () => {},
    runCancellable: database.runCancellable,
  });
  const idempotency = createIdempotency({ clock, database, encryption });
  const services: Services = {
    audit,
    idempotency,
    clients: createClients({ clock, store: createClientStore(database) }),
    users,
    erasure: connections.erasure,
    banks: bankStore,
    bankLogins: connections.logins,
    accounts: createAccountStore(database),
    sessions: connections.sessions,
    sessionSignal: { subscribe: () => () => {} },
    synchronizationSessions: synchronization.createSessions(connections),
    synchronization: synchronization.statuses,
    plan: synchronization.plan,
    cycles: synchronization.cycles,
    events: eventLog,
    webhooks: createWebhookEndpoints({
      ...common,
      signal,
      documents,
      publicUrl: () => 'https://tidewater.test',
      allowedNetworks: ['127.0.0.0/8'],
    }),
  };
  onTestFinished(async () => {
    await synchronization.stop(1_000);
    eventLog.close();
    await audit.close();
  });
  return { source, schema, clock, encryption, eventLog, audit, idempotency };
}
