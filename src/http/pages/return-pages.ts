import type { FlowView } from '../../consent/flow-view.ts';
import { html } from './html.ts';
import { backTargets, cancelLink, link, type PageFrame } from './page-frame.ts';
import { type Page, problemStatus } from './page-layout.ts';

type View<Name extends FlowView['page']> = Extract<FlowView, { page: Name }>;

/** Asks for the code that is shown where the end user has come back from the bank. */
export function enterReturnCodePage(view: View<'enter-return-code'>, frame: PageFrame): Page {
  const { words, here } = frame;
  const { triesLeft } = view;
  const described = triesLeft !== null && html` aria-invalid="true" aria-describedby="problem"`;
  return {
    status: triesLeft === null ? 200 : problemStatus,
    title: words.enterReturnCodeTitle,
    formTargets: backTargets(view),
    content: html`${
      triesLeft !== null &&
      html`<p role="alert" id="problem" class="problem" tabindex="-1" autofocus><strong>${words.wrongTitle}</strong>${words.wrongReturnCode(triesLeft)}</p>`
    }<p>${words.enterReturnCodeText}</p>
      <form method="post" action="${here}/confirm-return"><label for="code">${words.returnCode}</label>
        <input id="code" name="code" inputmode="numeric" autocomplete="off" maxlength="10" spellcheck="false" required${described}>
        <button type="submit">${words.continue}</button></form>${cancelLink(frame)}`,
  };
}

/** After too many wrong entries: says how long to wait. */
export function pausedPage({ waitSeconds }: View<'paused'>, frame: PageFrame): Page {
  const { words, here } = frame;
  return {
    status: 429,
    title: words.pausedTitle,
    retryAfterSeconds: waitSeconds,
    content: html`<p role="alert">${words.pausedText(Math.ceil(waitSeconds / 60))}</p><p>${words.pausedHint}</p>${link(here, words.goOn)}${cancelLink(frame)}`,
  };
}
