import type { Clock } from '../domain/clock.ts';
import type { EventLog } from '../events/event-log.ts';
import type { ConsentExpiryStore, DueConsent } from './consent-expiry-store.ts';
import { loseConsent } from './consent-loss-store.ts';

export interface ConsentExpiry {
  /**
   * Says what ends soon (consent.expiring, 14, 7 and 1 days ahead) and what has ended (consent.expired; the login turns SCA_REQUIRED),
   * each once, whatever number of processes look. How many events there were.
   */
  work(): Promise<number>;
}

export interface ConsentExpiryDeps {
  clock: Clock;
  eventLog: Pick<EventLog, 'commit'>;
  store: ConsentExpiryStore;
}

const atOnce = 100;
/** Other work waits meanwhile; the rest comes with the next call. */
const batchesAtMost = 10;

export function createConsentExpiry({ clock, eventLog, store }: ConsentExpiryDeps): ConsentExpiry {
  return {
    async work() {
      const now = clock.now();
      let count = 0;
      for (let batch = 0; batch < batchesAtMost; batch++) {
        const due = await store.listDue({ now, limit: atOnce });
        for (const consent of due) count += await notify(consent, now);
        if (due.length < atOnce) break;
      }
      return count;
    },
  };

  function notify(consent: DueConsent, now: Date): Promise<number> {
    return eventLog.commit(async (tx, append) => {
      // Another process may have been here since the list was read.
      if (!(await store.take(tx, consent, now))) return 0;
      // A one-off consent has done its work: that it ends is no news.
      if (!consent.recurring || consent.isTold) return 0;
      const { clientId, userId, externalId, bankLoginId, bankId, bankName, endsOn: validUntil } = consent;
      const about = { clientId, userId, bankLoginId, occurredAt: now };
      const data = {
        user: { id: userId, externalId },
        bankLogin: { id: bankLoginId, bank: { id: bankId, name: bankName } },
        validUntil,
      };
      if (consent.notice > 0) {
        append({ ...about, type: 'CONSENT_EXPIRING', data: { ...data, daysLeft: consent.daysLeft } });
        return 1;
      }
      append({ ...about, type: 'CONSENT_EXPIRED', data });
      // Where only the SCA has grown too old the bank would still call the consent valid, and so do we.
      const reason = consent.hasEnded ? 'CONSENT_EXPIRED' : 'SCA_TOO_OLD';
      await loseConsent(tx, append, { bankLoginId, consentId: consent.id, status: null, reason, now });
      return 1;
    });
  }
}
