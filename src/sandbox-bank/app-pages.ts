import type { BankDeps } from './bank-deps.ts';
import type { BankReply, BankRequest } from './exchange.ts';
import { findLogin, loginPage, wrongLogin } from './login-page.ts';
import { page } from './page-layout.ts';
import { answerPages } from './pages.ts';

/**
 * "The bank's app" of the decoupled approach: the end user logs in and gets the forms of the access that waits for it. The
 * forms are those of the bank's pages; without a redirect address they end with a plain word.
 */
export function answerApp(deps: BankDeps, request: BankRequest): BankReply {
  const title = 'Your bank in your pocket';
  const action = `${new URL(deps.baseUrl()).pathname.replace(/\/$/, '')}/app`;
  if (request.method !== 'POST') return loginPage({ title, action });
  const person = findLogin(new URLSearchParams(request.body));
  if (!person) return loginPage({ title, action, problem: wrongLogin });
  const waiting = deps.state.findWaiting(person.psuId);
  if (!waiting?.link) return page(200, 'Nothing to approve', '<p>No access waits for you.</p>');
  return answerPages(deps, request, [waiting.link, 'login']);
}
