import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { BankFailure } from '../banking/bank-failure.ts';
import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { ConsentTerminationStore, DueTermination } from './consent-termination-store.ts';

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
const maximumAttempts = 30;
/** What a bank refuses it is unlikely to grant later. */
const maximumRefusals = 5;

/** Ends consents at their banks: those superseded, given up, of deleted logins, and of secrets that are not to be kept. */
export interface ConsentTerminations {
  /** Works on what is due; a bank that does not answer is asked again, ever more rarely, for about a week. */
  work(): Promise<void>;
}

export function createConsentTerminations(deps: ConsentTerminationsDeps): ConsentTerminations {
  const { clock, store, banks, encryption, log } = deps;

  async function end(due: DueTermination, silentBanks: Set<string>): Promise<void> {
    const { id, bankId, bankConsentId } = due;
    // It has not answered a moment ago: the others need not wait for it too.
    if (silentBanks.has(bankId)) return await postpone(due);
    try {
      await banks.get(bankId).endConsent(encryption.decrypt(bankConsentId));
      await store.done(id);
    } catch (err) {
      const isSilent = err instanceof BankFailure && err.code === 'BANK_UNAVAILABLE';
      if (isSilent) silentBanks.add(bankId);
      await postponeOrGiveUp(due, err, isSilent ? maximumAttempts : maximumRefusals);
    }
  }

  async function postponeOrGiveUp(due: DueTermination, err: unknown, attemptsAtMost: number): Promise<void> {
    const facts = { err, bankId: due.bankId, terminationId: due.id };
    if (due.attemptCount >= attemptsAtMost) {
      log.error(facts, 'a consent could not be ended at the bank; given up');
      return await store.done(due.id);
    }
    log.warn(facts, 'a consent could not be ended at the bank; tried again later');
    await postpone(due);
  }

  async function postpone({ id, attemptCount }: DueTermination): Promise<void> {
    const delayMs = Math.min(firstDelayMs * 2 ** (attemptCount - 1), longestDelayMs);
    await store.postpone(id, new Date(clock.now().getTime() + delayMs));
  }

  return {
    async work() {
      const silentBanks = new Set<string>();
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
