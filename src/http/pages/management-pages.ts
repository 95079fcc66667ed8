import type { FlowView } from '../../consent/flow-view.ts';
import type { ManagedLogin } from '../../consent/login-store.ts';
import { type Html, html } from './html.ts';
import { backTargets, type PageFrame } from './page-frame.ts';
import type { Page } from './page-layout.ts';

type View<Name extends FlowView['page']> = Extract<FlowView, { page: Name }>;

/** The end user's banks: what is connected and until when; renew, remove, add. */
export function overviewPage(view: View<'overview'>, frame: PageFrame): Page {
  const { words, here } = frame;
  const logins = view.logins.map((login) => loginSection(login, frame));
  return {
    status: 200,
    title: words.overviewTitle,
    formTargets: backTargets(view),
    content: html`${logins.length === 0 ? html`<p role="status">${words.noLogins}</p>` : [html`<p>${words.overviewText}</p>`, ...logins]}
      <a class="button" href="${here}/banks">${words.add}</a>
      <form method="post" action="${here}/leave"><button type="submit" class="quiet">${words.finish}</button></form>`,
  };
}

/** Asks once more before a login is removed. */
export function removalPage(view: View<'confirm-removal'>, { words, here }: PageFrame): Page {
  const { login } = view;
  return {
    status: 200,
    title: words.removeTitle(login.bankName),
    // Where the overview has been finished in another tab, the form leads back to the client.
    formTargets: backTargets(view),
    content: html`<p>${words.removeText}</p>
      <form method="post" action="${here}/remove"><input type="hidden" name="bankLoginId" value="${login.id}">
        <button type="submit" name="decision" value="approve" class="danger">${words.removeLogin(login.bankName)}</button></form>
      <a class="button quiet" href="${here}">${words.keep}</a>`,
  };
}

function loginSection(login: ManagedLogin, { words, here }: PageFrame): Html {
  const { id, bankName, accounts, lastSynchronization } = login;
  const field = html`<input type="hidden" name="bankLoginId" value="${id}">`;
  const list = html`<ul aria-label="${words.accounts(bankName)}">${accounts.map(
    ({ name, iban, currency }) =>
      html`<li>${[name, iban && maskIban(iban), currency].filter(Boolean).join(' · ')}</li>`,
  )}</ul>`;
  const fetched = lastSynchronization && html`<br><small>${words.fetchedOn(words.date(lastSynchronization))}</small>`;
  return html`<section class="login" aria-labelledby="${id}"><h2 id="${id}">${bankName}</h2>
    ${login.status === 'SCA_REQUIRED' && html`<p class="problem">${words.needsApproval}</p>`}
    ${accounts.length > 0 && list}
    <p>${consentWords(login, words)}${fetched}</p>
    <div class="row">
      <form method="post" action="${here}/renew">${field}<button type="submit"${login.status !== 'SCA_REQUIRED' && html` class="quiet"`} aria-label="${words.renewTitle(bankName)}">${words.renew}</button></form>
      <form method="get" action="${here}/remove">${field}<button type="submit" class="quiet" aria-label="${words.removeLogin(bankName)}">${words.remove}</button></form>
    </div></section>`;
}

function consentWords({ consent, secretsStored }: ManagedLogin, words: PageFrame['words']): Html {
  if (!secretsStored) return html`${words.onlyWithYou}`;
  if (!consent) return html`${words.noConsent}`;
  const { recurring, validUntil, authorisedAt } = consent;
  const term = recurring ? words.consentUntil(words.date(validUntil)) : words.consentOnce;
  return html`${term}${authorisedAt && html`<br><small>${words.approvedOn(words.date(authorisedAt))}</small>`}`;
}

/** Enough to recognise one's own account by. */
function maskIban(iban: string): string {
  return `${iban.slice(0, 4)} … ${iban.slice(-4)}`;
}
