import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { BankFailure } from '../banking/bank-failure.ts';
import type { Authorisation, AuthorisationStep, PsuContext, StartedConsent } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import { Conflict } from '../domain/errors.ts';
import type { Bank } from '../generated/prisma/client.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { BankStore } from './bank-store.ts';
import { nextConsentStatus } from './consent-state.ts';
import type { ConsentStore } from './consent-store.ts';
import { hashLinkSecret, newLinkSecret } from './link-secret.ts';
import type { Session, SessionStore } from './session-store.ts';

/** Runs a session whose consent has been granted: fetch, store, event. Never rejects. */
export type SessionRunner = (sessionId: string) => Promise<void>;

/** Where an end user's session stands, and so what page to show. */
export type FlowView = { session: Session; linkSecret: string; bank: Bank | null } & (
  | { page: 'choose-bank' }
  /** A bank is set already: say what is shared, and begin. */
  | { page: 'confirm'; renewal: boolean }
  | { page: 'go-to-bank'; url: string }
  /** Embedded or decoupled SCA: what the bank wants next. */
  | { page: 'authorise'; authorisation: Authorisation; problem: 'wrong-credentials' | null }
  /** Back from the bank, which has not made up its mind. */
  | { page: 'waiting-for-bank' }
  | { page: 'running' }
  /** Completed, failed, cancelled or expired: the session's status says which. */
  | { page: 'ended' }
  | { page: 'overview' }
  /** The bank could not be reached, or refused to begin. */
  | { page: 'bank-trouble' }
);

export type AuthorisationInput = AuthorisationStep['input'];

/** What the hosted pages do. Null wherever a link or a callback is none of ours, or used up. */
export interface ConnectFlow {
  open(linkSecret: string): Promise<FlowView | null>;
  /** Asks the bank for a consent. Throws Conflict when the session does not wait for that. */
  begin(linkSecret: string, bankId: string | null, psu: PsuContext): Promise<FlowView | null>;
  continueAuthorisation(
    linkSecret: string,
    psuId: string | null,
    input: AuthorisationInput,
    psu: PsuContext,
  ): Promise<FlowView | null>;
  /** Back from the bank, for better or worse: what counts is what the bank says of the consent. */
  callback(state: string): Promise<FlowView | null>;
  /** The end user turns away. */
  leave(linkSecret: string): Promise<FlowView | null>;
}

export interface ConnectFlowDeps {
  clock: Clock;
  sessions: SessionStore;
  consents: ConsentStore;
  bankStore: Pick<BankStore, 'find'>;
  banks: Pick<BankDirectory, 'get'>;
  encryption: Encryption;
  publicUrl: () => string;
  runSession: SessionRunner;
  log: Logger;
}

const dayMs = 86_400_000;
const recurringDays = 180;
const recurringFrequencyPerDay = 4;
/** How long a page waits for the first fetch before it shows its progress. */
const patienceMs = 4_000;
/** A session that was refused can be tried again under the same link. */
const beginnable = ['AWAITING_USER', 'FAILED'] as const;

/** The SCA in progress, as it is kept with the session, encrypted. */
interface KeptAuthorisation {
  authorisation: Authorisation;
  psuId: string | null;
}

export function createConnectFlow(deps: ConnectFlowDeps): ConnectFlow {
  const { clock, sessions, consents, bankStore, banks, encryption, log } = deps;

  async function findSession(linkSecret: string): Promise<Session | null> {
    const session = await sessions.findByLink(hashLinkSecret(linkSecret));
    if (session?.status !== 'AWAITING_USER' || !isOverdue(session)) return session;
    const now = clock.now();
    const expired = await sessions.update(session.id, ['AWAITING_USER'], {
      status: 'EXPIRED',
      finishedAt: now,
      updatedAt: now,
    });
    return expired ?? session;
  }

  function isOverdue(session: Session): boolean {
    return session.expiresAt !== null && session.expiresAt <= clock.now();
  }

  async function toView(session: Session, linkSecret: string): Promise<FlowView> {
    const bank = session.bankId ? await bankStore.find(session.bankId) : null;
    const common = { session, linkSecret, bank };
    if (session.status === 'RUNNING') return { ...common, page: 'running' };
    if (session.status !== 'AWAITING_USER') return { ...common, page: 'ended' };
    if (session.kind === 'MANAGEMENT') return { ...common, page: 'overview' };
    const kept = readAuthorisation(session);
    if (kept) return { ...common, page: 'authorise', authorisation: kept.authorisation, problem: null };
    return bank
      ? { ...common, page: 'confirm', renewal: session.bankLoginId !== null }
      : { ...common, page: 'choose-bank' };
  }

  function readAuthorisation(session: Session): KeptAuthorisation | null {
    return session.authorisation ? (JSON.parse(encryption.decrypt(session.authorisation)) as KeptAuthorisation) : null;
  }

  async function begin(linkSecret: string, bankId: string | null, psu: PsuContext): Promise<FlowView | null> {
    const session = await findSession(linkSecret);
    if (!session || session.kind === 'MANAGEMENT') return null;
    if (isOverdue(session)) return await toView(session, linkSecret);
    const chosen = session.bankLoginId ? session.bankId : (bankId ?? session.bankId);
    const bank = chosen ? await bankStore.find(chosen) : null;
    if (!bank || (!bank.listed && !session.bankLoginId)) return await toView(session, linkSecret);
    const state = newLinkSecret();
    let started: StartedConsent;
    const terms = await consentTerms(session);
    try {
      started = await banks.get(bank.id).createConsent({
        psu,
        redirectUrl: `${deps.publicUrl()}/callback?state=${state}`,
        nokRedirectUrl: `${deps.publicUrl()}/callback?state=${state}`,
        ...terms,
      });
    } catch (error) {
      if (!(error instanceof BankFailure)) throw error;
      log.warn({ bankId: bank.id, code: error.code, details: error.details }, 'the bank did not begin a consent');
      return { session, linkSecret, bank, page: 'bank-trouble' };
    }
    return await keepStarted({ session, linkSecret, bank, state, terms, psu, started });
  }

  async function consentTerms(session: Session) {
    const now = clock.now();
    const user = await sessions.findUser(session.clientId, session.userId);
    const recurring = Boolean(user?.recurring) && session.storeSecrets;
    const days = recurring ? recurringDays : 1;
    return {
      recurring,
      validUntil: new Date(now.getTime() + days * dayMs).toISOString().slice(0, 10),
      frequencyPerDay: recurring ? recurringFrequencyPerDay : 1,
    };
  }

  interface Started {
    session: Session;
    linkSecret: string;
    bank: Bank;
    state: string;
    terms: Awaited<ReturnType<typeof consentTerms>>;
    psu: PsuContext;
    started: StartedConsent;
  }

  async function keepStarted({ session, linkSecret, bank, state, terms, psu, started }: Started): Promise<FlowView> {
    const now = clock.now();
    const { clientId, userId, bankLoginId } = session;
    const bankConsentId = encryption.encrypt(started.consentId);
    const consentId = await consents.create({
      clientId,
      userId,
      bankLoginId,
      bankId: bank.id,
      bankConsentId,
      ...terms,
      now,
    });
    const { next } = started;
    const kept: KeptAuthorisation | null =
      next.approach === 'redirect' ? null : { authorisation: next.authorisation, psuId: null };
    const updated = await sessions.update(session.id, beginnable, {
      status: 'AWAITING_USER',
      bankId: bank.id,
      consentId,
      stateHash: hashLinkSecret(state),
      psuIpAddress: psu.ipAddress,
      authorisation: kept ? encryption.encrypt(JSON.stringify(kept)) : null,
      errorCode: null,
      errorMessage: null,
      finishedAt: null,
      updatedAt: now,
    });
    if (!updated) throw new Conflict('SESSION_NOT_WAITING', 'The session does not wait for a consent any more.');
    if (next.approach === 'redirect') return { session: updated, linkSecret, bank, page: 'go-to-bank', url: next.url };
    return await toView(updated, linkSecret);
  }

  /** Asks the bank what has become of the session's consent, and goes on from there. */
  async function settle(session: Session): Promise<FlowView | null> {
    if (!session.consentId || !session.linkSecret || !session.bankId) return null;
    const linkSecret = encryption.decrypt(session.linkSecret);
    const bank = await bankStore.find(session.bankId);
    const consent = await consents.find(session.consentId);
    if (!consent?.bankConsentId) return null;
    try {
      const told = await banks.get(session.bankId).getConsent(encryption.decrypt(consent.bankConsentId));
      const status = nextConsentStatus(consent.status, told.status);
      const now = clock.now();
      if (status === 'VALID') {
        if (await consents.grant(session, { consentId: consent.id, ...told, now })) await runPatiently(session.id);
        return await reopen(linkSecret);
      }
      await consents.setStatus(consent.id, status, now);
      if (status === 'RECEIVED' || status === 'PARTIALLY_AUTHORISED') {
        return { session, linkSecret, bank, page: 'waiting-for-bank' };
      }
      await refuse(session);
      return await reopen(linkSecret);
    } catch (error) {
      if (!(error instanceof BankFailure)) throw error;
      log.warn({ bankId: session.bankId, code: error.code }, 'the bank does not say what has become of a consent');
      return { session, linkSecret, bank, page: 'waiting-for-bank' };
    }
  }

  async function reopen(linkSecret: string): Promise<FlowView | null> {
    const session = await findSession(linkSecret);
    return session ? await toView(session, linkSecret) : null;
  }

  // Failed at once, so that whoever watches the session knows; the link is good for another try all the same.
  async function refuse(session: Session): Promise<void> {
    const now = clock.now();
    await sessions.update(session.id, ['AWAITING_USER'], {
      status: 'FAILED',
      stateHash: null,
      authorisation: null,
      errorCode: 'CONSENT_REJECTED',
      errorMessage: 'The consent was not granted at the bank.',
      finishedAt: now,
      updatedAt: now,
    });
  }

  async function runPatiently(sessionId: string): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, patienceMs);
    });
    await Promise.race([deps.runSession(sessionId), patience]);
    clearTimeout(timer);
  }

  return {
    open: reopen,
    begin,
    async continueAuthorisation(linkSecret, psuId, input, psu) {
      const session = await findSession(linkSecret);
      const kept = session?.status === 'AWAITING_USER' ? readAuthorisation(session) : null;
      if (!session?.bankId || !session.consentId || !kept) return session ? await toView(session, linkSecret) : null;
      const consent = await consents.find(session.consentId);
      if (!consent?.bankConsentId) return null;
      const bank = await bankStore.find(session.bankId);
      const identified = psuId ?? kept.psuId ?? '';
      try {
        const authorisation = await banks.get(session.bankId).continueAuthorisation({
          consentId: encryption.decrypt(consent.bankConsentId),
          authorisationId: kept.authorisation.authorisationId,
          psu,
          psuId: identified,
          input,
        });
        return await keepAuthorisation(session, { authorisation, psuId: identified });
      } catch (error) {
        if (!(error instanceof BankFailure)) throw error;
        if (error.code === 'CREDENTIALS_INVALID') {
          const { authorisation } = kept;
          return { session, linkSecret, bank, page: 'authorise', authorisation, problem: 'wrong-credentials' };
        }
        log.warn({ bankId: session.bankId, code: error.code }, 'the bank did not go on with an authorisation');
        return { session, linkSecret, bank, page: 'bank-trouble' };
      }
    },
    async callback(state) {
      const session = await sessions.findByState(hashLinkSecret(state));
      return session?.status === 'AWAITING_USER' ? await settle(session) : null;
    },
    async leave(linkSecret) {
      const session = await findSession(linkSecret);
      if (!session) return null;
      const now = clock.now();
      const left = await sessions.update(session.id, ['AWAITING_USER'], {
        status: 'CANCELLED',
        finishedAt: now,
        updatedAt: now,
      });
      return await toView(left ?? session, linkSecret);
    },
  };

  async function keepAuthorisation(session: Session, kept: KeptAuthorisation): Promise<FlowView | null> {
    const updated = await sessions.update(session.id, ['AWAITING_USER'], {
      authorisation: encryption.encrypt(JSON.stringify(kept)),
      updatedAt: clock.now(),
    });
    if (!updated) return null;
    const { step } = kept.authorisation.next;
    if (step === 'done' || step === 'failed') return await settle(updated);
    return updated.linkSecret ? await toView(updated, encryption.decrypt(updated.linkSecret)) : null;
  }
}
