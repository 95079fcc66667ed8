import { findMissingAccounts, type MatchedAccount, matchAccounts } from '../accounts/account-match.ts';
import { findChangedBalances } from '../accounts/balance-changes.ts';
import type { AccountProblem, MissingAccounts } from '../accounts/bank-data-ctes.ts';
import type {
  AccountChange,
  BankDataStore,
  StoredTransactions,
  TransactionsReply,
} from '../accounts/bank-data-store.ts';
import type { FetchedTransaction, KeptTransaction, StoredTransaction } from '../accounts/bank-transaction.ts';
import type { RemovedTransaction } from '../accounts/removed-transaction.ts';
import { mergeTransactions } from '../accounts/transaction-merge.ts';
import { accountFields } from '../domain/account-fields.ts';
import { balanceFields } from '../domain/balance-fields.ts';
import type { Clock } from '../domain/clock.ts';
import { leaveOutAbsent, pickValues } from '../domain/field-table.ts';
import { newId } from '../domain/ids.ts';
import { transactionFields } from '../domain/transaction-fields.ts';
import { eventBounds } from '../events/event-bounds.ts';
import type { SynchronizedAccountData } from '../events/event-catalogue.ts';
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
    fetched: FetchedLogin,
    listed?: ListedTransactions,
  ): Promise<{ changes: LoggedChange[]; missing: MissingAccounts }> {
    const now = clock.now();
    const byResourceId = new Map(fetched.accounts.map((data) => [data.account.resourceId, data]));
    const accounts = matchAccounts(
      fetched.accounts.map(({ account }) => account),
      context.accounts,
      () => newId('account', now),
    );
    const known = accounts.flatMap(({ stored, fetched: { resourceId } }) => {
      const data = byResourceId.get(resourceId);
      return stored && data ? [{ accountId: stored.id, from: data.from, transactions: data.transactions }] : [];
    });
    const stored = await listStored(known, listed);
    const withRemoved = accounts.flatMap(({ stored: before }) => (before?.hasRemoved ? [before.id] : []));
    const removed = await bankData.listRemoved(withRemoved);
    const changes = accounts.flatMap((account) => {
      const { id, fetched: listedAccount } = account;
      const data = byResourceId.get(listedAccount.resourceId);
      return data
        ? [toChange(account, data, { stored: stored.get(id) ?? [], removed: removed.get(id) ?? [], now })]
        : [];
    });
    return { changes, missing: findMissingAccounts(context.accounts, accounts, { complete: fetched.complete, now }) };
  }

  async function listStored(replies: TransactionsReply[], listed?: ListedTransactions): Promise<StoredTransactions> {
    // The bank may know an account again that we did not expect, of which more is needed then.
    const isEnough = replies.every(({ accountId, from }) => (listed?.from.get(accountId) ?? '9999') <= from);
    if (listed && isEnough) return await bankData.addMeant(listed.transactions, replies);
    return await bankData.listTransactions(replies);
  }

  return async (attempt, fetched, listed) => {
    const { request } = attempt;
    let context: SynchronizationContext | null = attempt.context;
    for (let tries = 0; context && tries < maximumTries; tries++) {
      const now = clock.now();
      // Where the first try is refused somebody else has stored since then.
      const { changes, missing } = await merge(context, fetched, tries === 0 ? listed : undefined);
      const { event, sequence } = toEvent(context, attempt, { changes, now });
      const stored = await store.store({
        context,
        consent: attempt.consent,
        holder: request,
        attemptId: attempt.id,
        changes,
        missing,
        event,
        sequence,
        partial: fetched.partial,
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

interface StoredBefore {
  stored: readonly KeptTransaction[];
  removed: readonly RemovedTransaction[];
  now: Date;
}

function toChange(
  account: MatchedAccount,
  data: FetchedAccountData,
  { stored, removed, now }: StoredBefore,
): LoggedChange {
  const { id, identification, fetched } = account;
  const { from, transactions, complete, coversPending } = data;
  const balances = data.balances?.map((balance) => ({ ...balance, observedAt: now.toISOString() })) ?? [];
  const merged = mergeTransactions({
    stored,
    removed,
    fetched: transactions,
    from,
    complete,
    coversPending,
    now,
    newId: () => newId('transaction', now),
  });
  return {
    ...pickValues(accountFields, fetched),
    id,
    identification,
    resourceId: fetched.resourceId,
    state: fetched.state,
    balances: balances.length > 0 ? balances : null,
    changedBalances: findChangedBalances(account.stored?.balances ?? [], balances),
    // What lies before it is not asked for again: with a part missing it stays where it was.
    lastBookingDate: complete ? findLastBookingDate(transactions) : null,
    problem: toProblem(data.problem, account.stored?.problem ?? null, now),
    skippedRows: data.skippedRows,
    ...merged,
    firstSeenAt: findFirstSeen(merged.updated, stored),
  };
}

function findLastBookingDate(transactions: readonly FetchedTransaction[]): string | null {
  let last: string | null = null;
  for (const { status, bookingDate } of transactions) {
    if (status === 'BOOKED' && bookingDate && (last === null || bookingDate > last)) last = bookingDate;
  }
  return last;
}

/** The same problem as before has been there since then. */
function toProblem(
  problem: FetchedAccountData['problem'],
  before: AccountProblem | null,
  now: Date,
): AccountProblem | null {
  return problem && { ...problem, since: before?.code === problem.code ? before.since : now.toISOString() };
}

function findFirstSeen(
  updated: readonly StoredTransaction[],
  stored: readonly KeptTransaction[],
): ReadonlyMap<string, string> {
  const ids = new Set(updated.map(({ id }) => id));
  return new Map(
    ids.size === 0 ? [] : stored.flatMap(({ id, firstSeenAt }) => (ids.has(id) ? [[id, firstSeenAt]] : [])),
  );
}

function toEvent(
  context: SynchronizationContext,
  { request }: Attempt,
  { changes, now }: { changes: readonly LoggedChange[]; now: Date },
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
    accounts: changes.map((change) => toSynchronizedAccount(change, now.toISOString())),
  };
  // The first data of a login is its connection, whatever brought it.
  if (context.lastSynchronization === null) {
    return { event: { ...common, type: 'BANK_LOGIN_CONNECTED', data }, sequence: context.sequence };
  }
  const sequence = context.sequence + 1;
  const { trigger } = request;
  return { event: { ...common, type: 'BANK_LOGIN_SYNCHRONIZED', data: { ...data, trigger, sequence } }, sequence };
}

/** With what is told of it and not stored. */
interface LoggedChange extends AccountChange {
  skippedRows: number;
  /** Of the updated transactions, by id. */
  firstSeenAt: ReadonlyMap<string, string>;
}

function toSynchronizedAccount(change: LoggedChange, now: string): SynchronizedAccountData {
  const { id, state, problem, skippedRows, firstSeenAt } = change;
  const { added, updated, removed } = change;
  const { rowsKept, removedIdsPerRow } = eventBounds;
  const isCut = Math.max(added.length, updated.length, removed.length / removedIdsPerRow) > rowsKept;
  return {
    account: { id, ...leaveOutAbsent(accountFields, change), state },
    balances: (change.balances ?? []).map(({ observedAt, ...balance }) => ({
      ...leaveOutAbsent(balanceFields, balance),
      observedAt,
    })),
    newTransactions: added.slice(0, rowsKept).map((transaction) => ({
      ...toTransactionData(transaction, id),
      firstSeenAt: now,
      updatedAt: now,
    })),
    updatedTransactions: updated.slice(0, rowsKept).map((transaction) => ({
      ...toTransactionData(transaction, id),
      firstSeenAt: firstSeenAt.get(transaction.id) ?? now,
      updatedAt: now,
    })),
    removedTransactionIds: removed.slice(0, rowsKept * removedIdsPerRow).map(({ id }) => id),
    problem,
    skippedRows,
    ...(isCut && {
      newTransactionCount: added.length,
      updatedTransactionCount: updated.length,
      removedTransactionCount: removed.length,
      truncated: true,
    }),
  };
}

function toTransactionData(transaction: StoredTransaction, accountId: string) {
  return { id: transaction.id, accountId, ...leaveOutAbsent(transactionFields, transaction) };
}
