import { createHmac, timingSafeEqual } from 'node:crypto';

/** Which page of which reading a link leads to. */
export interface PageMark {
  page: number;
  readingCount: number;
  /** When the first page was read, in seconds. */
  since: number;
}

/** Pages of a reading can be fetched for this long. */
const validSeconds = 3_600;

/** A mark that only the bank can make: it fits this consent, account and query, and nothing else. */
export function toPageToken(secret: string, mark: PageMark, context: readonly string[]): string {
  const text = [mark.page, mark.readingCount, mark.since].map((value) => value.toString(36)).join('.');
  return `${text}.${sign(secret, text, context)}`;
}

/** Null for what the bank has not given out, or not for this, or long ago. */
export function readPageToken(
  secret: string,
  token: string,
  { context, nowSeconds }: { context: readonly string[]; nowSeconds: number },
): PageMark | null {
  const end = token.lastIndexOf('.');
  const text = token.slice(0, Math.max(end, 0));
  const given = Buffer.from(token.slice(end + 1));
  const expected = Buffer.from(sign(secret, text, context));
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return null;
  const [page = 0, readingCount = 0, since = 0] = text.split('.').map((value) => Number.parseInt(value, 36));
  return nowSeconds > since + validSeconds ? null : { page, readingCount, since };
}

function sign(secret: string, text: string, context: readonly string[]): string {
  return createHmac('sha256', secret)
    .update([text, ...context].join('\n'))
    .digest('base64url');
}
