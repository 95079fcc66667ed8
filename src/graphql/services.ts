import type { AccountStore } from '../accounts/account-store.ts';
import type { AuditLog } from '../audit/audit-log.ts';
import type { Clients } from '../clients/clients.ts';
import type { Idempotency } from '../clients/idempotency.ts';
import type { Users } from '../clients/users.ts';
import type { BankStore } from '../consent/bank-store.ts';
import type { ErasureService } from '../consent/erasure.ts';
import type { LoginStore } from '../consent/login-store.ts';
import type { SessionSignal } from '../consent/session-signal-store.ts';
import type { Sessions } from '../consent/sessions.ts';
import type { EventLog } from '../events/event-log.ts';
import type { CyclePlan } from '../sync/cycle-plan.ts';
import type { Cycles } from '../sync/cycles.ts';
import type { LoginList } from '../sync/login-list.ts';
import type { SynchronizationSessions } from '../sync/synchronization-sessions.ts';
import type { SynchronizationStatuses } from '../sync/synchronization-status.ts';
import type { WebhookEndpoints } from '../webhooks/webhook-endpoints.ts';

/**
 * What the resolvers call: the functions of the rooms below, as they are needed here. Every function takes the caller's
 * client and answers for it alone; lists take how many rows to read at most, and where to go on.
 */
export interface Services {
  audit: Pick<AuditLog, 'perform' | 'recordRefusal' | 'noteRead' | 'noteRefusedKey' | 'noteLimited' | 'list' | 'find'>;
  clients: Pick<
    Clients,
    | 'find'
    | 'findApiKey'
    | 'findAny'
    | 'list'
    | 'listApiKeys'
    | 'createClient'
    | 'renameClient'
    | 'updateClient'
    | 'createApiKey'
    | 'rotateApiKey'
    | 'revokeApiKey'
  >;
  idempotency: Pick<Idempotency, 'once'>;
  users: Pick<Users, 'find' | 'findByExternalId' | 'listByIds' | 'list' | 'createUser' | 'updateUser'>;
  erasure: ErasureService;
  banks: Pick<BankStore, 'listByIds' | 'list'>;
  bankLogins: Pick<LoginStore, 'listByIds' | 'listConsents'>;
  accounts: Pick<
    AccountStore,
    | 'listByIds'
    | 'listWithTransactions'
    | 'listBalanceHistory'
    | 'listTransactionsByIds'
    | 'listTransactions'
    | 'searchTransactions'
    | 'listChanges'
    | 'hasChangeSet'
  >;
  sessions: Pick<
    Sessions,
    | 'find'
    | 'listByIds'
    | 'list'
    | 'createConnectSession'
    | 'createManagementSession'
    | 'cancel'
    | 'redirectUrl'
    | 'endedUrl'
  >;
  sessionSignal: Pick<SessionSignal, 'subscribe'>;
  synchronizationSessions: SynchronizationSessions;
  synchronization: SynchronizationStatuses & LoginList;
  plan: Pick<CyclePlan, 'planFor'>;
  cycles: Pick<Cycles, 'listByIds' | 'findRunning' | 'nextOpensAt' | 'list' | 'countUsersOfCycles' | 'runExtraCycle'>;
  events: Pick<
    EventLog,
    'listByIds' | 'reconcile' | 'read' | 'stream' | 'openFeed' | 'findPosition' | 'positionBefore' | 'extent' | 'head'
  >;
  webhooks: Pick<
    WebhookEndpoints,
    | 'listByIds'
    | 'list'
    | 'create'
    | 'update'
    | 'delete'
    | 'rotateSecret'
    | 'publicKey'
    | 'sendTest'
    | 'redeliver'
    | 'recover'
    | 'preview'
    | 'findDelivery'
    | 'findDeliveryOf'
    | 'listDeliveriesByIds'
    | 'listDeliveriesOfClient'
    | 'listDeliveries'
  >;
}
