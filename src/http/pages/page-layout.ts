import { createHash } from 'node:crypto';
import { type Html, html } from './html.ts';
import type { Words } from './words.ts';

export interface Page {
  status: number;
  title: string;
  content: Html;
  /** The browser looks again after so many seconds. */
  refreshSeconds?: number;
}

const style = `:root{color-scheme:light dark;--ink:#12202b;--paper:#fff;--ground:#eef2f5;--line:#8795a1;--accent:#0b5cad;--on:#fff;--alarm:#a3200d}
@media (prefers-color-scheme:dark){:root{--ink:#e8eef3;--paper:#16222c;--ground:#0c141a;--line:#6d7f8d;--accent:#6db3f5;--on:#06121c;--alarm:#ff9b8a}}
body{margin:0;font:17px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif;background:var(--ground);color:var(--ink)}
main{max-width:28rem;margin:6vh auto 3rem;padding:1.75rem;background:var(--paper);border-radius:1rem;box-shadow:0 1px 8px #0002}
@media (max-width:30rem){main{margin:0;min-height:100vh;border-radius:0;box-sizing:border-box}}
.brand{font-weight:700;letter-spacing:.02em;color:var(--accent);margin:0}h1{font-size:1.45rem;line-height:1.25;margin:.5rem 0 1rem}
label{display:block;margin:1rem 0 .3rem}input{width:100%;box-sizing:border-box;font:inherit;padding:.65rem;border:1px solid var(--line);border-radius:.5rem;background:transparent;color:inherit}
button,.button{display:block;width:100%;box-sizing:border-box;text-align:center;text-decoration:none;font:inherit;font-weight:600;margin-top:1rem;padding:.75rem 1rem;border:1px solid var(--accent);border-radius:.5rem;background:var(--accent);color:var(--on);cursor:pointer}
button.quiet,.button.quiet{background:transparent;color:var(--accent)}button.bank{background:transparent;color:var(--ink);border-color:var(--line);text-align:left;font-weight:500;margin-top:.6rem}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px}ul{padding-left:1.2rem}.problem{color:var(--alarm);font-weight:600}
.login{border-top:1px solid var(--line);padding:1rem 0}.row{display:flex;gap:.75rem}.row form{flex:1}small{opacity:.85}`;
const styleHash = createHash('sha256').update(style).digest('base64');

/** Headers of every hosted page: nothing is cached, framed by strangers, run as a script or told to other sites. */
export function pageHeaders(embeddingOrigins: readonly string[]): Record<string, string> {
  const ancestors = embeddingOrigins.length === 0 ? "'none'" : embeddingOrigins.join(' ');
  return {
    'content-type': 'text/html; charset=utf-8',
    'cache-control': 'no-store',
    'referrer-policy': 'no-referrer',
    'x-content-type-options': 'nosniff',
    // No form-action: browsers hold it against the bank, to which a form's answer leads.
    'content-security-policy': `default-src 'none'; style-src 'sha256-${styleHash}'; base-uri 'none'; frame-ancestors ${ancestors}`,
    ...(embeddingOrigins.length === 0 ? { 'x-frame-options': 'DENY' } : {}),
  };
}

export function renderPage({ title, content, refreshSeconds }: Page, words: Words): string {
  const refresh = refreshSeconds === undefined ? null : html`<meta http-equiv="refresh" content="${refreshSeconds}">`;
  const head = html`<meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">${refresh}<title>${title}</title>`;
  // The style stands as it is: its hash is what the policy allows.
  return `<!doctype html>
<html lang="${words.language}"><head>${head.text}<style>${style}</style></head>
<body><main>${html`<p class="brand">Tidewater</p><h1>${title}</h1>${content}`.text}</main></body></html>`;
}
