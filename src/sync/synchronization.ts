import type { Logger } from 'pino';
import type { BankDataStore } from '../accounts/bank-data-store.ts';
import type { BankDirectory } from '../banking/bank-directory.ts';
import type { AccessBudget } from '../consent/access-budget-store.ts';
import { createCredentialKeeper } from '../consent/credential-keeper.ts';
import { createCredentialStore } from '../consent/credential-store.ts';
import type { SessionStore } from '../consent/session-store.ts';
import type { Sessions } from '../consent/sessions.ts';
import type { Clock } from '../domain/clock.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Database } from '../storage/database.ts';
import type { Encryption } from '../storage/encryption.ts';
import { createBankOutages } from './bank-outages.ts';
import { createCycleLaneStore } from './cycle-lane-store.ts';
import { type CyclePlan, createCyclePlan } from './cycle-plan.ts';
import { createCyclePlanStore } from './cycle-plan-store.ts';
import { type CycleRunner, createCycleRunner } from './cycle-runner.ts';
import { createCycleStore } from './cycle-store.ts';
import { createCycleUserStore } from './cycle-user-store.ts';
import { type Cycles, createCycles } from './cycles.ts';
import { defaultLeaseSeconds } from './lease.ts';
import type { LeftOut } from './left-out.ts';
import { createLoginList, type LoginList } from './login-list.ts';
import { createLoginListStore } from './login-list-store.ts';
import { createSessionRunStore } from './session-run-store.ts';
import { createSessionRunner, type SessionRunner } from './session-runner.ts';
import { createSynchronizationContextStore } from './synchronization-context-store.ts';
import { createRecordFailure } from './synchronization-failures.ts';
import type { SynchronizationQueue } from './synchronization-queue.ts';
import { createStoreFetched } from './synchronization-result.ts';
import { createSynchronizationSessionStore } from './synchronization-session-store.ts';
import { createSynchronizationSessions, type SynchronizationSessions } from './synchronization-sessions.ts';
import { createSynchronizationStatuses, type SynchronizationStatuses } from './synchronization-status.ts';
import { createSynchronizationStatusStore } from './synchronization-status-store.ts';
import { createSynchronizationStore } from './synchronization-store.ts';
import { createSynchronizeLogin } from './synchronize-login.ts';
import { createUserSynchronizer } from './synchronize-user.ts';

export interface SynchronizationDeps {
  clock: Clock;
  database: Database;
  banks: Pick<BankDirectory, 'get'>;
  encryption: Encryption;
  eventLog: EventLog;
  budget: AccessBudget;
  bankData: BankDataStore;
  queue: SynchronizationQueue;
  laneCount: number;
  /** What this process works on is its own for so long without a word from it. @default 60 */
  leaseSeconds?: number;
  /** Told what of a bank's data could not be read. @default nothing */
  onLeftOut?: (leftOut: LeftOut) => void;
  /** Told before a bank is asked for a login's data. @default nothing */
  onAccess?: (access: { clientId: string; bankLoginId: string; trigger: string }) => void;
  log: Logger;
}

/** This room's parts, put together. */
export interface Synchronization {
  cycles: Cycles;
  cycleRunner: CycleRunner;
  plan: CyclePlan;
  sessionRunner: SessionRunner;
  statuses: SynchronizationStatuses & LoginList;
  /** For when the sessions of end users are there, which run by `sessionRunner`. */
  createSessions(hosted: { sessions: Sessions; sessionStore: SessionStore }): SynchronizationSessions;
  /** Frees at once what a process before us was working on: only where no other can be alive. */
  releaseAll(): Promise<void>;
  /** Running logins finish, or are handed back, within `limitMs`. */
  stop(limitMs: number): Promise<void>;
}

export function createSynchronization(deps: SynchronizationDeps): Synchronization {
  const {
    clock,
    database,
    eventLog,
    budget,
    bankData,
    queue,
    laneCount,
    leaseSeconds = defaultLeaseSeconds,
    log,
  } = deps;
  const contexts = createSynchronizationContextStore(database);
  const store = createSynchronizationStore({ database, bankData, eventLog });
  const synchronizeLogin = createSynchronizeLogin({
    ...deps,
    contexts,
    credentials: createCredentialKeeper({ ...deps, store: createCredentialStore(database) }),
    storeFetched: createStoreFetched({ clock, contexts, bankData, store }),
    recordFailure: createRecordFailure({ clock, database, eventLog, budget, log }),
    outages: createBankOutages(clock),
  });
  const sessionRunStore = createSessionRunStore(database, leaseSeconds);
  const sessionRunner = createSessionRunner({ clock, store: sessionRunStore, synchronizeLogin, leaseSeconds, log });
  const lanes = createCycleLaneStore(database, leaseSeconds);
  const users = createCycleUserStore(database);
  const synchronizeUser = createUserSynchronizer({ clock, users, synchronizeLogin });
  const cycleRunner = createCycleRunner({
    clock,
    lanes,
    synchronizeUser,
    leaseSeconds,
    onUnexpected: (err, { userId, cycleId }) => log.error({ err, userId, cycleId }, 'a user could not be synchronized'),
  });
  const { statuses, plan } = createStanding({ clock, database, budget, laneCount });
  return {
    cycles: createCycles({ clock, store: createCycleStore(database), lanes, eventLog, queue, laneCount }),
    cycleRunner,
    plan,
    sessionRunner,
    statuses,
    createSessions: (hosted) =>
      createSynchronizationSessions({
        clock,
        store: createSynchronizationSessionStore(database),
        budget,
        runner: sessionRunner,
        ...hosted,
      }),
    releaseAll: async () => {
      await lanes.releaseAllLanes();
      await sessionRunStore.releaseAll();
    },
    stop: async (limitMs) => {
      await Promise.all([cycleRunner.stop(limitMs), sessionRunner.stop(limitMs)]);
    },
  };
}

function createStanding({
  clock,
  database,
  budget,
  laneCount,
}: Pick<SynchronizationDeps, 'clock' | 'database' | 'budget' | 'laneCount'>) {
  const plan = createCyclePlan({ clock, store: createCyclePlanStore(database), laneCount });
  const store = createSynchronizationStatusStore(database);
  const statuses = createSynchronizationStatuses({ clock, store, budget, plan });
  const logins = createLoginList({ clock, store: createLoginListStore(database), statuses });
  return { plan, statuses: { ...statuses, ...logins } };
}
