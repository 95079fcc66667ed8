/** Below a version: what the interface has, and we follow links to. */
const versioned = /^.*(\/v\d+\/(?:consents|accounts|card-accounts)(?:\/.*)?)$/;
const unversioned = /^.*?\/((?:consents|accounts|card-accounts)\/.*)$/;

/**
 * Where a link of the bank leads, seen from the call that gave it. What it names of the interface is asked for below our own base URL,
 * with its query: banks write links that are absolute, relative, without `/v1`, with http for https or with the name of an inner host,
 * and consent ids, tokens and signatures go nowhere else. Null when it leads out of the interface.
 */
export function resolveBankLink(href: string, baseUrl: string, from: URL): URL | null {
  // Many banks write `v1/…` although their interface stands behind a prefix: that is meant from the base URL.
  const rooted = /^v\d+\//.test(href) ? `/${href}` : href;
  const url = URL.canParse(rooted, from) ? new URL(rooted, from) : null;
  if (!url || !/^https?:$/.test(url.protocol)) return null;
  const path = versioned.exec(url.pathname)?.[1] ?? toVersioned(url.pathname);
  if (path !== null) return new URL(`${baseUrl}${path}${url.search}`);
  return url.origin === from.origin ? url : null;
}

function toVersioned(pathname: string): string | null {
  const resource = unversioned.exec(pathname)?.[1];
  return resource === undefined ? null : `/v1/${resource}`;
}

/** The page where the end user authorises: often another host, but never a weaker protocol than the interface's own. */
export function resolveRedirectLink(href: string, from: URL): string | null {
  if (!URL.canParse(href, from)) return null;
  const url = new URL(href, from);
  return url.protocol === 'https:' || (url.protocol === 'http:' && from.protocol === 'http:') ? url.href : null;
}
