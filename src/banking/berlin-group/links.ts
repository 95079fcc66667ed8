/**
 * Where a link of the bank leads, seen from the call that gave it. Null when it leaves the bank's own origin or is no
 * link at all: consent ids and signatures go nowhere else.
 *
 * Many banks write `/v1/…` although their interface stands behind a prefix: that is meant from the base URL.
 */
export function resolveBankLink(href: string, baseUrl: string, from: URL): URL | null {
  const prefix = new URL(baseUrl).pathname.replace(/\/$/, '');
  const fromBase = /^\/?v1\//.test(href) && !(prefix && href.startsWith(`${prefix}/`));
  const absolute = fromBase ? `${baseUrl}/${href.replace(/^\//, '')}` : href;
  const url = URL.canParse(absolute, from) ? new URL(absolute, from) : null;
  return url?.origin === from.origin ? url : null;
}

/** The page where the end user authorises: often another host, but never a weaker protocol than the interface's own. */
export function resolveRedirectLink(href: string, from: URL): string | null {
  if (!URL.canParse(href, from)) return null;
  const url = new URL(href, from);
  return url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:') ? url.href : null;
}
