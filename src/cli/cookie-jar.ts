interface Cookie {
  name: string;
  value: string;
  host: string;
  path: string;
  secure: boolean;
}

/** The cookies of one browser. As in a real one they belong to a host, whatever its port. */
export interface CookieJar {
  /** Keeps what a reply from this address sets, and forgets what it expires. */
  store(url: URL, setCookieHeaders: readonly string[]): void;
  /** The Cookie header for a request to this address, or null. */
  toHeader(url: URL): string | null;
}

export function createCookieJar(): CookieJar {
  const cookies = new Map<string, Cookie>();
  return {
    store(url, setCookieHeaders) {
      for (const header of setCookieHeaders) {
        const { cookie, expired } = parseCookie(url, header);
        const key = `${cookie.host};${cookie.path};${cookie.name}`;
        if (expired) cookies.delete(key);
        else cookies.set(key, cookie);
      }
    },
    toHeader(url) {
      const sent = [...cookies.values()].filter((cookie) => isSentTo(cookie, url));
      // RFC 6265, section 5.4: longer paths first.
      sent.sort((a, b) => b.path.length - a.path.length);
      return sent.length === 0 ? null : sent.map(({ name, value }) => `${name}=${value}`).join('; ');
    },
  };
}

function parseCookie(url: URL, header: string): { cookie: Cookie; expired: boolean } {
  const [pair = '', ...attributes] = header.split(';').map((part) => part.trim());
  const [name, value] = splitAtEquals(pair);
  const options = new Map(
    attributes.map((attribute) => {
      const [key, setting] = splitAtEquals(attribute);
      return [key.toLowerCase(), setting] as const;
    }),
  );
  const maxAge = options.get('max-age');
  const expires = options.get('expires');
  const expired =
    maxAge === undefined ? expires !== undefined && Date.parse(expires) <= Date.now() : Number(maxAge) <= 0;
  const path = options.get('path');
  return {
    cookie: {
      name,
      value,
      host: url.hostname,
      path: path?.startsWith('/') ? path : toDefaultPath(url),
      secure: options.has('secure'),
    },
    expired,
  };
}

function splitAtEquals(text: string): [string, string] {
  const at = text.indexOf('=');
  return at < 0 ? [text, ''] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

function toDefaultPath(url: URL): string {
  return url.pathname.slice(0, Math.max(1, url.pathname.lastIndexOf('/')));
}

function isSentTo(cookie: Cookie, url: URL): boolean {
  if (cookie.host !== url.hostname) return false;
  if (cookie.secure && url.protocol !== 'https:' && !isLoopback(url.hostname)) return false;
  const { path } = cookie;
  return url.pathname === path || url.pathname.startsWith(path.endsWith('/') ? path : `${path}/`);
}

/** Browsers trust loopback as they trust https. */
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\./.test(hostname);
}
