import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { toLogFacts } from '../banking/bank-failure.ts';
import type { BankPort, EnteredStep as BankStep, KeptCredentials, Progress, PsuContext } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import type { Encryption } from '../storage/encryption.ts';
import { isBankTrouble, type Settlement } from './consent-settlement.ts';
import type { ConsentStore } from './consent-store.ts';
import type { CredentialKeeper } from './credential-keeper.ts';
import { type EnteredStep, findWho, isOutOfStep, toInput } from './entered-step.ts';
import { type FlowView, type NextView, toTrouble, type Visit } from './flow-view.ts';
import {
  adoptOldAuthorisation,
  type KeptAuthorisation,
  readAuthorisation,
  sealAuthorisation,
} from './kept-authorisation.ts';
import { hashLinkSecret } from './link-secret.ts';
import type { Session, SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

/** `undecided`: the end user has done all, but the bank has not decided about the consent. */
export type Followed = 'moved' | 'unchanged' | 'undecided' | { goTo: string };

/** What the end user does on our pages, in the bank's app or on the bank's page, step by step. */
export interface ScaSteps {
  /** Hands on what the end user has entered, if it is what the bank waits for. Nothing of it is kept but the user name. */
  enter(linkSecret: string, entered: EnteredStep): NextView;
  /** The end user has come back from the bank's page with these parameters. */
  comeBack(session: Session, returned: { parameters: URLSearchParams; psu: PsuContext }): Promise<Followed>;
  /** Asks how far the SCA has come. */
  poll(session: Session, kept: KeptAuthorisation): Promise<Followed>;
  /** Of a consent that the bank has not decided about, without an SCA on our pages: whether it wants a code that its page has shown. */
  askForConfirmation(session: Session): Promise<Followed>;
}

export interface ScaStepsDeps {
  clock: Clock;
  visits: Visits;
  sessions: SessionStore;
  consents: ConsentStore;
  banks: Pick<BankDirectory, 'get'>;
  credentials: CredentialKeeper;
  encryption: Encryption;
  settlement: Settlement;
  log: Logger;
}

/** A session's consent at its bank. */
interface AtBank {
  bankId: string;
  bank: BankPort;
  credentials: KeptCredentials;
}

export function createScaSteps(deps: ScaStepsDeps): ScaSteps {
  const { clock, visits, sessions, consents, banks, encryption, settlement, log } = deps;

  /** Throws NotFound where the operator lists the bank no more. */
  async function findAtBank(session: Session): Promise<AtBank | null> {
    const consent = session.consentId ? await consents.find(session.consentId) : null;
    if (!consent?.credentials) return null;
    const { id, bankId, credentials: kept } = consent;
    const credentials = deps.credentials.of({ id, credentials: kept });
    await adoptOldAuthorisation(encryption, session, credentials);
    return { bankId, bank: banks.get(bankId), credentials };
  }

  /** Null: the bank does not say, and nothing has changed. */
  async function ask(session: Session, call: (at: AtBank) => Promise<Progress>): Promise<Progress | null> {
    try {
      const at = await findAtBank(session);
      return at && (await call(at));
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      log.warn({ bankId: session.bankId, ...toLogFacts(error) }, 'the bank does not say how far a consent has come');
      return null;
    }
  }

  async function poll(session: Session, kept: KeptAuthorisation): Promise<Followed> {
    const { progress } = kept;
    if (progress.next.step !== 'approve-in-app') return await follow(session, progress);
    const told = await ask(session, ({ bank, credentials }) => bank.getProgress(credentials));
    if (!told || told.next.step === 'approve-in-app') return 'unchanged';
    return await keepAndFollow(session, told, kept);
  }

  async function askForConfirmation(session: Session): Promise<Followed> {
    const told = await ask(session, ({ bank, credentials }) => bank.getProgress(credentials));
    return told?.next.step === 'enter-confirmation-code' ? await keepAndFollow(session, told) : 'undecided';
  }

  async function comeBack(
    session: Session,
    returned: { parameters: URLSearchParams; psu: PsuContext },
  ): Promise<Followed> {
    const told = await ask(session, ({ bank, credentials }) => bank.callback(credentials, returned));
    // Whatever went wrong with a code, the consent itself may have been granted.
    return await keepAndFollow(session, told ?? { next: { step: 'done' }, message: null });
  }

  /** What is kept is what our own pages have to ask for; `null`: the session waits for nobody any more. */
  async function keep(session: Session, progress: Progress, who: Partial<KeptAuthorisation>): Promise<Session | null> {
    const { psuId = null, corporateId = null } = who;
    const { next } = progress;
    const now = clock.now();
    if (next.step === 'go-to-bank') {
      const awaitedStateHash = hashLinkSecret(next.state);
      return await sessions.keepAuthorisation(session.id, { authorisation: null, awaitedStateHash, now });
    }
    const authorisation = sealAuthorisation(encryption, session.id, { progress, psuId, corporateId });
    return await sessions.keepAuthorisation(session.id, { authorisation, awaitedStateHash: null, now });
  }

  async function keepAndFollow(
    session: Session,
    progress: Progress,
    who: Partial<KeptAuthorisation> = {},
  ): Promise<Followed> {
    // Back from the bank's page with nothing more to do there is nothing to keep: the consent is asked after.
    const hasNothing = progress.next.step === 'done' && session.authorisation === null;
    const updated = hasNothing ? session : await keep(session, progress, who);
    return updated ? await follow(updated, progress) : 'moved';
  }

  async function follow(session: Session, { next }: Progress): Promise<Followed> {
    if (next.step === 'go-to-bank') return { goTo: next.url };
    if (next.step !== 'done' && next.step !== 'failed') return 'unchanged';
    // Of a failed SCA, too, the bank says what it has made of the consent.
    if ((await settlement.settle(session)) !== 'pending') return 'moved';
    if (next.step === 'done') return 'undecided';
    await settlement.refuse(session);
    return 'moved';
  }

  async function hasMoved({ clientId, id, status, authorisation }: Session): Promise<boolean> {
    const present = await sessions.find(clientId, id);
    return present?.status !== status || present.authorisation !== authorisation;
  }

  async function enter(visit: Visit, kept: KeptAuthorisation, entered: EnteredStep): Promise<FlowView> {
    const { session } = visit;
    const { progress } = kept;
    if (isOutOfStep(entered, progress.next)) return { ...visit, page: 'out-of-step' };
    const { psuId, corporateId } = findWho(entered, kept);
    const input = toInput({ ...entered, psuId, corporateId }, progress.next);
    const again: FlowView = { ...visit, page: 'authorise', progress, psuId, corporateId, problem: 'wrong-credentials' };
    if (!input) return again;
    try {
      const at = await findAtBank(session);
      if (!at) return { ...visit, page: 'out-of-step' };
      const step: BankStep = { psu: entered.psu, input };
      const told = await at.bank.continue(at.credentials, step);
      const followed = await keepAndFollow(session, told, { psuId, corporateId });
      return typeof followed === 'object'
        ? { ...visit, page: 'go-to-bank', url: followed.goTo }
        : { ...visit, page: 'moved-on' };
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      // The same form, sent twice, to another process: the bank has taken the other one.
      if (await hasMoved(session)) return { ...visit, page: 'moved-on' };
      if (error.code === 'CREDENTIALS_INVALID') return again;
      log.warn({ bankId: session.bankId, ...toLogFacts(error) }, 'the bank did not go on with a consent');
      return { ...visit, page: 'bank-trouble', trouble: toTrouble(error) };
    }
  }

  return {
    poll,
    comeBack,
    askForConfirmation,
    async enter(linkSecret, entered) {
      const visit = await visits.find(linkSecret);
      if (!visit) return null;
      const kept = visit.session.status === 'AWAITING_USER' ? readAuthorisation(encryption, visit.session) : null;
      return kept ? await enter(visit, kept, entered) : { ...visit, page: 'out-of-step' };
    },
  };
}
