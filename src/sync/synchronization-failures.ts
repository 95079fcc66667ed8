import type { Logger } from 'pino';
import { type BankFailure, toLogFacts } from '../banking/bank-failure.ts';
import type { BankConsentStatus } from '../banking/bank-port.ts';
import type { AccessBudget } from '../consent/access-budget-store.ts';
import { loseConsent } from '../consent/consent-loss-store.ts';
import { isFinal, nextConsentStatus } from '../consent/consent-state.ts';
import type { Clock } from '../domain/clock.ts';
import type { AppendEvent, EventLog } from '../events/event-log.ts';
import type { NewEvent } from '../events/event-record.ts';
import type { ConsentStatus } from '../generated/prisma/enums.ts';
import type { Database, Transaction } from '../storage/database.ts';
import { toFailureEvent } from './failure-event.ts';
import {
  createFailAttempt,
  dropConsent,
  type FailedAttempt,
  failAttempt,
  isHeldIn,
  type NewAttempt,
  startAttempt,
} from './synchronization-attempt-store.ts';
import { type FailureMeaning, type LoginFailureCode, meaningOf, messageFor } from './synchronization-failure.ts';
import type { Attempt, SynchronizeLoginOutcome } from './synchronize-login.ts';

/** Notes an attempt that brought no data, with what follows from it, in one transaction. */
export interface RecordFailure {
  /** `word`: what the bank has said of the consent when it was asked. */
  ofBank(attempt: Attempt, failure: BankFailure, word?: BankConsentStatus | null): Promise<SynchronizeLoginOutcome>;
  /** Our own ledger allows no more. */
  accessLimit(attempt: Attempt, retryAt: Date): Promise<SynchronizeLoginOutcome>;
  /** The bank did not answer others, and is not asked until then: no failure of this login, noted once in a cycle. */
  passedOver(attempt: Attempt, until: Date): Promise<SynchronizeLoginOutcome>;
  /** A fault of ours. */
  unexpected(attempt: Attempt): Promise<void>;
}

export interface RecordFailureDeps {
  clock: Clock;
  database: Database;
  eventLog: EventLog;
  budget: Pick<AccessBudget, 'close'>;
  log: Logger;
}

interface Ending {
  code: string;
  message: string;
  /** Nothing has been written of the attempt before. */
  isNew?: boolean;
  ofLogin?: FailedAttempt['ofLogin'];
  /** Tells of it. */
  event?: NewEvent | null;
  /** What else changes, in the same transaction. */
  also?: (tx: Transaction, append: AppendEvent) => Promise<void>;
}

export function createRecordFailure({ clock, database, eventLog, budget, log }: RecordFailureDeps): RecordFailure {
  const failAtOnce = createFailAttempt(database, eventLog);

  async function end(attempt: Attempt, ending: Ending): Promise<'ended' | 'stale'> {
    const { request, context } = attempt;
    const { code, message, isNew, ofLogin = null, event = null, also } = ending;
    const failed = {
      attemptId: attempt.id,
      bankLoginId: context.bankLoginId,
      holder: request,
      errorCode: code,
      errorMessage: message,
      ofLogin,
      now: clock.now(),
    };
    const dropsConsent = request.session && !context.secretsStored;
    if (!isNew && !also && !dropsConsent) return (await failAtOnce(failed, event)) ? 'ended' : 'stale';
    return await eventLog.commit(async (tx, append) => {
      if (!(await isHeldIn(tx, request))) return 'stale';
      if (isNew) await startAttempt(tx, toNewAttempt(attempt, failed.now));
      await failAttempt(tx, failed);
      if (event) append(event);
      await also?.(tx, append);
      if (dropsConsent) await dropConsent(tx, { id: attempt.consent.id, bankId: context.bankId, now: failed.now });
      return 'ended';
    });
  }

  function consequences(
    attempt: Attempt,
    { failure, meaning, word }: { failure: BankFailure; meaning: FailureMeaning; word: BankConsentStatus | null },
  ): Partial<Ending> {
    const { context } = attempt;
    const now = clock.now();
    switch (meaning.kind) {
      case 'consent-lost':
        return {
          also: (tx, append) =>
            loseConsent(tx, append, {
              bankLoginId: context.bankLoginId,
              consentId: attempt.consent.id,
              status: word ? toEnd(word) : meaning.status,
              reason: failure.code,
              now,
            }),
        };
      case 'failed':
        return {
          ofLogin: { bankSilent: failure.code === 'BANK_UNAVAILABLE' },
          event: !meaning.retryable || isLastTry(attempt) ? tell(attempt, failure.code) : null,
        };
      case 'access-limit':
      case 'operator':
        return {};
    }
  }

  function tell({ context, request }: Attempt, code: LoginFailureCode): NewEvent {
    const cycleId = request.cycle?.cycleId ?? null;
    return toFailureEvent(context, { code, trigger: request.trigger, cycleId, now: clock.now() });
  }

  /** No access is left: for what failed before in this cycle there is no other try, and so that failure stands. */
  async function endByLimit(attempt: Attempt, ending: Ending, retryAt: Date): Promise<SynchronizeLoginOutcome> {
    const earlier = attempt.request.cycleTry?.earlierFailure;
    const event = earlier ? tell(attempt, earlier) : null;
    if ((await end(attempt, { ...ending, event })) === 'stale') return { kind: 'stale' };
    if (earlier) return { kind: 'failed', code: earlier, retryable: false };
    const refusedBy = ending.code === 'ACCESS_LIMIT' ? 'ledger' : 'bank';
    return { kind: 'skipped', reason: 'ACCESS_LIMIT', retryAt, refusedBy };
  }

  return {
    async ofBank(attempt, failure, word = null) {
      const meaning = meaningOf(failure.code);
      const retryAt = toClosing(failure.retryAt, clock.now());
      if (meaning.kind === 'access-limit') await budget.close(attempt.consent.id, retryAt);
      if (meaning.kind === 'operator') {
        log.error(
          { bankId: attempt.context.bankId, ...toLogFacts(failure) },
          'the bank rejects our certificate or signature',
        );
      }
      const ending = { code: failure.code, message: messageFor(failure.code) };
      if (meaning.kind === 'access-limit') return await endByLimit(attempt, ending, retryAt);
      const ended = await end(attempt, { ...ending, ...consequences(attempt, { failure, meaning, word }) });
      if (ended === 'stale') return { kind: 'stale' };
      return {
        kind: 'failed',
        code: failure.code,
        retryable: meaning.kind === 'failed' && meaning.retryable && !isGivenUp(attempt),
      };
    },
    async accessLimit(attempt, retryAt) {
      const message = 'The allowance of accesses without the end user is used up.';
      return await endByLimit(attempt, { code: 'ACCESS_LIMIT', message }, retryAt);
    },
    async passedOver(attempt, until) {
      const postponed = { kind: 'postponed', reason: 'BANK_UNAVAILABLE', until } as const;
      if (attempt.request.cycleTry?.wasPassedOver) return postponed;
      const message = 'The bank did not answer for others either, and is left alone for a while; it is tried again.';
      const ended = await end(attempt, { code: 'BANK_PASSED_OVER', message, isNew: true });
      return ended === 'stale' ? { kind: 'stale' } : postponed;
    },
    async unexpected(attempt) {
      await end(attempt, {
        code: 'UNEXPECTED',
        message: messageFor('UNEXPECTED'),
        ofLogin: { bankSilent: false },
        event: isLastTry(attempt) ? tell(attempt, 'UNEXPECTED') : null,
      });
    },
  };
}

/** How a consent that was valid has ended; null where the bank does not say that it has. */
function toEnd(word: BankConsentStatus): ConsentStatus | null {
  const status = nextConsentStatus('VALID', word);
  return isFinal(status) ? status : null;
}

/** Whether receivers are told of a failure that may pass: not while the cycle tries once more. */
function isLastTry({ request }: Attempt): boolean {
  return request.cycleTry?.isLast ?? true;
}

function isGivenUp({ request }: Attempt): boolean {
  return request.cycleTry?.isLast ?? false;
}

function toNewAttempt({ id, request, context }: Attempt, startedAt: Date): NewAttempt {
  const cycleId = request.cycle?.cycleId ?? null;
  return { id, bankLoginId: context.bankLoginId, trigger: request.trigger, cycleId, startedAt };
}

const longestClosingMs = 24 * 3_600_000;

/** Until when a 429 closes the budget: banks count by the day, so not for less; and for no longer, whatever Retry-After says. */
function toClosing(retryAt: Date | null, now: Date): Date {
  const wished = Math.min(retryAt?.getTime() ?? 0, now.getTime() + longestClosingMs);
  return new Date(Math.max(wished, endOfDay(now).getTime()));
}

function endOfDay(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}
