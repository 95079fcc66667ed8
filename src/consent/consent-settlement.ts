import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { BankFailure, toLogFacts } from '../banking/bank-failure.ts';
import type { BankConsent } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import { NotFound } from '../domain/errors.ts';
import { isFinal, nextConsentStatus } from './consent-state.ts';
import type { ConsentAtBank, ConsentStore } from './consent-store.ts';
import type { CredentialKeeper } from './credential-keeper.ts';
import type { Session, SessionStore } from './session-store.ts';

/** Runs a session whose consent has been granted: fetch, store, event. Never rejects. */
export type SessionRunner = (sessionId: string) => Promise<void>;

/**
 * `granted`: the session runs, or has run already; `refused`: the session has failed; `pending`: the bank has not decided, or does
 * not say.
 */
export type Settled = 'granted' | 'refused' | 'pending';

export interface Settlement {
  /** Asks the bank what has become of the consent that the session waits for, and does what follows. */
  settle(session: Session): Promise<Settled>;
  /** The SCA has failed: whatever the consent is called at the bank, it will not be granted any more. */
  refuse(session: Session): Promise<void>;
  /** Runs a session that has just been set running; waits for its end only as long as an end user would before a blank page. */
  run(sessionId: string): Promise<void>;
}

export interface SettlementDeps {
  clock: Clock;
  sessions: SessionStore;
  consents: ConsentStore;
  banks: Pick<BankDirectory, 'get'>;
  credentials: CredentialKeeper;
  runSession: SessionRunner;
  log: Logger;
  /** @default 4_000 */
  patienceMs?: number;
}

export function createSettlement(deps: SettlementDeps): Settlement {
  const { clock, sessions, consents, banks, credentials, log, patienceMs = 4_000 } = deps;

  async function ask({ id, bankId, credentials: kept }: ConsentAtBank): Promise<BankConsent | null> {
    if (!kept) return null;
    try {
      return await banks.get(bankId).getConsent(credentials.of({ id, credentials: kept }));
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      log.warn({ bankId, ...toLogFacts(error) }, 'the bank does not say what has become of a consent');
      return null;
    }
  }

  // Failed at once, so that whoever watches the session knows; the link is good for another try all the same.
  async function refuse(session: Session): Promise<void> {
    await sessions.end(session.id, {
      status: 'FAILED',
      errorCode: 'CONSENT_REJECTED',
      errorMessage: 'The consent was not granted at the bank.',
      now: clock.now(),
    });
  }

  async function run(sessionId: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([deps.runSession(sessionId), patience]);
    clearTimeout(timer);
  }

  return {
    async settle(session) {
      const consent = session.consentId ? await consents.find(session.consentId) : null;
      const told = consent ? await ask(consent) : null;
      if (!consent || !told) return 'pending';
      const now = clock.now();
      const status = nextConsentStatus(consent.status, told.status);
      if (status === 'VALID') {
        if (await consents.grant(session, { consentId: consent.id, ...told, now })) await run(session.id);
        return 'granted';
      }
      await consents.setStatus(consent.id, status, now);
      if (!isFinal(status)) return 'pending';
      await refuse(session);
      return 'refused';
    },
    refuse,
    run,
  };
}

/** The bank failed, or the operator lists it no more. */
export function isBankTrouble(error: unknown): error is BankFailure | NotFound {
  return error instanceof BankFailure || error instanceof NotFound;
}
