import { randomInt, timingSafeEqual } from 'node:crypto';
import type { PsuContext } from '../banking/bank-port.ts';
import type { Clock } from '../domain/clock.ts';
import type { EncryptedPlace, Encryption } from '../storage/encryption.ts';
import { hashBrowser } from './browser-hash.ts';
import type { ConnectFlow } from './connect-flow.ts';
import type { FlowView, NextView, Visit } from './flow-view.ts';
import { hashLinkSecret, linkSecretOf, newLinkSecret } from './link-secret.ts';
import type { KeptReturnCode, ReturnCodeStore } from './return-code-store.ts';
import { withReturn } from './return-url.ts';
import { otherBrowserEnding } from './session-binding.ts';
import type { SessionBindingStore } from './session-binding-store.ts';
import type { Session, SessionStore } from './session-store.ts';
import type { Visits } from './visits.ts';

/** How an end user comes back from the bank. */
export type BankReturn =
  /** In the browser that began: go on with the callback. */
  | { kind: 'own' }
  /** In the browser that began, but the code has been shown in another one: its page asks for it. */
  | { kind: 'code-wanted'; linkSecret: string }
  /**
   * In another browser: the code to be entered where it began. `returnLink` leads to the client's app, which can prove
   * that it is the same device; null where the client has named no address. Nothing here opens a session.
   */
  | { kind: 'code'; code: string; clientName: string; returnLink: string | null }
  /** In another browser, and there is nothing to be entered: the consent has been ended. */
  | { kind: 'foreign' };

/**
 * The way back from the bank. The callback's `state` opens nothing by itself: it counts in the browser that began, or
 * with a code that is shown where the end user has come back and entered where it began.
 */
export interface BankReturns {
  /** `query` is what the bank has sent along. Null when the state is none of ours, or has been used. */
  arrive(state: string, query: string, browsers: readonly string[]): Promise<BankReturn | null>;
  /** The form that asks for the code; null while none is wanted. */
  open(linkSecret: string): NextView;
  /**
   * The code as it was entered: three tries, five minutes. After the right one the callback goes on with what the bank
   * had sent.
   */
  enterCode(linkSecret: string, code: string | null, psu: PsuContext): NextView;
  /** The token from the client's returnUrl, brought to the browser that began by the client's app. */
  enterToken(linkSecret: string, token: string, psu: PsuContext): NextView;
  /** An end user who has not begun this says so. False when the state is none of ours. */
  stop(state: string): Promise<boolean>;
  /** Ends what nobody has entered the code for in time; how many there were. */
  endUnconfirmed(): Promise<number>;
}

export interface BankReturnsDeps {
  clock: Clock;
  visits: Visits;
  sessions: Pick<SessionStore, 'findByState' | 'end'>;
  binding: Pick<SessionBindingStore, 'confirmReturn'>;
  codes: ReturnCodeStore;
  encryption: Encryption;
  /** Goes on with the callback once it is certain whose it is. */
  callback: ConnectFlow['callback'];
}

const codeMs = 5 * 60_000;
const maximumAttempts = 3;

interface Secret {
  /** Six digits. */
  code: string;
  token: string;
  query: string;
}

/** Where the secret of a way back is stored. */
export function returnSecretOf(sessionId: string): EncryptedPlace {
  return { column: 'return_codes.secret', rowId: sessionId };
}

export function createBankReturns(deps: BankReturnsDeps): BankReturns {
  const { clock, visits, sessions, codes, encryption } = deps;

  const isOver = ({ attemptCount, expiresAt }: KeptReturnCode): boolean =>
    attemptCount >= maximumAttempts || expiresAt <= clock.now();

  async function end(sessionId: string): Promise<void> {
    await sessions.end(sessionId, { ...otherBrowserEnding, now: clock.now() });
    await codes.remove(sessionId);
  }

  async function arriveElsewhere(session: Session, query: string): Promise<BankReturn> {
    const secret: Secret = { code: newCode(), token: newLinkSecret(), query };
    const kept = await codes.demand({
      sessionId: session.id,
      stateHash: session.stateHash ?? '',
      secret: encryption.encrypt(JSON.stringify(secret), returnSecretOf(session.id)),
      expiresAt: new Date(clock.now().getTime() + codeMs),
    });
    if (kept && isOver(kept)) await end(session.id);
    // Null: another try has begun in the same moment.
    if (!kept || isOver(kept)) return { kind: 'foreign' };
    const { code, token } = readSecret(session.id, kept);
    const { clientName } = await visits.of(session, '');
    return {
      kind: 'code',
      code,
      clientName,
      returnLink: session.returnUrl && withReturn(session.returnUrl, session, token),
    };
  }

  function readSecret(sessionId: string, { secret }: KeptReturnCode): Secret {
    return JSON.parse(encryption.decrypt(secret, returnSecretOf(sessionId))) as Secret;
  }

  async function findWanted(linkSecret: string): Promise<{ visit: Visit; code: KeptReturnCode } | null> {
    const visit = await visits.find(linkSecret);
    const code = visit && (await codes.find(visit.session.id));
    if (!visit || !code) return null;
    if (!isOver(code)) return { visit, code };
    await end(visit.session.id);
    return null;
  }

  async function goOn({ session, ...visit }: Visit, { query }: Secret, psu: PsuContext): NextView {
    const parameters = new URLSearchParams(query);
    const state = parameters.get('state') ?? '';
    if (!(await codes.confirm(session.id))) return { ...visit, session, page: 'moved-on' };
    return (await deps.callback(state, { parameters, psu })) ?? { ...visit, session, page: 'moved-on' };
  }

  function ask(visit: Visit, { attemptCount }: KeptReturnCode): FlowView {
    const triesLeft = maximumAttempts - attemptCount;
    return { ...visit, page: 'enter-return-code', triesLeft: attemptCount === 0 ? null : triesLeft };
  }

  return {
    async arrive(state, query, browsers) {
      const session = await sessions.findByState(hashLinkSecret(state));
      if (!session) return null;
      const isOwn = session.browserHash !== null && browsers.map(hashBrowser).includes(session.browserHash);
      const hasFailed = session.stateHash !== hashLinkSecret(state);
      if (!isOwn && !hasFailed) return await arriveElsewhere(session, query);
      if (!isOwn) {
        await end(session.id);
        return { kind: 'foreign' };
      }
      const wanted = await codes.find(session.id);
      if (wanted)
        return {
          kind: 'code-wanted',
          linkSecret: encryption.decrypt(session.linkSecret ?? '', linkSecretOf(session.id)),
        };
      if (!hasFailed) await deps.binding.confirmReturn(session.id, hashLinkSecret(state));
      return { kind: 'own' };
    },
    async open(linkSecret) {
      const wanted = await findWanted(linkSecret);
      return wanted && ask(wanted.visit, wanted.code);
    },
    async enterCode(linkSecret, entered, psu) {
      const wanted = await findWanted(linkSecret);
      if (!wanted) return await moveOn(linkSecret);
      const { visit } = wanted;
      const { id } = visit.session;
      if (entered === null) return ask(visit, wanted.code);
      const counted = await codes.countAttempt(id, { attempts: maximumAttempts, now: clock.now() });
      if (counted && isSame(readSecret(id, counted).code, entered.replaceAll(/\s/g, ''))) {
        return await goOn(visit, readSecret(id, counted), psu);
      }
      if (counted && !isOver(counted)) return ask(visit, counted);
      await end(id);
      return await moveOn(linkSecret);
    },
    async enterToken(linkSecret, token, psu) {
      const wanted = await findWanted(linkSecret);
      if (!wanted) return await moveOn(linkSecret);
      const secret = readSecret(wanted.visit.session.id, wanted.code);
      return isSame(secret.token, token) ? await goOn(wanted.visit, secret, psu) : ask(wanted.visit, wanted.code);
    },
    async stop(state) {
      const session = await sessions.findByState(hashLinkSecret(state));
      if (session) await end(session.id);
      return session !== null;
    },
    async endUnconfirmed() {
      const expired = await codes.listExpired(clock.now());
      for (const { sessionId, isWanted } of expired) await (isWanted ? end(sessionId) : codes.remove(sessionId));
      return expired.length;
    },
  };

  async function moveOn(linkSecret: string): NextView {
    const visit = await visits.find(linkSecret);
    return visit && { ...visit, page: 'moved-on' };
  }
}

function newCode(): string {
  return randomInt(1_000_000).toString().padStart(6, '0');
}

function isSame(expected: string, entered: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(entered)];
  return a.length === b.length && timingSafeEqual(a, b);
}
