import type { AccountStore } from '../accounts/account-store.ts';
import type { Clients } from '../clients/clients.ts';
import type { Users } from '../clients/users.ts';
import type { BankStore } from '../consent/bank-store.ts';
import type { Sessions } from '../consent/sessions.ts';
import type { EventLog } from '../events/event-log.ts';
import type { BankLogin, Consent, Session } from '../generated/prisma/client.ts';
import type { CyclePlan, PlannedSynchronization } from '../sync/cycle-plan.ts';
import type { Cycles } from '../sync/cycles.ts';
import type { WebhookEndpoints } from '../webhooks/webhook-endpoints.ts';

/**
 * What the resolvers call: the functions of the rooms below, as they are needed here. Every function takes the caller's
 * client and answers for it alone; lists take how many rows to read at most, and where to go on.
 */
export interface Services {
  clients: Pick<Clients, 'find' | 'findApiKey' | 'createClient' | 'updateClient' | 'createApiKey' | 'revokeApiKey'>;
  users: Pick<Users, 'find' | 'list' | 'createUser' | 'updateUser'>;
  erasure: ErasureService;
  banks: Pick<BankStore, 'find' | 'list'>;
  bankLogins: BankLoginService;
  accounts: Pick<AccountStore, 'find' | 'findTransaction' | 'listTransactions'>;
  sessions: Pick<
    Sessions,
    'find' | 'createConnectSession' | 'createManagementSession' | 'cancel' | 'redirectUrl' | 'endedUrl'
  >;
  synchronizationSessions: SynchronizationSessionService;
  synchronization: SynchronizationService;
  plan: Pick<CyclePlan, 'planFor'>;
  cycles: Pick<Cycles, 'find' | 'findRunning' | 'nextOpensAt' | 'list' | 'countUsersOfCycles' | 'runExtraCycle'>;
  events: Pick<EventLog, 'find' | 'read' | 'stream'>;
  webhooks: Pick<
    WebhookEndpoints,
    | 'find'
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
    | 'listDeliveries'
  >;
}

export interface ErasureService {
  deleteUser(clientId: string, id: string): Promise<UserErasureReceipt>;
  deleteBankLogin(clientId: string, id: string): Promise<void>;
}

export interface UserErasureReceipt {
  id: string;
  bankLogins: number;
  accounts: number;
  transactions: number;
  events: number;
  deliveries: number;
}

export interface BankLoginService {
  find(clientId: string, id: string): Promise<BankLogin | null>;
  findConsent(clientId: string, id: string): Promise<Consent | null>;
}

export interface SynchronizationSessionService {
  createSynchronizationSession(clientId: string, input: NewSynchronizationSession): Promise<Session>;
}

export interface NewSynchronizationSession {
  bankLoginId: string;
  psuIpAddress: string | null;
  returnUrl: string | null;
  idempotencyKey: string | null;
}

export interface SynchronizationService {
  /** In the order of the ids given; one that is not the client's is left out. */
  listStatus(clientId: string, bankLoginIds: readonly string[]): Promise<LoginStatus[]>;
  /** Ids of the user's logins, oldest first; throws NotFound for a user that is not the client's. */
  listLoginIds(clientId: string, userId: string): Promise<string[]>;
}

export const synchronizationBlocks = [
  'NOT_RECURRING',
  'SECRETS_NOT_STORED',
  'CONSENT_MISSING',
  'CONSENT_EXPIRED',
  'SCA_REQUIRED',
  'ACCESS_LIMIT',
  'BANK_UNAVAILABLE',
] as const;

export const nextActions = ['NONE', 'WAIT', 'CREATE_SYNCHRONIZATION_SESSION', 'CONTACT_SUPPORT'] as const;

export interface LoginStatus {
  bankLoginId: string;
  status: 'OK' | 'SCA_REQUIRED' | 'SYNC_FAILED';
  active: boolean;
  lastSynchronization: Date | null;
  lastAttempt: SynchronizationAttemptData | null;
  consentValidUntil: Date | string | null;
  nextSynchronization: PlannedSynchronization | null;
  unattendedAccessesLeft: number;
  blockedBy: (typeof synchronizationBlocks)[number] | null;
  nextAction: (typeof nextActions)[number];
}

export interface SynchronizationAttemptData {
  trigger: 'CONNECT' | 'SCHEDULER' | 'MANUAL';
  startedAt: Date;
  finishedAt: Date | null;
  errorCode: string | null;
  errorMessage: string | null;
}
