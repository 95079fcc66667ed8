import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import type { Users } from '../clients/users.ts';
import type { Clock } from '../domain/clock.ts';
import type { EventLog } from '../events/event-log.ts';
import type { Database } from '../storage/database.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { AccessBudget } from './access-budget-store.ts';
import { createBankLearningStore } from './bank-learning-store.ts';
import { type BankReturns, createBankReturns } from './bank-returns.ts';
import type { BankStore } from './bank-store.ts';
import { type ConnectFlow, createConnectFlow } from './connect-flow.ts';
import { createConsentExpiry } from './consent-expiry.ts';
import { createConsentExpiryStore } from './consent-expiry-store.ts';
import { createSettlement, type SessionRunner } from './consent-settlement.ts';
import { createConsentStore } from './consent-store.ts';
import { createConsentTerminationStore } from './consent-termination-store.ts';
import { createConsentTerminations } from './consent-terminations.ts';
import { createCredentialKeeper } from './credential-keeper.ts';
import { createCredentialStore } from './credential-store.ts';
import { throttleEntries } from './entry-throttle.ts';
import { createErasure, type ErasureService } from './erasure.ts';
import { createLoginStore, type LoginStore } from './login-store.ts';
import { createManagementFlow, type ManagementFlow } from './management-flow.ts';
import {
  type ActionRecorder,
  recordEndings,
  recordGrants,
  recordRemoval,
  recordWrongEntries,
} from './recorded-actions.ts';
import { createReturnCodeStore } from './return-code-store.ts';
import { createScaSteps, type ScaSteps } from './sca-steps.ts';
import { createSessionBinding, type SessionBinding } from './session-binding.ts';
import { createSessionBindingStore } from './session-binding-store.ts';
import { createSessionStore, type SessionStore } from './session-store.ts';
import { createSessions, type Sessions } from './sessions.ts';
import { createVisits } from './visits.ts';
import { createWrongEntryStore } from './wrong-entry-store.ts';

export interface ConnectionsDeps {
  clock: Clock;
  database: Database;
  banks: BankDirectory;
  bankStore: BankStore;
  users: Pick<Users, 'createUser' | 'findFaults'>;
  encryption: Encryption;
  eventLog: EventLog;
  /** Told what end users do. */
  audit: ActionRecorder;
  budget: Pick<AccessBudget, 'forget'>;
  runSession: SessionRunner;
  /** Without a slash at the end. */
  publicUrl: () => string;
  allowLoopbackReturnUrls: boolean;
  log: Logger;
  /** How long a page waits for the first fetch before it shows its progress. @default 4_000 */
  patienceMs?: number;
}

const dayMs = 86_400_000;

/** This room's parts, put together. */
export interface Connections {
  sessions: Sessions;
  sessionStore: SessionStore;
  logins: LoginStore;
  erasure: ErasureService;
  flow: ConnectFlow;
  steps: ScaSteps;
  management: ManagementFlow;
  binding: SessionBinding;
  returns: BankReturns;
  /** To be done again and again, every minute or so, by any process. */
  maintenance: ReadonlyArray<{ name: string; run(): Promise<unknown> }>;
}

export function createConnections(deps: ConnectionsDeps): Connections {
  const { clock, database, bankStore, eventLog, audit, budget } = deps;
  const sessionStore = createSessionStore(database);
  const sessions = createSessions({ ...deps, store: sessionStore, banks: bankStore });
  const consents = recordGrants(createConsentStore(database), audit);
  const logins = createLoginStore(database);
  const erasure = createErasure({ clock, eventLog });
  const credentials = createCredentialKeeper({ ...deps, store: createCredentialStore(database) });
  const common = { ...deps, sessions: recordEndings(sessionStore, audit), consents, credentials };
  const visits = createVisits(common);
  const settlement = createSettlement(common);
  const wrongEntries = createWrongEntryStore(database);
  const unthrottled = recordWrongEntries(createScaSteps({ ...common, visits, settlement }), audit);
  const steps = throttleEntries(unthrottled, {
    ...common,
    visits,
    store: wrongEntries,
  });
  const management = createManagementFlow({
    ...common,
    visits,
    logins,
    removeLogin: recordRemoval(erasure, audit),
  });
  const terminations = createConsentTerminations({ ...deps, store: createConsentTerminationStore(database) });
  const expiry = createConsentExpiry({ clock, eventLog, store: createConsentExpiryStore(database) });
  const flow = createConnectFlow({ ...common, visits, settlement, steps, management, logins });
  const bindingStore = createSessionBindingStore(database);
  const returns = createBankReturns({
    ...common,
    visits,
    binding: bindingStore,
    codes: createReturnCodeStore(database),
    callback: flow.callback,
  });
  return {
    sessions,
    sessionStore,
    logins,
    erasure,
    flow,
    steps,
    management,
    binding: createSessionBinding({ ...common, store: bindingStore }),
    returns,
    maintenance: [
      { name: 'expire-sessions', run: () => sessions.expireOverdue() },
      { name: 'end-unconfirmed-returns', run: () => returns.endUnconfirmed() },
      { name: 'end-consents', run: () => terminations.work() },
      { name: 'watch-consents', run: () => expiry.work() },
      { name: 'forget-wrong-entries', run: () => wrongEntries.removeOld(new Date(clock.now().getTime() - dayMs)) },
      { name: 'forget-accesses', run: () => budget.forget(clock.now()) },
      { name: 'forget-learnings', run: createBankLearningStore(database, clock).forget },
    ],
  };
}
