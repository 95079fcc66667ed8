import { BankFailure } from '../banking/bank-failure.ts';
import type { Progress } from '../banking/bank-port.ts';
import type { Bank, Session } from '../generated/prisma/client.ts';
import type { ConsentTerms } from './consent-terms.ts';
import type { ManagedLogin } from './login-store.ts';

/** An end user under a hosted link. */
export interface Visit {
  session: Session;
  linkSecret: string;
  bank: Bank | null;
  /** On whose behalf. */
  clientName: string;
  /** Where the end user came from, and goes back to: the client's returnUrl with the outcome, or the overview of its banks. */
  back: string | null;
}

/** Where an end user's session stands, and so what page to show. */
export type FlowView = Visit &
  (
    | { page: 'choose-bank'; terms: ConsentTerms }
    /** A bank is set: say what is shared, and begin. */
    | { page: 'confirm'; terms: ConsentTerms; renewal: boolean; canChooseBank: boolean }
    | { page: 'go-to-bank'; url: string }
    /** What the bank wants next of the end user on our own pages, or in its app. */
    | {
        page: 'authorise';
        progress: Progress;
        psuId: string | null;
        corporateId: string | null;
        problem: 'wrong-credentials' | null;
      }
    /**
     * Back from the bank in another browser, which shows a code: enter it here. `triesLeft` after a wrong one, else null.
     */
    | { page: 'enter-return-code'; triesLeft: number | null }
    /** Too many wrong passwords or codes: nothing is handed on to the bank before that. */
    | { page: 'paused'; waitSeconds: number }
    /** Back from the bank, which has not made up its mind. */
    | { page: 'waiting-for-bank' }
    | { page: 'running' }
    /** Completed, failed, cancelled or expired: the session's status says which. */
    | { page: 'ended'; canTryAgain: boolean }
    | { page: 'overview'; logins: ManagedLogin[] }
    /** Before a login is removed. */
    | { page: 'confirm-removal'; login: ManagedLogin }
    /** Before the end user turns away. */
    | { page: 'confirm-leaving' }
    /** The step is done: the session's link shows what comes next. */
    | { page: 'moved-on' }
    /** A form that belongs to a step which is over: nothing has changed. */
    | { page: 'out-of-step' }
    /** The bank could not be reached, or refused to begin. */
    | { page: 'bank-trouble'; trouble: BankTrouble }
  );

export interface BankTrouble {
  /** The same would be refused again, however long one waits. */
  isLasting: boolean;
  /** By which the operator finds it in the log, and the bank in its own; null where there was no call. */
  reference: string | null;
}

/** The page where a step of the flow leads; null wherever a link, a callback or an id is none of ours, or used up. */
export type NextView = Promise<FlowView | null>;

/** Of an error that `isBankTrouble`. */
export function toTrouble(error: Error): BankTrouble {
  if (!(error instanceof BankFailure)) return { isLasting: true, reference: null };
  const { requestId } = error.details;
  const isPassing = error.code === 'BANK_UNAVAILABLE' || error.code === 'ACCESS_EXCEEDED';
  return { isLasting: !isPassing, reference: typeof requestId === 'string' ? requestId : null };
}
