import type { BankDeps } from './bank-deps.ts';
import type { BankReply, BankRequest } from './exchange.ts';
import { answerPages, page } from './pages.ts';

/**
 * "The bank's app" of the decoupled approach: the end user names itself and gets the forms of the access that waits for it. The
 * forms are those of the bank's pages; without a redirect address they end with a plain word.
 */
export function answerApp(deps: BankDeps, request: BankRequest): BankReply {
  const psuId = new URLSearchParams(request.body).get('psu_id')?.trim();
  const base = new URL(deps.baseUrl()).pathname.replace(/\/$/, '');
  if (request.method !== 'POST' || !psuId) {
    return page(
      200,
      'Your bank in your pocket',
      `<form method="post" action="${base}/app"><label for="psu_id">User name</label>
      <input id="psu_id" name="psu_id" required autofocus><label for="password">Password</label>
      <input id="password" name="password" type="password" required><button type="submit">Log in</button></form>`,
    );
  }
  const waiting = deps.state.findWaiting(psuId);
  if (!waiting?.link) return page(200, 'Nothing to approve', '<p>No access waits for you.</p>');
  return answerPages(deps, request, [waiting.link, 'login']);
}
