import { isInFrame, newBrowser, readBrowsers, toSetCookie } from './browser-cookie.ts';
import { noCookiePage, otherBrowserPage } from './browser-pages.ts';
import { type Exchange, linkOf, redirect, refuse, send } from './exchange.ts';
import type { PageForm } from './page-request.ts';

const cookieMark = 'cookie';

/**
 * Whether the session belongs to this browser (invariant 17); the first that comes gets it. Where it does not, a page
 * that says so has been sent. `form` is what has been sent, null for a page that is opened.
 */
export async function isAdmitted(exchange: Exchange, secret: string, form: PageForm | null): Promise<boolean> {
  const { deps, request } = exchange;
  const browsers = readBrowsers(request, deps.publicUrl());
  const taken = form?.handover ? await takeOver(exchange, secret, form.handover, browsers) : null;
  if (taken !== null) return keep(exchange, taken);
  const admission = await deps.binding.admit(secret, browsers);
  switch (admission?.kind) {
    case 'own':
      return keep(exchange, admission.browser);
    case undefined:
      refuse(exchange, form ? 400 : 404);
      return false;
    case 'foreign':
      send(exchange, otherBrowserPage(exchange.words));
      return false;
    case 'unknown':
      introduce(exchange, secret, form);
      return false;
  }
}

// Another site's form comes from another site, and a frame of ours is only where the operator allows it.
async function takeOver(
  { deps, request }: Exchange,
  secret: string,
  handover: string,
  [present]: readonly string[],
): Promise<string | null> {
  if (deps.embeddingOrigins.length === 0 || request.headers['sec-fetch-site'] !== 'same-origin') return null;
  return await deps.binding.takeOver(secret, handover, present ?? null);
}

/** Sets the cookie, anew with every page, so that it outlives what is being done. */
function keep({ deps, request, response }: Exchange, browser: string): true {
  const isFramed = deps.embeddingOrigins.length > 0 && isInFrame(request);
  response.setHeader('set-cookie', toSetCookie(browser, { publicUrl: deps.publicUrl(), isFramed }));
  return true;
}

/** Gives a browser its cookie, and sees that it keeps it before anything is begun in it. */
function introduce(exchange: Exchange, secret: string, form: PageForm | null): void {
  const { deps, url, words } = exchange;
  const link = linkOf(exchange, { linkSecret: secret });
  if (form || url.searchParams.has(cookieMark)) {
    send(exchange, noCookiePage(words, link));
    return;
  }
  keep(exchange, newBrowser());
  const here = new URL(url);
  here.searchParams.set(cookieMark, 'set');
  redirect(exchange, `${deps.publicUrl()}${here.pathname}${here.search}`);
}
