import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import pino, { type Logger } from 'pino';
import { createAccountStore } from './accounts/account-store.ts';
import { createBankDataStore } from './accounts/bank-data-store.ts';
import { createBankDirectory } from './banking/bank-directory.ts';
import { newApiKeySecret } from './clients/api-key-secret.ts';
import { createClientStore } from './clients/client-store.ts';
import { createClients } from './clients/clients.ts';
import { createKeyAuthentication } from './clients/key-authentication.ts';
import { createUserStore } from './clients/user-store.ts';
import { createUsers } from './clients/users.ts';
import type { Config } from './config/config.ts';
import { createAccessBudget } from './consent/access-budget-store.ts';
import { createBankStore } from './consent/bank-store.ts';
import { createConnectFlow } from './consent/connect-flow.ts';
import { createConsentStore } from './consent/consent-store.ts';
import { createConsentTerminationStore } from './consent/consent-termination-store.ts';
import { createConsentTerminations } from './consent/consent-terminations.ts';
import { createErasure } from './consent/erasure.ts';
import { createLoginStore } from './consent/login-store.ts';
import { createSessionStore } from './consent/session-store.ts';
import { createSessions } from './consent/sessions.ts';
import type { BankEntry } from './domain/bank-entry.ts';
import { type Clock, systemClock } from './domain/clock.ts';
import { StartupError } from './domain/errors.ts';
import { createEventLog } from './events/event-log.ts';
import { createLocalEventSignal, openPostgresEventSignal } from './events/event-signal.ts';
import type { ContextSource } from './graphql/context.ts';
import { createDocumentRunner } from './graphql/event-document.ts';
import { createSchema } from './graphql/schema.ts';
import type { Services } from './graphql/services.ts';
import { createMetrics } from './http/metrics.ts';
import { createPages } from './http/pages/pages.ts';
import { createHttpServer } from './http/server.ts';
import { openJobStore } from './jobs/job-store.ts';
import { createJobs, createSynchronizationQueue } from './jobs/jobs.ts';
import { createSandboxBank } from './sandbox-bank/sandbox-bank.ts';
import { type DataDirectory, newEncryptionKey, openDataDirectory } from './storage/data-directory.ts';
import { type Database, openDatabase } from './storage/database.ts';
import { createEncryption } from './storage/encryption.ts';
import { createBankOutages } from './sync/bank-outages.ts';
import { createCycleLaneStore } from './sync/cycle-lane-store.ts';
import { createCyclePlan } from './sync/cycle-plan.ts';
import { createCyclePlanStore } from './sync/cycle-plan-store.ts';
import { createCycleRunner } from './sync/cycle-runner.ts';
import { createCycleStore } from './sync/cycle-store.ts';
import { createCycleUserStore } from './sync/cycle-user-store.ts';
import { createCycles } from './sync/cycles.ts';
import { createSessionRunStore } from './sync/session-run-store.ts';
import { createSessionRunner } from './sync/session-runner.ts';
import { createSynchronizationContextStore } from './sync/synchronization-context-store.ts';
import { createRecordFailure } from './sync/synchronization-failures.ts';
import { createStoreFetched } from './sync/synchronization-result.ts';
import { createSynchronizationSessionStore } from './sync/synchronization-session-store.ts';
import { createSynchronizationSessions } from './sync/synchronization-sessions.ts';
import { createSynchronizationStatuses } from './sync/synchronization-status.ts';
import { createSynchronizationStatusStore } from './sync/synchronization-status-store.ts';
import { createSynchronizationStore } from './sync/synchronization-store.ts';
import { createSynchronizeLogin } from './sync/synchronize-login.ts';
import { createUserSynchronizer } from './sync/synchronize-user.ts';
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
}

type Closer = () => Promise<unknown>;

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

const handBackMs = 8_000;

async function compose(
  { config, clock = systemClock, ...options }: AppOptions,
  closers: Closer[],
  stop: Closer,
): Promise<App> {
  const log = options.log ?? createLog(config.logLevel);
  const embedded = config.databaseUrl === null;
  const worksHere = config.role !== 'api';
  const answersHere = config.role !== 'worker';

  // Stores and keys.
  const data = embedded ? await openDataDirectory(config.dataDir) : null;
  if (data) closers.push(data.release);
  const database = await openDatabase({
    databaseUrl: config.databaseUrl?.reveal() ?? null,
    directory: data?.database ?? null,
  });
  closers.push(database.close);
  const encryption = createEncryption(await findEncryptionKey(config, data));
  const onStoreError = (err: Error): void => log.warn({ err }, 'a store reported an error');
  const signal = database.connectionString
    ? await openPostgresEventSignal({ ...database, connectionString: database.connectionString, onError: onStoreError })
    : createLocalEventSignal();
  closers.push(signal.close);
  const jobStore = await openJobStore({
    mongodbUrl: config.mongodbUrl?.reveal() ?? null,
    pool: database.pool,
    embedded,
    onError: onStoreError,
  });
  closers.push(jobStore.close);

  // Banks.
  const sandboxBank = await openSandboxBank(config);
  if (sandboxBank) closers.push(sandboxBank.close);
  const entries = config.banks ?? sandboxEntries(sandboxBank?.url ?? '');
  const banks = createBankDirectory(entries, { clock });
  closers.push(banks.close);
  const bankStore = createBankStore(database);
  await bankStore.replaceAll(entries);

  // Clients and events.
  const clientStore = createClientStore(database);
  const clients = createClients({ clock, store: clientStore });
  const authentication = createKeyAuthentication({ clock, store: clientStore });
  clients.onRevoked(authentication.forget);
  const bootstrapKey = await findBootstrapKey(config, data);
  if (bootstrapKey) await clients.bootstrap(bootstrapKey.value);
  const users = createUsers({ clock, store: createUserStore(database) });
  const eventLog = createEventLog({ database, signal, fanOutSql });
  closers.push(async () => eventLog.close());

  // Synchronization.
  const budget = createAccessBudget(database);
  const contexts = createSynchronizationContextStore(database);
  const bankData = createBankDataStore(database);
  const synchronizeLogin = createSynchronizeLogin({
    clock,
    banks,
    encryption,
    contexts,
    budget,
    storeFetched: createStoreFetched({
      clock,
      contexts,
      bankData,
      store: createSynchronizationStore({ database, bankData, eventLog }),
    }),
    recordFailure: createRecordFailure({ clock, eventLog, budget, log }),
    outages: createBankOutages(clock),
    log,
  });
  const sessionRunner = createSessionRunner({ clock, store: createSessionRunStore(database), synchronizeLogin, log });
  const lanes = createCycleLaneStore(database);
  const cycleRunner = createCycleRunner({
    clock,
    lanes,
    synchronizeUser: createUserSynchronizer({ clock, users: createCycleUserStore(database), synchronizeLogin }),
  });
  const queue = createSynchronizationQueue(jobStore.agenda);
  const laneCount = config.syncLanes;
  const cycles = createCycles({ clock, store: createCycleStore(database), lanes, eventLog, queue, laneCount });
  const plan = createCyclePlan({ clock, store: createCyclePlanStore(database), laneCount });
  // Nobody else can be alive: what was being worked on when the process before died is free at once.
  if (embedded) await lanes.releaseAllLanes();

  // Consent and sessions.
  let url = '';
  const publicUrl = (): string => config.publicUrl ?? url;
  const sessionStore = createSessionStore(database);
  const sessions = createSessions({
    clock,
    store: sessionStore,
    banks: bankStore,
    users,
    encryption,
    publicUrl,
    allowLoopbackReturnUrls: embedded,
  });
  const consents = createConsentStore(database);
  const flow = createConnectFlow({
    clock,
    sessions: sessionStore,
    consents,
    bankStore,
    banks,
    encryption,
    publicUrl,
    runSession: sessionRunner.runSession,
    log,
  });
  const terminations = createConsentTerminations({
    clock,
    store: createConsentTerminationStore(database),
    banks,
    encryption,
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
  });
  const delivery = {
    database,
    clock,
    eventLog,
    signal,
    encryption,
    documents,
    allowedNetworks: config.webhookAllowedNetworks,
    log,
  };
  const webhooks = createWebhookEndpoints(delivery);
  const services: Services = {
    clients,
    users,
    erasure: createErasure({ clock, eventLog }),
    banks: bankStore,
    bankLogins: createLoginStore(database),
    accounts: createAccountStore(database),
    sessions,
    synchronizationSessions: createSynchronizationSessions({
      clock,
      store: createSynchronizationSessionStore(database),
      sessionStore,
      sessions,
      budget,
      runner: sessionRunner,
    }),
    synchronization: createSynchronizationStatuses({
      clock,
      store: createSynchronizationStatusStore(database),
      budget,
      plan,
    }),
    plan,
    cycles,
    events: eventLog,
    webhooks,
  };
  await webhooks.checkDocuments();

  // Doors. A worker answers health and metrics only where it is asked to serve nothing else.
  const http = createHttpServer({
    host: config.host,
    port: config.port,
    source,
    authenticate: authentication.authenticate,
    onRevoked: (listener) => clients.onRevoked(listener),
    pages: answersHere
      ? createPages({ flow, banks: bankStore, embeddingOrigins: config.embeddingOrigins, publicUrl })
      : async () => false,
    readiness: { database: () => database.pool.query('select 1'), jobs: jobStore.ping },
    metrics: createMetrics(),
    logger: log,
  });
  ({ url } = await http.listen());
  closers.push(http.close);
  closers.push(async () => {
    await Promise.all([cycleRunner.stop(handBackMs), sessionRunner.stop(handBackMs)]);
  });
  if (worksHere) {
    const dispatcher = createDispatcher(delivery);
    dispatcher.start();
    closers.push(dispatcher.stop);
    const jobs = createJobs({
      agenda: jobStore.agenda,
      cycles,
      runner: cycleRunner,
      queue,
      maintenance: [
        { name: 'resume-sessions', run: () => sessionRunner.resumeStalledSessions() },
        { name: 'expire-sessions', run: () => sessions.expireOverdue() },
        { name: 'end-consents', run: () => terminations.work() },
      ],
      laneCount,
      onError: (job, err) => log.error({ err, job }, 'a job failed'),
    });
    await jobs.start();
    closers.push(jobs.stop);
  }

  return {
    url,
    sandboxBankUrl: sandboxBank?.url ?? null,
    dataDir: config.dataDir,
    databaseKind: database.kind,
    jobBackend: jobStore.backend,
    newApiKey: bootstrapKey?.made ? bootstrapKey.value : null,
    stop: async () => void (await stop()),
  };
}

function createLog(level: Config['logLevel']): Logger {
  // Standard output belongs to what a person reads at the start.
  return pino(
    { level, base: null, redact: ['*.authorization', '*.apiKey', '*.secret', '*.password'] },
    pino.destination(2),
  );
}

async function findEncryptionKey(config: Config, data: DataDirectory | null): Promise<Buffer> {
  const given = config.encryptionKey?.reveal();
  if (given) return Buffer.from(given, 'base64');
  if (!data) throw new StartupError('ENCRYPTION_KEY: is needed with DATABASE_URL.');
  const { value, made } = await data.keep('encryption-key', newEncryptionKey);
  // A key made beside a database that exists cannot read what is in it.
  if (made && existsSync(join(data.path, 'api-key'))) {
    throw new StartupError(
      `DATA_DIR: ${data.path}/encryption-key was missing. Put it back, or give it as ENCRYPTION_KEY.`,
    );
  }
  return Buffer.from(value, 'base64');
}

async function findBootstrapKey(
  config: Config,
  data: DataDirectory | null,
): Promise<{ value: string; made: boolean } | null> {
  const given = config.bootstrapApiKey?.reveal();
  if (given) return { value: given, made: false };
  return data ? await data.keep('api-key', newApiKeySecret) : null;
}

async function openSandboxBank({ sandboxBankPort, host, dataDir }: Config) {
  if (sandboxBankPort === null) return null;
  await mkdir(dataDir, { recursive: true });
  try {
    return await createSandboxBank({ host, port: sandboxBankPort, dataFile: join(dataDir, 'sandbox-bank.jsonl') });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
    throw new StartupError(
      `SANDBOX_BANK_PORT: ${sandboxBankPort} is in use by another program. Give another port, or turn the sandbox bank off.`,
      { cause },
    );
  }
}

/** The sandbox bank as three entries of BANKS_FILE would have it: one for each SCA approach. */
function sandboxEntries(baseUrl: string): BankEntry[] {
  const common = {
    country: 'DE',
    scaValidityDays: 180,
    clientCertificate: null,
    signingCertificate: null,
    certificateAuthority: null,
  };
  return [
    {
      ...common,
      id: 'bank_sandbox',
      name: 'Sandbox Bank',
      bic: 'SBXBDEFFXXX',
      bankCode: '50010517',
      baseUrl,
      preferredApproach: 'redirect',
    },
    {
      ...common,
      id: 'bank_sandbox_decoupled',
      name: 'Sandbox Bank Decoupled',
      bic: 'SBXDDEFFXXX',
      bankCode: '50010518',
      baseUrl: `${baseUrl}/decoupled`,
      preferredApproach: 'decoupled',
    },
    {
      ...common,
      id: 'bank_sandbox_embedded',
      name: 'Sandbox Bank Embedded',
      bic: 'SBXEDEFFXXX',
      bankCode: '50010519',
      baseUrl: `${baseUrl}/embedded`,
      preferredApproach: 'embedded',
    },
  ];
}
