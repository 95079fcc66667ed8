import { type HTMLElement, parse } from 'node-html-parser';
import { type Dispatcher, request } from 'undici';
import { type CookieJar, createCookieJar } from './cookie-jar.ts';
import { canHold, fillIn, hasButton, type PageForm, readForms } from './page-form.ts';

const maxRedirects = 20;

export interface Page {
  /** Where the browser has ended up, after redirects. */
  url: string;
  status: number;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  html: string;
  /** What a person reads: the body's text, white space collapsed. */
  text: string;
  title: string;
  forms: PageForm[];
  links: { text: string; url: string }[];
  /** Every redirect on the way here, oldest first. */
  hops: { status: number; from: string; to: string }[];
  /** Fills in and sends the first form that takes these values and has this button (by value or label). */
  submit(values?: Readonly<Record<string, string>>, button?: string): Promise<Page>;
  /** Follows the link with this text, or with this address. */
  click(link: string): Promise<Page>;
}

export interface FormBrowser {
  open(url: string): Promise<Page>;
}

export interface FormBrowserOptions {
  /** Redirects to such an address are not followed: the page comes back with that `url`, and the redirect's status. */
  stopBefore?: (url: string) => boolean;
  dispatcher?: Dispatcher;
  headers?: Readonly<Record<string, string>>;
}

/** A browser without JavaScript: it keeps cookies, follows redirects across hosts and sends forms as a real one would. */
export function createFormBrowser(options: FormBrowserOptions = {}): FormBrowser {
  const browser: Browser = { options, cookies: createCookieJar() };
  return { open: async (url) => await visit(browser, { url: new URL(url), method: 'GET' }) };
}

/** Opens the page in a browser of its own. */
export async function openPage(url: string, options: FormBrowserOptions = {}): Promise<Page> {
  return await createFormBrowser(options).open(url);
}

interface Browser {
  options: FormBrowserOptions;
  cookies: CookieJar;
}

interface Visit {
  url: URL;
  method: 'GET' | 'POST';
  body?: string;
  /** The page whose form or link is used; absent for an address that was typed in. */
  from?: string;
}

async function visit(browser: Browser, first: Visit): Promise<Page> {
  const hops: Page['hops'] = [];
  let current = first;
  while (true) {
    const response = await send(browser, current);
    const html = await response.body.text();
    const location = toSingle(response.headers.location);
    const isRedirect = [301, 302, 303, 307, 308].includes(response.statusCode) && location !== undefined;
    const reply = { status: response.statusCode, headers: response.headers, hops };
    if (!isRedirect) return toPage(browser, { ...reply, url: current.url.href, html });

    const target = new URL(location, current.url);
    hops.push({ status: response.statusCode, from: current.url.href, to: target.href });
    if (browser.options.stopBefore?.(target.href)) return toPage(browser, { ...reply, url: target.href, html: '' });
    if (hops.length > maxRedirects) throw new Error(`More than ${maxRedirects} redirects, the last to ${target.href}`);
    // Only 307 and 308 keep the method and the body; a browser turns the others into GET.
    current = response.statusCode >= 307 ? { ...current, url: target } : { url: target, method: 'GET' };
  }
}

async function send(browser: Browser, { url, method, body, from }: Visit): Promise<Dispatcher.ResponseData> {
  const cookie = browser.cookies.toHeader(url);
  const response = await request(url, {
    method,
    headers: {
      accept: 'text/html,application/xhtml+xml',
      'user-agent': 'Mozilla/5.0 (form browser)',
      ...browser.options.headers,
      ...(cookie === null ? {} : { cookie }),
      ...(from === undefined ? {} : { referer: from }),
      ...(method === 'POST' && from !== undefined ? { origin: new URL(from).origin } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    },
    ...(body === undefined ? {} : { body }),
    ...(browser.options.dispatcher ? { dispatcher: browser.options.dispatcher } : {}),
  });
  browser.cookies.store(url, [response.headers['set-cookie'] ?? []].flat());
  return response;
}

function toPage(browser: Browser, reply: Pick<Page, 'url' | 'status' | 'headers' | 'html' | 'hops'>): Page {
  const root = parse(reply.html, { blockTextElements: { script: false, style: false } });
  const forms = readForms(root, reply.url);
  const links = readLinks(root, reply.url);
  return {
    ...reply,
    text: collapse((root.querySelector('body') ?? root).structuredText),
    title: collapse(root.querySelector('title')?.text ?? ''),
    forms,
    links,
    async submit(values = {}, button) {
      const form = findForm(forms, { url: reply.url, values, button });
      const fields = fillIn(form, values, button);
      if (form.method === 'POST') {
        return await visit(browser, { url: form.action, method: 'POST', body: fields.toString(), from: reply.url });
      }
      const url = new URL(form.action);
      url.search = fields.toString();
      return await visit(browser, { url, method: 'GET', from: reply.url });
    },
    async click(link) {
      const found = links.find(({ text, url }) => text === link || url === link || url.endsWith(link));
      if (!found) throw new Error(`${reply.url} has no link "${link}". It has: ${links.map(({ text }) => text)}`);
      return await visit(browser, { url: new URL(found.url), method: 'GET', from: reply.url });
    },
  };
}

function readLinks(root: HTMLElement, pageUrl: string): Page['links'] {
  return root.querySelectorAll('a[href]').map((anchor) => ({
    text: collapse(anchor.text),
    url: new URL(anchor.getAttribute('href') ?? '', pageUrl).href,
  }));
}

function findForm(
  forms: readonly PageForm[],
  wanted: { url: string; values: Readonly<Record<string, string>>; button: string | undefined },
): PageForm {
  const fitting = forms.filter((form) => canHold(form, wanted.values));
  const candidates = fitting.length > 0 ? fitting : forms;
  const { button } = wanted;
  const form = (button !== undefined && candidates.find((each) => hasButton(each, button))) || candidates[0];
  if (!form) throw new Error(`${wanted.url} has no form.`);
  return form;
}

function collapse(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim();
}

function toSingle(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
