import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { toLogFacts } from '../banking/bank-failure.ts';
import type { Authorisation, AuthorisationStep, PsuContext } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import { isBankTrouble, type Settlement } from './consent-settlement.ts';
import type { ConsentStore } from './consent-store.ts';
import type { FlowView, NextView, Visit } from './flow-view.ts';
import { type KeptAuthorisation, readAuthorisation, sealAuthorisation } from './kept-authorisation.ts';
import type { Session, SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

type Input = AuthorisationStep['input'];

/** What the end user has entered; null for a field that the form does not have, or that was left empty. */
export interface EnteredStep {
  psuId: string | null;
  password: string | null;
  methodId: string | null;
  otp: string | null;
  psu: PsuContext;
}

/** The SCA that an end user does on our pages (embedded) or in the bank's app (decoupled), step by step. */
export interface ScaSteps {
  /** Hands on what the end user has entered, if it is what the bank waits for. Nothing of it is kept but the user name. */
  enter(linkSecret: string, entered: EnteredStep): NextView;
  /** Asks how far the SCA has come. `undecided`: it is done, but the bank has not decided about the consent. */
  poll(session: Session, kept: KeptAuthorisation): Promise<'moved' | 'unchanged' | 'undecided'>;
}

export interface ScaStepsDeps {
  clock: Clock;
  visits: Visits;
  sessions: SessionStore;
  consents: ConsentStore;
  banks: Pick<BankDirectory, 'get'>;
  encryption: Encryption;
  settlement: Settlement;
  log: Logger;
}

export function createScaSteps(deps: ScaStepsDeps): ScaSteps {
  const { clock, visits, sessions, consents, banks, encryption, settlement, log } = deps;

  async function findBankConsent({ consentId }: Session): Promise<{ bankId: string; consentId: string } | null> {
    const consent = consentId ? await consents.find(consentId) : null;
    if (!consent?.bankConsentId) return null;
    return { bankId: consent.bankId, consentId: encryption.decrypt(consent.bankConsentId) };
  }

  async function poll(session: Session, kept: KeptAuthorisation): Promise<'moved' | 'unchanged' | 'undecided'> {
    const { authorisation } = kept;
    if (authorisation.next.step !== 'approve-in-app') return await follow(session, authorisation);
    const at = await findBankConsent(session);
    if (!at || !authorisation.authorisationId) return 'unchanged';
    try {
      const told = await banks.get(at.bankId).getAuthorisation(at.consentId, authorisation.authorisationId);
      if (told.next.step === 'approve-in-app') return 'unchanged';
      const present = { ...told, authorisationId: told.authorisationId ?? authorisation.authorisationId };
      const updated = await keep(session, { ...kept, authorisation: present });
      return updated ? await follow(updated, present) : 'moved';
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      log.warn({ bankId: at.bankId, ...toLogFacts(error) }, 'the bank does not say how far an authorisation has come');
      return 'unchanged';
    }
  }

  async function follow(session: Session, { next }: Authorisation): Promise<'moved' | 'unchanged' | 'undecided'> {
    if (next.step !== 'done' && next.step !== 'failed') return 'unchanged';
    // Of a failed SCA, too, the bank says what it has made of the consent.
    if ((await settlement.settle(session)) !== 'pending') return 'moved';
    if (next.step === 'done') return 'undecided';
    await settlement.refuse(session);
    return 'moved';
  }

  async function keep(session: Session, kept: KeptAuthorisation): Promise<Session | null> {
    return await sessions.keepAuthorisation(session.id, sealAuthorisation(encryption, kept), clock.now());
  }

  async function hasMoved({ clientId, id, status, authorisation }: Session): Promise<boolean> {
    const present = await sessions.find(clientId, id);
    return present?.status !== status || present.authorisation !== authorisation;
  }

  async function enter(visit: Visit, kept: KeptAuthorisation, entered: EnteredStep): Promise<FlowView> {
    const { session } = visit;
    const { authorisation } = kept;
    const at = await findBankConsent(session);
    if (!at || isOutOfStep(entered, authorisation)) return { ...visit, page: 'out-of-step' };
    const psuId = entered.psuId ?? kept.psuId;
    const input = toInput(entered, authorisation);
    const again: FlowView = { ...visit, page: 'authorise', authorisation, psuId, problem: 'wrong-credentials' };
    if (!psuId || !input) return again;
    try {
      const { authorisationId } = authorisation;
      const step = { consentId: at.consentId, authorisationId, psu: entered.psu, psuId, input };
      const told = await banks.get(at.bankId).continueAuthorisation(step);
      const updated = await keep(session, { authorisation: told, psuId });
      if (updated) await follow(updated, told);
      return { ...visit, page: 'moved-on' };
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      // The same form, sent twice, to another process: the bank has taken the other one.
      if (await hasMoved(session)) return { ...visit, page: 'moved-on' };
      if (error.code === 'CREDENTIALS_INVALID') return again;
      log.warn({ bankId: at.bankId, ...toLogFacts(error) }, 'the bank did not go on with an authorisation');
      return { ...visit, page: 'bank-trouble' };
    }
  }

  return {
    poll,
    async enter(linkSecret, entered) {
      const visit = await visits.find(linkSecret);
      if (!visit) return null;
      const kept = visit.session.status === 'AWAITING_USER' ? readAuthorisation(encryption, visit.session) : null;
      return kept ? await enter(visit, kept, entered) : { ...visit, page: 'out-of-step' };
    },
  };
}

/** A form of an earlier step, sent again. */
function isOutOfStep(entered: EnteredStep, { next }: Authorisation): boolean {
  if (entered.otp !== null) return next.step !== 'enter-otp';
  if (entered.password !== null) return next.step !== 'authenticate';
  if (entered.methodId !== null) {
    return next.step !== 'choose-method' || !next.methods.some(({ id }) => id === entered.methodId);
  }
  return !['identify', 'authenticate', 'choose-method', 'enter-otp'].includes(next.step);
}

/** What the bank waits for, as far as it has been entered. */
function toInput({ password, methodId, otp }: EnteredStep, { next }: Authorisation): Input | null {
  switch (next.step) {
    case 'identify':
      return { step: 'identify' };
    case 'authenticate':
      return password ? { step: 'authenticate', password } : null;
    case 'choose-method': {
      const id = methodId ?? next.methods[0]?.id;
      return id ? { step: 'choose-method', methodId: id } : null;
    }
    case 'enter-otp':
      return otp ? { step: 'enter-otp', otp } : null;
    case 'approve-in-app':
    case 'done':
    case 'failed':
      return null;
  }
}
