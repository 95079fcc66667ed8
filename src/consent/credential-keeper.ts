import { setTimeout as delay } from 'node:timers/promises';
import { BankFailure } from '../banking/bank-failure.ts';
import type { KeptCredentials } from '../banking/bank-port.ts';
import type { Encryption } from '../storage/encryption.ts';
import { credentialsOf } from './consent-store.ts';
import type { CredentialStore } from './credential-store.ts';

/** Hands the credentials of stored consents to their banks' adapters. */
export interface CredentialKeeper {
  /** `credentials`: the encrypted credentials as they were read. */
  of(consent: { id: string; credentials: string }): KeptCredentials;
}

export interface CredentialKeeperDeps {
  store: CredentialStore;
  encryption: Encryption;
  /** Longer than an adapter takes from asking the bank to storing what came. @default 60 */
  leaseSeconds?: number;
}

const lookAgainMs = 100;

export function createCredentialKeeper({
  store,
  encryption,
  leaseSeconds = 60,
}: CredentialKeeperDeps): CredentialKeeper {
  async function take(consentId: string): Promise<{ consentId: string; fence: number; text: string }> {
    const until = Date.now() + leaseSeconds * 1_000 + 1_000;
    for (;;) {
      const taken = await store.take(consentId, leaseSeconds);
      if (taken === 'gone') throw new BankFailure('CONSENT_INVALID', `The credentials of ${consentId} were dropped.`);
      if (taken !== 'held')
        return {
          consentId,
          fence: taken.fence,
          text: encryption.decrypt(taken.credentials, credentialsOf(consentId)),
        };
      if (Date.now() > until) {
        throw new BankFailure(
          'BANK_UNAVAILABLE',
          `The credentials of ${consentId} are being changed by somebody else.`,
        );
      }
      await delay(lookAgainMs);
    }
  }

  return {
    of({ id, credentials }) {
      let text = encryption.decrypt(credentials, credentialsOf(id));
      return {
        get text() {
          return text;
        },
        async change(work) {
          const lease = await take(id);
          text = lease.text;
          try {
            return await work(text, async (changed) => {
              if (!(await store.store(lease, encryption.encrypt(changed, credentialsOf(id))))) {
                throw new BankFailure('BANK_UNAVAILABLE', `The lease on the credentials of ${id} was lost.`);
              }
              text = changed;
            });
          } finally {
            await store.giveBack(lease);
          }
        },
      };
    },
  };
}

/** Credentials outside any consent, which nobody else knows: `store` keeps a changed text. */
export function ownCredentials(first: string, store: (text: string) => Promise<void>): KeptCredentials {
  let text = first;
  return {
    get text() {
      return text;
    },
    change: (work) =>
      work(text, async (changed) => {
        await store(changed);
        text = changed;
      }),
  };
}
