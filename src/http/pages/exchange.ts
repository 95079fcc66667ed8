import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Logger } from 'pino';
import type { BankReturns } from '../../consent/bank-returns.ts';
import type { BankStore } from '../../consent/bank-store.ts';
import type { ConnectFlow } from '../../consent/connect-flow.ts';
import type { FlowView } from '../../consent/flow-view.ts';
import type { ManagementFlow } from '../../consent/management-flow.ts';
import type { ScaSteps } from '../../consent/sca-steps.ts';
import type { SessionBinding } from '../../consent/session-binding.ts';
import { html } from './html.ts';
import type { createJoinedForms } from './joined-forms.ts';
import { type Page, pageHeaders, renderPage } from './page-layout.ts';
import type { Words } from './words.ts';

export interface PagesDeps {
  flow: ConnectFlow;
  steps: Pick<ScaSteps, 'enter'>;
  binding: SessionBinding;
  returns: Omit<BankReturns, 'endUnconfirmed'>;
  management: Pick<ManagementFlow, 'renew' | 'openRemoval' | 'remove'>;
  banks: Pick<BankStore, 'list'>;
  /** Origins that may show the pages in a frame. */
  embeddingOrigins: readonly string[];
  publicUrl: () => string;
  log: Logger;
}

/** One request for a page, and its answer. */
export interface Exchange {
  deps: PagesDeps;
  request: IncomingMessage;
  response: ServerResponse;
  url: URL;
  words: Words;
  join: ReturnType<typeof createJoinedForms<FlowView | null>>;
}

/** The hosted address of a session. */
export function linkOf({ deps }: Exchange, { linkSecret }: { linkSecret: string }): string {
  return `${deps.publicUrl()}/sessions/${linkSecret}`;
}

/** Answers with a page. */
export function send({ deps, request, response, words }: Exchange, page: Page): void {
  if (page.retryAfterSeconds !== undefined) response.setHeader('retry-after', page.retryAfterSeconds);
  response.writeHead(page.status, { ...pageHeaders(page, deps.embeddingOrigins), 'content-language': words.language });
  response.end(request.method === 'HEAD' ? undefined : renderPage(page, words));
}

/** Sends the browser on; reloading what comes then repeats nothing. */
export function redirect({ response }: Exchange, location: string): void {
  response.writeHead(303, { location, 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' }).end();
}

/** Answers with a plain page that tells nothing. */
export function refuse(exchange: Exchange, status: number): void {
  const { words, response } = exchange;
  if (status === 405) response.setHeader('allow', 'GET, POST');
  // The rest of a body that is too long is not waited for.
  if (status === 413) response.setHeader('connection', 'close');
  send(exchange, { status, title: words.invalidTitle, content: html`<p>${words.invalidText}</p>` });
}
