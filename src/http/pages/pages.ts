import type { IncomingMessage, ServerResponse } from 'node:http';
import type { FlowView, NextView } from '../../consent/flow-view.ts';
import { isInFrame } from './browser-cookie.ts';
import { answerCallback } from './callback.ts';
import { type Exchange, linkOf, type PagesDeps, redirect, refuse, send } from './exchange.ts';
import { toPage } from './flow-pages.ts';
import { html } from './html.ts';
import { createJoinedForms } from './joined-forms.ts';
import { wordsFor } from './language.ts';
import type { BankChoice } from './page-frame.ts';
import type { Page } from './page-layout.ts';
import { type PageForm, readForm, readPsu } from './page-request.ts';
import { isAdmitted } from './session-admission.ts';
import type { Words } from './words.ts';

const listedBanks = 50;

/** The pages of a session, by what follows its link; "" is the link itself. */
const reads: ReadonlyMap<string, (exchange: Exchange, secret: string) => NextView> = new Map([
  ['', ({ deps }, secret) => deps.flow.open(secret)],
  ['banks', ({ deps }, secret) => deps.flow.openBankChoice(secret)],
  ['again', ({ deps }, secret) => deps.flow.openAgain(secret)],
  ['leave', ({ deps }, secret) => deps.flow.openLeaving(secret)],
  ['remove', ({ deps, url }, secret) => deps.management.openRemoval(secret, url.searchParams.get('bankLoginId') ?? '')],
]);

/** What the forms of these pages do. */
const acts: ReadonlyMap<string, (exchange: Exchange, secret: string, form: PageForm) => NextView> = new Map([
  ['begin', ({ deps, request }, secret, { bankId }) => deps.flow.begin(secret, bankId, readPsu(request))],
  [
    'authorise',
    ({ deps, request }, secret, { psu_id: psuId, corporate_id: corporateId, password = null, methodId, otp, iban }) =>
      deps.steps.enter(secret, { psuId, corporateId, password, methodId, otp, iban, psu: readPsu(request) }),
  ],
  ['confirm-return', ({ deps, request }, secret, { code }) => deps.returns.enterCode(secret, code, readPsu(request))],
  ['leave', ({ deps }, secret) => deps.flow.leave(secret)],
  ['renew', ({ deps }, secret, { bankLoginId }) => deps.management.renew(secret, bankLoginId ?? '')],
  ['remove', ({ deps }, secret, { bankLoginId }) => deps.management.remove(secret, bankLoginId ?? '')],
]);

/** Every address below a session's link: what is read, and what forms are sent to. */
export const sessionRoutes: Readonly<{ reads: readonly string[]; acts: readonly string[] }> = {
  reads: [...reads.keys()],
  acts: [...acts.keys()],
};

/** Answers the hosted pages, /sessions/… and /callback, always with a page; false for every other address. */
export function createPages(deps: PagesDeps) {
  const join = createJoinedForms<FlowView | null>();
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> => {
    const [area, ...rest] = url.pathname.split('/').slice(1);
    if (area !== 'sessions' && area !== 'callback') return false;
    const exchange: Exchange = {
      deps,
      request,
      response,
      url,
      words: wordsFor(request.headers['accept-language']),
      join,
    };
    try {
      await answer(exchange, area, rest);
    } catch (err) {
      if (response.headersSent) throw err;
      deps.log.error({ err, page: area }, 'unexpected error in a page');
      send(exchange, {
        status: 500,
        title: exchange.words.faultTitle,
        content: html`<p>${exchange.words.faultText}</p>`,
      });
    }
    return true;
  };
}

async function answer(exchange: Exchange, area: 'sessions' | 'callback', path: string[]): Promise<void> {
  const { method } = exchange.request;
  const [secret, action = '', ...rest] = path;
  const isRead = method === 'GET';
  // HEAD, too, is refused: a page that is opened binds its session to a browser, and a way back counts once. Previews have neither to give.
  if (!isRead && method !== 'POST') refuse(exchange, 405);
  else if (area === 'callback')
    await (secret === undefined ? answerCallback(exchange, (view) => show(exchange, view)) : refuse(exchange, 404));
  else if (!secret || rest.length > 0) refuse(exchange, 404);
  else if (isRead) await read(exchange, secret, action);
  else await act(exchange, secret, action);
}

async function read(exchange: Exchange, secret: string, action: string): Promise<void> {
  if (secret === 'ended') return send(exchange, endedPage(exchange.words));
  // A form's address, opened again, shows where the session stands.
  const open = reads.get(acts.has(action) && !reads.has(action) ? '' : action);
  if (!open) return refuse(exchange, 404);
  if (!(await isAdmitted(exchange, secret, null))) return;
  const view = (await findReturn(exchange, secret, action)) ?? (await open(exchange, secret));
  if (!view) return refuse(exchange, 404);
  const isDone = view.page === 'ended' && view.session.status === 'COMPLETED';
  if (isDone && view.back) return redirect(exchange, view.back);
  if (view.page === 'go-to-bank') return redirect(exchange, view.url);
  if (view.page === 'moved-on') return redirect(exchange, linkOf(exchange, view));
  await show(exchange, view);
}

/** While the code from another browser is wanted nothing else is shown, but for the way out. */
async function findReturn({ deps, request, url }: Exchange, secret: string, action: string): NextView {
  if (action === 'leave') return null;
  const token = url.searchParams.get('returnToken');
  return token ? await deps.returns.enterToken(secret, token, readPsu(request)) : await deps.returns.open(secret);
}

async function act(exchange: Exchange, secret: string, action: string): Promise<void> {
  const run = acts.get(action);
  if (!run) return refuse(exchange, 404);
  const read = await readForm(exchange.request, new URL(exchange.deps.publicUrl()).origin);
  if ('refusal' in read) return refuse(exchange, read.refusal);
  const { form } = read;
  if (!(await isAdmitted(exchange, secret, form))) return;
  const next = exchange.join([secret, action, form], async () => {
    const wanted = action === 'leave' || action === 'confirm-return' ? null : await exchange.deps.returns.open(secret);
    return wanted ?? (await run(exchange, secret, form));
  });
  await follow(exchange, await next);
}

/** After a form the browser is sent on, so that reloading repeats nothing; what went wrong is shown at once. */
async function follow(exchange: Exchange, view: FlowView | null): Promise<void> {
  if (!view) return refuse(exchange, 400);
  switch (view.page) {
    case 'go-to-bank':
      return redirect(exchange, view.url);
    case 'bank-trouble':
    case 'out-of-step':
    case 'paused':
      return await show(exchange, view);
    case 'authorise':
      return view.problem ? await show(exchange, view) : redirect(exchange, linkOf(exchange, view));
    case 'enter-return-code':
      return view.triesLeft === null ? redirect(exchange, linkOf(exchange, view)) : await show(exchange, view);
    case 'ended':
      return redirect(
        exchange,
        view.session.status === 'FAILED' ? linkOf(exchange, view) : (view.back ?? linkOf(exchange, view)),
      );
    default:
      return redirect(exchange, linkOf(exchange, view));
  }
}

async function show(exchange: Exchange, view: FlowView): Promise<void> {
  const { deps, words } = exchange;
  const frame = {
    words,
    here: new URL(linkOf(exchange, view)).pathname,
    choice: view.page === 'choose-bank' ? await findBanks(exchange) : { banks: [], search: '', isCut: false },
    // Where a bank's own page is, only the bank knows. Without TLS for ourselves, as on one's own machine, none is asked of it.
    bankTargets: new URL(deps.publicUrl()).protocol === 'https:' ? ['https:'] : ['https:', 'http:'],
    isFramed: deps.embeddingOrigins.length > 0,
    handover:
      deps.embeddingOrigins.length > 0 && isInFrame(exchange.request)
        ? deps.binding.createHandover(view.session)
        : null,
  };
  send(exchange, toPage(view, frame));
}

async function findBanks({ deps, url }: Exchange): Promise<BankChoice> {
  const search = (url.searchParams.get('search') ?? '').replaceAll('\0', '').slice(0, 100);
  const banks = await deps.banks.list(search || null, { after: null, limit: listedBanks + 1 });
  return { banks: banks.slice(0, listedBanks), search, isCut: banks.length > listedBanks };
}

function endedPage(words: Words): Page {
  return { status: 410, title: words.expiredTitle, content: html`<p>${words.expiredText}</p>` };
}
