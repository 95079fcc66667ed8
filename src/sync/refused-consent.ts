import type { BankConsentStatus, BankPort, KeptCredentials } from '../banking/bank-port.ts';
import { startDeadline } from './deadline.ts';
import { toBankFailure } from './synchronization-failure.ts';

const limitMs = 10_000;

/**
 * The bank's own word on a consent under which it gives no data any more; null where it knows the consent no more, or does not
 * say. It is no reading of accounts: the budget has nothing to do with it.
 */
export async function askAfterConsent(
  bank: Pick<BankPort, 'getConsent'>,
  credentials: KeptCredentials,
  signal: AbortSignal,
): Promise<BankConsentStatus | 'interrupted' | null> {
  const deadline = startDeadline(limitMs, signal);
  try {
    return (await bank.getConsent(credentials, { signal: deadline.signal })).status;
  } catch (error) {
    if (signal.aborted) return 'interrupted';
    // Throws what is no failure of the bank's.
    toBankFailure(error, deadline.isOver);
    return null;
  } finally {
    deadline.clear();
  }
}
