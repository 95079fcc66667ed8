import { html } from './html.ts';
import type { Page } from './page-layout.ts';
import type { Words } from './words.ts';

/** For a browser that a session does not belong to. It tells nothing of the session, and leads nowhere. */
export function otherBrowserPage(words: Words): Page {
  return {
    status: 403,
    title: words.otherBrowserTitle,
    content: html`<p role="alert">${words.otherBrowserText}</p><p>${words.otherBrowserHint}</p>`,
  };
}

/** For a browser that keeps no cookies. `here` is the address that it has asked for. */
export function noCookiePage(words: Words, here: string): Page {
  return {
    status: 403,
    title: words.noCookieTitle,
    content: html`<p role="alert">${words.noCookieText}</p>
      <a class="button" href="${here}" target="_top">${words.tryAgain}</a>`,
  };
}

/** Where an end user has come back from the bank in another browser: the code to be entered where it began. */
export function returnCodePage(
  {
    code,
    clientName,
    returnLink,
    state,
  }: { code: string; clientName: string; returnLink: string | null; state: string },
  words: Words,
): Page {
  return {
    status: 200,
    title: words.returnCodeTitle,
    content: html`<p>${words.returnCodeText(clientName)}</p>
      <p class="code" id="code" aria-label="${[...code].join(' ')}" role="img">${code.slice(0, 3)}<span> </span>${code.slice(3)}</p>
      <p>${words.returnCodeHint}</p>
      <p class="problem"><strong>${words.returnCodeWarningTitle}</strong>${words.returnCodeWarning}</p>
      ${returnLink && html`<a class="button quiet" href="${returnLink}">${words.goOnIn(clientName)}</a>`}
      <form method="post" action="callback"><input type="hidden" name="state" value="${state}">
        <button type="submit" class="danger">${words.notBegunByMe}</button></form>`,
  };
}

/** After an end user has said that it has not begun this. */
export function stoppedPage(words: Words): Page {
  return { status: 200, title: words.stoppedTitle, content: html`<p role="status">${words.stoppedText}</p>` };
}
