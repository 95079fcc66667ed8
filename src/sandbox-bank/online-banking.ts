import type { BankDeps } from './bank-deps.ts';
import { presentStatus, saveChange } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { dayOf } from './days.ts';
import type { BankReply, BankRequest } from './exchange.ts';
import { findLogin, loginPage, passwordField, wrongLogin } from './login-page.ts';
import { escapeHtml, page } from './page-layout.ts';

/** The newest: everybody tries it with anna. */
const shownAtMost = 20;

/** The bank's own online banking, as far as it is needed here: the end user sees who may read the accounts, and ends it. */
export function answerOnlineBanking(deps: BankDeps, request: BankRequest, step: string | undefined): BankReply {
  const action = `${new URL(deps.baseUrl()).pathname.replace(/\/$/, '')}/banking`;
  const title = 'Your online banking';
  if (request.method !== 'POST') return loginPage({ title, action });
  const form = new URLSearchParams(request.body);
  const person = findLogin(form);
  if (!person) return loginPage({ title, action, problem: wrongLogin });
  const valid = deps.state
    .listConsents(person.psuId)
    .filter(
      (consent) =>
        consent.bank === deps.habits.name &&
        consent.variant === deps.variant &&
        presentStatus(deps, consent) === 'valid',
    );
  if (step !== 'end') return consentsPage(valid, { action, psuId: person.psuId });
  const ended = valid.find(({ id }) => id === form.get('consent'));
  if (!ended) return page(409, 'This access has ended already', '<p>Nothing is left to be done here.</p>');
  saveChange(deps, ended, { status: 'revokedByPsu', lastActionAt: deps.now().getTime() });
  return page(200, 'Access ended', '<p>Your accounts are not read any more under this consent.</p>');
}

// Nobody stays logged in: the password is asked for once more.
function consentsPage(valid: readonly ConsentState[], { action, psuId }: { action: string; psuId: string }): BankReply {
  if (valid.length === 0) return page(200, 'Who may read your accounts', '<p>Nobody.</p>');
  const choices = valid.slice(-shownAtMost).reverse().map(toChoice).join('');
  return page(
    200,
    'Who may read your accounts',
    `<form method="post" action="${escapeHtml(action)}/end">
      <input type="hidden" name="psu_id" value="${escapeHtml(psuId)}">
      <fieldset><legend>Access that you have approved</legend>${choices}</fieldset>
      ${passwordField}
      <button type="submit">End this access</button>
    </form>`,
  );
}

function toChoice({ id, tpp, authorisedAt, validUntil }: ConsentState, index: number): string {
  const since = dayOf(new Date(authorisedAt ?? 0));
  const text = `${tpp.slice(0, 60)} · since ${since} · until ${validUntil}`;
  return `<label><input type="radio" name="consent" value="${escapeHtml(id)}" ${index === 0 ? 'checked' : ''} required>
    ${escapeHtml(text)}</label>`;
}
