import type { FlowView } from '../../consent/flow-view.ts';
import { type Html, html } from './html.ts';
import type { Words } from './words.ts';

export interface BankChoice {
  banks: ReadonlyArray<{ id: string; name: string; bic: string | null; country: string }>;
  search: string;
  /** Whether there are more than these. */
  isCut: boolean;
}

/** What a page is made with besides the view. */
export interface PageFrame {
  words: Words;
  /** The session's address. */
  here: string;
  choice: BankChoice;
  /** Where the forms that lead to a bank may end. */
  bankTargets: readonly string[];
  /** The pages are shown in frames, in which no bank wants to be. */
  isFramed: boolean;
  /** Lets the whole window go on with what began in a frame; null outside of one. */
  handover: string | null;
}

/** Where the end user may be led back to when a form has ended the session. */
export function backTargets({ back }: Pick<FlowView, 'back'>): string[] {
  return back ? [new URL(back).origin] : [];
}

export function link(href: string, text: string): Html {
  return html`<a class="button" href="${href}">${text}</a>`;
}

export function cancelLink({ here, words }: PageFrame): Html {
  return html`<a class="button quiet" href="${here}/leave">${words.cancel}</a>`;
}
