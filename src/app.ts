import type { Logger } from 'pino';
import { createAccountStore } from './accounts/account-store.ts';
import { createBankDataStore } from './accounts/bank-data-store.ts';
import { createAuditLog } from './audit/audit-log.ts';
import { createAuditStore } from './audit/audit-store.ts';
import { createBankDirectory } from './banking/bank-directory.ts';
import { createLog } from './cli/log.ts';
import { openSandboxBank } from './cli/own-sandbox-bank.ts';
import { retentionSteps } from './cli/retention.ts';
import { newApiKeySecret } from './clients/api-key-secret.ts';
import { createClientStore } from './clients/client-store.ts';
import { createClients } from './clients/clients.ts';
import { createIdempotency } from './clients/idempotency.ts';
import { createKeyAuthentication } from './clients/key-authentication.ts';
import { createUserStore } from './clients/user-store.ts';
import { createUsers } from './clients/users.ts';
import type { Config } from './config/config.ts';
import { sandboxBanks } from './config/sandbox-banks.ts';
import { createAccessBudget } from './consent/access-budget-store.ts';
import { createBankLearningStore } from './consent/bank-learning-store.ts';
import { createBankStore } from './consent/bank-store.ts';
import { createConnections } from './consent/connections.ts';
import { openSessionSignal } from './consent/session-signal-store.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { createEventLog } from './events/event-log.ts';
import { createLocalEventSignal, openPostgresEventSignal } from './events/event-signal.ts';
import type { ContextSource } from './graphql/context.ts';
import { createDocumentRunner } from './graphql/event-document.ts';
import { createSchema } from './graphql/schema.ts';
import type { Services } from './graphql/services.ts';
import { createMetrics } from './http/metrics.ts';
import { createPages } from './http/pages/pages.ts';
import { toRequestLimits } from './http/request-limits.ts';
import { createHttpServer } from './http/server.ts';
import { openJobStore } from './jobs/job-store.ts';
import { createJobs, createSynchronizationQueue } from './jobs/jobs.ts';
import { openDataDirectory } from './storage/data-directory.ts';
import { type Database, openDatabase } from './storage/database.ts';
import { findBootstrapKey, openEncryption } from './storage/kept-keys.ts';
import { openRequestCounts } from './storage/request-count-store.ts';
import { createSynchronization } from './sync/synchronization.ts';
import { releaseAllClaims } from './webhooks/claim-release-store.ts';
import { openClientCertificate } from './webhooks/client-certificate.ts';
import { createDispatcher } from './webhooks/dispatcher.ts';
import { fanOutSql } from './webhooks/fan-out.ts';
import { createWebhookEndpoints } from './webhooks/webhook-endpoints.ts';

/** A running Tidewater. */
export interface App {
  url: string;
  sandboxBankUrl: string | null;
  dataDir: string;
  databaseKind: Database['kind'];
  jobBackend: string;
  /** Whether a browser finds GraphiQL at /graphql. */
  graphiql: boolean;
  /** The first API key, where this start has made it. */
  newApiKey: string | null;
  /** Stops intake, lets what runs finish or hands it back within ten seconds, closes the stores. */
  stop(): Promise<void>;
}

export interface AppOptions {
  config: Config;
  /** @default the system's */
  clock?: Clock;
  /** @default pino to the standard error stream */
  log?: Logger;
  /** What a process works on (lanes, sessions, jobs) is its own for so long without a word from it. @default 60 */
  leaseSeconds?: number;
}

/** Opens everything in the order of its dependence. Throws StartupError; what had been opened by then is closed again. */
export async function startApp(options: AppOptions): Promise<App> {
  const closers: Closer[] = [];
  const stop = async (): Promise<void> => {
    for (const close of closers.splice(0).reverse()) await close();
  };
  try {
    return await compose(options, closers, stop);
  } catch (error) {
    await stop().catch(() => {});
    throw error;
  }
}

type Closer = () => Promise<unknown>;
const handBackMs = 8_000;
async function compose(
  { config, clock = systemClock, leaseSeconds = 60, ...options }: AppOptions,
  closers: Closer[],
  stop: Closer,
): Promise<App> {
  const log = options.log ?? createLog(config.logLevel);
  const [embedded, worksHere] = [config.databaseUrl === null, config.role !== 'api'];

  // Stores and keys.
  const data = embedded ? await openDataDirectory(config.dataDir) : null;
  if (data) closers.push(data.release);
  const database = await openDatabase({
    databaseUrl: config.databaseUrl?.reveal() ?? null,
    directory: data?.database ?? null,
  });
  closers.push(database.close);
  const onStoreError = (err: Error): void => log.warn({ err }, 'a store reported an error');
  const given = config.encryptionKeys?.map((key) => key.reveal()) ?? null;
  const { encryption, close } = await openEncryption({ given, data, database, clock, onError: onStoreError });
  closers.push(close);
  const signal = database.connectionString
    ? await openPostgresEventSignal({ ...database, connectionString: database.connectionString, onError: onStoreError })
    : createLocalEventSignal();
  closers.push(signal.close);
  const sessionSignal = await openSessionSignal(database, onStoreError);
  closers.push(sessionSignal.close);
  const jobStore = await openJobStore({
    mongodbUrl: config.mongodbUrl?.reveal() ?? null,
    pool: database.pool,
    embedded,
    lockLifetimeMs: leaseSeconds * 1_000,
    onError: onStoreError,
  });
  closers.push(jobStore.close);

  // Banks.
  const sandboxBank = await openSandboxBank(config);
  if (sandboxBank) closers.push(sandboxBank.close);
  const entries = config.banks ?? sandboxBanks(sandboxBank?.url ?? '');
  const banks = createBankDirectory(entries, { clock, learningsOf: createBankLearningStore(database, clock).of });
  closers.push(banks.close);
  const bankStore = createBankStore(database);
  await bankStore.replaceAll(entries);

  // Clients and events.
  const keysOf = { clock, store: createClientStore(database) };
  const clients = createClients(keysOf);
  const auditStore = createAuditStore(database);
  const audit = createAuditLog({ clock, store: auditStore, onError: onStoreError });
  closers.push(audit.close);
  const authentication = createKeyAuthentication({ ...keysOf, onRefused: audit.noteRefusedKey });
  clients.onRevoked(authentication.forget);
  const bootstrapKey = await findBootstrapKey(config.bootstrapApiKey?.reveal() ?? null, data, newApiKeySecret);
  if (bootstrapKey) await clients.bootstrap(bootstrapKey.value);
  const idempotency = createIdempotency({ clock, database, encryption });
  const users = createUsers({ clock, store: createUserStore(database) });
  const { retentionDays } = config;
  const eventLog = createEventLog({ database, signal, fanOutSql, retentionDays, onError: onStoreError });
  closers.push(async () => eventLog.close());

  // Synchronization.
  const metrics = createMetrics();
  const budget = createAccessBudget(database);
  const queue = createSynchronizationQueue(jobStore.agenda);
  const bankData = createBankDataStore(database);
  const synchronization = createSynchronization({
    ...{ clock, database, banks, encryption, eventLog, budget, bankData, queue },
    laneCount: config.syncLanes,
    leaseSeconds,
    onLeftOut: metrics.bankDataLeftOut,
    onAccess: audit.noteBankAccess,
    log,
  });
  const { cycles, sessionRunner } = synchronization;
  // Nobody else can be alive: what the process before us was working on is free at once.
  if (embedded) await Promise.all([synchronization.releaseAll(), releaseAllClaims(database)]);

  // Consent and sessions.
  let url = '';
  const publicUrl = (): string => config.publicUrl ?? url;
  const connections = createConnections({
    clock,
    database,
    banks,
    bankStore,
    users,
    encryption,
    eventLog,
    audit,
    budget,
    runSession: sessionRunner.runSession,
    publicUrl,
    allowLoopbackReturnUrls: embedded,
    log,
  });

  // Webhooks and the API.
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
    onUnexpected: (err) => log.error({ err }, 'a webhook document failed unexpectedly'),
    runCancellable: database.runCancellable,
  });
  const delivery = {
    ...{ database, clock, eventLog, signal, encryption, documents },
    allowedNetworks: config.webhookAllowedNetworks,
    keepsLocalReplies: config.webhookNetworksNamed,
    publicUrl,
    log,
  };
  const webhooks = createWebhookEndpoints(delivery);
  const services: Services = {
    audit,
    idempotency,
    clients,
    users,
    erasure: connections.erasure,
    banks: bankStore,
    bankLogins: connections.logins,
    accounts: createAccountStore(database),
    sessions: connections.sessions,
    sessionSignal,
    synchronizationSessions: synchronization.createSessions(connections),
    synchronization: synchronization.statuses,
    plan: synchronization.plan,
    cycles,
    events: eventLog,
    webhooks,
  };
  await webhooks.checkDocuments();

  // Doors.
  const http = createHttpServer({
    host: config.host,
    port: config.port,
    source,
    authenticate: authentication.authenticate,
    clock,
    onRevoked: clients.onRevoked,
    pages: createPages({ ...connections, banks: bankStore, embeddingOrigins: config.embeddingOrigins, publicUrl, log }),
    serves: config.role === 'worker' ? 'health' : 'everything',
    readiness: { database: database.ping, jobs: jobStore.ping },
    graphiql: config.graphiql,
    metrics,
    jwks: webhooks.jwks,
    runCancellable: database.runCancellable,
    limits: toRequestLimits(config),
    requestCounts: openRequestCounts(config, database),
    logger: log,
  });
  // What takes in work stops first, all at once: a request that takes its time does not keep a lane from the other processes.
  const works: Closer[] = [];
  if (worksHere) {
    const clientCertificate = await openClientCertificate({ files: config.webhookClientCertificate, log });
    closers.push(clientCertificate.close);
    const dispatcher = createDispatcher({ ...delivery, clientCertificate });
    dispatcher.start();
    closers.push(dispatcher.stop);
    const jobs = createJobs({
      agenda: jobStore.agenda,
      cycles,
      runner: synchronization.cycleRunner,
      queue,
      maintenance: connections.maintenance,
      watched: [{ name: 'resume-sessions', run: () => sessionRunner.resumeStalledSessions() }],
      retention: retentionSteps({ config, clock, database, bankData, auditStore, idempotency }),
      laneCount: config.syncLanes,
      watchEveryMs: (leaseSeconds * 1_000) / 12,
      touchEveryMs: (leaseSeconds * 1_000) / 12,
      onError: (job, err) => log.error({ err, job }, 'a job failed'),
    });
    await jobs.start();
    works.push(jobs.stop);
  }
  works.push(() => synchronization.stop(handBackMs));
  closers.push(() => Promise.all(works.map((close) => close())));
  ({ url } = await http.listen());
  works.push(http.close);

  return {
    url,
    sandboxBankUrl: sandboxBank?.url ?? null,
    dataDir: config.dataDir,
    databaseKind: database.kind,
    jobBackend: jobStore.backend,
    graphiql: config.graphiql,
    newApiKey: bootstrapKey?.made ? bootstrapKey.value : null,
    stop: async () => void (await stop()),
  };
}
