import type { Clients } from '../clients/clients.ts';
import type { NewUser, Users } from '../clients/users.ts';
import type { TransactionData } from '../events/event-catalogue.ts';
import type { EventLog } from '../events/event-log.ts';
import type {
  Account,
  Bank,
  BankLogin,
  Consent,
  EventType,
  Session,
  SignatureAlgorithm,
  TransactionStatus,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEndpointStatus,
  WebhookMethod,
} from '../generated/prisma/client.ts';
import type { CyclePlan, PlannedSynchronization } from '../sync/cycle-plan.ts';
import type { Cycles } from '../sync/cycles.ts';

/**
 * What the resolvers call: the functions of the rooms below, as they are needed here. Every function takes the caller's
 * client and answers for it alone; lists take how many rows to read at most, and where to go on.
 */
export interface Services {
  clients: Pick<Clients, 'find' | 'findApiKey' | 'createClient' | 'updateClient' | 'createApiKey' | 'revokeApiKey'>;
  users: Pick<Users, 'find' | 'list' | 'createUser' | 'updateUser'>;
  erasure: ErasureService;
  banks: BankService;
  bankLogins: BankLoginService;
  accounts: AccountService;
  sessions: SessionService;
  synchronization: SynchronizationService;
  plan: Pick<CyclePlan, 'planFor'>;
  cycles: Pick<Cycles, 'find' | 'findRunning' | 'nextOpensAt' | 'list' | 'countUsersOfCycles' | 'runExtraCycle'>;
  events: Pick<EventLog, 'find' | 'read' | 'stream'>;
  webhooks: WebhookService;
}

/** Rows after `after`, which is the last row's own key, `limit` at most. */
export interface Page<Key = string> {
  after: Key | null;
  limit: number;
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

export interface BankService {
  find(id: string): Promise<Bank | null>;
  /** Listed banks by name, then id. */
  list(search: string | null, page: Page<{ name: string; id: string }>): Promise<Bank[]>;
}

export interface BankLoginService {
  find(clientId: string, id: string): Promise<BankLogin | null>;
  findConsent(clientId: string, id: string): Promise<Consent | null>;
}

export interface AccountService {
  find(clientId: string, id: string): Promise<Account | null>;
  findTransaction(clientId: string, id: string): Promise<TransactionData | null>;
  /** Newest first: by booking date (else value date, else the day it was first seen), then id. */
  listTransactions(
    accountId: string,
    filter: TransactionFilter,
    page: Page<TransactionPosition>,
  ): Promise<ListedTransaction[]>;
}

export interface TransactionFilter {
  status: TransactionStatus | null;
  bookedFrom: string | null;
  bookedTo: string | null;
  search: string | null;
}

export interface TransactionPosition {
  sortDate: string;
  id: string;
}

export interface ListedTransaction extends TransactionData {
  sortDate: string;
}

export interface SessionService {
  find(clientId: string, id: string): Promise<Session | null>;
  createConnectSession(clientId: string, input: NewConnectSession): Promise<Session>;
  createManagementSession(clientId: string, input: NewManagementSession): Promise<Session>;
  createSynchronizationSession(clientId: string, input: NewSynchronizationSession): Promise<Session>;
  cancel(clientId: string, id: string): Promise<Session>;
  /** Where to send the end user; null once the session no longer awaits the end user. */
  redirectUrl(session: Session): string | null;
  /** A page that says that the link works no more. */
  endedUrl(): string;
}

export interface NewConnectSession {
  userId: string | null;
  user: NewUser | null;
  bankId: string | null;
  storeSecrets: boolean;
  returnUrl: string | null;
  idempotencyKey: string | null;
}

export interface NewManagementSession {
  userId: string;
  addBankLogin: boolean;
  returnUrl: string | null;
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

export interface WebhookService {
  find(clientId: string, id: string): Promise<WebhookEndpoint | null>;
  list(clientId: string, page: Page): Promise<WebhookEndpoint[]>;
  create(clientId: string, input: NewWebhookEndpoint): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  /** A field left out stays as it is. */
  update(clientId: string, id: string, change: WebhookEndpointChange): Promise<WebhookEndpoint>;
  delete(clientId: string, id: string): Promise<void>;
  rotateSecret(
    clientId: string,
    id: string,
    overlapSeconds: number,
  ): Promise<{ endpoint: WebhookEndpoint; secret: string }>;
  sendTest(clientId: string, endpointId: string): Promise<WebhookDelivery>;
  redeliver(clientId: string, deliveryId: string): Promise<WebhookDelivery>;
  recover(clientId: string, endpointId: string, since: Date): Promise<number>;
  preview(clientId: string, endpointId: string, eventId: string): Promise<WebhookRequestPreview>;
  findDelivery(clientId: string, id: string): Promise<WebhookDelivery | null>;
  /** Newest first. */
  listDeliveries(
    clientId: string,
    endpointId: string,
    filter: { status: WebhookDelivery['status'] | null },
    page: Page,
  ): Promise<WebhookDelivery[]>;
}

export interface NewWebhookEndpoint {
  url: string;
  types: readonly EventType[] | null;
  method: WebhookMethod;
  description: string | null;
  headers: readonly { name: string; value: string }[] | null;
  document: string | null;
  rateLimit: number | null;
  signatureAlgorithm: SignatureAlgorithm;
}

export type WebhookEndpointChange = Partial<Omit<NewWebhookEndpoint, 'signatureAlgorithm'>> & {
  status?: WebhookEndpointStatus;
};

export interface WebhookRequestPreview {
  method: WebhookMethod;
  headers: readonly { name: string; value: string }[];
  body: string;
}
