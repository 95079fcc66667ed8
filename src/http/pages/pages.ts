import type { IncomingMessage, ServerResponse } from 'node:http';
import type { PsuContext } from '../../banking/bank-port.ts';
import type { BankStore } from '../../consent/bank-store.ts';
import type { AuthorisationInput, ConnectFlow, FlowView } from '../../consent/connect-flow.ts';
import { withOutcome } from '../../consent/return-url.ts';
import { toPage } from './flow-pages.ts';
import { html } from './html.ts';
import { type Page, pageHeaders, renderPage } from './page-layout.ts';
import { type Words, wordsFor } from './words.ts';

export interface PagesDeps {
  flow: ConnectFlow;
  banks: Pick<BankStore, 'list'>;
  /** Origins that may show the pages in a frame. */
  embeddingOrigins: readonly string[];
  publicUrl: () => string;
}

const bodyLimitBytes = 16 * 1024;
const listedBanks = 50;

/** Answers the hosted pages, /sessions/… and /callback; false for every other address. */
export function createPages(deps: PagesDeps) {
  return async (request: IncomingMessage, response: ServerResponse, url: URL): Promise<boolean> => {
    const [area, secret, action] = url.pathname.split('/').slice(1);
    if (area !== 'sessions' && !(area === 'callback' && secret === undefined)) return false;
    const exchange: Exchange = { deps, request, response, url, words: wordsFor(request.headers['accept-language']) };
    if (request.method !== 'GET' && request.method !== 'POST') send(exchange, invalidPage(exchange.words, 405));
    else if (area === 'callback') show(exchange, await callback(exchange));
    else if (request.method === 'GET') await open(exchange, secret ?? '');
    else await act(exchange, secret ?? '', action ?? '');
    return true;
  };
}

interface Exchange {
  deps: PagesDeps;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  words: Words;
}

async function callback({ deps, request, url }: Exchange): Promise<FlowView | null> {
  const state = url.searchParams.get('state');
  return request.method === 'GET' && state ? await deps.flow.callback(state) : null;
}

async function open(exchange: Exchange, secret: string): Promise<void> {
  const view = await exchange.deps.flow.open(secret);
  if (!view) return send(exchange, invalidPage(exchange.words, 404));
  if (view.page === 'ended' && view.session.status === 'COMPLETED' && view.session.returnUrl) {
    return redirect(exchange, withOutcome(view.session.returnUrl, view.session));
  }
  const search = (exchange.url.searchParams.get('search') ?? '').slice(0, 100);
  const banks =
    view.page === 'choose-bank'
      ? await exchange.deps.banks.list(search || null, { after: null, limit: listedBanks })
      : [];
  send(exchange, toPage(view, exchange.words, { banks, search }));
}

async function act(exchange: Exchange, secret: string, action: string): Promise<void> {
  const { flow } = exchange.deps;
  if (isForeign(exchange)) return send(exchange, invalidPage(exchange.words, 403));
  const form = await readForm(exchange.request);
  if (!form) return send(exchange, invalidPage(exchange.words, 413));
  const psu = psuOf(exchange.request);
  switch (action) {
    case 'begin':
      return show(exchange, await flow.begin(secret, form.get('bankId') || null, psu));
    case 'leave':
      return show(exchange, await flow.leave(secret));
    case 'authorise': {
      const input = toInput(form);
      const view = input
        ? await flow.continueAuthorisation(secret, form.get('psu_id'), input, psu)
        : await flow.open(secret);
      return show(exchange, view);
    }
    default:
      return send(exchange, invalidPage(exchange.words, 404));
  }
}

function toInput(form: URLSearchParams): AuthorisationInput | null {
  const [password, methodId, otp] = [form.get('password'), form.get('methodId'), form.get('otp')];
  if (password) return { step: 'authenticate', password };
  if (methodId) return { step: 'choose-method', methodId };
  if (otp) return { step: 'enter-otp', otp };
  return form.get('psu_id') ? { step: 'identify' } : null;
}

/** After a form or a callback the browser is sent on, so that reloading repeats nothing; a problem is shown where it is. */
function show(exchange: Exchange, view: FlowView | null): void {
  const { words, deps } = exchange;
  if (!view) send(exchange, invalidPage(words, 400));
  else if (view.page === 'go-to-bank') redirect(exchange, view.url);
  else if (isShownAtOnce(view)) send(exchange, toPage(view, words, { banks: [], search: '' }));
  else redirect(exchange, `${deps.publicUrl()}/sessions/${view.linkSecret}`);
}

function isShownAtOnce(view: FlowView): boolean {
  return (
    view.page === 'waiting-for-bank' ||
    view.page === 'bank-trouble' ||
    (view.page === 'authorise' && view.problem !== null)
  );
}

function send({ deps, response, words }: Exchange, page: Page): void {
  response.writeHead(page.status, pageHeaders(deps.embeddingOrigins)).end(renderPage(page, words));
}

function redirect({ response }: Exchange, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end();
}

function invalidPage(words: Words, status: number): Page {
  return { status, title: words.invalidTitle, content: html`<p>${words.invalidText}</p>` };
}

// A browser says where a form was sent from. The link's secret is in the path, so who does not say it is not refused.
function isForeign({ request, deps }: Exchange): boolean {
  const { origin } = request.headers;
  const site = request.headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') return true;
  return origin !== undefined && origin !== 'null' && origin !== new URL(deps.publicUrl()).origin;
}

function psuOf(request: IncomingMessage): PsuContext {
  const ipAddress = (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, '');
  const userAgent = request.headers['user-agent'];
  return { ipAddress, ...(userAgent === undefined ? {} : { userAgent }) };
}

async function readForm(request: IncomingMessage): Promise<URLSearchParams | null> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += (chunk as Buffer).length;
    if (size > bodyLimitBytes) return null;
    chunks.push(chunk as Buffer);
  }
  return new URLSearchParams(Buffer.concat(chunks).toString('utf8'));
}
