import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { BankFailure } from '../banking/bank-failure.ts';
import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import { credentialsOf } from './consent-store.ts';
import type { ConsentTerminationStore, DueTermination } from './consent-termination-store.ts';
import { ownCredentials } from './credential-keeper.ts';

export interface ConsentTerminationsDeps {
  clock: Clock;
  store: ConsentTerminationStore;
  banks: Pick<BankDirectory, 'get'>;
  encryption: Encryption;
  log: Logger;
}

const atOnce = 20;
/** Other work waits meanwhile; the rest comes with the next call. */
const batchesAtMost = 10;
const takenMs = 5 * 60_000;
const firstDelayMs = 60_000;
const longestDelayMs = 6 * 3_600_000;
const longestRetryAfterMs = 24 * 3_600_000;
const maximumAttempts = 30;
/** What a bank refuses it is unlikely to grant later; whatever else comes back may be mended, by the operator or by the bank. */
const maximumRefusals = 5;

/** Ends consents at their banks: those superseded, given up, of deleted logins, and of secrets that are not to be kept. */
export interface ConsentTerminations {
  /** Works on what is due; a bank that has not done it is asked again, ever more rarely, for about a week; one that refuses, for less. */
  work(): Promise<void>;
}

export function createConsentTerminations(deps: ConsentTerminationsDeps): ConsentTerminations {
  const { clock, store, banks, encryption, log } = deps;

  async function end(due: DueTermination, silentBanks: Map<string, Date>): Promise<void> {
    const { id, bankId, credentials, consentId } = due;
    // It has not answered a moment ago: the others need not wait for it too.
    const silentUntil = silentBanks.get(bankId);
    if (silentUntil) return await store.handBack(id, silentUntil);
    try {
      const keep = (text: string) => store.keep(id, encryption.encrypt(text, credentialsOf(consentId)));
      await banks.get(bankId).end(ownCredentials(encryption.decrypt(credentials, credentialsOf(consentId)), keep));
      await store.done(id);
    } catch (err) {
      if (err instanceof BankFailure && err.code === 'BANK_UNAVAILABLE') silentBanks.set(bankId, delayed(due));
      await postponeOrGiveUp(due, err);
    }
  }

  async function postponeOrGiveUp(due: DueTermination, err: unknown): Promise<void> {
    const facts = { err, bankId: due.bankId, terminationId: due.id };
    const isRefused = err instanceof BankFailure && err.code === 'REQUEST_REFUSED';
    if (due.attemptCount >= (isRefused ? maximumRefusals : maximumAttempts)) {
      log.error(facts, 'a consent could not be ended at the bank; given up');
      return await store.done(due.id);
    }
    log.warn(facts, 'a consent could not be ended at the bank; tried again later');
    await store.postpone(due.id, (err instanceof BankFailure && toComeBack(err)) || delayed(due));
  }

  // A bank that names a day far off, or one that is over, would have us ask never or at once.
  function toComeBack({ retryAt }: BankFailure): Date | null {
    const now = clock.now().getTime();
    if (!retryAt || retryAt.getTime() <= now) return null;
    return new Date(Math.min(retryAt.getTime(), now + longestRetryAfterMs));
  }

  function delayed({ attemptCount }: DueTermination): Date {
    const delayMs = Math.min(firstDelayMs * 2 ** (attemptCount - 1), longestDelayMs);
    return new Date(clock.now().getTime() + delayMs);
  }

  return {
    async work() {
      const silentBanks = new Map<string, Date>();
      for (let batch = 0; batch < batchesAtMost; batch++) {
        const now = clock.now();
        const takenUntil = new Date(now.getTime() + takenMs);
        const due = await store.take({ now, takenUntil, limit: atOnce });
        for (const termination of due) await end(termination, silentBanks);
        if (due.length < atOnce) return;
      }
    },
  };
}
