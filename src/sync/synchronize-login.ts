import type { Logger } from 'pino';
import { findSeenUntil, type StoredAccount } from '../accounts/account-match.ts';
import type { BankDataStore } from '../accounts/bank-data-store.ts';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { BankFailure, type BankFailureCode, toLogFacts } from '../banking/bank-failure.ts';
import type { KeptCredentials, PsuContext } from '../banking/bank-port.ts';
import type { AccessBudget, PlannedAccess, Reserved } from '../consent/access-budget-store.ts';
import type { CredentialKeeper } from '../consent/credential-keeper.ts';
import type { Clock } from '../domain/clock.ts';
import { LimitReached } from '../domain/errors.ts';
import { newId } from '../domain/ids.ts';
import { Prisma } from '../storage/database.ts';
import { isDatabaseAway, isRefusedByDatabase } from '../storage/database-errors.ts';
import { type FetchedLogin, fetchBankData } from './bank-fetch.ts';
import { type BankOutages, createBankOutages } from './bank-outages.ts';
import { startDeadline } from './deadline.ts';
import { safeWindowStart, windowStart } from './fetch-window.ts';
import { type LeftOut, toLeftOut } from './left-out.ts';
import { askAfterConsent } from './refused-consent.ts';
import { startAttemptCtes } from './synchronization-attempt-store.ts';
import type {
  ConsentInUse,
  SynchronizationContext,
  SynchronizationContextStore,
} from './synchronization-context-store.ts';
import { toBankFailure } from './synchronization-failure.ts';
import type { RecordFailure } from './synchronization-failures.ts';
import type { ListedTransactions, StoreFetched } from './synchronization-result.ts';
import type { Holder } from './synchronization-store.ts';

export interface SynchronizationRequest extends Holder {
  loginId: string;
  /** The login as it has just been read. @default it is read here */
  context?: SynchronizationContext;
  /** Of a user who is still to be claimed: CTEs that do it, of which `claimed` has a row then. Needs the `context`. */
  claim?: Prisma.Sql;
  trigger: 'CONNECT' | 'SCHEDULER' | 'MANUAL';
  /** The end user, when present; null: nobody is, and the access counts (invariant 9). */
  psu: PsuContext | null;
  /** Of a cycle: how often it has tried this login. @default the last time */
  cycleTry?: CycleTry;
  /** The process is stopping. */
  signal: AbortSignal;
}

/** A cycle tries a login once more when its bank does not answer; receivers are told once, of how it ended. */
export interface CycleTry {
  /** After this one the cycle gives the login up. */
  isLast: boolean;
  /** Why it failed the first time; null when this is the first. */
  earlierFailure: BankFailureCode | null;
  /** The cycle has passed it over before, and has noted so. */
  wasPassedOver: boolean;
}

/**
 * `synchronized`: stored, with its event; `failed`: noted, with its event where users are to be told, and when to try again at the
 * earliest; `postponed`: the bank does not answer others, and is not asked before then; `skipped`: the bank was not asked, or allowed
 * no access (`refusedBy`: our ledger, or its 429); `stale`: somebody else has taken over, nothing was written; `interrupted`: by the
 * signal; `unclaimed`: the `claim` found things changed, nothing was done for the login.
 */
export type SynchronizeLoginOutcome =
  | { kind: 'synchronized'; eventId: string }
  | { kind: 'failed'; code: string; retryable: boolean; retryAt?: Date }
  | { kind: 'postponed'; reason: string; until: Date }
  | { kind: 'skipped'; reason: string; retryAt?: Date; refusedBy?: 'ledger' | 'bank' }
  | { kind: 'stale' }
  | { kind: 'interrupted' }
  | { kind: 'unclaimed' };

/** Brings one login up to date: bank calls, merge, and one statement that stores everything. Rejects only for bugs and lost stores. */
export type SynchronizeLogin = (request: SynchronizationRequest) => Promise<SynchronizeLoginOutcome>;

export interface SynchronizeLoginDeps {
  clock: Clock;
  banks: Pick<BankDirectory, 'get'>;
  credentials: CredentialKeeper;
  contexts: SynchronizationContextStore;
  budget: AccessBudget;
  bankData: Pick<BankDataStore, 'listTransactions'>;
  storeFetched: StoreFetched;
  recordFailure: RecordFailure;
  /** @default one that begins without any */
  outages?: BankOutages;
  /** Told what could not be read. @default nothing */
  onLeftOut?: (leftOut: LeftOut) => void;
  /** Told before a bank is asked for a login's data. @default nothing */
  onAccess?: (access: { clientId: string; bankLoginId: string; trigger: string }) => void;
  /** For a login as a whole, while no end user waits: a bank slows a cycle down by no more than that. @default 60_000 */
  unattendedLimitMs?: number;
  log: Logger;
}

const attendedLimitMs = 300_000;
/** Stands for the list of card accounts in the ledger of accesses: no bank's id of an account has a blank. */
const cardAccounts = 'card accounts';

/** One attempt on its way. */
export interface Attempt {
  id: string;
  request: SynchronizationRequest;
  context: SynchronizationContext;
  consent: ConsentInUse;
  /** Of the consent: they may change with any call of the bank. */
  credentials: KeptCredentials;
}

export function createSynchronizeLogin(deps: SynchronizeLoginDeps): SynchronizeLogin {
  const { clock, contexts, budget, bankData, storeFetched, recordFailure, log } = deps;
  const { outages = createBankOutages(clock), unattendedLimitMs = 60_000 } = deps;

  return async (request) => {
    const context = request.context ?? (await contexts.load(request.loginId));
    if (!context) return { kind: 'skipped', reason: 'LOGIN_DELETED' };
    if (!context.consent) return { kind: 'skipped', reason: 'CONSENT_MISSING' };
    const { consent } = context;
    const credentials = deps.credentials.of(consent);
    const attempt = { id: newId('synchronizationAttempt', clock.now()), request, context, consent, credentials };
    const until = request.cycle ? outages.passedOverUntil(context.bankId) : null;
    if (until && request.claim) return { kind: 'unclaimed' };
    if (until) return await recordFailure.passedOver(attempt, until);
    try {
      return await bringUpToDate(attempt);
    } catch (error) {
      if (!isRefusedByDatabase(error)) {
        // Where it is the database that is gone, the cycle goes on with this user when it is back.
        if (request.cycle && !isDatabaseAway(error)) await recordFailure.unexpected(attempt).catch(() => {});
        throw error;
      }
      // Nothing can be noted of a login that has just been deleted.
      if (!(await contexts.load(request.loginId))) return { kind: 'skipped', reason: 'LOGIN_DELETED' };
      // What the bank sent cannot be stored. Were this thrown, the cycle would try this login for ever, and no other.
      return await fail(attempt, new BankFailure('MALFORMED_REPLY', 'The data cannot be stored.', { cause: error }));
    }
  };

  async function bringUpToDate(attempt: Attempt): Promise<SynchronizeLoginOutcome> {
    const reserved = await reserve(attempt);
    if (!reserved) return { kind: 'unclaimed' };
    if (reserved.outcome === 'refused') return await recordFailure.accessLimit(attempt, reserved.retryAt);
    deps.onAccess?.({ ...attempt.context, trigger: attempt.request.trigger });
    const listing = listStored(attempt);
    const fetched = await tryFetch(attempt);
    if (fetched instanceof BankFailure) return await fail(attempt, fetched);
    if (fetched instanceof LimitReached) return await recordFailure.accessLimit(attempt, fetched.retryAt);
    if (fetched === 'interrupted') return { kind: 'interrupted' };
    outages.noteAnswer(attempt.context.bankId);
    reportLeftOut(attempt, fetched);
    return await storeFetched(attempt, fetched, await listing);
  }

  // While the bank is asked the database has nothing else to do for this login.
  function listStored(attempt: Attempt): Promise<ListedTransactions> {
    const accounts = attempt.context.accounts.filter(isListed);
    const toFrom = windowStarts(attempt, clock.now());
    const expected = accounts.map(({ id, lastBookingDate }) => ({
      accountId: id,
      from: toFrom(lastBookingDate),
      transactions: [],
    }));
    const from = new Map(expected.map((reply) => [reply.accountId, reply.from]));
    const listing = (async () => ({ from, transactions: await bankData.listTransactions(expected) }))();
    // Where the bank gives nothing nobody waits for it.
    listing.catch(() => {});
    return listing;
  }

  async function tryFetch(attempt: Attempt): Promise<FetchedLogin | BankFailure | LimitReached | 'interrupted'> {
    const { request } = attempt;
    const deadline = startDeadline(request.psu ? attendedLimitMs : unattendedLimitMs, request.signal);
    try {
      return await fetchAll(attempt, deadline.signal);
    } catch (error) {
      if (request.signal.aborted) return 'interrupted';
      return error instanceof LimitReached ? error : toBankFailure(error, deadline.isOver);
    } finally {
      deadline.clear();
    }
  }

  /** Loud about what could not be used: paths and kinds, never values. */
  function reportLeftOut({ request, context }: Attempt, fetched: FetchedLogin): void {
    const { bankId, bankLoginId } = context;
    const facts = { bankId, bankLoginId, trigger: request.trigger };
    for (const { index, what, code, error } of fetched.failures) {
      const { message: reason, details = {} } = error as Partial<BankFailure>;
      log.warn(
        { ...facts, account: index, part: what, code, details, reason },
        'the bank did not give a part of the data',
      );
    }
    for (const leftOut of toLeftOut(fetched)) {
      log.warn({ ...facts, ...leftOut }, "a part of the bank's reply could not be read");
      deps.onLeftOut?.({ bankId, ...leftOut });
    }
  }

  async function fail(attempt: Attempt, failure: BankFailure): Promise<SynchronizeLoginOutcome> {
    const { request, context } = attempt;
    const { bankId, bankLoginId } = context;
    log.warn(
      { bankId, bankLoginId, trigger: request.trigger, ...toLogFacts(failure) },
      'the bank did not give the data',
    );
    if (failure.code === 'BANK_UNAVAILABLE') outages.noteFailure(bankId, bankLoginId);
    else outages.noteAnswer(bankId);
    if (failure.code === 'CONSENT_INVALID') {
      const word = await askAfterConsent(deps.banks.get(bankId), attempt.credentials, request.signal);
      if (word === 'interrupted') return { kind: 'interrupted' };
      return await recordFailure.ofBank(attempt, failure, word);
    }
    const outcome = await recordFailure.ofBank(attempt, failure);
    const retryAt = outages.passedOverUntil(bankId);
    return outcome.kind === 'failed' && outcome.retryable && retryAt ? { ...outcome, retryAt } : outcome;
  }

  async function reserve({ id, request, context, consent }: Attempt): Promise<Reserved | null> {
    const { bankLoginId, rowVersion } = context;
    const { trigger, cycle, claim } = request;
    const started = { id, bankLoginId, trigger, cycleId: cycle?.cycleId ?? null, startedAt: clock.now() };
    const reservation = {
      ...ledgerEntry(request, context, consent),
      accesses: [
        { resourceId: '', endpoint: 'ACCOUNTS' as const },
        ...context.accounts.filter(isListed).flatMap(({ resourceId }) => ofAccount(resourceId)),
      ],
    };
    if (claim) {
      const start = startAttemptCtes(started, rowVersion, Prisma.sql`AND EXISTS (SELECT FROM claimed)`);
      return await budget.reserveUnchanged(reservation, Prisma.sql`${claim}, ${start}`);
    }
    return await budget.reserve(reservation, { ctes: (version) => startAttemptCtes(started, version), rowVersion });
  }

  async function fetchAll(attempt: Attempt, signal: AbortSignal): Promise<FetchedLogin> {
    const { request, context, consent } = attempt;
    const now = clock.now();
    const toFrom = windowStarts(attempt, now);
    const planned = context.accounts.filter(isListed).map(({ resourceId }) => resourceId);
    return await fetchBankData(deps.banks.get(context.bankId), {
      access: { credentials: attempt.credentials, psu: request.psu, signal },
      since: (account) => toFrom(findSeenUntil(account, context.accounts)),
      fallback: safeWindowStart(now),
      beforeCardAccounts: () => reserveMore([{ resourceId: cardAccounts, endpoint: 'ACCOUNTS' }]),
      // What is new to us was not in the plan, nor is what the bank lists once more: each is counted before it is asked for.
      beforeAccount: async ({ resourceId }) => {
        const index = planned.indexOf(resourceId);
        if (index < 0) await reserveMore(ofAccount(resourceId));
        else planned.splice(index, 1);
      },
      beforeFallback: ({ resourceId }) => reserveMore([{ resourceId, endpoint: 'TRANSACTIONS' }]),
    });

    async function reserveMore(accesses: readonly PlannedAccess[]): Promise<void> {
      const reserved = await budget.reserve({ ...ledgerEntry(request, context, consent), accesses });
      if (reserved.outcome === 'granted') return;
      throw new LimitReached('ACCESS_LIMIT', 'The allowance of accesses is used up.', reserved.retryAt);
    }
  }

  function ledgerEntry(request: SynchronizationRequest, context: SynchronizationContext, consent: ConsentInUse) {
    return {
      consentId: consent.id,
      bankLoginId: context.bankLoginId,
      frequencyPerDay: consent.frequencyPerDay,
      trigger: request.trigger,
      attended: request.psu !== null,
      now: clock.now(),
    };
  }
}

/** From which day on to read, by the newest booking date that has been seen in an account. */
function windowStarts({ request, consent }: Attempt, now: Date): (lastBookingDate: string | null) => string {
  const { authorisedAt } = consent;
  return (lastBookingDate) => windowStart({ now, attended: request.psu !== null, authorisedAt, lastBookingDate });
}

// What the bank no longer has is neither planned for nor read.
function isListed({ state }: StoredAccount): boolean {
  return state !== 'GONE';
}

function ofAccount(resourceId: string) {
  return [
    { resourceId, endpoint: 'BALANCES' as const },
    { resourceId, endpoint: 'TRANSACTIONS' as const },
  ];
}
