import type { FlowView } from '../../consent/connect-flow.ts';
import { withOutcome } from '../../consent/return-url.ts';
import type { Bank } from '../../generated/prisma/client.ts';
import { type Html, html } from './html.ts';
import type { Page } from './page-layout.ts';
import type { Words } from './words.ts';

const recurringDays = 180;
const progressSeconds = 2;

export interface BankChoice {
  banks: readonly Bank[];
  search: string;
}

/** What is shown to an end user whose session stands there. */
export function toPage(view: FlowView, words: Words, choice: BankChoice): Page {
  const { linkSecret, bank } = view;
  const here = `/sessions/${linkSecret}`;
  switch (view.page) {
    case 'choose-bank':
      return { status: 200, title: words.chooseTitle, content: choosePage(here, words, choice) };
    case 'confirm':
      return {
        status: 200,
        title: view.renewal ? words.renewTitle : words.confirmTitle,
        content: html`${sharedList(view.session.storeSecrets, words)}
          <form method="post" action="${here}/begin">
            <input type="hidden" name="bankId" value="${bank?.id ?? ''}">
            <button type="submit">${words.toBank(bank?.name ?? '')}</button>
          </form>${leaveForm(here, words)}`,
      };
    case 'go-to-bank':
      return {
        status: 200,
        title: words.goTitle,
        content: html`<a class="button" href="${view.url}">${words.toBank(bank?.name ?? '')}</a>`,
      };
    case 'authorise':
      return authorisePage(view, words, here);
    case 'waiting-for-bank':
      return waitPage(words.waitTitle, words.waitText);
    case 'running':
      return waitPage(words.runningTitle, words.runningText);
    case 'bank-trouble':
      return {
        status: 502,
        title: words.troubleTitle,
        content: html`<p>${words.troubleText}</p><a class="button" href="${here}">${words.tryAgain}</a>${leaveForm(here, words)}`,
      };
    case 'overview':
      return { status: 200, title: words.overviewTitle, content: html`<p>${words.overviewText}</p>` };
    case 'ended':
      return endedPage(view, words, here);
  }
}

function waitPage(title: string, text: string): Page {
  return { status: 200, title, content: html`<p role="status">${text}</p>`, refreshSeconds: progressSeconds };
}

function choosePage(here: string, words: Words, { banks, search }: BankChoice): Html {
  return html`<p>${words.chooseText}</p>
    <form method="get" action="${here}" role="search">
      <label for="search">${words.search}</label><input id="search" name="search" type="search" value="${search}">
      <button type="submit" class="quiet">${words.searchButton}</button>
    </form>
    ${banks.length === 0 ? html`<p role="status">${words.noBanks}</p>` : null}
    <form method="post" action="${here}/begin">
      ${banks.map(
        ({ id, name, bic, country }) =>
          html`<button type="submit" class="bank" name="bankId" value="${id}">${name} <small>${bic ?? ''} ${country}</small></button>`,
      )}
    </form>${leaveForm(here, words)}`;
}

function sharedList(recurring: boolean, words: Words): Html {
  return html`<ul>${words.shared.map((item) => html`<li>${item}</li>`)}</ul>
    <p>${recurring ? words.sharedRecurring(recurringDays) : words.sharedOnce}</p>`;
}

function leaveForm(here: string, words: Words): Html {
  return html`<form method="post" action="${here}/leave"><button type="submit" class="quiet">${words.cancel}</button></form>`;
}

type AuthoriseView = Extract<FlowView, { page: 'authorise' }>;

function authorisePage(view: AuthoriseView, words: Words, here: string): Page {
  const { authorisation, problem, bank } = view;
  const status = problem ? 422 : 200;
  const alarm = problem ? html`<p role="alert" class="problem">${words.wrong}</p>` : null;
  const message = authorisation.message ? html`<p>${authorisation.message}</p>` : null;
  const form = (fields: Html): Html =>
    html`${alarm}${message}<form method="post" action="${here}/authorise">${fields}</form>${leaveForm(here, words)}`;
  const submit = html`<button type="submit">${words.continue}</button>`;
  const userName = html`<label for="psu_id">${words.userName}</label><input id="psu_id" name="psu_id" autocomplete="username" required>`;
  const { next } = authorisation;
  switch (next.step) {
    case 'identify':
      return { status, title: words.loginTitle(bank?.name ?? ''), content: form(html`${userName}${submit}`) };
    case 'authenticate':
      return {
        status,
        title: words.loginTitle(bank?.name ?? ''),
        content: form(html`<p>${words.loginText}</p>${userName}<label for="password">${words.password}</label>
          <input id="password" name="password" type="password" autocomplete="current-password" required>${submit}`),
      };
    case 'choose-method':
      return {
        status,
        title: words.methodTitle,
        content: form(
          html`${next.methods.map(
            (method) =>
              html`<button type="submit" class="bank" name="methodId" value="${method.id}">${method.name}</button>`,
          )}`,
        ),
      };
    case 'enter-otp':
      return {
        status,
        title: words.otpTitle,
        content: form(html`<p>${next.challenge.text ?? ''}</p><label for="otp">${words.otp}</label>
          <input id="otp" name="otp" autocomplete="one-time-code" required inputmode="${next.challenge.otpFormat === 'integer' ? 'numeric' : 'text'}">${submit}`),
      };
    case 'approve-in-app':
    case 'done':
    case 'failed':
      return {
        ...waitPage(words.approveTitle, words.approveText),
        content: html`${message}<p role="status">${words.approveText}</p>`,
      };
  }
}

type EndedView = Extract<FlowView, { page: 'ended' }>;

function endedPage({ session }: EndedView, words: Words, here: string): Page {
  const back = session.returnUrl
    ? html`<a class="button" href="${withOutcome(session.returnUrl, session)}">${words.back}</a>`
    : null;
  const denied = session.status === 'FAILED' && session.errorCode === 'CONSENT_REJECTED';
  const [title, text] = endedWords(session.status, denied, words);
  const again = denied
    ? html`<form method="post" action="${here}/begin"><button type="submit">${words.tryAgain}</button></form>`
    : null;
  return { status: session.status === 'EXPIRED' ? 410 : 200, title, content: html`<p>${text}</p>${again}${back}` };
}

function endedWords(status: string, denied: boolean, words: Words): [string, string] {
  if (status === 'COMPLETED') return [words.doneTitle, words.doneText];
  if (status === 'CANCELLED') return [words.cancelledTitle, words.cancelledText];
  if (status === 'EXPIRED') return [words.expiredTitle, words.expiredText];
  return denied ? [words.deniedTitle, words.deniedText] : [words.failedTitle, words.failedText];
}
