import type { Logger } from 'pino';
import type { BankFailure } from '../banking/bank-failure.ts';
import type { AccessBudget } from '../consent/access-budget-store.ts';
import { loseConsent } from '../consent/consent-loss-store.ts';
import type { Clock } from '../domain/clock.ts';
import type { AppendEvent, EventLog } from '../events/event-log.ts';
import type { Transaction } from '../storage/database.ts';
import { dropConsent, failAttempt, failSession, isHeldIn, markLoginFailed } from './synchronization-attempt-store.ts';
import { type FailureMeaning, meaningOf, messageFor } from './synchronization-failure.ts';
import { heldSql } from './synchronization-store.ts';
import type { Attempt, SynchronizeLoginOutcome } from './synchronize-login.ts';

/** Notes an attempt that brought no data, with what follows from it, in one transaction. */
export interface RecordFailure {
  ofBank(attempt: Attempt, failure: BankFailure): Promise<SynchronizeLoginOutcome>;
  /** Our own ledger allows no more. */
  accessLimit(attempt: Attempt, retryAt: Date): Promise<SynchronizeLoginOutcome>;
}

export interface RecordFailureDeps {
  clock: Clock;
  eventLog: EventLog;
  budget: Pick<AccessBudget, 'close'>;
  log: Logger;
}

interface Ending {
  code: string;
  message: string;
  /** What else changes, in the same transaction. */
  also?: (tx: Transaction, append: AppendEvent) => Promise<void>;
}

export function createRecordFailure({ clock, eventLog, budget, log }: RecordFailureDeps): RecordFailure {
  async function end(attempt: Attempt, { code, message, also }: Ending): Promise<'ended' | 'stale'> {
    const { request, context } = attempt;
    const failed = {
      attemptId: attempt.id,
      bankLoginId: context.bankLoginId,
      errorCode: code,
      errorMessage: message,
      now: clock.now(),
    };
    return await eventLog.commit(async (tx, append) => {
      if (!(await isHeldIn(tx, heldSql(request)))) return 'stale';
      await failAttempt(tx, failed);
      if (request.session) await failSession(tx, request.session, failed);
      await also?.(tx, append);
      if (request.session && !context.secretsStored) {
        await dropConsent(tx, { id: attempt.consent.id, bankId: context.bankId, now: failed.now });
      }
      return 'ended';
    });
  }

  function consequences(attempt: Attempt, failure: BankFailure, meaning: FailureMeaning): Ending['also'] {
    const { context, request } = attempt;
    const now = clock.now();
    switch (meaning.kind) {
      case 'consent-lost':
        return (tx, append) =>
          loseConsent(tx, append, {
            bankLoginId: context.bankLoginId,
            consentId: attempt.consent.id,
            status: meaning.status,
            reason: failure.code,
            now,
          });
      case 'failed':
        return async (tx, append) => {
          await markLoginFailed(tx, context.bankLoginId, { bankSilent: failure.code === 'BANK_UNAVAILABLE' });
          append({
            clientId: context.clientId,
            type: 'BANK_LOGIN_SYNCHRONIZATION_FAILED',
            userId: context.userId,
            bankLoginId: context.bankLoginId,
            cycleId: request.cycle?.cycleId ?? null,
            occurredAt: now,
            data: {
              user: { id: context.userId, externalId: context.externalId },
              bankLogin: { id: context.bankLoginId, bank: { id: context.bankId, name: context.bankName } },
              trigger: request.trigger,
              errorCode: failure.code,
              errorMessage: messageFor(failure.code),
            },
          });
        };
      case 'access-limit':
      case 'operator':
        return undefined;
    }
  }

  return {
    async ofBank(attempt, failure) {
      const meaning = meaningOf(failure.code);
      const retryAt = failure.retryAt ?? endOfDay(clock.now());
      if (meaning.kind === 'access-limit') await budget.close(attempt.consent.id, retryAt);
      if (meaning.kind === 'operator') {
        log.error(
          { bankId: attempt.context.bankId, code: failure.code },
          'the bank rejects our certificate or signature',
        );
      }
      const also = consequences(attempt, failure, meaning);
      const ended = await end(attempt, {
        code: failure.code,
        message: messageFor(failure.code),
        ...(also && { also }),
      });
      if (ended === 'stale') return { kind: 'stale' };
      if (meaning.kind === 'access-limit') return { kind: 'skipped', reason: 'ACCESS_LIMIT', retryAt };
      return { kind: 'failed', code: failure.code, retryable: meaning.kind === 'failed' && meaning.retryable };
    },
    async accessLimit(attempt, retryAt) {
      const message = 'The allowance of accesses without the end user is used up.';
      if ((await end(attempt, { code: 'ACCESS_LIMIT', message })) === 'stale') return { kind: 'stale' };
      return { kind: 'skipped', reason: 'ACCESS_LIMIT', retryAt };
    },
  };
}

function endOfDay(now: Date): Date {
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + 1));
}
