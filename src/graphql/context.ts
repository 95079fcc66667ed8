import type { BalanceChange, BalanceHistoryPage } from '../accounts/balance-history-store.ts';
import type { ListedTransaction, TransactionPage } from '../accounts/transaction-page.ts';
import type { EventRecord } from '../events/event-record.ts';
import type {
  Account,
  ApiKey,
  ApiKeyScope,
  Bank,
  BankLogin,
  Client,
  Consent,
  Session,
  User,
  WebhookDelivery,
  WebhookEndpoint,
} from '../generated/prisma/client.ts';
import type { PlannedSynchronization } from '../sync/cycle-plan.ts';
import type { CycleCounts, CycleRecord } from '../sync/cycle-store.ts';
import type { LoginStatus } from '../sync/synchronization-status.ts';
import type { DeliveryPage } from '../webhooks/redelivery-store.ts';
import { changePage, eventRowsPerAnswer } from './limits.ts';
import { createListLoader, createLoader, createRowLoader, type ListLoader, type Loader } from './loader.ts';
import type { Services } from './services.ts';

/** Who asks: the holder of a key. */
export interface Viewer {
  clientId: string;
  keyId: string;
  scopes: readonly ApiKeyScope[];
  expiresAt: Date | null;
}

/** What Pothos' Prisma plugin asks of a client; the typed one would slow down type checking. */
export interface RelationReader {
  $connect: () => Promise<void>;
}

/** What every resolver gets. There is always a viewer: the doors refuse a request without a valid key. */
export interface Context {
  viewer: Viewer;
  requestId: string;
  /** Whence the request came, as far as it is known. */
  ipAddress: string | null;
  services: Services;
  /** For relations only, which Pothos reads in batches; root fields go through the services. */
  prisma: RelationReader;
  loaders: Loaders;
  eventRows: EventRows;
  /** Of a subscription to events: the last one that was handed out, or the one that it begins behind. */
  progress: Progress;
  /** Of a subscription to events: where its door says that it begins. */
  beginning: Beginning;
  /** Of a door that takes events as text, the same for many, rather than each subscriber's results. */
  sink?: PayloadSink;
}

/** Rows of lists in events that an answer still has place for. */
export interface EventRows {
  /** Of each list of an account. */
  perList: number;
  /** Of all together. */
  left: number;
}

export interface Progress {
  position: bigint | null;
}

export interface Beginning {
  /** Whatever the operation says: the door has been told by the client's own library what came last. */
  resumeAfter: bigint | null;
  /** Where the operation says nothing, so that the client can be told where it begins. Null: with what comes. */
  head: bigint | null;
}

export interface PayloadSink {
  /** Takes an ExecutionResult as JSON; `isMore`: the next one follows at once. False: no more until `onReady` is called. */
  send(payload: string, isMore: boolean): boolean;
  onReady: () => void;
}

/** What is read by id, or per row of a list: asked for one by one, read together. */
export interface Loaders {
  /** Keys as the audit log names them: the client's own, an operator's of all. */
  actor: Loader<string, ApiKey>;
  user: Loader<string, User>;
  bankLogin: Loader<string, BankLogin>;
  account: Loader<string, Account>;
  client: Loader<string, Client>;
  apiKey: Loader<string, ApiKey>;
  bank: Loader<string, Bank>;
  consent: Loader<string, Consent>;
  session: Loader<string, Session>;
  transaction: Loader<string, ListedTransaction>;
  webhookDelivery: Loader<string, WebhookDelivery>;
  event: Loader<string, EventRecord>;
  cycle: Loader<string, CycleRecord>;
  webhookEndpoint: Loader<string, WebhookEndpoint>;
  balanceHistory: ListLoader<BalanceHistoryPage, BalanceChange>;
  transactions: ListLoader<TransactionPage, ListedTransaction>;
  /** Of one account each, whose transactions are read with it. */
  accountWithTransactions: ListLoader<TransactionPage, Account>;
  deliveries: ListLoader<DeliveryPage, WebhookDelivery>;
  loginStatus: Loader<string, LoginStatus>;
  plannedSynchronization: Loader<string, PlannedSynchronization>;
  cycleCounts: Loader<string, CycleCounts>;
}

export interface ContextSource {
  services: Services;
  prisma: RelationReader;
}

export interface RequestFacts {
  viewer: Viewer;
  requestId: string;
  ipAddress?: string | null;
}

/** A context of its own per operation: what the loaders have read is never seen by the next one. */
export function createContext({ services, prisma }: ContextSource, facts: RequestFacts): Context {
  const { viewer, requestId, ipAddress = null } = facts;
  const { clientId } = viewer;
  // A webhook's document is run for its client, without a key.
  const noteRead = <T>(reading: T): T => {
    if (viewer.keyId !== '') services.audit.noteRead(viewer);
    return reading;
  };
  const transactions = createListLoader<TransactionPage, ListedTransaction>((ids, page) =>
    noteRead(services.accounts.listTransactions(clientId, ids, page)),
  );
  return {
    viewer,
    requestId,
    ipAddress,
    eventRows: { perList: changePage.maximumFirst, left: eventRowsPerAnswer },
    progress: { position: null },
    beginning: { resumeAfter: null, head: null },
    services,
    prisma,
    loaders: {
      actor: createRowLoader((ids) => services.clients.listApiKeys(auditedClient(viewer), ids)),
      user: createRowLoader((ids) => services.users.listByIds(clientId, ids)),
      bankLogin: createRowLoader((ids) => services.bankLogins.listByIds(clientId, ids)),
      account: createRowLoader((ids) => noteRead(services.accounts.listByIds(clientId, ids))),
      client: createRowLoader(async (ids) => (ids.includes(clientId) ? [await services.clients.find(clientId)] : [])),
      apiKey: createRowLoader((ids) => services.clients.listApiKeys(clientId, ids)),
      bank: createRowLoader((ids) => services.banks.listByIds(ids)),
      consent: createRowLoader((ids) => services.bankLogins.listConsents(clientId, ids)),
      session: createRowLoader((ids) => services.sessions.listByIds(clientId, ids)),
      transaction: createRowLoader((ids) => noteRead(services.accounts.listTransactionsByIds(clientId, ids))),
      webhookDelivery: createRowLoader((ids) => services.webhooks.listDeliveriesByIds(clientId, ids)),
      event: createRowLoader((ids) => services.events.listByIds(clientId, ids)),
      cycle: createRowLoader((ids) => services.cycles.listByIds(ids)),
      webhookEndpoint: createRowLoader((ids) => services.webhooks.listByIds(clientId, ids)),
      balanceHistory: createListLoader((ids, page) => services.accounts.listBalanceHistory(clientId, ids, page)),
      transactions,
      accountWithTransactions: createListLoader(async (ids, page) => {
        const read = await noteRead(services.accounts.listWithTransactions(clientId, ids, page));
        for (const { account, transactions: rows } of read) transactions.prime(account.id, page, rows);
        return new Map(read.map(({ account }) => [account.id, [account]]));
      }),
      deliveries: createListLoader((ids, page) => services.webhooks.listDeliveries(clientId, ids, page)),
      loginStatus: createLoader(async (ids) => {
        const rows = await services.synchronization.listStatus(clientId, ids);
        return new Map(rows.map((row) => [row.bankLoginId, row]));
      }),
      plannedSynchronization: createLoader((ids) => services.plan.planFor(ids)),
      cycleCounts: createLoader((ids) => services.cycles.countUsersOfCycles(ids, clientId)),
    },
  };
}

/** Whose audit log the key sees: its client's, or with OPERATOR (null) everybody's. */
export function auditedClient({ clientId, scopes }: Viewer): string | null {
  return scopes.includes('OPERATOR') ? null : clientId;
}
