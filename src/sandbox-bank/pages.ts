import { confirmationCodeOf } from './authorisation-routes.ts';
import type { BankDeps } from './bank-deps.ts';
import { authorised } from './consent-access.ts';
import type { ConsentState } from './consent-state.ts';
import { toConsented } from './consented-accounts.ts';
import type { BankReply, BankRequest } from './exchange.ts';
import { findLogin, type LoginPage, loginPage, wrongLogin } from './login-page.ts';
import { findOAuthReturn } from './oauth-routes.ts';
import { escapeHtml, page, problemLine } from './page-layout.ts';
import type { Person } from './person.ts';
import { allowedWrongOtps, findPerson, otp } from './persons.ts';

const linkMs = 10 * 60_000;

/** The bank's own pages, where the end user logs in, proves who it is, and approves: plain forms, no JavaScript. */
export function answerPages(deps: BankDeps, request: BankRequest, path: string[]): BankReply {
  const [link, step] = path;
  const consent = deps.state.findConsentByLink(link ?? '');
  if (!consent || !isOfBank(deps, consent) || deps.now().getTime() > consent.createdAt + linkMs) {
    return page(404, 'This link is not valid any more', '<p>Please go back and start again.</p>');
  }
  if (consent.status !== 'received')
    return page(409, 'This request is closed', '<p>Nothing is left to be done here.</p>');
  const here: Here = { deps, consent, base: `${new URL(deps.baseUrl()).pathname.replace(/\/$/, '')}/pages/${link}` };
  const form = new URLSearchParams(request.body);
  if (request.method !== 'POST') return askToLogIn(here);
  switch (step) {
    case 'login':
      return login(here, form);
    case 'otp':
      return checkOtp(here, form);
    case 'decision':
      return decide(here, form);
    default:
      return askToLogIn(here);
  }
}

/** The plain banks are told apart by approach. */
function isOfBank({ habits, variant }: BankDeps, consent: ConsentState): boolean {
  return consent.bank === habits.name && (habits.name !== '' || consent.variant === variant);
}

interface Here {
  deps: BankDeps;
  consent: ConsentState;
  base: string;
}

function save({ deps, consent }: Here, change: Partial<ConsentState>): ConsentState {
  const changed = { ...consent, ...change };
  deps.state.saveConsent(changed);
  return changed;
}

function askToLogIn({ base }: Here, given: Pick<LoginPage, 'status' | 'problem'> = {}): BankReply {
  return loginPage({ ...given, title: 'Log in to your bank', action: `${base}/login` });
}

function login(here: Here, form: URLSearchParams): BankReply {
  const psuId = findLogin(form)?.psuId;
  // In the app the access waits for one end user: nobody else can approve it.
  const isSomebodyElse = here.consent.variant === 'decoupled' && psuId !== here.consent.psuId;
  if (!psuId || isSomebodyElse) return askToLogIn(here, { problem: wrongLogin });
  save(here, { psuId, scaStatus: 'psuAuthenticated' });
  return otpPage(here, 200);
}

function otpPage({ base }: Here, status: number, problem = ''): BankReply {
  return page(
    status,
    'Confirm that it is you',
    `${problemLine(problem) || '<p>We have sent a code to your phone.</p>'}
    <form method="post" action="${escapeHtml(base)}/otp">
      <label for="otp">Code</label>
      <input id="otp" name="otp" inputmode="numeric" autocomplete="one-time-code" maxlength="6" required autofocus>
      <button type="submit">Confirm</button>
    </form>`,
  );
}

function checkOtp(here: Here, form: URLSearchParams): BankReply {
  const { consent } = here;
  if (consent.scaStatus !== 'psuAuthenticated')
    return askToLogIn(here, { status: 409, problem: 'Please log in first.' });
  const person = toConsented(findPerson(consent.psuId ?? '') as Person, consent);
  // Nor can anybody share accounts that are not theirs.
  if (person.trouble === 'sca-fails' || person.accounts.length === 0) return reject(here);
  if ((form.get('otp') ?? '').trim() !== otp) {
    const wrongOtpCount = consent.wrongOtpCount + 1;
    if (wrongOtpCount >= allowedWrongOtps) return reject(here);
    save(here, { wrongOtpCount });
    return otpPage(here, 422, 'The code is wrong. Please try again.');
  }
  save(here, { scaStatus: 'scaMethodSelected' });
  return approvalPage(here, person);
}

function approvalPage({ base, consent }: Here, person: Person): BankReply {
  const accounts = person.accounts
    .map((account) => `<li>${escapeHtml([account.name, account.iban, account.currency].join(' · '))}</li>`)
    .join('');
  const until = consent.recurring
    ? `until ${consent.validUntil}, also while you are not there (up to ${consent.frequencyPerDay} times a day)`
    : 'once';
  return page(
    200,
    'Share your account information?',
    `<p>Balances and transactions of these accounts are shared ${escapeHtml(until)}:</p><ul>${accounts}</ul>
    <form method="post" action="${escapeHtml(base)}/decision">
      <button type="submit" name="decision" value="approve">Approve</button>
      <button type="submit" name="decision" value="deny" class="second">Deny</button>
    </form>`,
  );
}

function decide(here: Here, form: URLSearchParams): BankReply {
  const { consent, deps } = here;
  const person = findPerson(consent.psuId ?? '');
  if (consent.scaStatus !== 'scaMethodSelected' || !person)
    return askToLogIn(here, { status: 409, problem: 'Please log in first.' });
  const decision = form.get('decision');
  if (decision === 'deny') return reject(here);
  if (decision !== 'approve') return approvalPage(here, toConsented(person, consent));
  const { wantsConfirmation } = deps.habits;
  save(here, wantsConfirmation ? { scaStatus: 'unconfirmed' } : authorised(deps.now()));
  const back = findOAuthReturn(deps, consent.id, true) ?? consent.redirectUri;
  return back
    ? redirect(wantsConfirmation ? withConfirmation(back, consent) : back)
    : page(200, 'Done', '<p>You have approved. You can close this page.</p>');
}

function reject(here: Here): BankReply {
  const { consent, deps } = here;
  save(here, { status: 'rejected', scaStatus: 'failed' });
  const target = findOAuthReturn(deps, consent.id, false) ?? consent.nokRedirectUri ?? consent.redirectUri;
  return target ? redirect(target) : page(200, 'Denied', '<p>Nothing is shared. You can close this page.</p>');
}

function withConfirmation(location: string, consent: ConsentState): string {
  const url = new URL(location);
  url.searchParams.set('confirmationCode', confirmationCodeOf(consent));
  return url.href;
}

function redirect(location: string): BankReply {
  return { status: 303, headers: { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' } };
}
