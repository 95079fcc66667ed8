import type { BankDeps } from './bank-deps.ts';
import type { BankReply, BankRequest } from './exchange.ts';
import { escapeHtml, page, problemLine } from './page-layout.ts';
import { answerPages } from './pages.ts';
import { findPerson, password } from './persons.ts';

/**
 * "The bank's app" of the decoupled approach: the end user logs in and gets the forms of the access that waits for it. The
 * forms are those of the bank's pages; without a redirect address they end with a plain word.
 */
export function answerApp(deps: BankDeps, request: BankRequest): BankReply {
  if (request.method !== 'POST') return loginPage(deps, 200);
  const form = new URLSearchParams(request.body);
  const psuId = form.get('psu_id')?.trim() ?? '';
  if (!findPerson(psuId) || form.get('password') !== password) {
    return loginPage(deps, 422, 'User name or password is wrong. Please try again.');
  }
  const waiting = deps.state.findWaiting(psuId);
  if (!waiting?.link) return page(200, 'Nothing to approve', '<p>No access waits for you.</p>');
  return answerPages(deps, request, [waiting.link, 'login']);
}

function loginPage(deps: BankDeps, status: number, problem = ''): BankReply {
  const base = new URL(deps.baseUrl()).pathname.replace(/\/$/, '');
  return page(
    status,
    'Your bank in your pocket',
    `${problemLine(problem)}
    <form method="post" action="${escapeHtml(base)}/app">
      <label for="psu_id">User name</label><input id="psu_id" name="psu_id" autocomplete="username" required autofocus>
      <label for="password">Password</label><input id="password" name="password" type="password" autocomplete="current-password" required>
      <button type="submit">Log in</button>
    </form>`,
  );
}
