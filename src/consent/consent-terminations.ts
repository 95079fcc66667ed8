import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
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
const takenMs = 5 * 60_000;
const firstDelayMs = 60_000;
const longestDelayMs = 6 * 3_600_000;
const maximumAttempts = 30;

/** Ends consents at their banks: those superseded, of deleted logins, and of secrets that are not to be kept. */
export interface ConsentTerminations {
  /** Works on what is due; a bank that does not answer is asked again, ever more rarely, for about a week. */
  work(): Promise<void>;
}

export function createConsentTerminations({
  clock,
  store,
  banks,
  encryption,
  log,
}: ConsentTerminationsDeps): ConsentTerminations {
  async function end({ id, bankId, bankConsentId, attemptCount }: DueTermination): Promise<void> {
    try {
      await banks.get(bankId).endConsent(encryption.decrypt(bankConsentId));
      await store.done(id);
    } catch (err) {
      if (attemptCount >= maximumAttempts) {
        log.error({ err, bankId, terminationId: id }, 'a consent could not be ended at the bank; given up');
        return await store.done(id);
      }
      const delayMs = Math.min(firstDelayMs * 2 ** (attemptCount - 1), longestDelayMs);
      log.warn(
        { err, bankId, terminationId: id, delayMs },
        'a consent could not be ended at the bank; tried again later',
      );
      await store.postpone(id, new Date(clock.now().getTime() + delayMs));
    }
  }

  return {
    async work() {
      const now = clock.now();
      const takenUntil = new Date(now.getTime() + takenMs);
      for (const due of await store.take({ now, takenUntil, limit: atOnce })) await end(due);
    },
  };
}
