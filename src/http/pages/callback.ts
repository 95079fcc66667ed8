import type { FlowView } from '../../consent/flow-view.ts';
import { readBrowsers } from './browser-cookie.ts';
import { otherBrowserPage, returnCodePage, stoppedPage } from './browser-pages.ts';
import { type Exchange, linkOf, redirect, refuse, send } from './exchange.ts';
import { readForm, readPsu } from './page-request.ts';

type Show = (view: FlowView) => Promise<void>;

/** From the bank: what the address carries opens nothing by itself; codes in it are for the bank, and nothing in it is believed. */
export async function answerCallback(exchange: Exchange, show: Show): Promise<void> {
  const { request, url, deps, words } = exchange;
  if (request.method === 'POST') return await stop(exchange);
  const [state, ...others] = url.searchParams.getAll('state');
  if (!state || others.length > 0) return refuse(exchange, 400);
  const arrival = await deps.returns.arrive(state, url.search, readBrowsers(request, deps.publicUrl()));
  switch (arrival?.kind) {
    case undefined:
      return refuse(exchange, 400);
    case 'foreign':
      return send(exchange, otherBrowserPage(words));
    case 'code':
      return send(exchange, returnCodePage({ ...arrival, state }, words));
    case 'code-wanted':
      return redirect(exchange, linkOf(exchange, arrival));
    case 'own':
      return await goOnFromBank(exchange, state, show);
  }
}

async function goOnFromBank(exchange: Exchange, state: string, show: Show): Promise<void> {
  const returned = { parameters: exchange.url.searchParams, psu: readPsu(exchange.request) };
  const view = await exchange.deps.flow.callback(state, returned);
  if (!view) return refuse(exchange, 400);
  if (view.page === 'go-to-bank') return redirect(exchange, view.url);
  if (view.page === 'waiting-for-bank') return await show(view);
  redirect(exchange, linkOf(exchange, view));
}

/** The end user says that it has not begun this. */
async function stop(exchange: Exchange): Promise<void> {
  const { deps, words } = exchange;
  const read = await readForm(exchange.request, new URL(deps.publicUrl()).origin);
  if ('refusal' in read) return refuse(exchange, read.refusal);
  const isOurs = read.form.state !== null && (await deps.returns.stop(read.form.state));
  return isOurs ? send(exchange, stoppedPage(words)) : refuse(exchange, 400);
}
