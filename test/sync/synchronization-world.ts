import { createBankDataStore } from '../../src/accounts/bank-data-store.ts';
import type { BankDirectory } from '../../src/banking/bank-directory.ts';
import { type AccessBudget, createAccessBudget } from '../../src/consent/access-budget-store.ts';
import { createCredentialKeeper } from '../../src/consent/credential-keeper.ts';
import { createCredentialStore } from '../../src/consent/credential-store.ts';
import { createEventLog, type EventLog } from '../../src/events/event-log.ts';
import type { EventRecord } from '../../src/events/event-record.ts';
import { createLocalEventSignal } from '../../src/events/event-signal.ts';
import type { Database } from '../../src/storage/database.ts';
import { createEncryption, type Encryption, singleKey } from '../../src/storage/encryption.ts';
import { createSessionRunStore } from '../../src/sync/session-run-store.ts';
import { createSessionRunner, type SessionRunner } from '../../src/sync/session-runner.ts';
import { createSynchronizationContextStore } from '../../src/sync/synchronization-context-store.ts';
import { createRecordFailure } from '../../src/sync/synchronization-failures.ts';
import { createStoreFetched } from '../../src/sync/synchronization-result.ts';
import { createSynchronizationStore } from '../../src/sync/synchronization-store.ts';
import { createSynchronizeLogin, type SynchronizeLogin } from '../../src/sync/synchronize-login.ts';
import { fanOutSql } from '../../src/webhooks/fan-out.ts';
import { insertClient, insertEnrolledUser, sealedCredentials } from '../support/enrolled-users.ts';
import { type FixedClock, fixedClock } from '../support/fixed-clock.ts';
import { openTestDatabase } from '../support/test-database.ts';
import { createScriptedBank, type ScriptedBank } from './scripted-bank.ts';
import { createTestLog, type TestLog } from './test-log.ts';

/** A recurring user's login at a scripted bank, and all that synchronizes it. */
export interface SynchronizationWorld {
  database: Database;
  clock: FixedClock;
  bank: ScriptedBank;
  eventLog: EventLog;
  budget: AccessBudget;
  encryption: Encryption;
  log: TestLog;
  clientId: string;
  userId: string;
  loginId: string;
  synchronizeLogin: SynchronizeLogin;
  runner: SessionRunner;
  /** A second process on the same database. */
  createRunner(): SessionRunner;
  events(): Promise<EventRecord[]>;
  login(): Promise<Awaited<ReturnType<typeof readLogin>>>;
}

export interface WorldOptions {
  /** @default a new embedded one */
  database?: Database;
  /** @default the scripted bank */
  banks?: Pick<BankDirectory, 'get'>;
  clock?: FixedClock;
  /** @default a minute */
  unattendedLimitMs?: number;
}

/** The login's credentials are `consent-1`, in clear. */
export async function createSynchronizationWorld(options: WorldOptions = {}): Promise<SynchronizationWorld> {
  const database = options.database ?? (await openTestDatabase());
  const clock = options.clock ?? fixedClock();
  const log = createTestLog();
  const encryption = createEncryption(singleKey(Buffer.alloc(32, 7)));
  const clientId = await insertClient(database, clock.now());
  const sealed = sealedCredentials(encryption, 'consent-1');
  const { userId, loginId } = await insertEnrolledUser(database, { clientId, now: clock.now(), credentials: sealed });
  // An hour ago: nothing of the SCA is fresh.
  clock.advance(3_600_000);
  const bank = createScriptedBank();
  const eventLog = createEventLog({ database, signal: createLocalEventSignal(), fanOutSql });
  const budget = createAccessBudget(database);
  const contexts = createSynchronizationContextStore(database);
  const credentials = createCredentialKeeper({ store: createCredentialStore(database), encryption });
  const bankData = createBankDataStore(database);
  const store = createSynchronizationStore({ database, bankData, eventLog });
  const synchronizeLogin = createSynchronizeLogin({
    clock,
    banks: options.banks ?? bank,
    credentials,
    contexts,
    budget,
    bankData,
    storeFetched: createStoreFetched({ clock, contexts, bankData, store }),
    recordFailure: createRecordFailure({ clock, database, eventLog, budget, log }),
    ...(options.unattendedLimitMs !== undefined && { unattendedLimitMs: options.unattendedLimitMs }),
    log,
  });
  const createRunner = () =>
    createSessionRunner({ clock, store: createSessionRunStore(database), synchronizeLogin, log });
  return {
    database,
    clock,
    bank,
    eventLog,
    budget,
    encryption,
    log,
    clientId,
    userId,
    loginId,
    synchronizeLogin,
    runner: createRunner(),
    createRunner,
    events: () => eventLog.read({ clientId, limit: 100 }),
    login: () => readLogin(database, loginId),
  };
}

function readLogin(database: Database, id: string) {
  return database.prisma.bankLogin.findUniqueOrThrow({
    where: { id },
    include: { lastAttempt: true, consents: true, accounts: true },
  });
}
