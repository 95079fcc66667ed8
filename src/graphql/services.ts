import type { FieldFault } from '../domain/errors.ts';
import type {
  Account,
  ApiKey,
  ApiKeyScope,
  Bank,
  BankLogin,
  Client,
  Consent,
  EventType,
  Session,
  SignatureAlgorithm,
  SynchronizationCycle,
  TransactionStatus,
  User,
  UserType,
  WebhookDelivery,
  WebhookEndpoint,
  WebhookEndpointStatus,
  WebhookMethod,
} from '../generated/prisma/client.ts';

/**
 * What the resolvers call: the functions of the rooms below, as they are needed here. Every function takes the caller's
 * client and answers for it alone; lists take how many rows to read at most, and where to go on.
 */
export interface Services {
  clients: ClientService;
  users: UserService;
  banks: BankService;
  bankLogins: BankLoginService;
  accounts: AccountService;
  sessions: SessionService;
  synchronization: SynchronizationService;
  cycles: CycleService;
  events: EventService;
  webhooks: WebhookService;
}

/** Rows after `after`, which is the last row's own key, `limit` at most. */
export interface Page<Key = string> {
  after: Key | null;
  limit: number;
}

export interface ClientService {
  find(clientId: string): Promise<Client>;
  findApiKey(clientId: string, id: string): Promise<ApiKey | null>;
  createClient(name: string): Promise<{ client: Client; key: string }>;
  updateClient(clientId: string, change: { returnOrigins: readonly string[] }): Promise<Client>;
  createApiKey(input: NewApiKey): Promise<{ apiKey: ApiKey; key: string }>;
  revokeApiKey(id: string): Promise<void>;
}

export interface NewApiKey {
  clientId: string;
  name: string;
  scopes: readonly ApiKeyScope[];
  expiresAt: Date | null;
}

export interface UserService {
  find(clientId: string, id: string): Promise<User | null>;
  list(clientId: string, filter: { recurring: boolean | null }, page: Page): Promise<User[]>;
  createUser(clientId: string, input: NewUser): Promise<User>;
  /** A field left out stays as it is. */
  updateUser(clientId: string, id: string, change: UserChange): Promise<User>;
  deleteUser(clientId: string, id: string): Promise<UserErasureReceipt>;
}

export interface NewUser {
  externalId: string | null;
  type: UserType;
  recurring: boolean;
  idempotencyKey: string | null;
}

export interface UserChange {
  recurring?: boolean;
  externalId?: string | null;
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
  deleteBankLogin(clientId: string, id: string): Promise<void>;
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

/** A transaction as events carry it, so that a query and an event show the same values. */
export interface TransactionData {
  id: string;
  accountId: string;
  status: TransactionStatus;
  amount: { amount: string; currency: string };
  bookingDate: string | null;
  valueDate: string | null;
  counterpartyName: string | null;
  counterpartyIban: string | null;
  remittanceInformation: string | null;
  endToEndId: string | null;
  bankTransactionCode: string | null;
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
  /** By user id; a user that is not in the cycles is left out. */
  planNext(clientId: string, userIds: readonly string[]): Promise<ReadonlyMap<string, PlannedSynchronization>>;
}

export interface PlannedSynchronization {
  cycleOpensAt: Date;
  position: number | null;
  estimatedAt: Date | null;
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

export interface CycleService {
  find(id: string): Promise<SynchronizationCycle | null>;
  current(): Promise<SynchronizationCycle | null>;
  nextOpensAt(): Promise<Date> | Date;
  /** Newest first. */
  list(page: Page): Promise<SynchronizationCycle[]>;
  /** By cycle id: the client's own users. */
  countUsers(clientId: string, cycleIds: readonly string[]): Promise<ReadonlyMap<string, CycleCounts>>;
  runCycle(): Promise<SynchronizationCycle>;
}

export interface CycleCounts {
  enrolled: number;
  synchronized: number;
  failed: number;
  skipped: number;
}

export interface EventService {
  find(clientId: string, id: string): Promise<EventRecord | null>;
  read(query: EventFilter & { after?: bigint; limit: number }): Promise<EventRecord[]>;
  stream(query: EventFilter & { after: bigint | null; abort: AbortSignal }): AsyncIterable<EventRecord>;
  toCursor(position: bigint): string;
  parseCursor(text: string): bigint | null;
  eventTypes(): readonly EventTypeDefinition[];
}

export interface EventFilter {
  clientId: string;
  types?: readonly EventType[];
  userId?: string;
  bankLoginId?: string;
}

export interface EventRecord {
  id: string;
  clientId: string;
  position: bigint;
  type: EventType;
  occurredAt: Date;
  userId: string | null;
  bankLoginId: string | null;
  cycleId: string | null;
  endpointId: string | null;
  data: unknown;
}

export interface EventTypeDefinition {
  type: EventType;
  name: string;
  description: string;
  schema: unknown;
  example: unknown;
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

/** The webhooks' port for an endpoint's own document; implemented by event-document.ts. */
export interface DocumentRunner {
  validate(document: string): FieldFault[];
  run(
    document: string,
    given: { clientId: string; event: EventRecord },
  ): Promise<{ data: unknown } | { errors: string[] }>;
}
