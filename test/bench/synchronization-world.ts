import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import { createAuditLog } from '../../src/audit/audit-log.ts';
import { createAuditStore } from '../../src/audit/audit-store.ts';
import type { BankDirectory } from '../../src/banking/bank-directory.ts';
import { createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { credentialsOf } from '../../src/consent/consent-store.ts';
import { createCredentialKeeper } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { accountFields } from '../../src/domain/account-fields.ts';
import { balanceFields } from '../../src/domain/balance-fields.ts';
import { systemClock } from '../../src/domain/clock.ts';
import { absentValues } from '../../src/domain/field-table.ts';
import { newId } from '../../src/domain/ids.ts';
import { type FetchedTransaction, transactionFields } from '../../src/domain/transaction-fields.ts';
import { createEventLog } from '../../src/events/event-log.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import { openJobStore } from '../../src/jobs/job-store.ts';
import { createJobs, createSynchronizationQueue } from '../../src/jobs/jobs.ts';
import { type Database, Prisma } from '../../src/storage/database.ts';
import { createEncryption, singleKey } from '../../src/storage/encryption.ts';
import type { FetchedAccountData, FetchedLogin } from '../../src/sync/bank-fetch.ts';
import type { Cycles } from '../../src/sync/cycles.ts';
import { createSynchronization } from '../../src/sync/synchronization.ts';
import {
  createSynchronizationContextStore,
  type SynchronizationContext,
} from '../../src/sync/synchronization-context-store.ts';
import { createStoreFetched } from '../../src/sync/synchronization-result.ts';
import { createSynchronizationStore } from '../../src/sync/synchronization-store.ts';
import type { Attempt } from '../../src/sync/synchronize-login.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { eventually } from '../support/eventually.ts';
import { createTestLog } from '../sync/test-log.ts';
import type { Bench } from './section.ts';

export interface Enrolled {
  /** From 1, over all rounds. */
  number: number;
  userId: string;
  loginId: string;
}

/** A client with one webhook endpoint, and as many recurring users as a round needs, each with a login at the bank. */
export interface SynchronizationWorld {
  database: Database;
  clientId: string;
  endpointId: string;
  bankId: string;
  /** New users; those enrolled before are in no cycle any more. */
  enrol(count: number): Promise<Enrolled[]>;
  /** What comes before the storing: the attempt is noted, the login read. */
  begin(loginId: string): Promise<Begun>;
  /** Merges and stores, as a synchronization does with what the bank gave. */
  storeFetched(begun: Begun, fetched: FetchedLogin): Promise<void>;
  /** Starts what runs cycles, with the job store; before anybody is enrolled, since a start opens the slot's own cycle. */
  startJobs(): Promise<void>;
  /** Runs an extra cycle through the job store to its end. Gives how long it took to open, and from then on. */
  runCycle(): Promise<{ openMs: number; runMs: number }>;
  /** By the latest cycle. */
  countSynchronized(): Promise<number>;
}

export interface Begun {
  context: SynchronizationContext;
  attemptId: string;
}

export interface WorldOptions {
  banks: Pick<BankDirectory, 'get'>;
  bankId: string;
}

/** The bank knows the login's consent by `consent-<number>`. */
export async function openSynchronizationWorld(bench: Bench, options: WorldOptions): Promise<SynchronizationWorld> {
  const { banks, bankId } = options;
  const clock = systemClock;
  const database = await bench.openDatabase();
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const credentials = createCredentialKeeper({ store: createCredentialStore(database), encryption });
  const log = createTestLog();
  log.level = 'silent';
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  bench.onClose(async () => eventLog.close());
  const bankData = createBankDataStore(database);
  const contexts = createSynchronizationContextStore(database);
  const store = createSynchronizationStore({ database, bankData, eventLog });
  const storeFetched = createStoreFetched({ clock, contexts, bankData, store });
  const clientId = newId('client', clock.now());
  const endpointId = newId('webhookEndpoint', clock.now());
  await insertClient(database, { clientId, endpointId, bankId });
  let enrolledCount = 0;

  // By itself, and not through the product: what watches should take nothing from what is measured.
  const isRunning = async () => {
    const { rowCount } = await database.pool.query("SELECT FROM synchronization_cycles WHERE status = 'RUNNING'");
    return rowCount !== 0;
  };

  let cycles: Cycles | null = null;
  async function startJobs() {
    const onError = (error: unknown) => console.error(error);
    const jobStore = await openJobStore({
      mongodbUrl: null,
      pool: database.pool,
      embedded: database.kind === 'embedded',
      onError,
    });
    const queue = createSynchronizationQueue(jobStore.agenda);
    const budget = createAccessBudget(database);
    const audit = createAuditLog({ clock, store: createAuditStore(database), onError });
    bench.onClose(audit.close);
    const synchronization = createSynchronization({
      clock,
      onAccess: audit.noteBankAccess,
      database,
      banks,
      encryption,
      eventLog,
      budget,
      bankData,
      queue,
      laneCount: 1,
      log,
    });
    const jobs = createJobs({
      agenda: jobStore.agenda,
      cycles: synchronization.cycles,
      runner: synchronization.cycleRunner,
      queue,
      maintenance: [],
      watched: [],
      retention: [],
      laneCount: 1,
      onError: (job, error) => console.error(job, error),
    });
    await jobs.start();
    bench.onClose(async () => {
      await synchronization.stop(2_000);
      await jobs.stop();
      await jobStore.close();
    });
    await eventually(async () => !(await isRunning()), { limitMs: 30_000 });
    cycles = synchronization.cycles;
  }

  return {
    database,
    clientId,
    endpointId,
    bankId,
    async enrol(count) {
      const users = Array.from({ length: count }, () => {
        const number = ++enrolledCount;
        const now = clock.now();
        const loginId = newId('bankLogin', now);
        const consent = encryption.encrypt(`consent-${number}`, credentialsOf(`con_${loginId}`));
        return { number, userId: newId('user', now), loginId, consent };
      });
      await insertEnrolled(database, { clientId, bankId, users });
      return users;
    },
    async begin(loginId) {
      const now = clock.now();
      const attemptId = newId('synchronizationAttempt', now);
      await database.query(Prisma.sql`
        INSERT INTO synchronization_attempts (id, bank_login_id, trigger, started_at)
        VALUES (${attemptId}, ${loginId}, 'SCHEDULER', ${now})`);
      const context = await contexts.load(loginId);
      if (!context) throw new Error('no such login');
      return { context, attemptId };
    },
    async storeFetched({ context, attemptId }, fetched) {
      const { consent, bankLoginId } = context;
      if (!consent) throw new Error('no consent');
      const signal = new AbortController().signal;
      const request = { loginId: bankLoginId, trigger: 'SCHEDULER' as const, psu: null, signal };
      const attempt: Attempt = { id: attemptId, request, context, consent, credentials: credentials.of(consent) };
      const outcome = await storeFetched(attempt, fetched);
      if (outcome.kind !== 'synchronized') throw new Error(`The store answered ${outcome.kind}.`);
    },
    startJobs,
    async runCycle() {
      if (!cycles) throw new Error('startJobs first');
      const beganMs = performance.now();
      await cycles.runExtraCycle();
      const openedMs = performance.now();
      await eventually(async () => !(await isRunning()), {
        limitMs: 3_600_000,
        intervalMs: 100,
        what: 'the end of the cycle',
      });
      return { openMs: openedMs - beganMs, runMs: performance.now() - openedMs };
    },
    async countSynchronized() {
      const [row] = await database.query<{ count: bigint }>(Prisma.sql`
        SELECT count(*) AS count FROM cycle_entries WHERE status = 'SYNCHRONIZED'
          AND cycle_id = (SELECT id FROM synchronization_cycles ORDER BY opens_at DESC LIMIT 1)`);
      return Number(row?.count ?? 0);
    },
  };
}

/** So many booked transactions; the first of them has this number. */
export function toTransactions(count: number, first = 0): FetchedTransaction[] {
  return Array.from({ length: count }, (_, index) => ({
    ...absentValues(transactionFields),
    status: 'BOOKED' as const,
    bankTransactionId: `bank-${first + index}`,
    amount: { amount: `-${first + index}.20`, currency: 'EUR' },
    bookingDate: new Date(Date.now() - (25 - ((first + index) % 25)) * 86_400_000).toISOString().slice(0, 10),
    valueDate: null,
    counterpartyName: `Coffee Bar ${first + index}`,
    counterpartyIban: 'DE02500105170137075030',
    remittanceInformation: `Card payment ${first + index}, thank you for your visit`,
    endToEndId: `E2E-${first + index}`,
    bankTransactionCode: 'PMNT-CCRD-POSD',
  }));
}

/** What a bank gives of a login: one account with these transactions. */
export function toFetched(resourceId: string, transactions: FetchedTransaction[]): FetchedLogin {
  return {
    accounts: [toFetchedAccount(resourceId, transactions)],
    faults: [],
    failures: [],
    complete: true,
    partial: false,
  };
}

function toFetchedAccount(resourceId: string, transactions: FetchedTransaction[]): FetchedAccountData {
  return {
    account: {
      ...absentValues(accountFields),
      resourceId,
      kind: 'CASH',
      state: 'AVAILABLE',
      iban: 'DE02120300000000202051',
      otherIdentification: null,
      currency: 'EUR',
      name: 'Giro',
      ownerName: 'Anna',
      balances: null,
    },
    balances: [
      {
        ...absentValues(balanceFields),
        type: 'expected',
        amount: { amount: '100.00', currency: 'EUR' },
        referenceDate: '2026-03-10',
      },
    ],
    from: new Date(Date.now() - 30 * 86_400_000).toISOString().slice(0, 10),
    transactions,
    complete: true,
    coversPending: true,
    faults: [],
    skippedRows: 0,
    problem: null,
  };
}

async function insertClient(
  database: Database,
  { clientId, endpointId, bankId }: { clientId: string; endpointId: string; bankId: string },
): Promise<void> {
  const now = systemClock.now();
  await database.prisma.bank.create({ data: { id: bankId, name: 'Bench Bank', country: 'DE' } });
  await database.prisma.client.create({
    data: { id: clientId, name: 'Bench', createdAt: now, eventHead: { create: {} } },
  });
  await database.prisma.webhookEndpoint.create({
    data: { id: endpointId, clientId, url: 'http://127.0.0.1:9/', secrets: '[]', createdAt: now, updatedAt: now },
  });
}

async function insertEnrolled(
  database: Database,
  {
    clientId,
    bankId,
    users,
  }: { clientId: string; bankId: string; users: { userId: string; loginId: string; consent: string }[] },
): Promise<void> {
  await database.query(Prisma.sql`UPDATE users SET recurring = false WHERE recurring`);
  for (let index = 0; index < users.length; index += 10_000) {
    const rows = JSON.stringify(users.slice(index, index + 10_000));
    await database.query(Prisma.sql`
      WITH given AS (SELECT * FROM json_to_recordset(${rows}::json) AS g ("userId" text, "loginId" text, consent text)),
      new_user AS (
        INSERT INTO users (id, client_id, recurring, enrolled_at, created_at)
        SELECT "userId", ${clientId}, true, now(), now() FROM given),
      new_login AS (
        INSERT INTO bank_logins (id, client_id, user_id, bank_id, created_at)
        SELECT "loginId", ${clientId}, "userId", ${bankId}, now() FROM given)
      INSERT INTO consents (id, client_id, user_id, bank_id, bank_login_id, status, recurring, valid_until, frequency_per_day,
        authorised_at, credentials, created_at)
      SELECT 'con_' || "loginId", ${clientId}, "userId", ${bankId}, "loginId", 'VALID', true, now()::date + 90, 4, now(), consent, now()
      FROM given`);
  }
  await database.pool.query('ANALYZE users, bank_logins, consents');
}
