import type { IncomingMessage, ServerResponse } from 'node:http';
import type { BankStore } from '../../consent/bank-store.ts';
import type { ConnectFlow } from '../../consent/connect-flow.ts';
import type { FlowView, NextView } from '../../consent/flow-view.ts';
import type { ManagementFlow } from '../../consent/management-flow.ts';
import type { ScaSteps } from '../../consent/sca-steps.ts';
import { toPage } from './flow-pages.ts';
import { html } from './html.ts';
import { wordsFor } from './language.ts';
import type { BankChoice } from './page-frame.ts';
import { type Page, pageHeaders, renderPage } from './page-layout.ts';
import { readForm, readPsu } from './page-request.ts';
import type { Words } from './words.ts';

export interface PagesDeps {
  flow: ConnectFlow;
  steps: Pick<ScaSteps, 'enter'>;
  management: Pick<ManagementFlow, 'renew' | 'openRemoval' | 'remove'>;
  banks: Pick<BankStore, 'list'>;
  /** Origins that may show the pages in a frame. */
  embeddingOrigins: readonly string[];
  publicUrl: () => string;
}

interface Exchange {
  deps: PagesDeps;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  words: Words;
}

const listedBanks = 50;

/** Answers the hosted pages, /sessions/… and /callback; false for every other address. */
export function createPages(deps: PagesDeps) {
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> => {
    const [area, secret, action, rest] = url.pathname.split('/').slice(1);
    const isSession = area === 'sessions' && secret && rest === undefined;
    if (!isSession && !(area === 'callback' && secret === undefined)) return false;
    const exchange: Exchange = { deps, request, response, url, words: wordsFor(request.headers['accept-language']) };
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (!isRead && request.method !== 'POST') refuse(exchange, 405);
    else if (!isSession) await comeBack(exchange);
    else if (isRead) await read(exchange, secret, action ?? '');
    else await act(exchange, secret, action ?? '');
    return true;
  };
}

/** From the bank: what the address carries is a key, and nothing in it is believed. */
async function comeBack(exchange: Exchange): Promise<void> {
  const state = exchange.url.searchParams.get('state');
  if (exchange.request.method === 'POST') return refuse(exchange, 405);
  const view = state ? await exchange.deps.flow.callback(state) : null;
  if (!view) return refuse(exchange, 400);
  if (view.page === 'waiting-for-bank') return await show(exchange, view);
  redirect(exchange, linkOf(exchange, view));
}

async function read(exchange: Exchange, secret: string, action: string): Promise<void> {
  const { flow, management } = exchange.deps;
  if (secret === 'ended') return send(exchange, endedPage(exchange.words));
  const view = await open();
  if (!view) return refuse(exchange, 404);
  const isDone = view.page === 'ended' && view.session.status === 'COMPLETED';
  if (isDone && view.back) return redirect(exchange, view.back);
  if (view.page === 'moved-on') return redirect(exchange, linkOf(exchange, view));
  await show(exchange, view);

  function open(): NextView {
    switch (action) {
      case 'banks':
        return flow.openBankChoice(secret);
      case 'again':
        return flow.openAgain(secret);
      case 'leave':
        return flow.openLeaving(secret);
      case 'remove':
        return management.openRemoval(secret, exchange.url.searchParams.get('bankLoginId') ?? '');
      default:
        // A form's address, opened again: where the session stands.
        return flow.open(secret);
    }
  }
}

async function act(exchange: Exchange, secret: string, action: string): Promise<void> {
  const { deps, request } = exchange;
  const read = await readForm(request, new URL(deps.publicUrl()).origin);
  if ('refusal' in read) return refuse(exchange, read.refusal);
  const { form } = read;
  const psu = readPsu(request);
  switch (action) {
    case 'begin':
      return await follow(exchange, await deps.flow.begin(secret, form.bankId, psu));
    case 'authorise':
      return await follow(
        exchange,
        await deps.steps.enter(secret, { ...form, psuId: form.psu_id, password: form.password ?? null, psu }),
      );
    case 'leave':
      return await follow(exchange, await deps.flow.leave(secret));
    case 'renew':
      return await follow(exchange, await deps.management.renew(secret, form.bankLoginId ?? ''));
    case 'remove':
      return await follow(exchange, await deps.management.remove(secret, form.bankLoginId ?? ''));
    default:
      return refuse(exchange, 404);
  }
}

/** After a form the browser is sent on, so that reloading repeats nothing; what went wrong is shown at once. */
async function follow(exchange: Exchange, view: FlowView | null): Promise<void> {
  if (!view) return refuse(exchange, 400);
  switch (view.page) {
    case 'go-to-bank':
      return redirect(exchange, view.url);
    case 'bank-trouble':
    case 'out-of-step':
      return await show(exchange, view);
    case 'authorise':
      return view.problem ? await show(exchange, view) : redirect(exchange, linkOf(exchange, view));
    case 'ended':
      return redirect(
        exchange,
        view.session.status === 'FAILED' ? linkOf(exchange, view) : (view.back ?? linkOf(exchange, view)),
      );
    default:
      return redirect(exchange, linkOf(exchange, view));
  }
}

function linkOf({ deps }: Exchange, { linkSecret }: FlowView): string {
  return `${deps.publicUrl()}/sessions/${linkSecret}`;
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
  };
  send(exchange, toPage(view, frame));
}

async function findBanks({ deps, url }: Exchange): Promise<BankChoice> {
  const search = (url.searchParams.get('search') ?? '').slice(0, 100);
  const banks = await deps.banks.list(search || null, { after: null, limit: listedBanks + 1 });
  return { banks: banks.slice(0, listedBanks), search, isCut: banks.length > listedBanks };
}

function send({ deps, request, response, words }: Exchange, page: Page): void {
  response.writeHead(page.status, { ...pageHeaders(page, deps.embeddingOrigins), 'content-language': words.language });
  response.end(request.method === 'HEAD' ? undefined : renderPage(page, words));
}

function redirect({ response }: Exchange, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end();
}

function refuse(exchange: Exchange, status: number): void {
  const { words, response } = exchange;
  if (status === 405) response.setHeader('allow', 'GET, HEAD, POST');
  // The rest of a body that is too long is not waited for.
  if (status === 413) response.setHeader('connection', 'close');
  send(exchange, { status, title: words.invalidTitle, content: html`<p>${words.invalidText}</p>` });
}

function endedPage(words: Words): Page {
  return { status: 410, title: words.expiredTitle, content: html`<p>${words.expiredText}</p>` };
}
