import { type MatchedAccount, matchAccounts } from '../accounts/account-match.ts';
import type {
  AccountChange,
  BankDataStore,
  StoredTransactions,
  TransactionsReply,
} from '../accounts/bank-data-store.ts';
import type { StoredTransaction } from '../accounts/bank-transaction.ts';
import { mergeTransactions } from '../accounts/transaction-merge.ts';
import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { SynchronizedAccountData, TransactionData } from '../events/event-catalogue.ts';
import type { NewEvent } from '../events/event-record.ts';
import type { FetchedAccountData, FetchedLogin } from './bank-fetch.ts';
import type { SynchronizationContext, SynchronizationContextStore } from './synchronization-context-store.ts';
import type { SynchronizationStore } from './synchronization-store.ts';
import type { Attempt, SynchronizeLoginOutcome } from './synchronize-login.ts';

/** Merges what the bank gave into what is stored, and stores it with its event. */
export type StoreFetched = (
  attempt: Attempt,
  fetched: FetchedLogin,
  /** Read while the bank was asked. @default it is read here */
  listed?: ListedTransactions,
) => Promise<SynchronizeLoginOutcome>;

/** What was stored of a login's accounts before the bank answered. */
export interface ListedTransactions {
  /** By account id, the first day that was asked for, YYYY-MM-DD. */
  from: ReadonlyMap<string, string>;
  transactions: StoredTransactions;
}

export interface StoreFetchedDeps {
  clock: Clock;
  contexts: SynchronizationContextStore;
  bankData: BankDataStore;
  store: SynchronizationStore;
}

const maximumTries = 5;

export function createStoreFetched({ clock, contexts, bankData, store }: StoreFetchedDeps): StoreFetched {
  async function merge(
    context: SynchronizationContext,
    { accounts: fetched }: FetchedLogin,
    listed?: ListedTransactions,
  ): Promise<AccountChange[]> {
    const now = clock.now();
    const byResourceId = new Map(fetched.map((data) => [data.account.resourceId, data]));
    const accounts = matchAccounts(
      fetched.map(({ account }) => account),
      context.accounts,
      () => newId('account', now),
    );
    const known = accounts.flatMap(({ stored, fetched: { resourceId } }) => {
      const data = byResourceId.get(resourceId);
      return stored && data ? [{ accountId: stored.id, from: data.from, transactions: data.transactions }] : [];
    });
    const stored = await listStored(known, listed);
    return accounts.flatMap((account) => {
      const data = byResourceId.get(account.fetched.resourceId);
      return data ? [toChange(account, data, { stored: stored.get(account.id) ?? [], now })] : [];
    });
  }

  async function listStored(replies: TransactionsReply[], listed?: ListedTransactions): Promise<StoredTransactions> {
    // The bank may know an account again that we did not expect, of which more is needed then.
    const isEnough = replies.every(({ accountId, from }) => (listed?.from.get(accountId) ?? '9999') <= from);
    if (listed && isEnough) return await bankData.addNamed(listed.transactions, replies);
    return await bankData.listTransactions(replies);
  }

  return async (attempt, fetched, listed) => {
    const { request } = attempt;
    let context: SynchronizationContext | null = attempt.context;
    for (let tries = 0; context && tries < maximumTries; tries++) {
      const now = clock.now();
      // Where the first try is refused somebody else has stored since then.
      const changes = await merge(context, fetched, tries === 0 ? listed : undefined);
      const { event, sequence } = toEvent(context, attempt, { changes, now });
      const stored = await store.store({
        context,
        consent: attempt.consent,
        holder: request,
        attemptId: attempt.id,
        changes,
        event,
        sequence,
        now,
      });
      if (stored) return { kind: 'synchronized', eventId: event.id };
      if (!(await store.isHeld(request))) return { kind: 'stale' };
      // Another synchronization of the same login was stored meanwhile: what the bank gave is merged into that.
      context = await contexts.load(request.loginId);
    }
    if (!context) return { kind: 'skipped', reason: 'LOGIN_DELETED' };
    throw new Error(`The login ${request.loginId} changed ${maximumTries} times while it was being stored.`);
  };
}

function toChange(
  { id, identification, fetched }: MatchedAccount,
  { balances, from, transactions, complete }: FetchedAccountData,
  { stored, now }: { stored: readonly StoredTransaction[]; now: Date },
): AccountChange {
  const booked = transactions.flatMap(({ status, bookingDate }) =>
    status === 'BOOKED' && bookingDate ? [bookingDate] : [],
  );
  const merged = mergeTransactions({ stored, fetched: transactions, from, newId: () => newId('transaction', now) });
  return {
    id,
    identification,
    resourceId: fetched.resourceId,
    iban: fetched.iban,
    name: fetched.name,
    ownerName: fetched.ownerName,
    currency: fetched.currency,
    product: fetched.product,
    balances: balances ?? [],
    // What was not read lies behind it, and is asked for again.
    lastBookingDate: complete ? findLast(booked) : null,
    ...merged,
    // Of what was not read nothing is missing.
    removedIds: complete ? merged.removedIds : [],
  };
}

function findLast(dates: readonly string[]): string | null {
  return dates.reduce<string | null>((latest, date) => (latest && latest > date ? latest : date), null);
}

function toEvent(
  context: SynchronizationContext,
  { request }: Attempt,
  { changes, now }: { changes: readonly AccountChange[]; now: Date },
): { event: NewEvent & { id: string }; sequence: number } {
  const common = {
    id: newId('event', now),
    clientId: context.clientId,
    userId: context.userId,
    bankLoginId: context.bankLoginId,
    cycleId: request.cycle?.cycleId ?? null,
    occurredAt: now,
  };
  const data = {
    user: { id: context.userId, externalId: context.externalId },
    bankLogin: { id: context.bankLoginId, bank: { id: context.bankId, name: context.bankName } },
    accounts: changes.map(toSynchronizedAccount),
  };
  // The first data of a login is its connection, whatever brought it.
  if (context.lastSynchronization === null) {
    return { event: { ...common, type: 'BANK_LOGIN_CONNECTED', data }, sequence: context.sequence };
  }
  const sequence = context.sequence + 1;
  const { trigger } = request;
  return { event: { ...common, type: 'BANK_LOGIN_SYNCHRONIZED', data: { ...data, trigger, sequence } }, sequence };
}

function toSynchronizedAccount(change: AccountChange): SynchronizedAccountData {
  const { id, iban, name, ownerName, currency, product } = change;
  return {
    account: { id, iban, name, ownerName, currency, product },
    balances: [...change.balances],
    newTransactions: change.added.map((transaction) => toTransactionData(transaction, id)),
    updatedTransactions: change.updated.map((transaction) => toTransactionData(transaction, id)),
    removedTransactionIds: [...change.removedIds],
  };
}

function toTransactionData(transaction: StoredTransaction, accountId: string): TransactionData {
  const { bankTransactionId: _, entryReference: __, identity: ___, id, ...fields } = transaction;
  return { id, accountId, ...fields };
}
