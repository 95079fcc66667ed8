import type { BalanceChange, BalanceHistoryPage } from '../accounts/balance-history-store.ts';
import type { ListedTransaction, TransactionPage } from '../accounts/transaction-page.ts';
import type { EventRecord } from '../events/event-record.ts';
import type {
  Account,
  ApiKey,
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
import { createListLoader, createLoader, createRowLoader, type ListLoader, type Loader } from './loader.ts';
import type { Services } from './services.ts';
import { auditedClient, type Viewer } from './viewer.ts';

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

interface Request {
  services: Services;
  viewer: Viewer;
  /** Of the same operation. */
  loaders: Loaders;
}

/** Has it noted that bank data is read. A webhook's document is run for its client, without a key. */
function noteRead<T>({ services, viewer }: Request, reading: T): T {
  if (viewer.keyId !== '') services.audit.noteRead(viewer);
  return reading;
}

const makers: { [Name in keyof Loaders]: (request: Request) => Loaders[Name] } = {
  actor: ({ services, viewer }) => createRowLoader((ids) => services.clients.listApiKeys(auditedClient(viewer), ids)),
  user: ({ services, viewer }) => createRowLoader((ids) => services.users.listByIds(viewer.clientId, ids)),
  bankLogin: ({ services, viewer }) => createRowLoader((ids) => services.bankLogins.listByIds(viewer.clientId, ids)),
  account: (request) =>
    createRowLoader((ids) => noteRead(request, request.services.accounts.listByIds(request.viewer.clientId, ids))),
  client: ({ services, viewer: { clientId } }) =>
    createRowLoader(async (ids) => (ids.includes(clientId) ? [await services.clients.find(clientId)] : [])),
  apiKey: ({ services, viewer }) => createRowLoader((ids) => services.clients.listApiKeys(viewer.clientId, ids)),
  bank: ({ services }) => createRowLoader((ids) => services.banks.listByIds(ids)),
  consent: ({ services, viewer }) => createRowLoader((ids) => services.bankLogins.listConsents(viewer.clientId, ids)),
  session: ({ services, viewer }) => createRowLoader((ids) => services.sessions.listByIds(viewer.clientId, ids)),
  transaction: (request) =>
    createRowLoader((ids) =>
      noteRead(request, request.services.accounts.listTransactionsByIds(request.viewer.clientId, ids)),
    ),
  webhookDelivery: ({ services, viewer }) =>
    createRowLoader((ids) => services.webhooks.listDeliveriesByIds(viewer.clientId, ids)),
  event: ({ services, viewer }) => createRowLoader((ids) => services.events.listByIds(viewer.clientId, ids)),
  cycle: ({ services }) => createRowLoader((ids) => services.cycles.listByIds(ids)),
  webhookEndpoint: ({ services, viewer }) =>
    createRowLoader((ids) => services.webhooks.listByIds(viewer.clientId, ids)),
  balanceHistory: ({ services, viewer }) =>
    createListLoader((ids, page) => services.accounts.listBalanceHistory(viewer.clientId, ids, page)),
  transactions: (request) =>
    createListLoader((ids, page) =>
      noteRead(request, request.services.accounts.listTransactions(request.viewer.clientId, ids, page)),
    ),
  accountWithTransactions: (request) =>
    createListLoader(async (ids, page) => {
      const { services, viewer, loaders } = request;
      const read = await noteRead(request, services.accounts.listWithTransactions(viewer.clientId, ids, page));
      for (const { account, transactions } of read) loaders.transactions.prime(account.id, page, transactions);
      return new Map(read.map(({ account }) => [account.id, [account]]));
    }),
  deliveries: ({ services, viewer }) =>
    createListLoader((ids, page) => services.webhooks.listDeliveries(viewer.clientId, ids, page)),
  loginStatus: ({ services, viewer }) =>
    createLoader(async (ids) => {
      const rows = await services.synchronization.listStatus(viewer.clientId, ids);
      return new Map(rows.map((row) => [row.bankLoginId, row]));
    }),
  plannedSynchronization: ({ services }) => createLoader((ids) => services.plan.planFor(ids)),
  cycleCounts: ({ services, viewer }) =>
    createLoader((ids) => services.cycles.countUsersOfCycles(ids, viewer.clientId)),
};

const facts = Symbol('facts');

/** The loaders of one operation, each made when it is first asked for: most operations need one or two of them. */
export function createLoaders(of: Pick<Request, 'services' | 'viewer'>): Loaders {
  const loaders = Object.create(lazyLoaders);
  loaders[facts] = of;
  return loaders;
}

const lazyLoaders = Object.defineProperties(
  {},
  Object.fromEntries(
    Object.entries(makers).map(([name, make]) => [
      name,
      {
        get(this: Loaders & Record<typeof facts, Pick<Request, 'services' | 'viewer'>>) {
          const value = make({ ...this[facts], loaders: this });
          Object.defineProperty(this, name, { value });
          return value;
        },
      },
    ]),
  ),
);
