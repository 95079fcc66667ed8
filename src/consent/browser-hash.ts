import { createHash } from 'node:crypto';

/** What is stored of the value in a browser's cookie, and compared: its SHA-256, hex. */
export function hashBrowser(browser: string): string {
  return createHash('sha256').update(browser).digest('hex');
}
