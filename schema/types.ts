// Written by `npm run schema` from src/graphql; do not edit.

export type Maybe<T> = T | null;
export type InputMaybe<T> = Maybe<T>;
/** All built-in and custom scalars, mapped to their actual values */
export type Scalars = {
  ID: { input: string; output: string; }
  String: { input: string; output: string; }
  Boolean: { input: boolean; output: boolean; }
  Int: { input: number; output: number; }
  Float: { input: number; output: number; }
  /** A calendar date in ISO 8601: `2026-11-23`. */
  Date: { input: string; output: string; }
  /** A moment in RFC 3339, in UTC: `2026-11-23T04:00:00.000Z`. As an input any offset is accepted. */
  DateTime: { input: string; output: string; }
  /** An exact decimal as a string, never a float: `"-12.50"`. */
  Decimal: { input: string; output: string; }
  /** Any JSON value. */
  JSON: { input: unknown; output: unknown; }
  /** An absolute address. What an input may be is said where it is used, and answered with a ValidationError. */
  URL: { input: string; output: string; }
};

/** The bank's allowance of accesses without the end user is used up. */
export type AccessLimitError = Error & {
  __typename?: 'AccessLimitError';
  /** For programs; never reworded. */
  code: Scalars['String']['output'];
  /** For people; may be reworded. */
  message: Scalars['String']['output'];
  /** When the bank allows the next access without the end user. */
  retryAt: Scalars['DateTime']['output'];
};

/** An account at the bank, as the last synchronization left it. Read only. */
export type Account = Node & {
  __typename?: 'Account';
  /** A row per change of a balance, newest first. */
  balanceHistory: BalanceConnection;
  /** The balances that the bank gave last. */
  balances: Array<Balance>;
  /** The login that the account came with. */
  bankLogin: BankLogin;
  /** The national account number, where the bank gives it. */
  bban: Maybe<Scalars['String']['output']>;
  /** The BIC of the bank that keeps the account. */
  bic: Maybe<Scalars['String']['output']>;
  /** When it was first seen. */
  createdAt: Scalars['DateTime']['output'];
  /** ISO 4217; XXX where the bank aggregates several. */
  currency: Scalars['String']['output'];
  /** What the bank says besides, for people. */
  details: Maybe<Scalars['String']['output']>;
  /** The IBAN, where the account has one. */
  iban: Maybe<Scalars['String']['output']>;
  /** Begins with `acc_`; stays the same when the consent is renewed. */
  id: Scalars['ID']['output'];
  /** A payment or savings account, or the account of a card. */
  kind: AccountKind;
  /** End of the last synchronization that brought this account whole. */
  lastSynchronization: Maybe<Scalars['DateTime']['output']>;
  /** The number of the card, masked, where the account is known by one. */
  maskedPan: Maybe<Scalars['String']['output']>;
  /** What the bank or the end user calls the account. */
  name: Maybe<Scalars['String']['output']>;
  /** Whose account it is, where the bank says so. */
  ownerName: Maybe<Scalars['String']['output']>;
  /** What the last synchronization could not read of it; null when it was whole. */
  problem: Maybe<AccountProblem>;
  /** The bank's name for this kind of account. */
  product: Maybe<Scalars['String']['output']>;
  /** Whether the bank still has it. */
  state: AccountState;
  /** The transactions of the account, newest first. */
  transactions: TransactionConnection;
  /** ISO 20022 cash account type: CACC, SVGS, CARD … */
  type: Maybe<Scalars['String']['output']>;
  /** PRIV or ORGA. */
  usage: Maybe<Scalars['String']['output']>;
};


/** An account at the bank, as the last synchronization left it. Read only. */
export type AccountBalanceHistoryArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  type?: InputMaybe<Scalars['String']['input']>;
};


/** An account at the bank, as the last synchronization left it. Read only. */
export type AccountTransactionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  bookedFrom?: InputMaybe<Scalars['Date']['input']>;
  bookedTo?: InputMaybe<Scalars['Date']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
  status?: InputMaybe<TransactionStatus>;
};

/** How an account is named. At least one of the fields is set. */
export type AccountIdentification = {
  __typename?: 'AccountIdentification';
  /** The national account number. */
  bban: Maybe<Scalars['String']['output']>;
  /** The IBAN. */
  iban: Maybe<Scalars['String']['output']>;
  /** The number of a card, masked. */
  maskedPan: Maybe<Scalars['String']['output']>;
  /** Whatever else names it: a phone number, a number of the bank’s own. */
  other: Maybe<Scalars['String']['output']>;
};

/** What an account is. */
export type AccountKind =
  /** The account of a card. */
  | 'CARD'
  /** A payment or savings account. */
  | 'CASH'
  | '%future added value';

/** What a synchronization could not read of an account. */
export type AccountProblem = {
  __typename?: 'AccountProblem';
  /** What it is, for programs. */
  code: Scalars['String']['output'];
  /** What it is, for people. */
  message: Scalars['String']['output'];
  /** Since when it has been so. */
  since: Scalars['DateTime']['output'];
};

/** Whether the bank still has an account. */
export type AccountState =
  /** It can be read. */
  | 'AVAILABLE'
  /** The bank lists it, and lets nothing be done with it. */
  | 'BLOCKED'
  /** The bank does not list it any more; what is stored of it stays. */
  | 'GONE'
  | '%future added value';

/** The key itself is shown once, when it is made; only its hash is kept. */
export type ApiKey = Node & {
  __typename?: 'ApiKey';
  /** Whence the key may be used, in CIDR notation; empty: from anywhere. */
  allowedNetworks: Array<Scalars['String']['output']>;
  /** When the key was created. */
  createdAt: Scalars['DateTime']['output'];
  /** When the key ceases to work; null: never. */
  expiresAt: Maybe<Scalars['DateTime']['output']>;
  /** Begins with `key_`. */
  id: Scalars['ID']['output'];
  /** When the key was last used, to the minute or so; null: never. */
  lastUsedAt: Maybe<Scalars['DateTime']['output']>;
  /** What the key is called. */
  name: Scalars['String']['output'];
  /** The first characters of the key, to recognise it by. */
  prefix: Scalars['String']['output'];
  /** When the key ceases to work since it was rotated; null: it was not. */
  retiresAt: Maybe<Scalars['DateTime']['output']>;
  /** What the key may be used for. */
  scopes: Array<ApiKeyScope>;
};

/** What a key may be used for. */
export type ApiKeyScope =
  /** The client's own users, bank data, events and endpoints: to read and to change. */
  | 'CLIENT'
  /** What `CLIENT` may read, but for links that end users are sent to; it changes nothing. */
  | 'CLIENT_READ'
  /** The operator's mutations (clients, keys, extra cycles) and the whole audit log; no bank data. */
  | 'OPERATOR'
  | '%future added value';

/** Something that was done, or refused: by whom, to what, when. Ids and codes only, never a secret, an IBAN or a name. */
export type AuditEntry = Node & {
  __typename?: 'AuditEntry';
  /** Such as `key.revoked`, `user.erased`, `consent.given`; `data.read`, `bank.accessed`, `key.refused` and `key.limited` are counted by the hour. */
  action: Scalars['String']['output'];
  /** The key that did it; null: an end user, a cycle, or nobody with a known key. */
  actorId: Maybe<Scalars['ID']['output']>;
  /** What that key is called now; null for another client's, but to an operator. */
  actorName: Maybe<Scalars['String']['output']>;
  /** When it was recorded. */
  at: Scalars['DateTime']['output'];
  /** The client that it concerns. */
  clientId: Maybe<Scalars['ID']['output']>;
  /** `state` of a mutation: DONE, in the transaction of what it changed; else UNCHANGED, REFUSED (with its `code`) or FAILED. */
  details: Maybe<Scalars['JSON']['output']>;
  /** Begins with `aud_`. */
  id: Scalars['ID']['output'];
  /** Whence the request came. */
  ipAddress: Maybe<Scalars['String']['output']>;
  /** The request, as `x-request-id` had it. */
  requestId: Maybe<Scalars['String']['output']>;
  /** What it was done to. */
  subjectId: Maybe<Scalars['ID']['output']>;
};

/** A page of the audit log. */
export type AuditEntryConnection = {
  __typename?: 'AuditEntryConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<AuditEntryEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<AuditEntry>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** An entry in a page. */
export type AuditEntryEdge = {
  __typename?: 'AuditEntryEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: AuditEntry;
};

/** What an account held, by one way of counting. */
export type Balance = {
  __typename?: 'Balance';
  /** How much. */
  amount: Money;
  /** Whether a credit line is counted in; null when the bank does not say. */
  creditLimitIncluded: Maybe<Scalars['Boolean']['output']>;
  /** When the bank last changed it; null when the bank does not say. */
  lastChangedAt: Maybe<Scalars['DateTime']['output']>;
  /** End of the synchronization that brought it. */
  observedAt: Scalars['DateTime']['output'];
  /** The day that the balance is of; null when the bank does not say. */
  referenceDate: Maybe<Scalars['Date']['output']>;
  /** The Berlin Group's balance type: closingBooked, expected, interimAvailable … */
  type: Scalars['String']['output'];
};

/** A page of balances. */
export type BalanceConnection = {
  __typename?: 'BalanceConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<BalanceEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<Balance>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A balance in a page. */
export type BalanceEdge = {
  __typename?: 'BalanceEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: Balance;
};

/** A bank that end users can connect. */
export type Bank = Node & {
  __typename?: 'Bank';
  /** The national bank code: Bankleitzahl, sort code. */
  bankCode: Maybe<Scalars['String']['output']>;
  /** The BIC (ISO 9362). */
  bic: Maybe<Scalars['String']['output']>;
  /** ISO 3166-1 alpha-2. */
  country: Scalars['String']['output'];
  /** Begins with `bank_`; chosen by the operator. */
  id: Scalars['ID']['output'];
  /** What the bank calls itself. */
  name: Scalars['String']['output'];
};

/** A page of banks. */
export type BankConnection = {
  __typename?: 'BankConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<BankEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<Bank>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A bank in a page. */
export type BankEdge = {
  __typename?: 'BankEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: Bank;
};

/** A user's connection to one bank: a consent, and the accounts that it covers. */
export type BankLogin = Node & {
  __typename?: 'BankLogin';
  /** The accounts that the consent covers. */
  accounts: Array<Account>;
  /** The bank. */
  bank: Bank;
  /** The newest consent that was granted. Null until the first consent has been granted. */
  consent: Maybe<Consent>;
  /** When the login was connected. */
  createdAt: Scalars['DateTime']['output'];
  /** Begins with `login_`. */
  id: Scalars['ID']['output'];
  /** How fresh the data is, what stands in the way, and who has to act. */
  synchronizationStatus: LoginSynchronizationStatus;
  /** Whose login it is. */
  user: User;
};

/** A bank login was connected; this is its first data. */
export type BankLoginConnected = Event & Node & {
  __typename?: 'BankLoginConnected';
  /** Every account of the login. */
  accounts: Array<SynchronizedAccount>;
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
};

/** A page of bank logins. */
export type BankLoginConnection = {
  __typename?: 'BankLoginConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<BankLoginEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<BankLogin>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A bank login and its data were erased. */
export type BankLoginDeleted = Event & Node & {
  __typename?: 'BankLoginDeleted';
  /** The id that the login had. */
  bankLoginId: Scalars['ID']['output'];
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it was. */
  userId: Scalars['ID']['output'];
};

/** A bank login in a page. */
export type BankLoginEdge = {
  __typename?: 'BankLoginEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: BankLogin;
};

/** Which bank logins: those that fulfil everything that is given. */
export type BankLoginFilter = {
  /** At this bank. */
  bankId?: InputMaybe<Scalars['ID']['input']>;
  /** That will bring no fresh data for this reason. */
  blockedBy?: InputMaybe<SynchronizationBlock>;
  /** Whose valid consent ends before this day. */
  consentExpiresBefore?: InputMaybe<Scalars['Date']['input']>;
  /** Not synchronized since then, or never. */
  notSynchronizedSince?: InputMaybe<Scalars['DateTime']['input']>;
  /** Whose last synchronization ended so. */
  status?: InputMaybe<SynchronizationStatus>;
  /** Of this user. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** The end user has to consent again at the bank; sent once, until it has been renewed. */
export type BankLoginScaRequired = Event & Node & {
  __typename?: 'BankLoginScaRequired';
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** Why, for programs: the code of what the bank said. */
  reason: Scalars['String']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
};

/** An attempt to synchronize a bank login failed. */
export type BankLoginSynchronizationFailed = Event & Node & {
  __typename?: 'BankLoginSynchronizationFailed';
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Why, for programs. */
  errorCode: Scalars['String']['output'];
  /** Why, for people. */
  errorMessage: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What set the synchronization off. */
  trigger: SynchronizationTrigger;
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
};

/** A bank login was synchronized; this is what changed. */
export type BankLoginSynchronized = Event & Node & {
  __typename?: 'BankLoginSynchronized';
  /** Every account of the login. */
  accounts: Array<SynchronizedAccount>;
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** 1, 2, 3 … per bank login: a gap means an event was missed. */
  sequence: Scalars['Int']['output'];
  /** What set the synchronization off. */
  trigger: SynchronizationTrigger;
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
};

/** The session was cancelled. */
export type CancelSynchronizationSessionPayload = {
  __typename?: 'CancelSynchronizationSessionPayload';
  /** The session as it is now. */
  session: SynchronizationSession;
};

/** `CancelSynchronizationSessionPayload`, or why it could not be done. */
export type CancelSynchronizationSessionResult = CancelSynchronizationSessionPayload | ConflictError | NotFoundError;

/** An API client: the backend that the keys belong to. Everything that a client creates is its own. */
export type Client = Node & {
  __typename?: 'Client';
  /** The keys that have not been revoked, oldest first. */
  apiKeys: Array<ApiKey>;
  /** When the client was created. */
  createdAt: Scalars['DateTime']['output'];
  /** Begins with `cli_`. */
  id: Scalars['ID']['output'];
  /** Given by the operator. End users read it on the hosted pages: who asks to see their accounts. */
  name: Scalars['String']['output'];
  /** Origins that a returnUrl may have. Loopback origins are always allowed in the embedded default. */
  returnOrigins: Array<Scalars['URL']['output']>;
};

/** A page of clients. */
export type ClientConnection = {
  __typename?: 'ClientConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<ClientEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<Client>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A client in a page. */
export type ClientEdge = {
  __typename?: 'ClientEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: Client;
};

/** The request does not fit the object's present state. */
export type ConflictError = Error & {
  __typename?: 'ConflictError';
  /** For programs; never reworded. */
  code: Scalars['String']['output'];
  /** For people; may be reworded. */
  message: Scalars['String']['output'];
};

/** One hosted flow in which an end user connects a bank. */
export type ConnectSession = Node & {
  __typename?: 'ConnectSession';
  /** The login that was connected; null until then. */
  bankLogin: Maybe<BankLogin>;
  /** Why it failed, for programs. */
  errorCode: Maybe<Scalars['String']['output']>;
  /** The link works until then. */
  expiresAt: Scalars['DateTime']['output'];
  /** Begins with `cs_`. */
  id: Scalars['ID']['output'];
  /** Where to send the end user. It lets its holder act: not for a key that may only read. */
  redirectUrl: Scalars['URL']['output'];
  /** Where the session stands. */
  status: SessionStatus;
  /** Who connects. */
  user: User;
};

/** A page of connect sessions. */
export type ConnectSessionConnection = {
  __typename?: 'ConnectSessionConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<ConnectSessionEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<ConnectSession>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A connect session in a page. */
export type ConnectSessionEdge = {
  __typename?: 'ConnectSessionEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: ConnectSession;
};

/** The end user's permission, given at the bank, to read accounts, balances and transactions. */
export type Consent = Node & {
  __typename?: 'Consent';
  /** When the end user last completed SCA at the bank. */
  authorisedAt: Maybe<Scalars['DateTime']['output']>;
  /** Accesses without the end user that the bank allows in 24 hours. */
  frequencyPerDay: Scalars['Int']['output'];
  /** Begins with `con_`. It is not the bank's own consent id. */
  id: Scalars['ID']['output'];
  /** Allows access without the end user; a one-off consent does not. */
  recurring: Scalars['Boolean']['output'];
  /** Where the consent stands. */
  status: ConsentStatus;
  /** Its last day. */
  validUntil: Scalars['Date']['output'];
};

/** A consent has ended. */
export type ConsentExpired = Event & Node & {
  __typename?: 'ConsentExpired';
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
  /** The consent's last day. */
  validUntil: Scalars['Date']['output'];
};

/** A consent ends soon: create a synchronization session to renew it. */
export type ConsentExpiring = Event & Node & {
  __typename?: 'ConsentExpiring';
  /** The login, as it is now. */
  bankLogin: BankLogin;
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Days from the event to the last day. */
  daysLeft: Scalars['Int']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** Whose login it is, as the user is now. */
  user: User;
  /** The consent's last day. */
  validUntil: Scalars['Date']['output'];
};

/** Where a consent stands: the Berlin Group's words, and one of ours. */
export type ConsentStatus =
  /** Its last day has passed. */
  | 'EXPIRED'
  /** One of several end users has authorised it. */
  | 'PARTIALLY_AUTHORISED'
  /** Created at the bank; the end user has not authorised it yet. */
  | 'RECEIVED'
  /** The end user or the bank refused it. */
  | 'REJECTED'
  /** The end user ended it at the bank. */
  | 'REVOKED_BY_PSU'
  /** A newer consent for the same login has taken its place. */
  | 'SUPERSEDED'
  /** We ended it at the bank, or the bank does not say what has become of it. */
  | 'TERMINATED'
  /** Authorised: data can be read. */
  | 'VALID'
  | '%future added value';

/** The key was created. */
export type CreateApiKeyPayload = {
  __typename?: 'CreateApiKeyPayload';
  /** What is kept of the key. */
  apiKey: ApiKey;
  /** The key itself. It is shown here and never again. */
  key: Scalars['String']['output'];
};

/** `CreateApiKeyPayload`, or why it could not be done. */
export type CreateApiKeyResult = ConflictError | CreateApiKeyPayload | NotFoundError | ValidationError;

/** The client was created. */
export type CreateClientPayload = {
  __typename?: 'CreateClientPayload';
  /** The client's first key. It is shown here and never again. */
  apiKey: Scalars['String']['output'];
  /** The new client. */
  client: Client;
};

/** `CreateClientPayload`, or why it could not be done. */
export type CreateClientResult = ConflictError | CreateClientPayload | ValidationError;

/** Who connects, and how. Give either `userId` or `user`. */
export type CreateConnectSessionInput = {
  /** Skip the bank search. */
  bankId?: InputMaybe<Scalars['ID']['input']>;
  /** Repeating a call with the same key returns the first call's session; other input is a ConflictError. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Where the end user is sent afterwards; `?session=…&status=…` is added. */
  returnUrl?: InputMaybe<Scalars['URL']['input']>;
  /** Keep what automatic synchronization needs; false leaves manual synchronization only. */
  storeSecrets?: InputMaybe<Scalars['Boolean']['input']>;
  /** A user to create. */
  user?: InputMaybe<CreateUserInput>;
  /** An existing user; or leave it out and give `user` to create one. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** The session was created: send the end user to its redirectUrl. */
export type CreateConnectSessionPayload = {
  __typename?: 'CreateConnectSessionPayload';
  /** The new session. */
  session: ConnectSession;
};

/** `CreateConnectSessionPayload`, or why it could not be done. */
export type CreateConnectSessionResult = ConflictError | CreateConnectSessionPayload | NotFoundError | ValidationError;

/** Whose logins to show, and how. */
export type CreateManagementSessionInput = {
  /** Begin with adding a bank. */
  addBankLogin?: InputMaybe<Scalars['Boolean']['input']>;
  /** Repeating a call with the same key returns the first call's session; other input is a ConflictError. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Where the end user is sent afterwards. */
  returnUrl?: InputMaybe<Scalars['URL']['input']>;
  /** The user's id. */
  userId: Scalars['ID']['input'];
};

/** The session was created: send the end user to its redirectUrl. */
export type CreateManagementSessionPayload = {
  __typename?: 'CreateManagementSessionPayload';
  /** The new session. */
  session: ManagementSession;
};

/** `CreateManagementSessionPayload`, or why it could not be done. */
export type CreateManagementSessionResult = ConflictError | CreateManagementSessionPayload | NotFoundError | ValidationError;

/** Which login to synchronize, and for whom. */
export type CreateSynchronizationSessionInput = {
  /** The bank login's id. */
  bankLoginId: Scalars['ID']['input'];
  /** Repeating a call with the same key returns the first call's session; other input is a ConflictError. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The end user's IP address, when the end user is present and asks for this; such an access is not counted as unattended. */
  psuIpAddress?: InputMaybe<Scalars['String']['input']>;
  /** Where the end user is sent after consent and SCA. */
  returnUrl?: InputMaybe<Scalars['URL']['input']>;
};

/** The session was created: it runs, or awaits the end user at its redirectUrl. */
export type CreateSynchronizationSessionPayload = {
  __typename?: 'CreateSynchronizationSessionPayload';
  /** The new session. */
  session: SynchronizationSession;
};

/** `CreateSynchronizationSessionPayload`, or why it could not be done. */
export type CreateSynchronizationSessionResult = AccessLimitError | ConflictError | CreateSynchronizationSessionPayload | NotFoundError | ValidationError;

/** A user to create. */
export type CreateUserInput = {
  /** Your own id for this user, unique among your users. */
  externalId?: InputMaybe<Scalars['String']['input']>;
  /** Repeating a call with the same key returns the first call's user; other input is a ConflictError. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** Enrol the user in the twice-daily cycles. */
  recurring?: InputMaybe<Scalars['Boolean']['input']>;
  /** Person or company. */
  type?: InputMaybe<UserType>;
};

/** The user was created. */
export type CreateUserPayload = {
  __typename?: 'CreateUserPayload';
  /** The new user. */
  user: User;
};

/** `CreateUserPayload`, or why it could not be done. */
export type CreateUserResult = ConflictError | CreateUserPayload | ValidationError;

/** Where to deliver events, which, and how. */
export type CreateWebhookEndpointInput = {
  /** Your own note. */
  description?: InputMaybe<Scalars['String']['input']>;
  /**
   * A GraphQL subscription document on `events` that shapes the body's `data`:
   * the very document that a subscriber would run over WebSocket. Left out: the default payload.
   */
  document?: InputMaybe<Scalars['String']['input']>;
  /** Extra request headers, such as an Authorization header; stored encrypted, never returned. */
  headers?: InputMaybe<Array<HeaderInput>>;
  /** Repeating a call with the same key within 24 hours gives the first call's result; other input is a ConflictError. */
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  /** The HTTP method of deliveries. */
  method?: InputMaybe<WebhookMethod>;
  /** Deliveries per second at most; left out: no limit. */
  rateLimit?: InputMaybe<Scalars['Int']['input']>;
  /** How to sign deliveries. */
  signatureAlgorithm?: InputMaybe<SignatureAlgorithm>;
  /** Left out: every type. */
  types?: InputMaybe<Array<EventType>>;
  /** Where to deliver: http or https. */
  url: Scalars['URL']['input'];
};

/** The endpoint was created. The secret is shown here and never again. */
export type CreateWebhookEndpointPayload = {
  __typename?: 'CreateWebhookEndpointPayload';
  /** The new endpoint. */
  endpoint: WebhookEndpoint;
  /** What deliveries are signed, or checked, with: `whsec_…`, `whpk_…`, or the address of the public keys. */
  secret: Scalars['String']['output'];
};

/** `CreateWebhookEndpointPayload`, or why it could not be done. */
export type CreateWebhookEndpointResult = ConflictError | CreateWebhookEndpointPayload | ValidationError;

/** Whether a cycle still runs. */
export type CycleStatus =
  /** Every user of the cycle has been synchronized, has failed or was skipped. */
  | 'COMPLETED'
  /** Users are being synchronized. */
  | 'RUNNING'
  | '%future added value';

/** `DeletedPayload`, or why it could not be done. */
export type DeleteBankLoginResult = DeletedPayload | NotFoundError;

/** What was erased, by kind: the receipt of an erasure. */
export type DeleteUserPayload = {
  __typename?: 'DeleteUserPayload';
  /** How many accounts. */
  accounts: Scalars['Int']['output'];
  /** How many bank logins. */
  bankLogins: Scalars['Int']['output'];
  /** How many webhook deliveries, sent or not. */
  deliveries: Scalars['Int']['output'];
  /** How many events. */
  events: Scalars['Int']['output'];
  /** The id that the user had. */
  id: Scalars['ID']['output'];
  /** How many transactions. */
  transactions: Scalars['Int']['output'];
};

/** `DeleteUserPayload`, or why it could not be done. */
export type DeleteUserResult = DeleteUserPayload | NotFoundError;

/** `DeletedPayload`, or why it could not be done. */
export type DeleteWebhookEndpointResult = DeletedPayload | NotFoundError;

/** It is gone. */
export type DeletedPayload = {
  __typename?: 'DeletedPayload';
  /** The id that it had. */
  id: Scalars['ID']['output'];
};

/** Where a delivery stands. */
export type DeliveryStatus =
  /** Accepted with a 2xx. */
  | 'DELIVERED'
  /** Given up; redeliver and recoverDeliveries try again. */
  | 'FAILED'
  /** Not accepted yet; it is, or will be, tried. */
  | 'PENDING'
  | '%future added value';

/** Why a mutation did nothing. */
export type Error = {
  /** For programs; never reworded. */
  code: Scalars['String']['output'];
  /** For people; may be reworded. */
  message: Scalars['String']['output'];
};

/** Something that happened. Webhooks deliver it, subscriptions stream it, and the event log keeps it: the same id, the same data. */
export type Event = {
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
};

/** A page of events. */
export type EventConnection = {
  __typename?: 'EventConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<EventEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<Event>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** An event in a page. */
export type EventEdge = {
  __typename?: 'EventEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: Event;
};

/** Where the event log stands: follow from `headCursor` on, after reading the lists, and nothing is missed. */
export type EventLog = {
  __typename?: 'EventLog';
  /** Behind it lies the earliest event that is kept; give it as `after` for all that there is. */
  firstCursor: Scalars['String']['output'];
  /** Of the latest event; give it as `after` for all that comes. */
  headCursor: Scalars['String']['output'];
  /** For how many days events are kept. */
  retentionDays: Scalars['Int']['output'];
};

/** What an event tells of. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
export type EventType =
  /** A bank login was connected: its first data is there. */
  | 'BANK_LOGIN_CONNECTED'
  /** A bank login and its data were erased. */
  | 'BANK_LOGIN_DELETED'
  /** The end user has to consent again at the bank. */
  | 'BANK_LOGIN_SCA_REQUIRED'
  /** An attempt to synchronize a bank login failed. */
  | 'BANK_LOGIN_SYNCHRONIZATION_FAILED'
  /** A bank login was synchronized: accounts, balances and what changed. */
  | 'BANK_LOGIN_SYNCHRONIZED'
  /** A consent has ended. */
  | 'CONSENT_EXPIRED'
  /** A consent ends soon. */
  | 'CONSENT_EXPIRING'
  /** A cycle has finished: how many users to expect from it. */
  | 'SYNCHRONIZATION_CYCLE_COMPLETED'
  /** A user and everything about it were erased. */
  | 'USER_DELETED'
  /** An endpoint is sent nothing any more. */
  | 'WEBHOOK_ENDPOINT_DISABLED'
  /** You asked for a test delivery. */
  | 'WEBHOOK_TEST'
  | '%future added value';

/** What an event type means, and what its data looks like. */
export type EventTypeDefinition = {
  __typename?: 'EventTypeDefinition';
  /** When such an event happens. */
  description: Scalars['String']['output'];
  /** An example that fits the schema. */
  example: Scalars['JSON']['output'];
  /** The type as webhooks write it: bank_login.synchronized. */
  name: Scalars['String']['output'];
  /** JSON Schema of the event's data. */
  schema: Scalars['JSON']['output'];
  /** The type. */
  type: EventType;
};

/** What is wrong with one field of the input. */
export type FieldError = {
  __typename?: 'FieldError';
  /** What the field must be. */
  message: Scalars['String']['output'];
  /** Where in the arguments: `input.headers.0.name`. */
  path: Scalars['String']['output'];
};

/** A request header. */
export type Header = {
  __typename?: 'Header';
  /** Its name. */
  name: Scalars['String']['output'];
  /** Its value; your own extra headers are shown without theirs. */
  value: Scalars['String']['output'];
};

/** A request header. */
export type HeaderInput = {
  /** Its name, such as Authorization. */
  name: Scalars['String']['input'];
  /** Its value. */
  value: Scalars['String']['input'];
};

/** How fresh the data of a login is, what stands in the way, and who has to act. */
export type LoginSynchronizationStatus = {
  __typename?: 'LoginSynchronizationStatus';
  /** Whether the automatic cycles include this login. */
  active: Scalars['Boolean']['output'];
  /** The login that this is about. */
  bankLogin: BankLogin;
  /** Why the next cycle will not bring fresh data; null when nothing stands in the way. */
  blockedBy: Maybe<SynchronizationBlock>;
  /** The last day of the valid consent; null when there is none. */
  consentValidUntil: Maybe<Scalars['Date']['output']>;
  /** The last try, successful or not. */
  lastAttempt: Maybe<SynchronizationAttempt>;
  /** End of the last successful synchronization. */
  lastSynchronization: Maybe<Scalars['DateTime']['output']>;
  /** Who has to act, and how. */
  nextAction: NextAction;
  /** When to expect fresh data; null when the cycles do not include this login. */
  nextSynchronization: Maybe<PlannedSynchronization>;
  /** The last synchronization brought some accounts and not others: see Account.problem. */
  partial: Scalars['Boolean']['output'];
  /** How the last attempt ended. */
  status: SynchronizationStatus;
  /** Accesses without the end user that the bank still allows in the current 24 hours. */
  unattendedAccessesLeft: Scalars['Int']['output'];
};

/** A hosted overview of a user's bank logins: add, renew, remove. */
export type ManagementSession = Node & {
  __typename?: 'ManagementSession';
  /** The link works until then. */
  expiresAt: Scalars['DateTime']['output'];
  /** Begins with `ms_`. */
  id: Scalars['ID']['output'];
  /** Where to send the end user. It lets its holder act: not for a key that may only read. */
  redirectUrl: Scalars['URL']['output'];
  /** Whose logins are shown. */
  user: User;
};

/** An exact amount of money. */
export type Money = {
  __typename?: 'Money';
  /** Negative for money going out. */
  amount: Scalars['Decimal']['output'];
  /** ISO 4217. */
  currency: Scalars['String']['output'];
};

/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type Mutation = {
  __typename?: 'Mutation';
  /** Ends a session that still awaits the end user; a conflict once it runs or has ended. */
  cancelSynchronizationSession: CancelSynchronizationSessionResult;
  /** Creates a key for a client. Needs a key with the OPERATOR scope. */
  createApiKey: CreateApiKeyResult;
  /** Creates an API client with a first key. Needs a key with the OPERATOR scope. */
  createClient: CreateClientResult;
  /** Starts the hosted flow in which the end user connects a bank; send the end user to redirectUrl. */
  createConnectSession: CreateConnectSessionResult;
  /** Starts a hosted overview of the user's bank logins: add, renew, remove. */
  createManagementSession: CreateManagementSessionResult;
  /**
   * Create Synchronization Session. Recurring user with a valid consent: runs immediately, without the end user:
   * the answer does not wait for a slow bank, and `synchronizationSessionUpdated` and the event tell the end.
   * Otherwise the session waits for the end user's consent and SCA at redirectUrl, and runs asynchronously.
   */
  createSynchronizationSession: CreateSynchronizationSessionResult;
  /** Creates an end user. */
  createUser: CreateUserResult;
  /** Creates an endpoint. Every event from now on is delivered to it. */
  createWebhookEndpoint: CreateWebhookEndpointResult;
  /** Erases the login and its data, and ends the consent at the bank. */
  deleteBankLogin: DeleteBankLoginResult;
  /** Erases the user, its logins (the consent is ended at the bank), data, events and deliveries. */
  deleteUser: DeleteUserResult;
  /** Deletes an endpoint and its deliveries. The events stay. */
  deleteWebhookEndpoint: DeleteWebhookEndpointResult;
  /** Delivers again, in order, every event since the given time that this endpoint has not accepted, those included that came while it was disabled. */
  recoverDeliveries: RecoverDeliveriesResult;
  /** Delivers again, now: the same event id, a new attempt. */
  redeliver: RedeliverResult;
  /** Renames a client, from now on also on the hosted pages. Needs a key with the OPERATOR scope. */
  renameClient: RenameClientResult;
  /** Ends a key at once, and the sockets opened with it. Needs a key with the OPERATOR scope. */
  revokeApiKey: RevokeApiKeyResult;
  /** A new key in the place of the one that asks, with its name, scopes, networks and expiry; that one works on until `overlapSeconds` are over. */
  rotateApiKey: RotateApiKeyResult;
  /** A new secret; the old one keeps signing beside it until the overlap ends. */
  rotateWebhookSecret: RotateWebhookSecretResult;
  /** Opens an extra cycle now, through the ordinary path; a conflict while one is running. Needs a key with the OPERATOR scope. */
  runSynchronizationCycle: RunSynchronizationCycleResult;
  /** Delivers a webhook.test event to this endpoint, through the ordinary path. */
  sendTestEvent: SendTestEventResult;
  /** Sets the origins that a returnUrl may have. */
  updateClient: UpdateClientResult;
  /** Changes an end user. */
  updateUser: UpdateUserResult;
  /** Changes an endpoint. */
  updateWebhookEndpoint: UpdateWebhookEndpointResult;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCancelSynchronizationSessionArgs = {
  id: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateApiKeyArgs = {
  allowedNetworks?: InputMaybe<Array<Scalars['String']['input']>>;
  clientId: Scalars['ID']['input'];
  expiresAt?: InputMaybe<Scalars['DateTime']['input']>;
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  name: Scalars['String']['input'];
  scopes?: InputMaybe<Array<ApiKeyScope>>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateClientArgs = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  name: Scalars['String']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateConnectSessionArgs = {
  input: CreateConnectSessionInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateManagementSessionArgs = {
  input: CreateManagementSessionInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateSynchronizationSessionArgs = {
  input: CreateSynchronizationSessionInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateUserArgs = {
  input: CreateUserInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationCreateWebhookEndpointArgs = {
  input: CreateWebhookEndpointInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationDeleteBankLoginArgs = {
  id: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationDeleteUserArgs = {
  id: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationDeleteWebhookEndpointArgs = {
  id: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRecoverDeliveriesArgs = {
  endpointId: Scalars['ID']['input'];
  since: Scalars['DateTime']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRedeliverArgs = {
  deliveryId: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRenameClientArgs = {
  id: Scalars['ID']['input'];
  name: Scalars['String']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRevokeApiKeyArgs = {
  id: Scalars['ID']['input'];
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRotateApiKeyArgs = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  overlapSeconds?: InputMaybe<Scalars['Int']['input']>;
  scopes?: InputMaybe<Array<ApiKeyScope>>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRotateWebhookSecretArgs = {
  id: Scalars['ID']['input'];
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
  overlapSeconds?: InputMaybe<Scalars['Int']['input']>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationRunSynchronizationCycleArgs = {
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationSendTestEventArgs = {
  endpointId: Scalars['ID']['input'];
  idempotencyKey?: InputMaybe<Scalars['String']['input']>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationUpdateClientArgs = {
  returnOrigins: Array<Scalars['URL']['input']>;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationUpdateUserArgs = {
  input: UpdateUserInput;
};


/** Every mutation that can fail for a reason that you can act on returns a union of its payload and typed errors. */
export type MutationUpdateWebhookEndpointArgs = {
  input: UpdateWebhookEndpointInput;
};

/** Who has to act, and how. */
export type NextAction =
  /** You: ask the operator. */
  | 'CONTACT_SUPPORT'
  /** You: create a synchronization session and send the end user to it. */
  | 'CREATE_SYNCHRONIZATION_SESSION'
  /** Nobody. */
  | 'NONE'
  /** Nobody: it will be tried again, or a session of the login is open already. */
  | 'WAIT'
  | '%future added value';

/** Anything with an id of its own. The prefix of an id names its kind. */
export type Node = {
  /** Begins with the prefix of its kind. */
  id: Scalars['ID']['output'];
};

/** There is no such thing, or it is another client's: the two are not told apart. */
export type NotFoundError = Error & {
  __typename?: 'NotFoundError';
  /** For programs; never reworded. */
  code: Scalars['String']['output'];
  /** For people; may be reworded. */
  message: Scalars['String']['output'];
};

/** Where this page lies in the whole list. */
export type PageInfo = {
  __typename?: 'PageInfo';
  /** The cursor of the last row of this page; null when it is empty. */
  endCursor: Maybe<Scalars['String']['output']>;
  /** Whether more rows follow: ask again with `after: endCursor`. */
  hasNextPage: Scalars['Boolean']['output'];
  /** Whether this page was asked for with `after`. */
  hasPreviousPage: Scalars['Boolean']['output'];
  /** The cursor of the first row of this page; null when it is empty. */
  startCursor: Maybe<Scalars['String']['output']>;
};

/** When to expect fresh data. No fixed time is guaranteed: the estimate follows from the user's place in the cycle and the pace of recent cycles. */
export type PlannedSynchronization = {
  __typename?: 'PlannedSynchronization';
  /** When the cycle opens, or opened, in which the user is next. */
  cycleOpensAt: Scalars['DateTime']['output'];
  /** The estimated moment of the user's synchronization; null when it cannot be estimated. */
  estimatedAt: Maybe<Scalars['DateTime']['output']>;
  /** The user's place in the cycle, from 1, in the order of enrolment; before the cycle opens, users count whom it will leave out. Null when it cannot be told yet. */
  position: Maybe<Scalars['Int']['output']>;
};

/** The request that a delivery would make. */
export type PreviewWebhookPayload = {
  __typename?: 'PreviewWebhookPayload';
  /** The body, byte for byte. */
  body: Scalars['String']['output'];
  /** The headers. */
  headers: Array<Header>;
  /** The HTTP method. */
  method: WebhookMethod;
};

/** `PreviewWebhookPayload`, or why it could not be done. */
export type PreviewWebhookResult = ConflictError | NotFoundError | PreviewWebhookPayload;

/** Reads what is stored. No query ever calls a bank. */
export type Query = {
  __typename?: 'Query';
  /** Who did what, newest first. A client's key sees what concerns the client; an operator's sees all. */
  auditLog: AuditEntryConnection;
  /** One bank login of your users; null when there is none with this id. */
  bankLogin: Maybe<BankLogin>;
  /**
   * Your bank logins, oldest first. `blockedBy`, `consentExpiresBefore` and `notSynchronizedSince` look at some thousand
   * logins for one page: it may be short, even empty, while `hasNextPage` says that more follow.
   */
  bankLogins: BankLoginConnection;
  /** Banks that can be connected, by name; searched by name, BIC or bank code. */
  banks: BankConnection;
  /** One API client; null when there is none with this id. Needs a key with the OPERATOR scope. */
  client: Maybe<Client>;
  /** All API clients, oldest first. Needs a key with the OPERATOR scope. */
  clients: ClientConnection;
  /** Your connect sessions, newest first; one that ended is kept for as long as the operator has set. */
  connectSessions: ConnectSessionConnection;
  /** The cycle that is running, or null. */
  currentSynchronizationCycle: Maybe<SynchronizationCycle>;
  /** Where the event log stands. */
  eventLog: EventLog;
  /** Every event type with its JSON Schema and an example payload. */
  eventTypes: Array<EventTypeDefinition>;
  /** The event log, oldest first; `after` takes an event's cursor. The same events that webhooks deliver and subscriptions stream. */
  events: EventConnection;
  /** Get Logins Synchronization Status: one row per bank login of the user, oldest first; none for a user that you do not have. */
  loginsSynchronizationStatus: Array<LoginSynchronizationStatus>;
  /** When the next cycle opens. */
  nextSynchronizationCycleAt: Scalars['DateTime']['output'];
  /** Anything of yours by its id; null when there is none with this id. */
  node: Maybe<Node>;
  /** As `node`, of several ids, in their order; null where there is none with this id. */
  nodes: Array<Maybe<Node>>;
  /** What the endpoint would be sent for this event; nothing is sent. */
  previewWebhook: PreviewWebhookResult;
  /** Which events of a time you have missed, told from the ids of those that you have. */
  reconcile: ReconcileResult;
  /** The cycles, newest first. */
  synchronizationCycles: SynchronizationCycleConnection;
  /** One synchronization session; null when there is none with this id. */
  synchronizationSession: Maybe<SynchronizationSession>;
  /** Your synchronization sessions, newest first; one that ended is kept for as long as the operator has set. */
  synchronizationSessions: SynchronizationSessionConnection;
  /**
   * Every transaction in the order of its latest change, oldest first, and the removed ones: whoever applies them and keeps the last
   * cursor has an exact copy, for as long as the data is kept. Without `after` it begins at the beginning. A cursor never becomes
   * invalid; what changes while pages are read is met again further on.
   * Erasing a user or deleting a login takes its transactions away without listing them: USER_DELETED and BANK_LOGIN_DELETED tell of it.
   */
  transactionChanges: TransactionChangeConnection;
  /**
   * Your transactions across accounts, newest first. With `userId`, `bankLoginId` or `accountIds` those accounts are read until the
   * page is full. Without them a page looks at some thousand transactions for what fits: it may be short, even empty, while `hasNextPage`
   * says that more follow. What gets another day in between may be met twice or not at all; `transactions` of an account does neither.
   */
  transactions: TransactionConnection;
  /** One of your users; null when there is none with this id. */
  user: Maybe<User>;
  /** One of your users by your own id; null when there is none with it. */
  userByExternalId: Maybe<User>;
  /** Your users, oldest first. */
  users: UserConnection;
  /** The API client that the request's key belongs to. */
  viewer: Client;
  /** What has been and will be delivered to all of your endpoints, the newest event first. */
  webhookDeliveries: WebhookDeliveryConnection;
  /** One delivery; null when there is none with this id. */
  webhookDelivery: Maybe<WebhookDelivery>;
  /** One of your endpoints; null when there is none with this id. */
  webhookEndpoint: Maybe<WebhookEndpoint>;
  /** Your endpoints, oldest first. */
  webhookEndpoints: WebhookEndpointConnection;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryAuditLogArgs = {
  action?: InputMaybe<Scalars['String']['input']>;
  actorId?: InputMaybe<Scalars['ID']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  subjectId?: InputMaybe<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryBankLoginArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryBankLoginsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<BankLoginFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryBanksArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  search?: InputMaybe<Scalars['String']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryClientArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryClientsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryConnectSessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  status?: InputMaybe<SessionStatus>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  bankLoginId?: InputMaybe<Scalars['ID']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  types?: InputMaybe<Array<EventType>>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryLoginsSynchronizationStatusArgs = {
  userId: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryNodeArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryNodesArgs = {
  ids: Array<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryPreviewWebhookArgs = {
  endpointId: Scalars['ID']['input'];
  eventId: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryReconcileArgs = {
  seenEventIds: Array<Scalars['ID']['input']>;
  since: Scalars['DateTime']['input'];
  until?: InputMaybe<Scalars['DateTime']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QuerySynchronizationCyclesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QuerySynchronizationSessionArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QuerySynchronizationSessionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  bankLoginId?: InputMaybe<Scalars['ID']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  status?: InputMaybe<SessionStatus>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryTransactionChangesArgs = {
  accountId?: InputMaybe<Scalars['ID']['input']>;
  after?: InputMaybe<Scalars['String']['input']>;
  bankLoginId?: InputMaybe<Scalars['ID']['input']>;
  eventId?: InputMaybe<Scalars['ID']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryTransactionsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<TransactionFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryUserArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryUserByExternalIdArgs = {
  externalId: Scalars['String']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryUsersArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  recurring?: InputMaybe<Scalars['Boolean']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryWebhookDeliveriesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  filter?: InputMaybe<WebhookDeliveryFilter>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryWebhookDeliveryArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryWebhookEndpointArgs = {
  id: Scalars['ID']['input'];
};


/** Reads what is stored. No query ever calls a bank. */
export type QueryWebhookEndpointsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
};

/** What you have of the event log, compared with what it has. */
export type ReconcileResult = {
  __typename?: 'ReconcileResult';
  /** How many events of that time were compared. */
  checkedCount: Scalars['Int']['output'];
  /** False: the log has more than 20000 events of that time, of which the oldest were compared. Ask in parts. */
  complete: Scalars['Boolean']['output'];
  /** Events of that time that you have not named, oldest first. */
  missingEventIds: Array<Scalars['ID']['output']>;
  /** Ids that you have named and that the log does not have, or not any more. */
  unknownEventIds: Array<Scalars['ID']['output']>;
};

/** They are being delivered again, in order. */
export type RecoverDeliveriesPayload = {
  __typename?: 'RecoverDeliveriesPayload';
  /** How many events. */
  count: Scalars['Int']['output'];
};

/** `RecoverDeliveriesPayload`, or why it could not be done. */
export type RecoverDeliveriesResult = ConflictError | NotFoundError | RecoverDeliveriesPayload | ValidationError;

/** It is being delivered again. */
export type RedeliverPayload = {
  __typename?: 'RedeliverPayload';
  /** The delivery. */
  delivery: WebhookDelivery;
};

/** `RedeliverPayload`, or why it could not be done. */
export type RedeliverResult = ConflictError | NotFoundError | RedeliverPayload;

/** The client was renamed. */
export type RenameClientPayload = {
  __typename?: 'RenameClientPayload';
  /** The client as it is now. */
  client: Client;
};

/** `RenameClientPayload`, or why it could not be done. */
export type RenameClientResult = NotFoundError | RenameClientPayload | ValidationError;

/** `DeletedPayload`, or why it could not be done. */
export type RevokeApiKeyResult = DeletedPayload | NotFoundError;

/** The successor of the key was created. */
export type RotateApiKeyPayload = {
  __typename?: 'RotateApiKeyPayload';
  /** What is kept of the new key. */
  apiKey: ApiKey;
  /** The new key itself. It is shown here and never again. */
  key: Scalars['String']['output'];
};

/** `RotateApiKeyPayload`, or why it could not be done. */
export type RotateApiKeyResult = ConflictError | RotateApiKeyPayload | ValidationError;

/** The endpoint has a new secret. It is shown here and never again. */
export type RotateWebhookSecretPayload = {
  __typename?: 'RotateWebhookSecretPayload';
  /** The endpoint. */
  endpoint: WebhookEndpoint;
  /** The new secret. */
  secret: Scalars['String']['output'];
};

/** `RotateWebhookSecretPayload`, or why it could not be done. */
export type RotateWebhookSecretResult = ConflictError | NotFoundError | RotateWebhookSecretPayload | ValidationError;

/** The cycle was opened. */
export type RunSynchronizationCyclePayload = {
  __typename?: 'RunSynchronizationCyclePayload';
  /** The new cycle. */
  cycle: SynchronizationCycle;
};

/** `RunSynchronizationCyclePayload`, or why it could not be done. */
export type RunSynchronizationCycleResult = ConflictError | RunSynchronizationCyclePayload | ValidationError;

/** The event was made and is being delivered. */
export type SendTestEventPayload = {
  __typename?: 'SendTestEventPayload';
  /** The delivery to look at for the result. */
  delivery: WebhookDelivery;
};

/** `SendTestEventPayload`, or why it could not be done. */
export type SendTestEventResult = ConflictError | NotFoundError | SendTestEventPayload | ValidationError;

/** Where a session stands. The last four are final. */
export type SessionStatus =
  /** The end user has to act at redirectUrl. */
  | 'AWAITING_USER'
  /** Ended by you or by the end user. */
  | 'CANCELLED'
  /** Done. */
  | 'COMPLETED'
  /** The end user did not come in time. */
  | 'EXPIRED'
  /** Ended with an error. */
  | 'FAILED'
  /** The bank is being asked. */
  | 'RUNNING'
  | '%future added value';

/** How deliveries are signed. */
export type SignatureAlgorithm =
  /** Standard Webhooks 1.0: with a private key, checked with `whpk_…`; the signature begins with `v1a,`. */
  | 'ED25519'
  /** Standard Webhooks 1.0: with a shared secret, `whsec_…`; the signature begins with `v1,`. */
  | 'HMAC_SHA256'
  /** With a key of this installation, checked with those at `/.well-known/jwks.json`: a detached JWS (RFC 7515, RFC 7797) in `x-jws-signature`. */
  | 'JWS_ES256'
  | '%future added value';

/** Live over WebSocket (graphql-transport-ws) or server-sent events. */
export type Subscription = {
  __typename?: 'Subscription';
  /**
   * The live mirror of the webhook events: same ids, same data, same order per bank login.
   * With `after` (an event's cursor) the stream first replays what was missed, then goes live without gap or repeat.
   */
  events: Event;
  /** State changes of one synchronization session: first its present state, then every change, until the session ends. */
  synchronizationSessionUpdated: SynchronizationSession;
};


/** Live over WebSocket (graphql-transport-ws) or server-sent events. */
export type SubscriptionEventsArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  bankLoginId?: InputMaybe<Scalars['ID']['input']>;
  since?: InputMaybe<Scalars['DateTime']['input']>;
  types?: InputMaybe<Array<EventType>>;
  userId?: InputMaybe<Scalars['ID']['input']>;
};


/** Live over WebSocket (graphql-transport-ws) or server-sent events. */
export type SubscriptionSynchronizationSessionUpdatedArgs = {
  id: Scalars['ID']['input'];
};

/** One try to synchronize a login. */
export type SynchronizationAttempt = {
  __typename?: 'SynchronizationAttempt';
  /** Why it failed, for programs; null if it did not. */
  errorCode: Maybe<Scalars['String']['output']>;
  /** Why it failed, for people. */
  errorMessage: Maybe<Scalars['String']['output']>;
  /** When it ended; null while it runs. */
  finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** When it began. */
  startedAt: Scalars['DateTime']['output'];
  /** What set it off. */
  trigger: SynchronizationTrigger;
};

/** Why the next cycle will not bring fresh data. */
export type SynchronizationBlock =
  /** The allowance of accesses without the end user is used up for now. */
  | 'ACCESS_LIMIT'
  /** The bank has not answered for several attempts, or refuses the service itself. */
  | 'BANK_UNAVAILABLE'
  /** The consent has run out. */
  | 'CONSENT_EXPIRED'
  /** There is no consent: none has been granted, or the end user or the bank has ended it. */
  | 'CONSENT_MISSING'
  /** The user is not recurring, or the consent is a one-off one. */
  | 'NOT_RECURRING'
  /** The bank demands SCA. */
  | 'SCA_REQUIRED'
  /** The end user chose not to have stored what automatic synchronization needs. */
  | 'SECRETS_NOT_STORED'
  | '%future added value';

/** One round through all recurring users. Two open a day; the operator may open extra ones. */
export type SynchronizationCycle = Node & {
  __typename?: 'SynchronizationCycle';
  /** When its window ends: who has not had a turn by then is skipped. */
  closesAt: Scalars['DateTime']['output'];
  /** When it ended; null while it runs. */
  finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Begins with `cyc_`. */
  id: Scalars['ID']['output'];
  /** Its slot: when it was due. */
  opensAt: Scalars['DateTime']['output'];
  /** When it really began. */
  startedAt: Scalars['DateTime']['output'];
  /** Whether it still runs. */
  status: CycleStatus;
  /** Your users that were enrolled when the cycle began. */
  usersEnrolled: Scalars['Int']['output'];
  /** Your users that could not be synchronized. */
  usersFailed: Scalars['Int']['output'];
  /** Your users that were left out: not eligible any more, or out of time. */
  usersSkipped: Scalars['Int']['output'];
  /** Your users that have been synchronized. */
  usersSynchronized: Scalars['Int']['output'];
};

/** The manifest of a finished cycle, for this client: what to expect from it, so that completeness can be checked. */
export type SynchronizationCycleCompleted = Event & Node & {
  __typename?: 'SynchronizationCycleCompleted';
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** The cycle. */
  cycle: SynchronizationCycle;
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
};

/** A page of cycles. */
export type SynchronizationCycleConnection = {
  __typename?: 'SynchronizationCycleConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<SynchronizationCycleEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<SynchronizationCycle>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A cycle in a page. */
export type SynchronizationCycleEdge = {
  __typename?: 'SynchronizationCycleEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: SynchronizationCycle;
};

/** One synchronization of one login on request. */
export type SynchronizationSession = Node & {
  __typename?: 'SynchronizationSession';
  /** The login to synchronize. */
  bankLogin: BankLogin;
  /** When the session was created. */
  createdAt: Scalars['DateTime']['output'];
  /** Why it failed, for programs. */
  errorCode: Maybe<Scalars['String']['output']>;
  /** Why it failed, for people. */
  errorMessage: Maybe<Scalars['String']['output']>;
  /** The event that carried the result. */
  event: Maybe<Event>;
  /** How long the session awaits the end user; null when it does not need to. */
  expiresAt: Maybe<Scalars['DateTime']['output']>;
  /** When it ended; null until then. */
  finishedAt: Maybe<Scalars['DateTime']['output']>;
  /** Begins with `sync_`. */
  id: Scalars['ID']['output'];
  /** Where to send the end user, while the session awaits one. It lets its holder act: not for a key that may only read. */
  redirectUrl: Maybe<Scalars['URL']['output']>;
  /** Where the session stands. */
  status: SessionStatus;
};

/** A page of synchronization sessions. */
export type SynchronizationSessionConnection = {
  __typename?: 'SynchronizationSessionConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<SynchronizationSessionEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<SynchronizationSession>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A synchronization session in a page. */
export type SynchronizationSessionEdge = {
  __typename?: 'SynchronizationSessionEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: SynchronizationSession;
};

/** How the last attempt to synchronize a login ended. */
export type SynchronizationStatus =
  /** Synchronized. */
  | 'OK'
  /** The end user has to consent again at the bank. */
  | 'SCA_REQUIRED'
  /** The bank could not or would not answer. */
  | 'SYNC_FAILED'
  | '%future added value';

/** What set a synchronization off. */
export type SynchronizationTrigger =
  /** The end user connected the login or renewed its consent. */
  | 'CONNECT'
  /** A synchronization session. */
  | 'MANUAL'
  /** A cycle. */
  | 'SCHEDULER'
  | '%future added value';

/** An account as this synchronization left it, with what changed since the one before. */
export type SynchronizedAccount = {
  __typename?: 'SynchronizedAccount';
  /** The account, as it is now. */
  account: Account;
  /** The balances that the bank gave. */
  balances: Array<Balance>;
  /** How many transactions were seen for the first time, whatever of them is listed. */
  newTransactionCount: Scalars['Int']['output'];
  /** Transactions seen for the first time, as they were then. */
  newTransactions: Array<Transaction>;
  /** What this synchronization could not read of the account; null when it was read whole. */
  problem: Maybe<AccountProblem>;
  /** How many transactions were withdrawn, whatever of them is listed. */
  removedTransactionCount: Scalars['Int']['output'];
  /** Pending transactions that the bank has withdrawn. */
  removedTransactionIds: Array<Scalars['ID']['output']>;
  /** Rows of the bank's reply that could not be read. */
  skippedRows: Scalars['Int']['output'];
  /** A list that is asked for here has fewer rows than there were: `Query.transactionChanges(eventId:)` has the rest. */
  truncated: Scalars['Boolean']['output'];
  /** How many transactions have changed, whatever of them is listed. */
  updatedTransactionCount: Scalars['Int']['output'];
  /** Transactions that have changed, such as pending ones that were booked, as they were then. */
  updatedTransactions: Array<Transaction>;
};


/** An account as this synchronization left it, with what changed since the one before. */
export type SynchronizedAccountNewTransactionsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};


/** An account as this synchronization left it, with what changed since the one before. */
export type SynchronizedAccountUpdatedTransactionsArgs = {
  first?: InputMaybe<Scalars['Int']['input']>;
};

/** Money that came in or went out. Read only. */
export type Transaction = Node & {
  __typename?: 'Transaction';
  /** The account that it belongs to. */
  account: Account;
  /** The bank's own lines, which a statement may show as text besides. */
  additionalInformation: Maybe<Scalars['String']['output']>;
  /** How much; negative for money going out. */
  amount: Money;
  /** What the account held after it. */
  balanceAfter: Maybe<Money>;
  /** The kind of transaction (ISO 20022: PMNT-RCDT-ESCT). */
  bankTransactionCode: Maybe<Scalars['String']['output']>;
  /** The bank's own id, as it gave it: not unique, not stable at every bank. Use `id`. */
  bankTransactionId: Maybe<Scalars['String']['output']>;
  /** When it was booked, with time of day, where the bank gives it. */
  bookedAt: Maybe<Scalars['DateTime']['output']>;
  /** The day on which it was booked; null while it is pending. */
  bookingDate: Maybe<Scalars['Date']['output']>;
  /** The counterparty by whatever names its account: IBAN, BBAN, masked PAN, other. */
  counterpartyAccount: Maybe<AccountIdentification>;
  /** The BIC of the counterparty's bank. */
  counterpartyBic: Maybe<Scalars['String']['output']>;
  /** The counterparty's IBAN. */
  counterpartyIban: Maybe<Scalars['String']['output']>;
  /** Who paid, or was paid. */
  counterpartyName: Maybe<Scalars['String']['output']>;
  /** The creditor identifier of a direct debit. */
  creditorId: Maybe<Scalars['String']['output']>;
  /** The payer's own reference. */
  endToEndId: Maybe<Scalars['String']['output']>;
  /** The bank's reference of the entry, as it gave it: not unique, not stable. */
  entryReference: Maybe<Scalars['String']['output']>;
  /** The rate between the original amount and the amount. */
  exchangeRate: Maybe<Scalars['Decimal']['output']>;
  /** End of the synchronization that brought it first. */
  firstSeenAt: Scalars['DateTime']['output'];
  /** Begins with `txn_`; stays the same when a pending transaction is booked. */
  id: Scalars['ID']['output'];
  /** The mandate of a direct debit. */
  mandateId: Maybe<Scalars['String']['output']>;
  /** What the merchant's trade is (ISO 18245). */
  merchantCategoryCode: Maybe<Scalars['String']['output']>;
  /** The amount in the currency of the purchase. */
  originalAmount: Maybe<Money>;
  /** What the bank said and no field has. */
  otherFields: Maybe<Scalars['JSON']['output']>;
  /** The kind of transaction in the bank's own words or codes. */
  proprietaryBankTransactionCode: Maybe<Scalars['String']['output']>;
  /** ISO 20022 external purpose code. */
  purposeCode: Maybe<Scalars['String']['output']>;
  /** What the payer wrote. */
  remittanceInformation: Maybe<Scalars['String']['output']>;
  /** Whether it is final. */
  status: TransactionStatus;
  /** The structured creditor reference (RF…, ISO 11649). */
  structuredReference: Maybe<Scalars['String']['output']>;
  /** When the card was used or the order given, where the bank tells it apart from the booking. */
  transactionDate: Maybe<Scalars['Date']['output']>;
  /** On whose behalf the counterparty acts. */
  ultimateCounterpartyName: Maybe<Scalars['String']['output']>;
  /** End of the synchronization that changed it last. */
  updatedAt: Scalars['DateTime']['output'];
  /** The day from which it counts for interest. */
  valueDate: Maybe<Scalars['Date']['output']>;
};

/** A transaction at the place of its latest change. */
export type TransactionChange = {
  __typename?: 'TransactionChange';
  /** Of its account. */
  accountId: Scalars['ID']['output'];
  /** When it changed. */
  changedAt: Scalars['DateTime']['output'];
  /** Keep it, and give it as `after` to go on behind this change. It never becomes invalid. */
  cursor: Scalars['String']['output'];
  /** What the latest change was. A copy takes ADDED and MODIFIED alike: put in, or put in place of what it has. */
  kind: TransactionChangeKind;
  /** The transaction, as it is now; null once it has been removed. */
  transaction: Maybe<Transaction>;
  /** Of the transaction. */
  transactionId: Scalars['ID']['output'];
};

/** A page of changes. It may have fewer than asked for, even none, and still go on: read on behind `endCursor` while there is a next page. */
export type TransactionChangeConnection = {
  __typename?: 'TransactionChangeConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<TransactionChangeEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<TransactionChange>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A change in a page. */
export type TransactionChangeEdge = {
  __typename?: 'TransactionChangeEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: TransactionChange;
};

/** What a transaction’s latest change was. */
export type TransactionChangeKind =
  /** It was seen for the first time, or again after its removal. */
  | 'ADDED'
  /** It has changed since it was added, such as a pending one that was booked. */
  | 'MODIFIED'
  /** The bank has taken it back: it is no longer there. */
  | 'REMOVED'
  | '%future added value';

/** A page of transactions. */
export type TransactionConnection = {
  __typename?: 'TransactionConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<TransactionEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<Transaction>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A transaction in a page. */
export type TransactionEdge = {
  __typename?: 'TransactionEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: Transaction;
};

/** Which transactions: those that fulfil everything that is given. */
export type TransactionFilter = {
  /** Of these accounts: 100 at most. */
  accountIds?: InputMaybe<Array<Scalars['ID']['input']>>;
  /** Of this amount or more; what went out is below zero. */
  amountFrom?: InputMaybe<Scalars['Decimal']['input']>;
  /** Of this amount or less. */
  amountTo?: InputMaybe<Scalars['Decimal']['input']>;
  /** Of this bank login. */
  bankLoginId?: InputMaybe<Scalars['ID']['input']>;
  /** Booked on this day or later. */
  bookedFrom?: InputMaybe<Scalars['Date']['input']>;
  /** Booked on this day or earlier. */
  bookedTo?: InputMaybe<Scalars['Date']['input']>;
  /** Part of the counterparty name, the counterparty IBAN or the remittance information, in any case. */
  search?: InputMaybe<Scalars['String']['input']>;
  /** Only booked, or only pending ones. */
  status?: InputMaybe<TransactionStatus>;
  /** Seen first, or changed, then or later. */
  updatedSince?: InputMaybe<Scalars['DateTime']['input']>;
  /** Of this user. */
  userId?: InputMaybe<Scalars['ID']['input']>;
};

/** Whether a transaction is final. */
export type TransactionStatus =
  /** Booked by the bank: final. */
  | 'BOOKED'
  /** Announced: it may still change or vanish. */
  | 'PENDING'
  | '%future added value';

/** The client was changed. */
export type UpdateClientPayload = {
  __typename?: 'UpdateClientPayload';
  /** The client as it is now. */
  client: Client;
};

/** `UpdateClientPayload`, or why it could not be done. */
export type UpdateClientResult = UpdateClientPayload | ValidationError;

/** What to change of a user. A field left out stays as it is. */
export type UpdateUserInput = {
  /** Your own id for this user; null removes it. */
  externalId?: InputMaybe<Scalars['String']['input']>;
  /** The user's id. */
  id: Scalars['ID']['input'];
  /** Enrol the user in the cycles, from the next one on, or take it out. */
  recurring?: InputMaybe<Scalars['Boolean']['input']>;
};

/** The user was changed. */
export type UpdateUserPayload = {
  __typename?: 'UpdateUserPayload';
  /** The user as it is now. */
  user: User;
};

/** `UpdateUserPayload`, or why it could not be done. */
export type UpdateUserResult = ConflictError | NotFoundError | UpdateUserPayload | ValidationError;

/** What to change of an endpoint. A field left out stays as it is. */
export type UpdateWebhookEndpointInput = {
  /** Your own note; null removes it. */
  description?: InputMaybe<Scalars['String']['input']>;
  /**
   * A GraphQL subscription document on `events` that shapes the body's `data`:
   * the very document that a subscriber would run over WebSocket. Null: the default payload.
   */
  document?: InputMaybe<Scalars['String']['input']>;
  /** All of the extra request headers; null removes them. */
  headers?: InputMaybe<Array<HeaderInput>>;
  /** The endpoint's id. */
  id: Scalars['ID']['input'];
  /** The HTTP method of deliveries. */
  method?: InputMaybe<WebhookMethod>;
  /** Deliveries per second at most; null: no limit. */
  rateLimit?: InputMaybe<Scalars['Int']['input']>;
  /** Disable it, or enable it again. */
  status?: InputMaybe<WebhookEndpointStatus>;
  /** The types to deliver; null: every type. */
  types?: InputMaybe<Array<EventType>>;
  /** Where to deliver: http or https. */
  url?: InputMaybe<Scalars['URL']['input']>;
};

/** The endpoint was changed. */
export type UpdateWebhookEndpointPayload = {
  __typename?: 'UpdateWebhookEndpointPayload';
  /** The endpoint as it is now. */
  endpoint: WebhookEndpoint;
};

/** `UpdateWebhookEndpointPayload`, or why it could not be done. */
export type UpdateWebhookEndpointResult = NotFoundError | UpdateWebhookEndpointPayload | ValidationError;

/** An end user of yours, who connects bank logins. */
export type User = Node & {
  __typename?: 'User';
  /** The bank logins that the user has connected, oldest first. */
  bankLogins: Array<BankLogin>;
  /** When the user was created. */
  createdAt: Scalars['DateTime']['output'];
  /** Your own id for this user, unique among your users. */
  externalId: Maybe<Scalars['String']['output']>;
  /** Begins with `usr_`. */
  id: Scalars['ID']['output'];
  /** The cycle in which this user is synchronized next; null for a user that is not in the cycles. */
  nextSynchronization: Maybe<PlannedSynchronization>;
  /** Enrolled in the twice-daily cycles. */
  recurring: Scalars['Boolean']['output'];
  /** Person or company. */
  type: UserType;
};

/** A page of users. */
export type UserConnection = {
  __typename?: 'UserConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<UserEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<User>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A user and everything about it were erased. */
export type UserDeleted = Event & Node & {
  __typename?: 'UserDeleted';
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Null: your own id is erased with the user, whom `userId` names. */
  externalId: Maybe<Scalars['String']['output']>;
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
  /** The id that the user had. */
  userId: Scalars['ID']['output'];
};

/** A user in a page. */
export type UserEdge = {
  __typename?: 'UserEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: User;
};

/** What kind of customer an end user is. */
export type UserType =
  /** A business. */
  | 'COMPANY'
  /** A consumer. */
  | 'PERSON'
  | '%future added value';

/** The input cannot be accepted. Every faulty field is named at once. */
export type ValidationError = Error & {
  __typename?: 'ValidationError';
  /** For programs; never reworded. */
  code: Scalars['String']['output'];
  /** The faulty fields. */
  fields: Array<FieldError>;
  /** For people; may be reworded. */
  message: Scalars['String']['output'];
};

/** One HTTP request of a delivery. */
export type WebhookAttempt = {
  __typename?: 'WebhookAttempt';
  /** How long it took. */
  durationMs: Scalars['Int']['output'];
  /** Why there was no response, or not a good one. */
  error: Maybe<Scalars['String']['output']>;
  /** The first bytes of the response body. */
  responseBody: Maybe<Scalars['String']['output']>;
  /** The HTTP status of the response; null when there was none. */
  responseStatus: Maybe<Scalars['Int']['output']>;
  /** When it was sent. */
  startedAt: Scalars['DateTime']['output'];
};

/** One event on its way to one endpoint. */
export type WebhookDelivery = Node & {
  __typename?: 'WebhookDelivery';
  /** Every try, oldest first. */
  attempts: Array<WebhookAttempt>;
  /** Where it goes. */
  endpoint: WebhookEndpoint;
  /** What is delivered. */
  event: Event;
  /** Begins with `whd_`. */
  id: Scalars['ID']['output'];
  /** When it is tried next; null when it is not. */
  nextAttemptAt: Maybe<Scalars['DateTime']['output']>;
  /** Where it stands. */
  status: DeliveryStatus;
};

/** A page of webhook deliveries. */
export type WebhookDeliveryConnection = {
  __typename?: 'WebhookDeliveryConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<WebhookDeliveryEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<WebhookDelivery>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** A webhook delivery in a page. */
export type WebhookDeliveryEdge = {
  __typename?: 'WebhookDeliveryEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: WebhookDelivery;
};

/** Which deliveries: those that fulfil everything that is given. */
export type WebhookDeliveryFilter = {
  /** To this endpoint. */
  endpointId?: InputMaybe<Scalars['ID']['input']>;
  /** Of this event. */
  eventId?: InputMaybe<Scalars['ID']['input']>;
  /** Of events from then on. */
  since?: InputMaybe<Scalars['DateTime']['input']>;
  /** Only those that stand so. */
  status?: InputMaybe<DeliveryStatus>;
};

/** Where events are delivered. */
export type WebhookEndpoint = Node & {
  __typename?: 'WebhookEndpoint';
  /** When it was created. */
  createdAt: Scalars['DateTime']['output'];
  /** What has been and will be delivered, newest first. */
  deliveries: WebhookDeliveryConnection;
  /** Your own note. */
  description: Maybe<Scalars['String']['output']>;
  /** Why it was disabled; null while it is enabled. */
  disabledReason: Maybe<Scalars['String']['output']>;
  /** The GraphQL subscription document that shapes the body's `data`; null: the default payload. */
  document: Maybe<Scalars['String']['output']>;
  /** Why the document no longer fits the schema; null while it does. */
  documentError: Maybe<Scalars['String']['output']>;
  /** Since when every delivery has failed; null while they succeed. After 5 days of it, it is disabled. */
  failingSince: Maybe<Scalars['DateTime']['output']>;
  /** Begins with `whe_`. */
  id: Scalars['ID']['output'];
  /** The HTTP method of deliveries. */
  method: WebhookMethod;
  /** The `whpk_` key to check deliveries with; null for an endpoint that signs otherwise. */
  publicKey: Maybe<Scalars['String']['output']>;
  /** Deliveries per second at most; null: no limit. */
  rateLimit: Maybe<Scalars['Int']['output']>;
  /** How deliveries are signed. */
  signatureAlgorithm: SignatureAlgorithm;
  /** Whether it is sent anything. */
  status: WebhookEndpointStatus;
  /** The types that are delivered; null: every type. */
  types: Maybe<Array<EventType>>;
  /** Where deliveries are sent. */
  url: Scalars['URL']['output'];
};


/** Where events are delivered. */
export type WebhookEndpointDeliveriesArgs = {
  after?: InputMaybe<Scalars['String']['input']>;
  before?: InputMaybe<Scalars['String']['input']>;
  first?: InputMaybe<Scalars['Int']['input']>;
  last?: InputMaybe<Scalars['Int']['input']>;
  status?: InputMaybe<DeliveryStatus>;
};

/** A page of webhook endpoints. */
export type WebhookEndpointConnection = {
  __typename?: 'WebhookEndpointConnection';
  /** The rows of this page, each with its cursor. */
  edges: Array<WebhookEndpointEdge>;
  /** The same rows as in `edges`, without their cursors. */
  nodes: Array<WebhookEndpoint>;
  /** Where this page lies in the whole list. */
  pageInfo: PageInfo;
};

/** An endpoint is sent nothing any more. */
export type WebhookEndpointDisabled = Event & Node & {
  __typename?: 'WebhookEndpointDisabled';
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** The endpoint, as it is now; null once it has been deleted. */
  endpoint: Maybe<WebhookEndpoint>;
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** Why. */
  reason: Scalars['String']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
};

/** A webhook endpoint in a page. */
export type WebhookEndpointEdge = {
  __typename?: 'WebhookEndpointEdge';
  /** Give this as `after` to go on behind this row. */
  cursor: Scalars['String']['output'];
  /** The row itself. */
  node: WebhookEndpoint;
};

/** Whether an endpoint is sent anything. */
export type WebhookEndpointStatus =
  /** Nothing is sent. Events go on being kept: recoverDeliveries makes up for them. */
  | 'DISABLED'
  /** Events are delivered. */
  | 'ENABLED'
  | '%future added value';

/** The HTTP method of deliveries. */
export type WebhookMethod =
  /** For receivers that take nothing else. */
  | 'PATCH'
  /** The usual one. */
  | 'POST'
  /** For receivers that store each event under its id. */
  | 'PUT'
  | '%future added value';

/** You asked for a test delivery. */
export type WebhookTest = Event & Node & {
  __typename?: 'WebhookTest';
  /** Opaque position in the event log: give it as `after` to go on behind this event. */
  cursor: Scalars['String']['output'];
  /** Begins with `evt_`; the same in the webhook-id header. */
  id: Scalars['ID']['output'];
  /** For people. */
  message: Scalars['String']['output'];
  /** When it happened. */
  occurredAt: Scalars['DateTime']['output'];
  /** What happened. On the wire a type is written in lower case with a dot: bank_login.synchronized. */
  type: EventType;
};
