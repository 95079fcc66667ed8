import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';

/** Longer than a link works, and than what is started from an overview at its end. */
const cookieSeconds = 2 * 3600;

const wellFormed = /^[\w-]{43}$/;

/** What a browser is known by: 256 random bits, in base64url. It opens nothing without a session's link. */
export function newBrowser(): string {
  return randomBytes(32).toString('base64url');
}

// With the prefix no other host and no page without TLS can set it: browsers see to that (RFC 6265bis, section
// 4.1.3.2).
function cookieName(publicUrl: string): string {
  return isSecure(publicUrl) ? '__Host-tidewater-browser' : 'tidewater-browser';
}

function isSecure(publicUrl: string): boolean {
  return new URL(publicUrl).protocol === 'https:';
}

/** The values in the request's cookie: none, one, or in a frame one for the frame and one for the window. */
export function readBrowsers({ headers }: IncomingMessage, publicUrl: string): string[] {
  const prefix = `${cookieName(publicUrl)}=`;
  return (headers.cookie ?? '')
    .split(';')
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(prefix))
    .map((pair) => pair.slice(prefix.length))
    .filter((value) => wellFormed.test(value));
}

/**
 * The Set-Cookie header. Within another site's frame a browser keeps only what says so (`SameSite=None`), and keeps it
 * apart for that site (`Partitioned`); that takes TLS.
 */
export function toSetCookie(
  browser: string,
  { publicUrl, isFramed }: { publicUrl: string; isFramed: boolean },
): string {
  const attributes = isSecure(publicUrl)
    ? ['Secure', ...(isFramed ? ['SameSite=None', 'Partitioned'] : ['SameSite=Lax'])]
    : ['SameSite=Lax'];
  return [`${cookieName(publicUrl)}=${browser}`, 'Path=/', `Max-Age=${cookieSeconds}`, 'HttpOnly', ...attributes].join(
    '; ',
  );
}

/** Whether the page is shown in a frame: browsers say so. */
export function isInFrame({ headers }: IncomingMessage): boolean {
  return headers['sec-fetch-dest'] === 'iframe';
}
