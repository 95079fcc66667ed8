import type { Logger } from 'pino';
import type { BankDirectory } from '../banking/bank-directory.ts';
import { toLogFacts } from '../banking/bank-failure.ts';
import type { BegunAtBank, PsuContext } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import { newId } from '../domain/ids.ts';
import type { Bank } from '../generated/prisma/client.ts';
import type { Encryption } from '../storage/encryption.ts';
import type { BankStore } from './bank-store.ts';
import { isBankTrouble, type Settlement } from './consent-settlement.ts';
import { type ConsentStore, credentialsOf } from './consent-store.ts';
import { type FlowView, type NextView, toTrouble, type Visit } from './flow-view.ts';
import { readAuthorisation, sealAuthorisation } from './kept-authorisation.ts';
import { hashLinkSecret, newLinkSecret } from './link-secret.ts';
import type { LoginStore } from './login-store.ts';
import type { ManagementFlow } from './management-flow.ts';
import type { Followed, ScaSteps } from './sca-steps.ts';
import type { SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

/** What the hosted pages of a session do. Null wherever a link or a callback is none of ours, or used up. */
export interface ConnectFlow {
  /** Where the session stands. While an SCA is under way the bank is asked. */
  open(linkSecret: string): NextView;
  /** The choice of banks, where the end user has one; otherwise where the session stands. */
  openBankChoice(linkSecret: string): NextView;
  /** What is shared and until when, for an end user who begins anew. */
  openAgain(linkSecret: string): NextView;
  /** Where the session stands, for an end user who thinks of turning away. */
  openLeaving(linkSecret: string): NextView;
  /** Asks the bank for a consent; in a management session, for another login. */
  begin(linkSecret: string, bankId: string | null, psu: PsuContext): NextView;
  /** Back from the bank, for better or worse: what counts is what the bank says of the consent. */
  callback(state: string, returned: { parameters: URLSearchParams; psu: PsuContext }): NextView;
  /** The end user turns away, or is done with a management session. */
  leave(linkSecret: string): NextView;
}

export interface ConnectFlowDeps {
  clock: Clock;
  visits: Visits;
  sessions: SessionStore;
  consents: ConsentStore;
  bankStore: Pick<BankStore, 'find'>;
  banks: Pick<BankDirectory, 'get'>;
  encryption: Encryption;
  publicUrl: () => string;
  settlement: Settlement;
  steps: Pick<ScaSteps, 'poll' | 'comeBack' | 'askForConfirmation'>;
  logins: Pick<LoginStore, 'listIbans'>;
  management: Pick<ManagementFlow, 'open' | 'createConnecting'>;
  log: Logger;
}

/** Failures after which the consent may still serve: the bank was away, or the operator had to act. After all others it is useless. */
const passingCodes = new Set(['BANK_UNAVAILABLE', 'CERTIFICATE_REJECTED', 'SIGNATURE_REJECTED']);

export function createConnectFlow(deps: ConnectFlowDeps): ConnectFlow {
  const { clock, visits, sessions, consents, bankStore, banks, encryption, settlement, log } = deps;

  async function toView(visit: Visit): Promise<FlowView> {
    const { session } = visit;
    if (session.status === 'RUNNING') return { ...visit, page: 'running' };
    if (session.status !== 'AWAITING_USER') return { ...visit, page: 'ended', canTryAgain: canTryAgain(visit) };
    if (session.kind === 'MANAGEMENT') return await deps.management.open(visit);
    const kept = readAuthorisation(encryption, session);
    if (kept) return { ...visit, page: 'authorise', ...kept, problem: null };
    return await toBeginning(visit);
  }

  async function toBeginning(visit: Visit): Promise<FlowView> {
    const { session, bank } = visit;
    const terms = await visits.termsOf(session);
    if (!bank) return { ...visit, page: 'choose-bank', terms };
    return { ...visit, page: 'confirm', terms, renewal: session.bankLoginId !== null, canChooseBank: canChoose(visit) };
  }

  function canBegin(visit: Visit): boolean {
    return visit.session.status === 'AWAITING_USER' || canTryAgain(visit);
  }

  // A bank that the client has set beforehand is not up for choice; one that the end user has tried is.
  function canChoose({ session, bank }: Visit): boolean {
    if (session.kind !== 'CONNECT' || session.bankLoginId !== null) return false;
    return bank === null || session.consentId !== null;
  }

  function canTryAgain({ session }: Visit): boolean {
    return session.status === 'FAILED' && session.kind !== 'MANAGEMENT' && !visits.isOverdue(session);
  }

  function mayRerun({ status, errorCode }: Visit['session']): boolean {
    return status === 'FAILED' && errorCode !== null && passingCodes.has(errorCode);
  }

  /** Goes on with what may have happened at the bank meanwhile. */
  async function catchUp(visit: Visit): Promise<Followed> {
    const { session } = visit;
    if (session.status !== 'AWAITING_USER' || !session.consentId) return 'unchanged';
    // At the bank: only the way back from it can complete the consent, whatever the bank says by then (invariant 17).
    if (session.awaitedReturn) return 'unchanged';
    const kept = readAuthorisation(encryption, session);
    if (kept) return await deps.steps.poll(session, kept);
    if ((await settlement.settle(session)) !== 'pending') return 'moved';
    return (await deps.steps.askForConfirmation(session)) === 'undecided' ? 'undecided' : 'moved';
  }

  async function open(linkSecret: string): NextView {
    const visit = await visits.find(linkSecret);
    if (!visit) return null;
    return await afterwards(visit, await catchUp(visit));
  }

  async function afterwards(visit: Visit, followed: Followed): NextView {
    switch (followed) {
      case 'unchanged':
        return await toView(visit);
      case 'undecided':
        return { ...visit, page: 'waiting-for-bank' };
      case 'moved':
        return await reopen(visit.linkSecret);
      default:
        return { ...visit, page: 'go-to-bank', url: followed.goTo };
    }
  }

  async function reopen(linkSecret: string): NextView {
    const visit = await visits.find(linkSecret);
    return visit ? await toView(visit) : null;
  }

  async function findChosenBank({ session }: Visit, bankId: string | null): Promise<Bank | null> {
    // A renewal stays with its bank, even one that is no longer offered to others.
    if (session.bankLoginId) return session.bankId ? await bankStore.find(session.bankId) : null;
    const chosen = bankId ?? session.bankId;
    const bank = chosen ? await bankStore.find(chosen) : null;
    return bank?.listed ? bank : null;
  }

  async function startAtBank(visit: Visit, bank: Bank, psu: PsuContext): NextView {
    const { session, linkSecret } = visit;
    // Not the same: by cancelling at the bank one learns the second, and must not have the first by that.
    const [state, nokState] = [newLinkSecret(), newLinkSecret()];
    const callbackUrl = `${deps.publicUrl()}/callback`;
    const addresses = {
      callbackUrl,
      redirectUrl: `${callbackUrl}?state=${state}`,
      nokRedirectUrl: `${callbackUrl}?state=${nokState}`,
      state,
    };
    const terms = await visits.termsOf(session);
    const ibans = session.bankLoginId ? await deps.logins.listIbans(session.bankLoginId) : [];
    let started: BegunAtBank;
    try {
      started = await banks.get(bank.id).begin({ psu, ...addresses, ...terms, ibans });
    } catch (error) {
      if (!isBankTrouble(error)) throw error;
      log.warn({ bankId: bank.id, ...toLogFacts(error) }, 'the bank did not begin a consent');
      return { ...visit, bank, page: 'bank-trouble', trouble: toTrouble(error) };
    }
    const { progress } = started;
    const { next } = progress;
    const kept = next.step === 'go-to-bank' ? null : { progress, psuId: null, corporateId: null };
    const now = clock.now();
    const consentId = newId('consent', now);
    const begun = await consents.begin(session, {
      consentId,
      bankId: bank.id,
      credentials: encryption.encrypt(started.credentials, credentialsOf(consentId)),
      terms,
      stateHash: hashLinkSecret(next.step === 'go-to-bank' ? next.state : state),
      nokStateHash: hashLinkSecret(nokState),
      awaitedReturn: next.step === 'go-to-bank' ? 'CALLBACK' : null,
      psuIpAddress: psu.ipAddress,
      authorisation: kept && sealAuthorisation(encryption, session.id, kept),
      now,
    });
    if (!begun) return await reopen(linkSecret);
    const present = await visits.of(begun, linkSecret);
    return next.step === 'go-to-bank' ? { ...present, page: 'go-to-bank', url: next.url } : await toView(present);
  }

  return {
    open,
    async openBankChoice(linkSecret) {
      const visit = await visits.find(linkSecret);
      if (!visit) return null;
      const { session } = visit;
      const mayChoose = session.kind === 'MANAGEMENT' || canChoose(visit);
      if (!canBegin(visit) || !mayChoose) return await toView(visit);
      return { ...visit, bank: null, page: 'choose-bank', terms: await visits.termsOf(session) };
    },
    async openAgain(linkSecret) {
      const visit = await visits.find(linkSecret);
      const begins = visit && visit.session.kind !== 'MANAGEMENT' && canBegin(visit);
      return begins ? await toBeginning(visit) : visit && (await toView(visit));
    },
    async openLeaving(linkSecret) {
      const visit = await visits.find(linkSecret);
      if (visit?.session.status !== 'AWAITING_USER') return visit && (await toView(visit));
      return { ...visit, page: 'confirm-leaving' };
    },
    async begin(linkSecret, bankId, psu) {
      const visit = await visits.find(linkSecret);
      if (!visit) return null;
      const { session } = visit;
      if (!canBegin(visit)) return await toView(visit);
      const bank = await findChosenBank(visit, bankId);
      if (!bank) return bankId === null ? await toView(visit) : null;
      if (session.kind === 'MANAGEMENT') {
        return await startAtBank(await deps.management.createConnecting(visit, bank), bank, psu);
      }
      if (mayRerun(session) && (await consents.rerun(session, clock.now()))) {
        await settlement.run(session.id);
        return await reopen(linkSecret);
      }
      return await startAtBank(visit, bank, psu);
    },
    async callback(state, returned) {
      const visit = await visits.findByState(state);
      if (!visit) return null;
      if (visit.session.status !== 'AWAITING_USER') return await toView(visit);
      const followed = await deps.steps.comeBack(visit.session, returned);
      return followed === 'unchanged' ? await reopen(visit.linkSecret) : await afterwards(visit, followed);
    },
    async leave(linkSecret) {
      const visit = await visits.find(linkSecret);
      if (!visit) return null;
      const { session } = visit;
      const status = session.kind === 'MANAGEMENT' ? 'COMPLETED' : 'CANCELLED';
      const left = await sessions.end(session.id, { status, now: clock.now() });
      return await toView(left ? await visits.of(left, linkSecret) : visit);
    },
  };
}
